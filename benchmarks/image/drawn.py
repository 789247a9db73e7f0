"""Pictures that are drawn, not taken: text in colour, a screenshot, a ruler of one bit, line art, a plot."""

import io

import numpy as np
from PIL import Image, ImageDraw

SENTENCE = "The quick brown fox jumps over the lazy dog"


def text(ink, paper):
    """Lines of small text, (128, 256, 3)."""
    picture = Image.new("RGB", (256, 128), paper)
    draw = ImageDraw.Draw(picture)
    for top in range(4, 120, 14):
        draw.text((4, top), SENTENCE, fill=ink)
    return np.asarray(picture)


def screenshot():
    """A window: bar, side bar, list of lines, buttons and a gradient, (480, 640, 3)."""
    picture = Image.new("RGB", (640, 480), (246, 246, 248))
    draw = ImageDraw.Draw(picture)
    for x in range(640):
        draw.line((x, 0, x, 31), fill=(40 + x // 16, 60 + x // 16, 110 + x // 10))
    draw.text((12, 10), "File   Edit   View   Help", fill=(255, 255, 255))
    draw.rectangle((0, 32, 139, 479), fill=(228, 231, 238))
    for n in range(14):
        draw.rectangle((10, 48 + 28 * n, 24, 62 + 28 * n), fill=[(200, 60, 60), (60, 140, 80), (70, 90, 190)][n % 3])
        draw.text((32, 50 + 28 * n), f"folder {n:02}", fill=(40, 40, 48))
    for n in range(26):
        draw.text((156, 48 + 16 * n), f"{n:3}  {SENTENCE[: 12 + (7 * n) % 30]}", fill=(20, 20, 24))
    for n, name in enumerate(("Cancel", "Apply", "OK")):
        draw.rounded_rectangle((400 + 76 * n, 440, 468 + 76 * n, 466), 5, (255, 255, 255), (150, 150, 160))
        draw.text((412 + 76 * n, 448), name, fill=(20, 20, 24))
    return np.asarray(picture)


def ruler():
    """Black and white ticks, of one bit in all but name, (120, 800, 3)."""
    pixels = np.full((120, 800), 255, np.uint8)
    for x in range(10, 790, 6):
        tick = (x - 10) // 6
        pixels[: 60 if tick % 10 == 0 else 40 if tick % 5 == 0 else 24, x] = 0
    return np.repeat(pixels[..., None], 3, axis=2)


def line_art():
    """Curves one and two pixels wide, (400, 400, 3)."""
    picture = Image.new("L", (400, 400), 255)
    draw = ImageDraw.Draw(picture)
    angles = np.linspace(0, 2 * np.pi, 800)
    for n in range(2, 9):
        radius = 180 * np.cos(n * angles / 2)
        points = np.stack([200 + radius * np.cos(angles), 200 + radius * np.sin(angles)], axis=1)
        draw.line([tuple(p) for p in points], fill=0, width=1 + n % 2)
    return np.repeat(np.asarray(picture)[..., None], 3, axis=2)


def plot():
    """A figure of matplotlib, lines with soft edges, (300, 400, 3)."""
    from matplotlib.figure import Figure

    figure, file = Figure(figsize=(4, 3), dpi=100, layout="constrained"), io.BytesIO()
    axes, x = figure.subplots(), np.linspace(0, 10, 200)
    for n in range(1, 5):
        axes.plot(x, np.sin(n * x) / n, label=f"n = {n}")
    axes.legend()
    figure.savefig(file, format="png")
    return np.asarray(Image.open(file).convert("RGB"))


def drawings(*names: str) -> dict[str, np.ndarray]:
    """Return 8-bit RGB pictures by name; all if no name is given."""
    makers = {
        "red text on blue": lambda: text((255, 0, 0), (0, 0, 255)),
        "black text on white": lambda: text((0, 0, 0), (255, 255, 255)),
        "screenshot": screenshot,
        "ruler of one bit": ruler,
        "line art": line_art,
        "plot": plot,
    }
    return {name: makers[name]() for name in names or makers}
