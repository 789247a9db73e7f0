"""What the dictionary's cells cost: `python benchmarks/image/cells.py FOLDER [--grey]`.

BD-rate of cells of 16 levels against cells of 1024; and what a stored dictionary with 2 % noise loses below 0.7 bits a
pixel, where the encoder does not know and where it was told the values read back.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from bdrate import STEPS, Curve, bd_rate, point
from cyclopts import App, Parameter
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio
from train import cosines

from mho.image.codec import Dictionary, Picture, decode, universal_dictionary
from mho.image.codec.codec import analyse, write

NOISE, CHIPS, RATE = 0.02, 3, 0.7

app = App(help=__doc__, result_action="return_value")


def files(original, dictionary, steps=STEPS):
    """Files for this dictionary that do not hold it, as they do not hold the universal one."""
    exact = replace(analyse(Picture(original), dictionary), dictionary=None)
    return [write(exact, step) for step in steps]


def curve(original, dictionary):
    coded = files(original, dictionary)
    return Curve(tuple(point(original, decode(d, dictionary=dictionary).pixels, len(d)) for d in coded))


def losses(original):
    """Rate, and dB lost by an encoder that does not know and by one that does, for each step below RATE."""
    universal = universal_dictionary()
    chips = [universal.read_back(NOISE, seed) for seed in range(CHIPS)]
    for step, data in zip(STEPS, files(original, universal), strict=True):
        rate = 8 * len(data) / (original.shape[0] * original.shape[1])
        if rate < RATE:
            told = [(files(original, chip, [step])[0], chip) for chip in chips]
            blind = [(data, chip) for chip in chips]
            exact = peak_signal_noise_ratio(original, decode(data).pixels)
            found = [
                np.mean([peak_signal_noise_ratio(original, decode(d, dictionary=chip).pixels) for d, chip in pairs])
                for pairs in (blind, told)
            ]
            yield rate, exact - found[0], exact - found[1]


@app.default
def main(folder: Path, *, grey: Annotated[bool, Parameter(negative="")] = False, limit: int | None = None):
    """Print a line for each picture."""
    fine = Dictionary.quantised(cosines(), 10)
    costs, lost = [], []
    for path in sorted(folder.glob("*.png"))[:limit]:
        original = np.asarray(Image.open(path).convert("L" if grey else "RGB"))
        a, b = curve(original, universal_dictionary()), curve(original, fine)
        costs.append([bd_rate(a, b, measure) for measure in (1, 2)])
        lost += losses(original)
        print(f"{path.stem}  16 levels: PSNR {costs[-1][0]:+.2%}  SSIM {costs[-1][1]:+.2%}", flush=True)
    print("mean      16 levels: PSNR {:+.2%}  SSIM {:+.2%}".format(*np.mean(costs, axis=0)))
    lost = np.array(lost)
    print(
        f"2 % noise below {RATE} bpp ({len(lost)} files): dB lost, mean {lost[:, 1].mean():.3f}, most"
        f" {lost[:, 1].max():.3f} at {lost[lost[:, 1].argmax(), 0]:.2f} bpp;"
        f" encoder told: mean {lost[:, 2].mean():.3f}, most {lost[:, 2].max():.3f}"
    )


if __name__ == "__main__":
    app()
