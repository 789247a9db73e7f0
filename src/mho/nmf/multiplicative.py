"""Losses without a kernel of their own: any beta-divergence, Huber's, the negative binomial's.

Each factor takes a multiplicative step that cannot raise the loss (Fevotte-2011), in blocks of rows of X; slower than a
Newton step of the divergences that have a kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from mho.caching import cached_property
from mho.engines import Penalty
from mho.nmf.loop import Iterate
from mho.operands import Dense, Sparse

__all__ = ["GeneralLoss", "MultiplicativeProblem", "fold_in_generally", "general_loss", "lifted"]

_BLOCK = 1 << 20
"""Entries of X that are looked at together."""

_TINY = 1e-12
"""Least entry of a product, beside X's mean: nothing is divided by zero."""


@dataclass(frozen=True)
class GeneralLoss:
    """A loss D(x, y) and what a multiplicative step wants of it.

    Attributes
    ----------
    kind : {"beta", "huber", "negative-binomial"}
    parameter : float
        beta; Huber's threshold, in X's unit; the size r of the negative binomial, whose variance is y + y^2 / r.
    """

    kind: str
    parameter: float

    @property
    def power(self) -> float:
        """Exponent of a step that cannot raise the loss."""
        beta = self.parameter
        if self.kind != "beta" or 1 <= beta <= 2:
            return 1.0
        return 1 / (2 - beta) if beta < 1 else 1 / (beta - 1)

    @property
    def refuses_zeros(self) -> bool:
        """Whether it has no value where X is zero."""
        return self.kind == "beta" and self.parameter <= 0

    def parts(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the positive and the negative part of minus the slope in y, whose ratio is the step's."""
        if self.kind == "beta":
            low = y ** (self.parameter - 2)
            return x * low, y * low
        if self.kind == "huber":
            weight = self.parameter / np.maximum(np.abs(x - y), self.parameter)
            return weight * x, weight * y
        r = self.parameter
        return x / y, (x + r) / (y + r)

    def values(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return D(x, y) for each entry."""
        if self.kind == "beta":
            return _beta_divergence(x, y, self.parameter)
        if self.kind == "huber":
            apart, delta = np.abs(x - y), self.parameter
            return np.where(apart <= delta, apart**2 / 2, delta * (apart - delta / 2))
        r = self.parameter
        whole = (x + r) * np.log((x + r) / (y + r))
        return np.where(x > 0, x * np.log(np.where(x > 0, x, 1) / y), 0) - whole


def _beta_divergence(x: np.ndarray, y: np.ndarray, beta: float) -> np.ndarray:
    if beta == 1:
        return np.where(x > 0, x * np.log(np.where(x > 0, x, 1) / y), 0) - x + y
    if beta == 0:
        return x / y - np.log(x / y) - 1
    return (x**beta + (beta - 1) * y**beta - beta * x * y ** (beta - 1)) / (beta * (beta - 1))


def general_loss(loss: Any, loss_parameter: float | None) -> GeneralLoss | None:
    """Return the loss for what `mho.NMF` is given as such; None where it is one with a kernel."""
    if isinstance(loss, Real) and not isinstance(loss, bool):
        return None if float(loss) in (0.0, 1.0, 2.0) else GeneralLoss("beta", float(loss))
    if loss == "huber":
        return GeneralLoss("huber", 1.0 if loss_parameter is None else float(loss_parameter))
    if loss == "negative-binomial":
        return GeneralLoss("negative-binomial", 10.0 if loss_parameter is None else float(loss_parameter))
    return None


def lifted(factor: np.ndarray) -> np.ndarray:
    """Return a factor whose zeros, which no multiplicative step leaves, are a thousandth of its mean."""
    return np.maximum(factor, 1e-3 * (factor.mean() or 1)).astype(factor.dtype)


@dataclass(frozen=True)
class MultiplicativeProblem:
    """Factorization under a loss without a kernel, for `mho.nmf.loop.alternate`.

    As for `mho.nmf.divergence.DivergenceProblem`, an iterate's `error` is D(X, W H) / D(X, mean of X).

    Attributes
    ----------
    X : Dense or Sparse of shape (m, n)
    loss : GeneralLoss
    penalty_W, penalty_H : Penalty
    """

    X: Dense | Sparse
    loss: GeneralLoss
    penalty_W: Penalty
    penalty_H: Penalty

    @cached_property
    def null(self) -> float:
        """D(X, mean of X), the mean over the known entries."""
        m, n = self.X.shape
        level = np.full((1, n), self.X.mean or 1.0, self.X.dtype)
        return self.value(np.ones((m, 1), self.X.dtype), level)

    def norm(self, error: float) -> float:
        """Return sqrt(2 D) from an iterate's D(X, W H) / D(X, mean of X)."""
        return float(np.sqrt(2 * max(0.0, error) * self.null))

    def update_W(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return W (m, k) after a step."""
        out, l2, l1 = np.empty_like(W), float(np.max(self.penalty_W.l2)), self.penalty_W.l1
        for rows, x, known in self._blocks():
            up, down = self._parts(x, known, W[rows] @ H)
            out[rows] = self._stepped(W[rows], up @ H.T, down @ H.T, l1, l2)
        return out

    def update_H(self, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate after a step of H (k, n)."""
        up, down = self.parts_of_H(W, H)
        H = self._stepped(H, up, down, self.penalty_H.l1, float(np.max(self.penalty_H.l2)))
        if self.null == 0:
            return Iterate(W, H, 0.0, 0.0)
        error = self.value(W, H) / self.null
        price = self.penalty_W.value(self.X.T, W.T) + self.penalty_H.value(self.X, H)
        return Iterate(W, H, error, error + price / self.null)

    def parts_of_H(self, W: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the parts of H's step (k, n), summed over the rows of X."""
        up, down = np.zeros_like(H), np.zeros_like(H)
        for rows, x, known in self._blocks():
            one, other = self._parts(x, known, W[rows] @ H)
            up += W[rows].T @ one
            down += W[rows].T @ other
        return up, down

    def value(self, W: np.ndarray, H: np.ndarray) -> float:
        """Return D(X, W H) over the known entries."""
        total = 0.0
        for rows, x, known in self._blocks():
            values = self.loss.values(x.astype(np.float64), self._product(W[rows] @ H).astype(np.float64))
            total += float(np.sum(values if known is None else values[known]))
        return max(0.0, total)

    def _stepped(self, factor: np.ndarray, up: np.ndarray, down: np.ndarray, l1: float, l2: float) -> np.ndarray:
        down = down + l1 + l2 * factor
        ratio = np.divide(up, down, out=np.zeros_like(up), where=down > 0)
        return (factor * ratio**self.loss.power).astype(factor.dtype)

    def _parts(self, x: np.ndarray, known: np.ndarray | None, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        up, down = self.loss.parts(x, self._product(y))
        return (up, down) if known is None else (up * known, down * known)

    def _product(self, y: np.ndarray) -> np.ndarray:
        return np.maximum(y, _TINY * (self.X.mean or 1.0))

    def _blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray | None]]:
        """Yield some rows, dense, and which of their entries are known."""
        m, n = self.X.shape
        step = max(1, _BLOCK // n)
        for begin in range(0, m, step):
            rows = slice(begin, begin + step)
            if isinstance(self.X, Dense):
                yield rows, self.X.array[rows], None
                continue
            part = self.X.rows[rows]
            known = None
            if self.X.missing:
                known = np.zeros(part.shape, bool)
                known[np.repeat(np.arange(part.shape[0]), np.diff(part.indptr)), part.indices] = True
            yield rows, part.toarray(), known


def fold_in_generally(
    H: np.ndarray, X: Dense | Sparse, loss: GeneralLoss, penalty: Penalty, *, limit: int = 2000, tol: float = 1e-6
) -> np.ndarray:
    """Return W (m, k) that minimises D(X, W H) + penalty for a fixed H (k, n), to rest.

    Parameters
    ----------
    H : ndarray of shape (k, n)
        Non-negative.
    X : Dense or Sparse of shape (m, n)
        Non-negative.
    loss : GeneralLoss
        What is minimised.
    penalty : Penalty
        Of W, beside the loss.
    limit : int
        Steps at the most.
    tol : float
        A row rests when none of its entries moves by more than this share of its largest one.
    """
    problem = MultiplicativeProblem(X, loss, penalty, Penalty())
    level = (X.mean or 1.0) / max(float(H.sum(axis=0).mean()), np.finfo(H.dtype).tiny)
    W = np.full((X.shape[0], len(H)), level, X.dtype)
    H = H.astype(X.dtype, copy=False)
    for _ in range(limit):
        before = W
        W = problem.update_W(before, H)
        if np.all(np.abs(W - before).max(axis=1) <= tol * W.max(axis=1)):
            break
    return W
