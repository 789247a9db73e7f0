"""Least squares by normal equations, or by orthogonal ones where those would lose the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import kernels
from mho.engines.digital import ExactFactor
from mho.engines.engine import Penalty
from mho.engines.products import cross
from mho.operands import Dense, Matrix, Sparse

__all__ = ["Bounds", "residual_norms", "solve_bounded", "solve_nonnegative", "solve_sparse"]

_LEAST_PIVOT = 1e-8
"""Of a scaled column: normal equations have the square of the matrix's condition."""

_LARGEST_DENSE = 1 << 27
"""Entries of a sparse matrix that is made dense where its normal equations would lose the answer."""


@dataclass(frozen=True)
class Bounds:
    """Least and largest value of each of k unknowns.

    Attributes
    ----------
    lower, upper : ndarray of shape (k,)
        Infinite where there is no bound.
    """

    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def read(cls, bounds: Any, k: int) -> Bounds:
        """Return the bounds given as a pair (lower, upper) of numbers or of one for each unknown."""
        if not isinstance(bounds, tuple | list) or len(bounds) != 2:
            raise TypeError(f"bounds must be a pair (lower, upper), got {bounds!r}")
        lower, upper = (_limit(value, name, k) for value, name in zip(bounds, ("lower", "upper"), strict=True))
        wrong = np.flatnonzero(~((lower <= upper) & (lower < np.inf) & (upper > -np.inf)))
        if len(wrong):
            j = wrong[0]
            raise ValueError(f"bounds must have lower <= upper, got {lower[j]} and {upper[j]} for unknown {j}")
        return cls(lower, upper)


def _limit(value: Any, name: str, k: int) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"bounds must be numbers, got {value!r} for the {name} one")
    if array.shape not in ((), (k,)):
        raise ValueError(f"bounds must be numbers or one for each of {k} unknowns, got {name} of shape {array.shape}")
    return np.full(k, array, np.float64)


def solve_nonnegative(A: np.ndarray, B: Matrix, penalty: Penalty) -> np.ndarray:
    """Return X (k, n) >= 0 that minimises |A X - B|^2 / 2 and the penalty, in A's precision.

    Parameters
    ----------
    A : ndarray of shape (m, k)
        Of any sign.
    B : Dense or Sparse of shape (m, n)
        Right-hand sides.
    penalty : Penalty
        With one number for `l2`.
    """
    programmed = ExactFactor(A, penalty)
    linear = penalty.l1 != 0
    if linear or _sound(programmed.M):
        return programmed.solve(B)
    try:
        X = programmed.solve(B)
    except FloatingPointError:
        X = np.zeros((A.shape[1], B.shape[1]), A.dtype)
    if isinstance(B, Dense):
        B.check()
    return _orthogonal(_with_ridge(A, penalty), B, X)


def solve_bounded(A: np.ndarray, B: Matrix, penalty: Penalty, bounds: Bounds) -> np.ndarray:
    """Return X (k, n) between bounds that minimises |A X - B|^2 / 2 and the penalty; as `solve_nonnegative`."""
    programmed = ExactFactor(A, penalty)
    if penalty.l1 == 0 and not _sound(programmed.M):
        return _orthogonal(_with_ridge(A, penalty), B, np.zeros((A.shape[1], B.shape[1]), A.dtype), bounds)
    X = _between(programmed.M, cross(programmed.A, B) + programmed.pull, bounds)
    return X.T.astype(A.dtype, copy=False)


def solve_sparse(A: Sparse, B: Matrix, penalty: Penalty, bounds: Bounds) -> np.ndarray:
    """Return the answer of `solve_bounded` for a sparse A, whose Gram matrix alone is made dense."""
    columns = A.columns.astype(np.float64)
    M = (columns.T @ columns).toarray() + penalty.l2 * np.eye(A.shape[1])
    if penalty.l1 == 0 and not _sound(M) and A.shape[0] * A.shape[1] <= _LARGEST_DENSE:
        return solve_bounded(A.columns.toarray(), B, penalty, bounds)
    products = columns.T @ (B.columns if isinstance(B, Sparse) else B.array)
    Q = np.ascontiguousarray((products.toarray() if sp.issparse(products) else np.asarray(products)).T)
    return _between(M, Q - penalty.l1, bounds).T.astype(A.dtype, copy=False)


def residual_norms(A: Any, B: Matrix, X: np.ndarray) -> np.ndarray:
    """Return |A x - b| for each column, over the rows that are known, (n,)."""
    if not isinstance(B, Sparse):
        return np.linalg.norm(A @ X - B.array, axis=0)
    total = np.empty(B.shape[1])
    ptr, idx, val = B.by_column()
    for j, x in enumerate(X.T):
        rows = idx[ptr[j] : ptr[j + 1]]
        if B.missing:
            left = A[rows] @ x - val[ptr[j] : ptr[j + 1]]
        else:
            left = A @ x
            left[rows] -= val[ptr[j] : ptr[j + 1]]
        total[j] = np.linalg.norm(left)
    return total


def _sound(M: np.ndarray) -> bool:
    """Whether the normal equations still tell which columns are wanted; columns of zeros aside."""
    present = np.flatnonzero(M.diagonal() > 0)
    unit = 1 / np.sqrt(M.diagonal()[present])
    if not len(present) or not np.isfinite(unit).all():
        return not len(present)
    if unit.max() > 1e4 * unit.min():  # what a sign's tolerance is for one column would be all of another
        return False
    try:
        factor = np.linalg.cholesky(M[np.ix_(present, present)] * unit * unit[:, None])
    except np.linalg.LinAlgError:
        return False
    return bool(factor.diagonal().min() ** 2 > _LEAST_PIVOT)


