"""When a dictionary of the picture's own wins: `python benchmarks/image/learned.py [PICTURE...]`.

BD-rate of it against the universal dictionary, its own bytes counted: a photo, the same photo printed with a screen of
dots (a period in pixels, an angle), hatching; and further pictures, in grey.
"""

import sys
from pathlib import Path

import numpy as np
from cells import STEPS
from curves import Curve, bd_rate
from cyclopts import App
from kept import kept
from measures import point
from pictures import run
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import data

from mho.image.codec import Picture, decode, learned_dictionary
from mho.image.codec.codec import analyse, write

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized, smoke

app = App(help=__doc__, result_action="return_value")


def waves(shape, period, degrees):
    """cos of the phase along a direction and across it, two pictures."""
    i, j = np.indices(shape)
    k, angle = 2 * np.pi / period, np.radians(degrees)
    return np.cos(k * (j * np.cos(angle) + i * np.sin(angle))), np.cos(k * (i * np.cos(angle) - j * np.sin(angle)))


def printed(pixels, period, degrees):
    """Black dots on white, as a scanner sees them."""
    screen = 0.5 + sum(waves(pixels.shape, period, degrees)) / 4
    return np.rint(255 * gaussian_filter((pixels / 255 > screen).astype(float), 0.7)).astype(np.uint8)


def pictures(paths):
    camera, rng = data.camera()[: sized(512, 192), : sized(512, 192)], np.random.default_rng(0)
    yield "camera", camera
    if smoke():
        return
    for period, degrees in ((4, 15), (5, 45), (6, 30)):
        yield f"camera, dots every {period} pixels at {degrees} degrees", printed(camera, period, degrees)
    hatching = 128 + 90 * waves(camera.shape, 5, 35)[0] + rng.normal(0, 4, camera.shape)
    yield "hatching", np.rint(np.clip(hatching, 0, 255)).astype(np.uint8)
    for path in paths:
        yield path.stem, np.asarray(Image.open(path).convert("L"))


def curve(pixels, dictionary=None):
    exact = analyse(Picture(pixels), dictionary)
    files = [write(exact, step) for step in STEPS]
    return Curve(tuple(point(pixels, decode(data).pixels, len(data)) for data in files))


@app.default
def main(*paths: Path):
    """Print a line for each."""
    rows = []
    for name, pixels in pictures(paths):
        own, universal = curve(pixels, learned_dictionary(Picture(pixels))), curve(pixels)
        saved = [bd_rate(own, universal, measure) for measure in ("psnr", "ssim")]
        rows.append({"picture": name, "photo": name in [path.stem for path in paths], "saved": saved})
        print(f"{name}: PSNR {saved[0]:+.1%}  SSIM {saved[1]:+.1%}", flush=True)
    kept("learned", rows)


if __name__ == "__main__":
    run(app, "")
