"""Losses beyond the squared error: Kullback-Leibler (counts) and Itakura-Saito (powers), on the CPU.

With one factor fixed every column is a problem of its own: the least D(b, A x) + l1 sum(x) + l2/2 |x - prior|^2 over
x >= 0. A half-step is a Newton step on each: some coordinate sweeps on the quadratic model of what is minimised (for
Itakura-Saito, with its curvature kept above zero), cut until the objective does not rise.
So the objective never rises, and unlike a multiplicative update a step can reach zero and leave it again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import kernels
from mho.caching import cached_property
from mho.engines import Penalty
from mho.nmf.loop import Iterate
from mho.operands import Dense, Sparse

__all__ = [
    "LOSSES",
    "DivergenceProblem",
    "check_positive",
    "deviances",
    "divergence",
    "fold_in",
    "reachable",
    "totals",
]

LOSSES = ("kullback-leibler", "itakura-saito")
"""D(x, y) = x log(x/y) - x + y, and x/y - log(x/y) - 1, summed over the entries that are known."""

_KERNEL = {"kullback-leibler": 0, "itakura-saito": 1}
_ZEROS_ARE_DATA = 2
"""Kullback-Leibler over stored entries, what is not stored being zero."""

_STEPS, _SWEEPS = 1, 4
"""Of a half-step in the loop: more Newton steps cost as much as more iterations and bring less."""

_REST = 1e-2
"""What a zero that stops everything becomes, as a share of its factor's mean."""


def check_positive(X: Dense | Sparse, loss: str, name: str = "X") -> None:
    """Refuse zeros where the loss has no value for them.

    Raises
    ------
    ValueError
        The loss is Itakura-Saito and a known entry is zero.
    """
    if loss != "itakura-saito":
        return
    size = X.shape[0] * X.shape[1]
    values = X.array if isinstance(X, Dense) else X.values
    zeros = values.size - np.count_nonzero(values)
    if isinstance(X, Sparse) and not X.missing:
        zeros += size - values.size
    if zeros:
        raise ValueError(
            f"{name} must be above zero for loss='itakura-saito', {zeros} of its {size} entries are zero; "
            f"add a floor, such as {name} + 1e-3 * {name}.mean(), or declare zeros missing"
        )


