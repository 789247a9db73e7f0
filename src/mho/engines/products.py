"""Products by the kernel that fits the kind and order of a matrix; nothing larger than a factor is copied.

A dense right-hand side is read by rows if its columns are contiguous and by columns if its rows are; the dense kernels
keep factors by component, (k, m) and (k, n), the sparse ones by row, (m, k) and (n, k).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from mho import kernels
from mho.engines.engine import Penalty
from mho.operands import Dense, Factored, Operand, Scaled, Shifted, Sparse

__all__ = ["cross", "cross_operations", "entries", "gram", "sweep_in_place"]


def gram(A: np.ndarray) -> np.ndarray:
    """Return A'A (k, k) for A (m, k) in either order."""
    G = np.empty((A.shape[1], A.shape[1]), A.dtype)
    kernels.gram(A if 1 in _steps(A) else np.ascontiguousarray(A), G, kernels.thread_count())
    return G


def cross(A: np.ndarray, B: Operand) -> np.ndarray:
    """Return B'A, one row per right-hand side (n, k), in A's precision; a B that is unchecked is checked in passing."""
    if isinstance(B, Factored):
        return cross(cross(A, Dense.from_checked(B.left)), Dense.from_checked(B.right))
    if isinstance(B, Scaled):
        return cross(A * B.rows[:, None], B.base) * B.columns[:, None]
    C = np.empty((B.shape[1], A.shape[1]), A.dtype)
    if isinstance(B, Sparse):
        kernels.cross(np.ascontiguousarray(A), *entries(B, A.dtype), C, kernels.thread_count())
    else:
        B.check(_dense_cross(A, B.array, C))
    return C


def cross_operations(B: Operand, k: int) -> np.ndarray:
    """Return the multiplications and additions of A'b with k columns of A, for each right-hand side (n,)."""
    stored = np.diff(B.columns.indptr) if isinstance(B, Sparse) else np.full(B.shape[1], B.shape[0])
    return 2.0 * k * stored


def _dense_cross(A: np.ndarray, B: np.ndarray, C: np.ndarray) -> float:
    """C (n, k) = B'A; return the largest magnitude in B, or NaN."""
    by_rows = abs(B.strides[1]) < abs(B.strides[0]) and not B.flags.f_contiguous
    A = np.ascontiguousarray(A if by_rows else A.T)
    product = kernels.products_of_columns if by_rows else kernels.products_of_rows
    at_hand = B.dtype == A.dtype and (B.flags.c_contiguous or B.flags.f_contiguous)
    parts = [(slice(None), B)] if at_hand else _parts(B, A.dtype, "C" if by_rows else "F")
    threads = kernels.thread_count()
    return float(np.max([product(part if by_rows else part.T, A, C[columns], threads) for columns, part in parts]))


def _parts(B: np.ndarray, dtype: np.dtype, order: Literal["C", "F"]) -> Iterator[tuple[slice, np.ndarray]]:
    """Some columns at a time, in the precision and order asked for, of a B that the kernels cannot read as it is."""
    step = max(1, (1 << 20) // B.shape[0])
    for j in range(0, B.shape[1], step):
        yield slice(j, j + step), np.array(B[:, j : j + step], dtype, order=order)


def sweep_in_place(
    A: np.ndarray, B: Operand, penalty: Penalty, start: np.ndarray | None, sweeps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return X (k, n) after some sweeps from `start`, and how well it fits with the penalty counted in.

    Of each right-hand side b how much of |b|^2 is explained (n,), or (n, 2) |b|^2 and what is left if rows are missing.
    """
    k, n = A.shape[1], B.shape[1]
    dense = not isinstance(B.base if isinstance(B, Scaled) else B, Sparse)
    X = np.zeros((k, n) if dense else (n, k), A.dtype)
    if start is not None:
        X[...] = start if dense else start.T
    if isinstance(B, Sparse) and B.missing:
        fit = np.empty((n, 2))
        base, shift = (B.base, B.shift.astype(A.dtype, copy=False)) if isinstance(B, Shifted) else (B, None)
        out = (X, sweeps, fit, kernels.thread_count())
        kernels.masked_sweep(np.ascontiguousarray(A), shift, *entries(base, A.dtype), penalty.ridge(k, A.dtype), *out)
    else:
        fit = np.empty(n)
        G = gram(A)
        l2, pull = penalty.all_known(k, len(A), A.dtype)
        G[np.diag_indices(k)] += l2
        _sweep(A, B, G, pull, X, sweeps, fit)
    return X if dense else X.T, fit


def _sweep(
    A: np.ndarray, B: Operand, G: np.ndarray, offset: np.ndarray, X: np.ndarray, sweeps: int, fit: np.ndarray
) -> None:
    threads = kernels.thread_count()
    out = (G, offset, X, sweeps, fit, threads)
    if isinstance(B, Sparse):
        kernels.sweep_sparse(np.ascontiguousarray(A), *entries(B, A.dtype), *out)
        return
    if isinstance(B, Factored):
        _sweep(cross(A, Dense.from_checked(B.left)), Dense.from_checked(B.right), G, offset, X, sweeps, fit)
        return
    if isinstance(B, Scaled):  # sweeps multiply an answer by what its right-hand side is multiplied by
        assert not offset.any()
        scale = B.columns if isinstance(B.base, Dense) else B.columns[:, None]
        X /= scale
        _sweep(A * B.rows[:, None], B.base, G, offset, X, sweeps, fit)
        X *= scale
        fit *= np.square(B.columns, dtype=np.float64)
        return
    At, same = np.ascontiguousarray(A.T), B.dtype == A.dtype
    if same and B.array.flags.f_contiguous:
        kernels.sweep_rows(B.array.T, At, *out)
    elif same and B.array.flags.c_contiguous:
        kernels.sweep_columns(B.array, At, *out)
    else:
        for columns, part in _parts(B.array, A.dtype, "F"):
            own = np.ascontiguousarray(X[:, columns])
            kernels.sweep_rows(part.T, At, G, offset, own, sweeps, fit[columns], threads)
            X[:, columns] = own


def entries(B: Sparse, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pointers, row indices and values of the columns, the values in the precision asked for."""
    ptr, idx, val = B.by_column()
    return ptr, idx, val.astype(dtype, copy=False)


def _steps(A: np.ndarray) -> tuple[int, ...]:
    return tuple(stride // A.itemsize for stride in A.strides)
