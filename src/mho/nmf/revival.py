"""Components that died on the way, and new ones in their place from what is not explained yet."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import kernels
from mho.engines.products import cross, gram
from mho.operands import Dense, Sparse

__all__ = ["REVIVALS", "dead_components", "revived"]

REVIVALS = (20, 40, 80, 160)
"""Iterations after which dead components are replaced: before the first of them what is weak may yet grow."""

_ROWS = 8
"""Rows that are looked at for one of which too little is explained."""

_DEAD = 1e-6
"""Size of a component, beside the largest one's, that explains nothing."""


def dead_components(W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return the numbers of the components of W (m, k) and H (k, n) that explain nothing."""
    size = np.linalg.norm(W, axis=0).astype(np.float64) * np.linalg.norm(H, axis=1)
    return np.flatnonzero(size <= _DEAD * size.max())


def revived(X: Dense | Sparse, W: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return factors whose dead components are the positive parts of the rows of X that are explained worst.

    Each new one's W is the best for it alone, so that the squared error does not rise.

    Parameters
    ----------
    X : Dense or Sparse of shape (m, n)
        The matrix.
    W, H : ndarray of shape (m, k) and (k, n)
        Its factors so far.
    """
    dead = dead_components(W, H)
    W, H = W.copy(), H.copy()
    W[:, dead] = 0
    for j in dead:
        h = _worst_direction(X, W, H)
        if h is None:
            break
        scale = _best_scale(X, W, H, h)
        if not scale.any():
            break
        # As long as each other, so that neither factor's next half-step begins with numbers out of all proportion.
        balance = np.sqrt(np.linalg.norm(scale))
        H[j], W[:, j] = h * balance, scale / balance
    return W, H


def _worst_direction(X: Dense | Sparse, W: np.ndarray, H: np.ndarray) -> np.ndarray | None:
    """The positive part of the worst row's residual, of length 1; None where too much is explained everywhere."""
    for row in np.argsort(-_row_errors(X, W, H))[:_ROWS]:
        h = np.maximum(_row_residual(X, W, H, row), 0)
        size = float(np.linalg.norm(h))
        if size > 0:
            return h / size
    return None


def _row_errors(X: Dense | Sparse, W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Squared error of each row, (m,), over its known entries."""
    if isinstance(X, Sparse) and X.missing:
        left = _left(X, W, H)
        return np.bincount(left.indices, np.square(left.data, dtype=np.float64), X.shape[0])
    products = cross(np.ascontiguousarray(H.T), X.T)
    fitted = np.einsum("ij,ij->i", W @ gram(H.T), W, dtype=np.float64)
    return _row_squares(X) - 2 * np.einsum("ij,ij->i", W, products, dtype=np.float64) + fitted


def _row_squares(X: Dense | Sparse) -> np.ndarray:
    if isinstance(X, Dense):
        return np.einsum("ij,ij->i", X.array, X.array, dtype=np.float64)
    _, idx, val = X.by_column()
    return np.bincount(idx, np.square(val, dtype=np.float64), X.shape[0])


def _left(X: Sparse, W: np.ndarray, H: np.ndarray) -> Any:
    """The known entries of X less those of W H, by columns."""
    ptr, idx, val = X.by_column()
    fitted = np.empty_like(val)
    W, Ht = np.ascontiguousarray(W, val.dtype), np.ascontiguousarray(H.T, val.dtype)
    kernels.sddmm(W, Ht, ptr, idx, fitted, kernels.thread_count())
    return X.with_values(val - fitted).columns


def _row_residual(X: Dense | Sparse, W: np.ndarray, H: np.ndarray, row: int) -> np.ndarray:
    if isinstance(X, Dense):
        return X.array[row] - W[row] @ H
    known = X.rows[[row]]
    residual = known.toarray()[0] - W[row] @ H
    if X.missing:
        held = np.zeros(X.shape[1], bool)
        held[known.indices] = True
        residual[~held] = 0
    return residual


def _best_scale(X: Dense | Sparse, W: np.ndarray, H: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Return the best non-negative w (m,) for one more component w h with |h| = 1."""
    if isinstance(X, Sparse) and X.missing:
        left = _left(X, W, H)
        products = left @ h
        pattern = X.with_values(np.ones_like(left.data)).columns
        square = pattern @ np.square(h)
        best = np.maximum(products, 0) / np.where(square > 0, square, 1)
        return best.astype(W.dtype)
    products = cross(np.ascontiguousarray(h[:, None]), X.T)[:, 0] - W @ (H @ h)
    return np.maximum(products, 0).astype(W.dtype)