@dataclass(frozen=True)
class DivergenceProblem:
    """Factorization problem under a divergence, for `mho.nmf.loop.alternate` and `mho.nmf.loop.extrapolate`.

    An iterate's `error` is D(X, W H) / D(X, mean of X): what one number for all of X leaves is 1, a perfect fit is 0,
    and neither X's unit nor its size counts. One minus it is the share of the deviance that is explained,
    ``sklearn.metrics.d2_tweedie_score`` with power 1 or 2. Its `objective` counts the penalties in. The factors to
    start from must have a finite divergence, see `reachable`.

    Attributes
    ----------
    X : Dense or Sparse of shape (m, n)
        Non-negative; see `check_positive`.
    loss : {"kullback-leibler", "itakura-saito"}
    penalty_W, penalty_H : Penalty
    """

    X: Dense | Sparse
    loss: str
    penalty_W: Penalty
    penalty_H: Penalty

    @cached_property
    def null(self) -> float:
        """D(X, mean of X), the mean and the sum over the known entries."""
        X = self.X
        known = int(X.known_rows().sum())
        mean = float(totals(X).sum()) / known if known else 0.0
        m, n = X.shape
        return divergence(X, np.ones((m, 1), X.dtype), np.full((1, n), mean, X.dtype), self.loss)

    def norm(self, error: float) -> float:
        """Return sqrt(2 D) from an iterate's D(X, W H) / D(X, mean of X)."""
        return float(np.sqrt(2 * error * self.null))

    def share(self, left: float) -> float:
        """Return a divergence D(X, Y) as an objective; at most 1, as one number for all of X leaves no more."""
        return min(1.0, left / self.null) if self.null else 0.0

    def update_W(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return W (m, k) after a half-step: a Newton step for each row of X against H."""
        return _descend(H.T, self.X.T, self.loss, self.penalty_W, W.T, _STEPS, _SWEEPS)[0].T

    def update_H(self, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate after the other half-step: a Newton step for each column of X against W."""
        H, left = self.step_H(W, H)
        if self.null == 0:
            return Iterate(W, H, 0.0, 0.0)
        error = left / self.null
        return Iterate(W, H, error, error + self.price(W, H) / self.null)

    def step_H(self, W: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, float]:
        """Return H (k, n) after that half-step, and D(X, W H)."""
        H, each = _descend(W, self.X, self.loss, self.penalty_H, H, _STEPS, _SWEEPS)
        return H, _sum(each)

    def price(self, W: np.ndarray, H: np.ndarray) -> float:
        """Return both penalties."""
        return self.penalty_W.value(self.X.T, W.T) + self.penalty_H.value(self.X, H)


def divergence(X: Dense | Sparse, W: np.ndarray, H: np.ndarray, loss: str) -> float:
    """Return D(X, W H) over the known entries; infinite where W H is zero and X is not."""
    return _sum(_descend(W, X, loss, Penalty(), H, 0, 0)[1])


def _sum(divergences: np.ndarray) -> float:
    """Return the sum of divergences, which rounding leaves a little below zero, or at -0.0, where a fit is perfect."""
    return max(float(divergences.sum()), 0.0) + 0.0


def deviances(x: np.ndarray, y: np.ndarray | float, loss: str) -> np.ndarray:
    """Return D(x, y) of each entry, in float64; infinite where y is zero and x is not."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if loss == "itakura-saito":
            return x / y - np.log(x / y) - 1
        return np.where(x > 0, x * np.log(x / y), 0) - x + y


def reachable(X: Dense | Sparse, W: np.ndarray, H: np.ndarray, loss: str) -> tuple[np.ndarray, np.ndarray]:
    """Return starting factors whose divergence is finite.

    They are returned as they are if theirs is. Else every zero is lifted to a hundredth of its factor's mean, for a
    product that is zero where X is not is infinitely far from it, and no step finds a way back.
    """
    if np.isfinite(divergence(X, W, H, loss)):
        return W, H
    lifted = [np.where(factor > 0, factor, _REST * (factor.mean() or 1)) for factor in (W, H)]
    return lifted[0].astype(X.dtype, copy=False), lifted[1].astype(X.dtype, copy=False)


def fold_in(A: np.ndarray, B: Dense | Sparse, loss: str, penalty: Penalty, *, limit: int = 100) -> np.ndarray:
    """Return X (k, n) >= 0 that minimises D(B, A X) + penalty for a fixed A, to rest.

    Parameters
    ----------
    A : ndarray of shape (m, k)
        Non-negative. A row of zeros says nothing of any x and takes no part.
    B : Dense or Sparse of shape (m, n)
        Non-negative; see `check_positive`.
    loss : {"kullback-leibler", "itakura-saito"}
        The divergence.
    penalty : Penalty
        Beside half the squared error.
    limit : int
        Rounds of two Newton steps at the most; A with dependent columns may use them up, moving where nothing changes.
    """
    A = A.astype(B.dtype, copy=False)
    X = _level_start(A, B)
    tolerance = np.sqrt(np.finfo(X.dtype).eps)
    moving = np.arange(B.shape[1])
    for _ in range(limit):
        before = X[:, moving]
        after, _ = _descend(A, B, loss, penalty, before, 2, 4 * _SWEEPS)
        X[:, moving] = after
        moves = np.abs(after - before).max(axis=0) > tolerance * after.max(axis=0)
        if not moves.any():
            break
        moving, B = moving[moves], _some_columns(B, moves)
    return X


def _some_columns(B: Dense | Sparse, chosen: np.ndarray) -> Dense | Sparse:
    """Return the columns of B (m, n) that are chosen (n,)."""
    if chosen.all():
        return B
    if isinstance(B, Dense):
        return Dense.from_checked(B.array[:, chosen])
    return Sparse.from_checked(B.columns[:, chosen], missing=B.missing)


def _level_start(A: np.ndarray, B: Dense | Sparse) -> np.ndarray:
    """All unknowns of a column alike, so that A x is as large as the column on average."""
    row_sum = float(A.sum(dtype=np.float64)) / len(A)
    mean = totals(B) / np.maximum(B.known_rows(), 1)
    level = mean / row_sum if row_sum > 0 else np.zeros_like(mean)
    return np.tile(level.astype(A.dtype), (A.shape[1], 1))


def totals(X: Dense | Sparse) -> np.ndarray:
    """Return the sum of each column's known entries, (n,)."""
    if isinstance(X, Dense):
        return X.array.sum(axis=0, dtype=np.float64)
    return np.asarray(X.columns.sum(axis=0, dtype=np.float64)).ravel()


def _descend(
    A: np.ndarray, B: Dense | Sparse, loss: str, penalty: Penalty, start: np.ndarray, steps: int, sweeps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return X (k, n) after some Newton steps from `start`, and each column's divergence (n,) there."""
    k, (m, n) = A.shape[1], B.shape
    fit, threads = np.empty(n), kernels.thread_count()
    if isinstance(B, Dense):
        l2, pull = penalty.all_known(k, m)
        X, price = np.array(start, A.dtype, order="C"), np.stack([-pull, l2]).astype(A.dtype)
        out = X, steps, sweeps, fit, threads
        kernels.divergence_dense(B.array, np.ascontiguousarray(A.T), price, _KERNEL[loss], *out)
        return X, fit
    none = np.zeros(k)
    if B.missing:
        l2, l2_known, pull, pull_known = penalty.ridge(k)
        kind, rows = _KERNEL[loss], [none, -pull, l2, -pull_known, l2_known]
    else:
        l2, pull = penalty.all_known(k, m)
        kind, rows = _ZEROS_ARE_DATA, [A.sum(axis=0, dtype=np.float64), -pull, l2, none, none]
    X, price = np.array(start.T, A.dtype, order="C"), np.stack(rows).astype(A.dtype)
    out = X, steps, sweeps, fit, threads
    kernels.divergence_sparse(np.ascontiguousarray(A), *B.by_column(), price, kind, *out)
    return X.T, fit
