"""A matrix on disk that is larger than memory is to be: seconds of a pass beside a plain read, and peak memory.

    python benchmarks/select/blocks.py FILE.npy [GIGABYTES]

Writes FILE (8 GB of float32, 2,000 columns, planted k = 20) if it is not there. "Cold": the file's pages are dropped
from the cache before each pass.
"""

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

import mho

COLUMNS, K = 2000, 20


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
    buffer, begun = memoryview(bytearray(1 << 25)), time.perf_counter()
    with path.open("rb", buffering=0) as stream:
        while stream.readinto(buffer):
            pass
    return time.perf_counter() - begun


def main():
    path, gigabytes = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 8.0
    if not path.exists():
        written(path, gigabytes)
    size = path.stat().st_size / 1e6
    for name, cold in (("cold", True), ("cached", False)):
        if cold:
            dropped(path)
        plain = read(path)
        if cold:
            dropped(path)
        fit = mho.fit_blocks(path, K, max_iter=1, random_state=0)
        ratio = fit.seconds[0] / plain
        print(f"{name}: read {plain:.1f} s ({size / plain:.0f} MB/s), pass {fit.seconds[0]:.1f} s, {ratio:.2f} reads")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
