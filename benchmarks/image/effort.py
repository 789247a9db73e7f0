"""What `encode(effort=...)` buys: `python benchmarks/image/effort.py PICTURE...`.

BD-rate against one pass, in colour, and CPU seconds of coding, analysis left out, on the mean of the steps.
"""

import time
from pathlib import Path

import numpy as np
from cells import STEPS
from curves import Curve, bd_rate
from cyclopts import App
from kept import kept
from measures import point
from pictures import run
from PIL import Image

from mho.image.codec import Picture, decode
from mho.image.codec.codec import analyse, write

EFFORTS = (1, 2, 3, 5)

app = App(help=__doc__, result_action="return_value")


def curve(original, exact, effort):
    started = time.process_time()
    files = [write(exact, step, effort=effort) for step in STEPS]
    seconds = (time.process_time() - started) / len(STEPS)
    return Curve(tuple(point(original, decode(data).pixels, len(data)) for data in files)), seconds


@app.default
def main(*pictures: Path):
    """Print a line for each picture and effort."""
    rows = []
    for path in pictures:
        original = np.asarray(Image.open(path).convert("RGB"))
        exact, single = analyse(Picture(original)), None
        for effort in EFFORTS:
            found, seconds = curve(original, exact, effort)
            single = single or found
            saved = [bd_rate(found, single, measure) for measure in ("psnr", "ssim")]
            rows.append({"picture": path.stem, "effort": effort, "seconds": seconds, "saved": saved})
            print(
                f"{path.stem}  effort {effort}: {seconds:.3f} s  PSNR {saved[0]:+.2%}  SSIM {saved[1]:+.2%}", flush=True
            )
    kept("effort", rows)


if __name__ == "__main__":
    run(app, "{}/kodim05.png")
