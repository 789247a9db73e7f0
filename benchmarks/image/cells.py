"""What the dictionary's cells cost: `python benchmarks/image/cells.py FOLDER [--grey]`.

BD-rate of cells of 16 levels against cells of 1024; and what a stored dictionary with 2 % noise loses below 0.7 bits a
pixel: with the columns that the universal dictionary has, with one column for each atom, and with one where the encoder
was told the values read back. The last file of a picture is the best one below that rate.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from curves import Curve, bd_rate
from cyclopts import App, Parameter
from kept import kept
from measures import point
from pictures import run
from PIL import Image
from scipy.fft import dct

from mho.image.codec import Dictionary, Picture, decode, universal_dictionary
from mho.image.codec.codec import analyse, write
from mho.image.quality import psnr_of_pixels

PATCH = 8
STEPS = (100, 140, 200, 280, 400, 560, 800, 1120)
NOISE, CHIPS, RATE = 0.02, 5, 0.7
WAYS = ("shared columns", "one column", "one, encoder told")

app = App(help=__doc__, result_action="return_value")


def cosines():
    """Products of cosines (64, 64), lowest frequency first: the atoms of the universal dictionary before rounding."""
    C = np.asarray(dct(np.eye(PATCH), axis=0, norm="ortho"))
    u, v = np.divmod(np.arange(PATCH**2), PATCH)
    return np.einsum("ui,vj->ijuv", C, C).reshape(PATCH**2, PATCH**2)[:, np.lexsort((u, u + v))]


def analysed(original, dictionary):
    """For files that do not hold this dictionary, as they do not hold the universal one."""
    return replace(analyse(Picture(original), dictionary), dictionary=None)


def curve(original, dictionary):
    exact = analysed(original, dictionary)
    coded = [write(exact, step) for step in STEPS]
    return Curve(tuple(point(original, decode(d, dictionary=dictionary).pixels, len(d)) for d in coded))


def rate(original, data):
    return 8 * len(data) / (original.shape[0] * original.shape[1])


def steps_below(original, exact):
    """Those of `STEPS` with files below `RATE`, and the finest of all that has one."""
    below = [step for step in STEPS if rate(original, write(exact, step)) < RATE]
    low, high = STEPS[0] // 2, below[0]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rate(original, write(exact, middle)) < RATE else (middle, high)
    return sorted({*below, high}, reverse=True)


def losses(original):
    """dB lost, (steps, ways, chips)."""
    several = universal_dictionary()
    single = replace(several, columns=np.minimum(several.columns, 1))
    exact = analysed(original, several)
    chips = [(several.read_back(NOISE, seed), single.read_back(NOISE, seed)) for seed in range(CHIPS)]
    told = [analysed(original, one) for _, one in chips]
    lost = []
    for step in steps_below(original, exact):
        blind = write(exact, step)
        best = psnr_of_pixels(original, decode(blind).pixels)
        ways = [
            [(blind, more) for more, _ in chips],
            [(blind, one) for _, one in chips],
            [(write(codes, step), one) for codes, (_, one) in zip(told, chips, strict=True)],
        ]
        lost.append(
            [[best - psnr_of_pixels(original, decode(d, dictionary=held).pixels) for d, held in way] for way in ways]
        )
    return np.array(lost)


def summed(lost):
    """What each way loses in dB, of pictures' (files, ways, chips)."""
    last, every = np.array([files[-1] for files in lost]), np.concatenate(lost)
    for way, name in enumerate(WAYS):
        files = every[:, way].mean(axis=1)
        found = {"mean": files.mean(), "at the rate": last[:, way].mean(), "worst file": files.max()}
        yield {"way": name} | {
            k: round(float(v), 3) for k, v in (found | {"worst of all": every[:, way].max()}).items()
        }


@app.default
def main(folder: Path, *, grey: Annotated[bool, Parameter(negative="")] = False, limit: int | None = None):
    """Print a line for each picture."""
    fine = Dictionary.quantised(cosines(), 10).weighted()
    costs, lost = [], []
    for path in sorted(folder.glob("*.png"))[:limit]:
        original = np.asarray(Image.open(path).convert("L" if grey else "RGB"))
        a, b = curve(original, universal_dictionary()), curve(original, fine)
        costs.append([bd_rate(a, b, measure) for measure in ("psnr", "ssim")])
        lost.append(losses(original))
        most = "  ".join(f"{dB:.3f}" for dB in lost[-1].mean(axis=2).max(axis=0))
        print(f"{path.stem}  16 levels: PSNR {costs[-1][0]:+.2%}  SSIM {costs[-1][1]:+.2%}  lost: {most}", flush=True)
    print("mean      16 levels: PSNR {:+.2%}  SSIM {:+.2%}".format(*np.mean(costs, axis=0)))
    print(f"{NOISE:.0%} noise below {RATE} bpp, {sum(map(len, lost))} files, {CHIPS} chips; dB lost")
    rows = list(summed(lost))
    for row in rows:
        print(row)
    kept(
        f"cells, {'luma' if grey else 'colour'}",
        [dict(zip(("psnr", "ssim"), np.mean(costs, axis=0), strict=True)), *rows],
    )


if __name__ == "__main__":
    run(app, "{} --grey")
