"""A matrix on disk that is larger than memory is to be: seconds of a pass beside a plain read, and peak memory.

    python benchmarks/select/blocks.py FILE.npy [GIGABYTES] [--smoke]

Writes FILE (8 GB of float32, 2,000 columns, planted k = 20) if it is not there. "Cold": the file's pages are dropped
from the cache before the read and before the first pass, which also checks the entries; "cached": the quicker of three
reads, and two passes, the second of which does not check. --smoke: a file of 2 MB, removed afterwards.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, arguments, keep, peak_gib, sized, smoke, timed, where

COLUMNS, K = sized((2000, 20), (200, 3))


def written(path, gigabytes):
    rng = np.random.Generator(np.random.SFC64(0))
    rows, block = int(gigabytes * 1e9 / 4 / COLUMNS), 10_000
    H = rng.random((K, COLUMNS), dtype=np.float32) ** 4
    with path.open("wb") as stream:
        facts = {"descr": "<f4", "fortran_order": False, "shape": (rows, COLUMNS)}
        np.lib.format.write_array_header_1_0(stream, facts)
        for begin in range(0, rows, block):
            W = rng.random((min(block, rows - begin), K), dtype=np.float32) ** 4
            (W @ H + 0.05 * rng.random((len(W), COLUMNS), dtype=np.float32)).tofile(stream)


def dropped(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def read(path):
    buffer = memoryview(bytearray(1 << 25))
    with path.open("rb", buffering=0) as stream:
        while stream.readinto(buffer):
            pass


def main():
    if smoke():
        with tempfile.TemporaryDirectory() as folder:
            measured(Path(folder) / "X.npy", 0.002)
        return
    path, *size = arguments()
    measured(Path(path), float(size[0]) if size else 8.0)


def measured(path, gigabytes):
    if not path.exists():
        written(path, gigabytes)
    size = path.stat().st_size / 1e6
    row = {"gigabytes": gigabytes}
    for name, cold in (("cold", True), ("cached", False)):
        if cold:
            dropped(path)
        plain = min(timed(lambda: read(path))[1] for _ in range(1 if cold else 3))
        if cold:
            dropped(path)
        begun = time.process_time()
        passes = 1 if cold else 2
        fit = mho.fit_blocks(path, K, max_iter=passes, tol=0, out=path.with_suffix(".W.npy"), random_state=0)
        ratios = [round(seconds / plain, 2) for seconds in fit.seconds]
        print(f"{name}: read {plain:.1f} s ({size / plain:.0f} MB/s), passes {fit.seconds} s, {ratios} reads")
        row[name] = {
            "read_seconds": round(plain, 1),
            "mb_per_second": round(size / plain),
            "pass_seconds": [round(seconds, 1) for seconds in fit.seconds],
            "ratios": ratios,
            "cpu_seconds": round((time.process_time() - begun) / passes, 1),
        }
    row["peak_gib"] = round(peak_gib(), 2)
    print(f"peak memory {peak_gib():.2f} GiB")
    keep(ROOT / "docs/measured/estimator.json", {"dense blocks": row | where()})


if __name__ == "__main__":
    main()
