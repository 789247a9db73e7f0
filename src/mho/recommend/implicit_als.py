"""Implicit feedback (Hu-2008): weighted least squares over all entries, those stored being 1."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import kernels
from mho.engines import Digital, Engine, Penalty, Sparse
from mho.recommend.column_cuts import column_cuts

__all__ = ["solve_implicit", "weighted_error"]

_BLOCK = 1 << 22
"""Entries that are worked on at a time: of right-hand sides written out for a chip, and of stored ones."""


def solve_implicit(engine: Engine, A: np.ndarray, gram: np.ndarray, extra: Any, penalty: Penalty) -> np.ndarray:
    """Minimise |A x|^2 + sum_i e_i (a_i . x)^2 - 2 sum_i (1 + e_i) a_i . x + penalty over x >= 0 for each column e.

    That is the sum of (1 + e_i) (a_i . x - [e_i > 0])^2 without its constant. The first term is the same for every
    column: the CPU adds it as a matrix (k, k), and the cost is that of the stored entries alone (Hu-2008). A chip has
    it as an array in which all rows are on at an input of zero, beside a second one, written sqrt(e) times as high, in
    which the stored rows alone are on. That two arrays share the column nodes is our hypothesis.

    Parameters
    ----------
    engine : Engine
        Solver of the half-steps.
    A : ndarray of shape (m, k), >= 0
        The matrix.
    gram : ndarray of shape (k, k)
        A'A.
    extra : csc_array of shape (m, n), > 0
        What stored entries weigh more than 1. All the same with an engine other than the digital one.
    penalty : Penalty
        Beside half the squared error.

    Returns
    -------
    ndarray of shape (n, k)

    Raises
    ------
    ValueError
        Weights that differ, for an engine that cannot weigh.
    """
    if engine == Digital():
        return _weighted(A, gram, extra, penalty)
    return _stacked(engine, A, extra, penalty)


def _weighted(A: np.ndarray, gram: np.ndarray, extra: Any, penalty: Penalty) -> np.ndarray:
    k, n = A.shape[1], extra.shape[1]
    l2, *rest = penalty.ridge(k)
    X, failed = np.zeros((n, k)), np.zeros(n, np.uint8)
    value = (1 + extra.data) / extra.data  # the kernel multiplies it with the weight again
    entries = extra.indptr, extra.indices, value, extra.data
    kernels.weighted_lcp(A, gram + np.diag(l2), np.stack(rest), *entries, X, failed, kernels.thread_count())
    if failed.any():
        raise FloatingPointError(f"NNLS did not converge for {int(failed.sum())} of {n} right-hand sides")
    return X


def _stacked(engine: Engine, A: np.ndarray, extra: Any, penalty: Penalty) -> np.ndarray:
    m, n = extra.shape
    weight = float(extra.data[0]) if extra.nnz else 1.0
    if not np.allclose(extra.data, weight):
        raise ValueError("ratings must all be equal for this engine, which cannot weigh entries; leave them out")
    root = np.sqrt(weight)
    programmed = engine.program(np.vstack([A, root * A]), penalty=penalty)
    step = max(1, _BLOCK // m)
    blocks = [programmed.solve(_with_zeros(extra[:, j : j + step], (1 + weight) / root)) for j in range(0, n, step)]
    return np.ascontiguousarray(np.concatenate(blocks, axis=1).T)


def _with_zeros(stored: Any, value: float) -> Sparse:
    """Return m known zeros above the stored entries, each `value`, and nothing known beside those."""
    m, n = stored.shape
    zeros = sp.csc_array((np.zeros(m * n), np.tile(np.arange(m), n), m * np.arange(n + 1)), shape=(m, n))
    ones = sp.csc_array((np.full(stored.nnz, value), stored.indices, stored.indptr), shape=(m, n))
    return Sparse(sp.vstack([zeros, ones], format="csc"), missing=True)


def weighted_error(A: np.ndarray, gram: np.ndarray, X: np.ndarray, extra: Any) -> float:
    """Return the sum of (1 + e) (A X' - [e > 0])^2 over all entries, through the stored ones alone.

    Parameters
    ----------
    A : ndarray of shape (m, k)
        The matrix.
    gram : ndarray of shape (k, k)
        A'A.
    X : ndarray of shape (n, k)
        One row for each right-hand side.
    extra : csc_array of shape (m, n)
        Weights e beyond 1 of the stored entries.
    """
    error = float(np.vdot(gram, X.T @ X))
    for begin, end in pairwise(column_cuts(extra.indptr, _BLOCK)):
        pointers = extra.indptr[begin : end + 1]
        part = slice(pointers[0], pointers[-1])
        fitted = np.empty(part.stop - part.start)
        kernels.sddmm(A, X[begin:end], pointers - part.start, extra.indices[part], fitted, kernels.thread_count())
        error += float(np.sum((1 + extra.data[part]) * (fitted - 1) ** 2 - fitted**2))
    return error
