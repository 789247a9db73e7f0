"""Pictures at half the numbers on every engine, as docs/do/halved.md shows them.

`python benchmarks/image/halved.py` prints a table in Markdown: PSNR and SSIM of the 8-bit pictures, what 8-bit factors
lose, and how far each engine stays behind the digital one, over all channels and in the worst. `--sheet FILE` draws
the same pictures side by side; names of pictures restrict both. The chip's pictures take minutes.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mho.image import halve

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import parser, sized

PICTURES = sized(("camera", "moon", "astronaut", "coffee", "chelsea"), ("camera",))
ENGINES = sized(("digital", "analog", "hybrid"), ("digital",))
TITLES = ("original", "CPU", "chip alone", "chip, then 2 CPU passes")
DETAILS = {"camera": (90, 190), "moon": (150, 150), "astronaut": (20, 140), "coffee": (120, 250), "chelsea": (50, 130)}
"""Row and column where the part that the sheet shows begins."""

SIDE, GAP, LINE = sized(200, 12), 8, 18
"""Of a part, between them, and of a line of text, in pixels."""


def channel_psnr(pixels, picture):
    """PSNR of each channel, (channels,), in dB."""
    planes = zip(np.atleast_3d(pixels).T, np.atleast_3d(picture).T, strict=True)
    return np.array([peak_signal_noise_ratio(*pair) for pair in planes])


def similarity(pixels, picture):
    return structural_similarity(pixels, picture, channel_axis=2 if pixels.ndim == 3 else None)


def row(name, engine, pixels, halved, digital):
    """One engine on one picture, beside what the digital one made of it."""
    psnr, bound = (peak_signal_noise_ratio(pixels, picture) for picture in (halved.pixels, digital.pixels))
    rounded = peak_signal_noise_ratio(pixels, halved.rounded(pixels).pixels)
    channels, bounds = (channel_psnr(pixels, picture) for picture in (halved.pixels, digital.pixels))
    cells = [
        name,
        engine,
        str(halved.channels[0].W.shape[1]),
        f"{psnr:.2f}",
        f"{similarity(pixels, halved.pixels):.3f}",
    ]
    cells += [" ".join(f"{channel:.1f}" for channel in channels), f"{psnr - rounded:.2f}"]
    cells += [f"{bound - psnr:.2f}", f"{np.max(bounds - channels):.2f}"]
    print(f"| {' | '.join(cells)} |", flush=True)


def strip(name, pixels, pictures):
    """A part of the original and of each engine's picture side by side, figures of the whole under each."""
    top, left = sized(DETAILS[name], (0, 0))
    canvas = Image.new("RGB", (len(TITLES) * (SIDE + GAP) + GAP, SIDE + LINE + GAP), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(12)
    for i, picture in enumerate([pixels, *pictures]):
        x = GAP + i * (SIDE + GAP)
        canvas.paste(Image.fromarray(picture[top : top + SIDE, left : left + SIDE]).convert("RGB"), (x, 0))
        psnr = (
            f"{peak_signal_noise_ratio(pixels, picture):.1f} dB, SSIM {similarity(pixels, picture):.3f}" if i else name
        )
        draw.text((x, SIDE + 2), psnr, "black", font)
    return canvas


def sheet(strips):
    """One strip below the other under the titles."""
    width, height = strips[0].size
    canvas = Image.new("RGB", (width, LINE + GAP + height * len(strips)), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for i, title in enumerate(TITLES):
        draw.text((GAP + i * (SIDE + GAP), 4), title, "black", font)
    for i, one in enumerate(strips):
        canvas.paste(one, (0, LINE + GAP + i * height))
    return canvas


def main():
    options = parser(__doc__)
    options.add_argument("pictures", nargs="*", metavar="PICTURE", help=f"of {', '.join(PICTURES)}; all if not given")
    options.add_argument("--sheet", metavar="FILE", help="where to draw the pictures, .jpg or .png")
    arguments = options.parse_args()
    print("| picture | engine | rank | PSNR, dB | SSIM | channels, dB | 8-bit, dB | behind, dB | worst channel, dB |")
    print("|---|---|---|---|---|---|---|---|---|")
    strips = []
    for name in arguments.pictures or PICTURES:
        pixels = getattr(data, name)()[:: sized(1, 16), :: sized(1, 16)]
        halved = {}
        for engine in ENGINES:
            halved[engine] = halve(pixels, engine=engine)
            row(name, engine, pixels, halved[engine], halved["digital"])
        strips.append(strip(name, pixels, [halved[engine].pixels for engine in ENGINES]))
    if arguments.sheet:
        sheet(strips).save(arguments.sheet, quality=85)


if __name__ == "__main__":
    main()
