"""A sparse matrix on disk, both factors too: seconds of a pass and peak memory.

    python benchmarks/select/sparse_blocks.py FOLDER [SHARE [PASSES]] [--smoke]

SHARE (1) of 2,000,000 rows, 1,000,000 columns and 100,000,000 entries, 50 a row; k = 16. Entries, numbers of columns
and begins of rows are three .npy files, mapped into memory, whose pages count as peak where they are in use.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, arguments, keep, peak_gib, sized, smoke, where

ROWS, COLUMNS, A_ROW, K = 2_000_000, 1_000_000, 50, 16


def written(folder, rows, columns, step=100_000):
    """Write a matrix of K communities: half of the entries of a row are in columns of its own, half in any."""
    rng = np.random.Generator(np.random.SFC64(0))
    names = {"data": np.float32, "indices": np.int32}
    parts = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, (rows * A_ROW,))
        for name, dtype in names.items()
    }
    width, places = columns // A_ROW, np.arange(A_ROW, dtype=np.int32)
    for begin in range(0, rows, step):
        count = min(step, rows - begin)
        own = rng.integers(0, K, (count, 1), dtype=np.int32)
        free = rng.random((count, A_ROW), dtype=np.float32) < 0.5
        # One entry in each of A_ROW runs of columns: sorted, and never twice the same.
        within = rng.integers(0, width, (count, A_ROW), dtype=np.int32)
        within = np.where(free, within, own * (width // K) + within // K)
        part = slice(begin * A_ROW, (begin + count) * A_ROW)
        parts["indices"][part] = (places * width + within).ravel()
        parts["data"][part] = rng.random(count * A_ROW, dtype=np.float32) + 0.5
    np.save(folder / "indptr.npy", np.arange(0, rows * A_ROW + 1, A_ROW, dtype=np.int32))


def measured(folder, share, passes):
    rows, columns = int(ROWS * share), int(COLUMNS * share)
    if not (folder / "indptr.npy").exists():
        written(folder, rows, columns)
    arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("data", "indices", "indptr")]
    X = sp.csr_array(tuple(arrays), shape=(rows, columns), copy=False)
    before = peak_gib()
    cpu = time.process_time()
    files = {"out": folder / "W.npy", "out_H": folder / "H.npy"}
    fit = mho.fit_blocks(X, K, max_iter=passes, tol=0, block_bytes=sized(1 << 26, 1 << 16), random_state=0, **files)
    row = {
        "shape": X.shape,
        "entries": X.nnz,
        "passes": passes,
        "errors": [round(error, 4) for error in fit.errors],
        "seconds": [round(seconds, 1) for seconds in fit.seconds],
        "cpu_seconds_a_pass": round((time.process_time() - cpu) / passes, 1),
        "peak_gib": round(peak_gib(), 2),
        "peak_before_gib": round(before, 2),
        "factors_mb": round(sum(os.path.getsize(path) for path in files.values()) / 1e6),
    }
    print(row)
    keep(ROOT / "docs/measured/estimator.json", {f"sparse blocks, {share:g}": row | where()})


def main():
    if smoke():
        with tempfile.TemporaryDirectory() as folder:
            measured(Path(folder), 0.001, 2)
        return
    folder, *sizes = arguments()
    share, passes = (kind(value) for kind, value in zip((float, int), [*sizes, *("1", "2")[len(sizes) :]], strict=True))
    Path(folder).mkdir(parents=True, exist_ok=True)
    measured(Path(folder), share, passes)


if __name__ == "__main__":
    main()
