"""RcppML, an R package, behind a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from adapter import THREADS, Fit, Input

SCRIPT = Path(__file__).with_name("rcppml.R")


def rcppml(data: Input) -> Fit:
    """Coordinate descent, float64, its own random start: version 0.3.7 takes none."""
    if shutil.which("Rscript") is None:
        raise ImportError("Rscript is not installed")
    exchange = tempfile.TemporaryDirectory(prefix="mho-rcppml-")
    folder = Path(exchange.name)
    _hand_over(data, folder)
    process = subprocess.Popen(
        ["Rscript", str(SCRIPT), str(folder), str(data.case.k), str(THREADS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout
    greeting, _, data.version = stdout.readline().strip().partition(" ")
    if greeting != "ready":
        raise ImportError("R has no package RcppML")
    (m, n), k = data.X.shape, data.case.k

    def run(iterations: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        stdin.write(f"{iterations}\n")
        stdin.flush()
        seconds = float(stdout.readline())
        W, H = (np.fromfile(Path(exchange.name) / name) for name in ("W.bin", "H.bin"))
        return seconds, (W.reshape(k, m).T, H.reshape(n, k).T)  # R stores by columns

    return run


def _hand_over(data: Input, folder: Path) -> None:
    np.array(data.X.shape, np.int32).tofile(folder / "shape.bin")
    if data.case.kind == "dense":
        data.X.T.astype(np.float64).tofile(folder / "x.bin")
        return
    columns = data.X.tocsc()
    for name, array, dtype in (("x", columns.data, np.float64), ("i", columns.indices, np.int32)):
        array.astype(dtype).tofile(folder / f"{name}.bin")
    columns.indptr.astype(np.int32).tofile(folder / "p.bin")
