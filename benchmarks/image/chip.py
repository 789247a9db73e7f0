"""A megapixel's patches on a chip that multiplies: `python benchmarks/image/chip.py PICTURE... [--smoke]`.

The dictionary is written once, the pictures' patches go through in batches. Printed are the simulation's time a
patch, and what the ledger says of the chip in 40 nm: the share of writing in its time and energy after 100 such
pictures, seconds and joules of a megapixel (three channels, chroma halved), and what the cells' errors cost at each
quality, in dB and bytes.
"""

import time
from copy import copy
from pathlib import Path

import numpy as np
from cyclopts import App
from kept import kept
from measures import psnr
from pictures import run
from PIL import Image

from mho.cost import estimate
from mho.image import ChipDictionary
from mho.image.codec import Picture, decode, encode, universal_dictionary
from mho.image.codec.planes import to_patches, to_planes

QUALITIES = (20, 40, 60, 80)
PICTURES = 100

app = App(help=__doc__, result_action="return_value")


@app.default
def main(*pictures: Path):
    """Print a line for the chip and one for each picture."""
    chip = ChipDictionary(seed=0)
    rows = []
    print("written:", chip.ledger)
    for path in pictures:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        patches = np.hstack([to_patches(plane).reshape(64, -1) for plane in to_planes(pixels)])
        started = time.perf_counter()
        found = chip.codes(patches)
        seconds = (time.perf_counter() - started) / patches.shape[1]
        exact = universal_dictionary().codes(patches)
        off = np.linalg.norm((found - exact)[1:]) / np.linalg.norm(exact[1:])
        print(f"{path.stem}: {1e6 * seconds:.0f} us of twin time a patch, codes but the flat one off by {off:.1%}")
        row = {
            "picture": path.stem,
            "microseconds": 1e6 * seconds,
            "off": off,
            "qualities": QUALITIES,
            "lost": [],
            "bytes": [],
        }
        rows.append(row)
        for quality in QUALITIES:
            plain, noisy = (encode(Picture(pixels), quality=quality, engine=engine) for engine in (None, chip))
            lost = psnr(pixels, decode(plain).pixels) - psnr(pixels, decode(noisy).pixels)
            row["lost"].append(lost)
            row["bytes"].append(len(noisy) / len(plain) - 1)
            print(f"  quality {quality}: {lost:+.2f} dB lost, {len(noisy) / len(plain) - 1:+.1%} bytes", flush=True)
    kept("chip", [*rows, megapixel()])


def megapixel():
    """Cost of one in colour, 1.5 samples a pixel, in seconds and joules, and shares of writing after `PICTURES`."""
    chip = ChipDictionary(seed=0)
    written = copy(chip.ledger)
    rng = np.random.default_rng(0)
    chip.codes(rng.normal(0, 30, (64, 24576)))
    once, each = estimate(written, "40nm"), estimate(chip.ledger.since(written), "40nm")
    seconds, joules = each.solve_seconds.typical, each.solve_joules.typical
    print(f"a megapixel: {1e3 * seconds:.3f} ms, {1e6 * joules:.2f} uJ without writing")
    print(f"writing: {1e3 * once.write_seconds.typical:.3f} ms, {1e6 * once.write_joules.typical:.3f} uJ")
    found = {"seconds": seconds, "joules": joules}
    for what, wrote in (("seconds", once.write_seconds.typical), ("joules", once.write_joules.typical)):
        found |= {f"writing, {what}": wrote, f"share, {what}": wrote / (wrote + PICTURES * found[what])}
        print(f"writing's share of {what} after {PICTURES} megapixels: {found[f'share, {what}']:.2%}")
    return found


if __name__ == "__main__":
    run(app, "{}/kodim05.png")
