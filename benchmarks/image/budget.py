"""What clean-up takes of a small device: `python benchmarks/image/budget.py scratches|noise|decode [--side N]`.

Seconds on one core, and the most memory that the process had beyond what it took to load mho and the picture, of a
colour picture of 1024 x 1024 pixels or fewer. `decode` opens a file of 8 x 5 such pictures and tells all memory of the
process. Linux only: the peak is the kernel's VmHWM.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from cyclopts import App, Parameter
from pictures import run
from skimage import data
from threadpoolctl import threadpool_limits

from mho.image.cleanup import denoise, inpaint, scratches
from mho.image.codec import Picture, encode

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import timed

app = App(help=__doc__, result_action="return_value")


def megabytes(name):
    """A line of the kernel's account of this process."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[name].split()[0]) / 1000


DECODED = """
import sys
from pathlib import Path
from mho.image.codec import decode
picture = decode(Path(sys.argv[1]).read_bytes(), max_pixels=1 << 30)
print(*picture.shape, Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def decoded(pixels):
    """A large picture, decoded by another process: its memory is that of nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.mho"
        path.write_bytes(encode(Picture(np.tile(pixels, (5, 8, 1)))))
        call = [sys.executable, "-c", DECODED, str(path)]
        told, seconds = timed(lambda: subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    rows, columns, kilobytes = map(int, told.split())
    print(f"decode, {rows} x {columns}: {seconds:.1f} s with the process, {kilobytes / 1000:.0f} MB in all")


def scratched(pixels):
    damaged = pixels.copy()
    for column in np.linspace(50, pixels.shape[1] - 50, 8).astype(int):
        damaged[:, column : column + 2] = 255
    return damaged


@app.default
def main(what: Literal["scratches", "noise", "decode"], *, side: Annotated[int, Parameter()] = 1024):
    """Clean up or decode one picture and tell."""
    pixels = np.tile(data.astronaut(), (2, 2, 1))[:side, :side]
    if what == "decode":
        decoded(pixels)
        return
    damaged = scratched(pixels)
    denoise(pixels[:16, :16], 10)  # loads what is loaded on first use
    before, started, cpu = megabytes("VmRSS"), time.perf_counter(), time.process_time()
    with threadpool_limits(1):
        if what == "noise":
            denoise(pixels, 10)
        else:
            inpaint(damaged, scratches(damaged))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(f"{what}, {side} x {side}: {seconds:.1f} s, {cpu:.1f} s of CPU, {megabytes('VmHWM') - before:.0f} MB more")


if __name__ == "__main__":
    run(app, "noise --side 48", "scratches --side 112", "decode --side 40")