def _with_ridge(A: np.ndarray, penalty: Penalty) -> np.ndarray:
    A = A.astype(np.float64, copy=False)
    return np.vstack([A, np.sqrt(penalty.l2) * np.eye(A.shape[1])]) if penalty.l2 else A


def _orthogonal(A: np.ndarray, B: Matrix, X: np.ndarray, bounds: Bounds | None = None) -> np.ndarray:
    """Solve column by column through an orthogonal factorization; X (k, n) is the answer where one does not end."""
    X = X.copy()
    if B.missing:
        assert isinstance(B, Sparse)
        ptr, idx, val = B.by_column()
        added = len(A) - B.shape[0]
        for j in range(B.shape[1]):
            rows, b = idx[ptr[j] : ptr[j + 1]], val[ptr[j] : ptr[j + 1]]
            own = np.vstack([A[rows], A[len(A) - added :]])
            if len(own):
                X[:, j] = _one_column(own, np.append(b, np.zeros(added)), X[:, j], bounds)
        return X
    R, C = _reduced(A, B)
    for j, c in enumerate(C.T):
        X[:, j] = _one_column(R, c, X[:, j], bounds)
    return X


def _reduced(A: np.ndarray, B: Matrix) -> tuple[np.ndarray, np.ndarray]:
    """Return R and C of the same least squares, no taller than A is wide where there are many columns."""
    m, n = B.shape
    if n == 1 or len(A) <= A.shape[1]:
        whole = B.columns.toarray() if isinstance(B, Sparse) else B.array
        return A, np.vstack([whole, np.zeros((len(A) - m, n))])
    Q, R = np.linalg.qr(A)
    return R, cross(np.ascontiguousarray(Q[:m]), B).T


def _one_column(A: np.ndarray, b: np.ndarray, x: np.ndarray, bounds: Bounds | None) -> np.ndarray:
    from scipy.optimize import lsq_linear, nnls

    b = np.asarray(b, np.float64)
    if bounds is not None:
        x, moves = bounds.lower.copy(), bounds.lower < bounds.upper
        if moves.any():
            limits = bounds.lower[moves], bounds.upper[moves]
            inner = lsq_linear(A[:, moves], b - A[:, ~moves] @ x[~moves], limits, method="bvls", tol=1e-15)
            x[moves] = np.clip(inner.x, *limits)
        return x
    try:
        return nnls(A, b, maxiter=1000 * A.shape[1])[0]
    except RuntimeError:  # rounding keeps a column going in and out
        return x


def _between(M: np.ndarray, Q: np.ndarray, bounds: Bounds) -> np.ndarray:
    """Return X (n, k) that minimises x'Mx/2 - q'x between bounds, for each row q of Q.

    Unknowns without bounds are eliminated; the others are counted from a bound of theirs on.
    """
    lower, upper = bounds.lower, bounds.upper
    free = np.isinf(lower) & np.isinf(upper)
    sign = np.where(np.isinf(lower), -1.0, 1.0)[~free]
    origin, cap = np.where(np.isinf(lower), upper, lower)[~free], (upper - lower)[~free]
    X = np.empty_like(Q)
    held, open_ = np.ix_(~free, ~free), np.ix_(free, ~free)
    width = int(np.sum(~free))
    inner = np.linalg.solve(M[np.ix_(free, free)], np.column_stack([M[open_], Q[:, free].T])) if free.any() else None
    reduced, products = M[held], Q[:, ~free]
    if inner is not None:
        reduced = reduced - M[open_].T @ inner[:, :width]
        products = products - inner[:, width:].T @ M[open_]
    products = (products - origin @ reduced) * sign
    X[:, ~free] = origin + sign * _capped(reduced * sign * sign[:, None], np.ascontiguousarray(products), cap)
    if inner is not None:
        X[:, free] = inner[:, width:].T - X[:, ~free] @ inner[:, :width].T
    return np.clip(X, lower, upper)


def _capped(M: np.ndarray, Q: np.ndarray, cap: np.ndarray) -> np.ndarray:
    """Return Y (n, k) with 0 <= y <= cap that minimises y'My/2 - q'y for each row q.

    The multipliers of finite caps are unknowns of the complementarity problem too.
    """
    (n, k), moves = Q.shape, cap > 0
    if not moves.all():
        Y = np.zeros(Q.shape)
        if moves.any():
            Y[:, moves] = _capped(M[np.ix_(moves, moves)], Q[:, moves], cap[moves])
        return Y
    if k == 0:
        return np.zeros(Q.shape)
    capped = np.flatnonzero(cap < np.inf)
    method = kernels.GENERAL if len(capped) else kernels.SYMMETRIC
    if len(capped):
        above = np.eye(k)[:, capped]
        M = np.block([[M, above], [-above.T, np.zeros((len(capped), len(capped)))]])
        Q = np.column_stack([Q, np.tile(-cap[capped], (n, 1))])
    answer, failed = np.zeros(Q.shape), np.zeros(n, np.uint8)
    kernels.lcp(np.ascontiguousarray(M), None, np.ascontiguousarray(Q), method, answer, failed, kernels.thread_count())
    if failed.any():
        raise FloatingPointError(f"least squares did not converge for {int(failed.sum())} of {n} right-hand sides")
    return answer[:, :k]
