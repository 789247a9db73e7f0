"""Least squares with a weight for each entry: the sum of v (x - (W H))^2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mho import checks, kernels
from mho.engines import Engine, Penalty, Programmed
from mho.engines.engine import NO_PENALTY, as_factor
from mho.nmf.weighted_matrix import Weighted

__all__ = ["WeightedDigital"]


@dataclass(frozen=True, kw_only=True)
class WeightedDigital(Engine):
    """Non-negative least squares on this CPU for right-hand sides with weights, each with a Gram matrix of its own.

    Attributes
    ----------
    sweeps : int or None
        As for `mho.engines.Digital`: None solves exactly, a number makes that many coordinate sweeps.
    """

    sweeps: int | None = None

    def __post_init__(self) -> None:
        if self.sweeps is not None:
            checks.positive_int(self.sweeps, "sweeps")

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`; nothing is copied."""
        return WeightedFactor(as_factor(A), penalty, self.sweeps)

    def exact(self) -> WeightedDigital:
        """Return the engine that solves to rest."""
        return replace(self, sweeps=None)


class WeightedFactor(Programmed):
    """A matrix that waits for right-hand sides with weights."""

    def __init__(self, A: np.ndarray, penalty: Penalty, sweeps: int | None) -> None:
        self.A, self.penalty, self.sweeps = A, penalty, sweeps
        penalty.ridge(A.shape[1])  # says so now if it is for another number of columns
        self._last: tuple[Weighted, np.ndarray, float] | None = None

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; B is `Weighted`."""
        shape = B.shape[1], self.A.shape[1]
        X = np.zeros(shape, np.float64 if self.sweeps is None else self.A.dtype)
        if start is not None:
            X[...] = start.T
        if self.sweeps is None:
            self._settle(B, X)
            return X.T.astype(self.A.dtype, copy=False)
        left = self._sweep(B, X, self.sweeps)
        self._last = (B, X.T, left)
        return self._last[1]

    def _sweep(self, B: Weighted, X: np.ndarray, sweeps: int) -> float:
        """Sweep X (n, k) in place; return how much of the weighted |B|^2 it leaves, the penalty counted in."""
        A, ridge = np.ascontiguousarray(self.A), self.penalty.ridge(self.A.shape[1], self.A.dtype)
        fit = np.empty((len(X), 2))
        for columns, ptr, idx, *entries in B.parts():
            val, weight = (array.astype(A.dtype, copy=False) for array in entries)
            out = (X[columns], sweeps, fit[columns], kernels.thread_count())
            kernels.weighted_sweep(A, ptr, idx, val, weight, ridge, *out)
        return float(fit[:, 1].sum())

    def _settle(self, B: Weighted, X: np.ndarray) -> None:
        """Solve X (n, k) in place, in float64."""
        A, (l2, *rest) = np.ascontiguousarray(self.A, np.float64), self.penalty.ridge(self.A.shape[1])
        failed = np.zeros(len(X), np.uint8)
        for columns, ptr, idx, val, weight in B.parts():
            out = (X[columns], failed[columns], kernels.thread_count())
            kernels.weighted_lcp(A, np.diag(l2), np.stack(rest), ptr, idx, val, weight, *out)
        if failed.any():
            raise FloatingPointError(f"NNLS did not converge for {int(failed.sum())} of {len(X)} right-hand sides")

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """Return sum of v (A X - B)^2; no pass over B for the answer that was given last."""
        if self._last is not None and self._last[0] is B and self._last[1] is X:
            error = self._last[2] + self.penalty.objective_offset(B, X)
            # A difference of large numbers loses the digits that they share.
            if error > 1e4 * np.finfo(self.A.dtype).eps * B.square:
                return error
        return self._error(B, X)

    def _error(self, B: Weighted, X: np.ndarray) -> float:
        A, Xt = np.ascontiguousarray(self.A), np.ascontiguousarray(X.T, self.A.dtype)
        total = 0.0
        for columns, ptr, idx, val, weight in B.parts():
            fitted = np.empty(len(val), A.dtype)
            kernels.sddmm(A, Xt[columns], ptr, idx, fitted, kernels.thread_count())
            fitted -= val
            total += float(np.dot(weight, np.square(fitted, dtype=np.float64)))
        return total
