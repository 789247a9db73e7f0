"""Work on one block of rows, here or on a worker."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.engines import Digital
from mho.engines.products import cross
from mho.kernels.blas import one_blas_thread
from mho.operands import Dense, Matrix, Sparse

__all__ = ["checked_block", "improved_rows", "step_here", "step_on_worker"]

_SWEEPS = 4
_NAN_ADVICE = "in blocks every entry must be known"


def checked_block(block: Any, name: str, begin: int, *, again: bool = False) -> Matrix:
    """Return some rows from `begin` on as an operand, none of their entries negative or not finite.

    Dense ones that are here `again` are not looked at once more, which would take a quarter of a pass over a file.
    """
    if again and isinstance(block, np.ndarray):
        return Dense.from_checked(block)
    name = f"{name}, rows {begin} to {begin + block.shape[0] - 1},"
    if sp.issparse(block):
        return Sparse(block, name=name, nonnegative=True)
    array, stats = checks.matrix_with_stats(block, name, nan_advice=_NAN_ADVICE)
    found = Dense.from_checked(array)
    found.stats = stats
    return found


def improved_rows(X: Matrix, H: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return W (b, k) of some rows X (b, n) after sweeps from `start` (b, k), with H by columns (n, k)."""
    programmed = Digital(sweeps=_SWEEPS).program(Dense.from_checked(H))
    return np.ascontiguousarray(programmed.solve(X.T, start=start.T).T)


def step_here(
    block: Any, name: str, begin: int, H: np.ndarray, start: np.ndarray, *, again: bool
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return W (b, k) of rows from `begin` on, what they ask of H (n, k), and the sum of their squares, 0 `again`."""
    X = checked_block(block, name, begin, again=again)
    W = improved_rows(X, H, start)
    return W, cross(W, X), 0.0 if again else X.square


def step_on_worker(X: Matrix, H: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return W (b, k) of some rows, what they ask of H (n, k), and the sum of their squares."""
    with one_blas_thread():
        W = improved_rows(X, H, start)
        return W, cross(W, X), X.square
