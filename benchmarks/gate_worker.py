"""Hot paths through names that every version has: reads the name of a case a line, writes its seconds a line."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
import scipy.sparse as sp

if "PYTHONPATH" in os.environ:  # before an editable install of this checkout, whose finder comes first
    sys.meta_path = [finder for finder in sys.meta_path if "ScikitBuild" not in type(finder).__name__]
import mho

RNG = np.random.default_rng(0)


def _right_hand_sides(dtype: type) -> tuple[np.ndarray, np.ndarray]:
    A = RNG.random((1000, 32)).astype(dtype)
    return A, (A @ RNG.normal(0.3, 1.0, (32, 8000))).astype(dtype)


def _nnls(dtype: type) -> Callable[[], object]:
    return partial(mho.nnls, *_right_hand_sides(dtype))


def _sweeps(dtype: type) -> Callable[[], object]:
    A, B = _right_hand_sides(dtype)
    return partial(mho.Digital(sweeps=20).program(A).solve, B)


def _dense(dtype: type) -> Callable[[], object]:
    X = RNG.random((1500, 20)) @ RNG.random((20, 800)) + 0.5 * RNG.random((1500, 800))
    return partial(mho.NMF(20, max_iter=15, tol=0, random_state=0).fit, X.astype(dtype))


def _sparse(**options: Any) -> Callable[[], object]:
    drawn: dict[str, Any] = {"format": "csr", "random_state": 0}  # called rng in newer versions of SciPy
    X = sp.random(8000, 3000, 0.01, **drawn)
    return partial(mho.NMF(16, max_iter=8, tol=0, random_state=0, **options).fit, X)  # pyright: ignore[reportCallIssue]


def _counts() -> Callable[[], object]:
    """From factors that are given: the same iterations whatever a version's own starts are."""
    k, fit = 16, cast(Any, _sparse(loss="kullback-leibler"))
    X = fit.args[0]
    return partial(fit, W=RNG.random((X.shape[0], k)), H=RNG.random((k, X.shape[1])))


def _chip(ohms: float) -> Callable[[], object]:
    A = RNG.random((128, 16))
    B = A @ RNG.random((16, 20_000))
    design = mho.chip.preset("pku-2025").with_(row_ohms=ohms, column_ohms=ohms)
    array = mho.Chip(design, seed=0).program(A)
    array.solve(B[:, :1])
    return partial(array.solve, B)


CASES: dict[str, Callable[[], Callable[[], object]]] = {
    "exact least squares, 32 columns": partial(_nnls, np.float64),
    "exact least squares, float32": partial(_nnls, np.float32),
    "coordinate sweeps, 32 columns": partial(_sweeps, np.float64),
    "coordinate sweeps, float32": partial(_sweeps, np.float32),
    "dense factorization": partial(_dense, np.float64),
    "dense factorization, float32": partial(_dense, np.float32),
    "sparse factorization": _sparse,
    "factorization of known entries": partial(_sparse, missing="unstored"),
    "Kullback-Leibler": _counts,
    "chip": partial(_chip, 0.0),
    "chip with wires": partial(_chip, 1.0),
}


def main() -> None:
    """Answer until the input ends."""
    print(mho.__file__, flush=True)
    ready: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in ready:
            ready.clear()  # one case's memory at a time
            ready[name] = CASES[name]()
            ready[name]()
        begun = time.process_time()
        ready[name]()
        print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    main()
