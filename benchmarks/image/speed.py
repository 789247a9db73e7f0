"""Time of the codec beside WebP's: `python benchmarks/image/speed.py FOLDER [--first FOLDER]`.

Photos in colour at quality 60, WebP by Pillow at its quality 75, files of version 1 of the same pictures if there are
such (NAME.mho in the folder `--first`; this mho writes none). One thread (MHO_NUM_THREADS=1), everything in turn, round
by round; milliseconds of CPU, least and median over the rounds of each picture.
"""

import io
import time
from pathlib import Path

import numpy as np
from cyclopts import App
from kept import kept
from measure import sized, timed
from pictures import run
from PIL import Image

from mho.image.codec import Picture, decode, encode

ROUNDS = sized(9, 2)

app = App(help=__doc__, result_action="return_value")


def webp(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=75)
    return file.getvalue()


def calls(path, first):
    """What is timed, by name."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    coded, theirs = encode(Picture(pixels), quality=60), webp(pixels)
    found = {
        "decode": lambda: decode(coded),
        "encode": lambda: encode(Picture(pixels), quality=60),
        "WebP, decode": lambda: np.asarray(Image.open(io.BytesIO(theirs))),
        "WebP, encode": lambda: webp(pixels),
    }
    if first is not None:
        old = (first / f"{path.stem}.mho").read_bytes()
        found["version 1, decode"] = lambda: decode(old)
    return found


@app.default
def main(folder: Path, *, first: Path | None = None, limit: int | None = None):
    """Print a line for each call, over all pictures."""
    pictures = {path.stem: calls(path, first) for path in sorted(folder.glob("*.png"))[:limit]}
    spent = {}
    for _ in range(ROUNDS):
        for picture, named in pictures.items():
            for name, call in named.items():
                spent.setdefault(name, {}).setdefault(picture, []).append(timed(call, time.process_time)[1])
    rows = []
    for name, times in spent.items():
        least, middle = ([1e3 * float(f(t)) for t in times.values()] for f in (np.min, np.median))
        rows.append({"what": name, "least": [min(least), max(least)], "median": [min(middle), max(middle)]})
        print(
            f"{name}: least {min(least):.1f} to {max(least):.1f} ms, median {min(middle):.1f} to {max(middle):.1f} ms"
        )
    kept("speed", rows)


if __name__ == "__main__":
    run(app, "{}")
