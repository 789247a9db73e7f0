"""The digital engine: Gram matrix once, then exact NNLS or a few coordinate sweeps for every right-hand side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from mho import checks, kernels
from mho.caching import cached_property
from mho.engines.engine import NO_PENALTY, Engine, Penalty, Programmed, as_factor, check_rhs, squared_error
from mho.engines.products import cross, entries, gram, sweep_in_place
from mho.kernels.blas import one_blas_thread
from mho.operands import Operand, Sparse
from mho.penalty import as_penalty

__all__ = ["Digital"]


@dataclass(frozen=True, kw_only=True)
class Digital(Engine):
    """Non-negative least squares on this CPU.

    Attributes
    ----------
    sweeps : int or None
        None solves exactly (block principal pivoting, Kim-2011; Lawson-1974 where columns are dependent). A number
        makes that many coordinate sweeps from the start (accelerated HALS, Gillis-2012): what an alternating loop
        wants, since the other factor is about to change.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> mho.Digital().program(A).solve(np.array([[4.0, -4.0], [3.0, 3.0], [5.0, 1.0]])).round(6)
    array([[2., 0.],
           [3., 2.]])
    """

    sweeps: int | None = None

    def __post_init__(self) -> None:
        if self.sweeps is not None:
            checks.positive_int(self.sweeps, "sweeps")

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`; nothing is copied."""
        penalty = as_penalty(penalty)
        A = as_factor(A)
        if self.sweeps is None:
            return ExactFactor(A, penalty)
        return SweptFactor(A, penalty, self.sweeps)

    def extrapolates(self) -> bool:
        """See `Engine.extrapolates`: a solution has no error."""
        return self.sweeps is None

    def exact(self) -> Digital:
        """Return the engine that solves to rest."""
        return replace(self, sweeps=None)

    def swept(self, sweeps: int) -> Digital | None:
        """See `Engine.swept`."""
        return replace(self, sweeps=sweeps) if self.sweeps is None else None


class SweptFactor(Programmed):
    """A, and its Gram matrix once a right-hand side wants it; a solve is some coordinate sweeps in A's precision."""

    def __init__(self, A: np.ndarray, penalty: Penalty, sweeps: int) -> None:
        self.A, self.penalty, self.sweeps = A, penalty, sweeps
        penalty.ridge(A.shape[1])  # says so now if it is for another number of columns
        self._last: tuple[Operand, np.ndarray, np.ndarray] | None = None

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`."""
        B = check_rhs(B, self.A.shape, start)
        X, fit = sweep_in_place(self.A, B, self.penalty, start, self.sweeps)
        self._last = (B, X, fit)
        return X

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`; no pass over B for the answer that was given last."""
        B = check_rhs(B, self.A.shape, X)
        if self._last is None or self._last[0] is not B or self._last[1] is not X:
            return squared_error(self.A, B, X)
        fit = self._last[2]
        square, left = fit.sum(axis=0) if B.missing else (B.square, B.square - fit.sum())
        error = float(left) + self.penalty.objective_offset(B, X)
        # A difference of large numbers loses the digits that they share: four are to be left.
        trusted = error > 1e4 * np.finfo(self.A.dtype).eps * square
        return error if trusted else squared_error(self.A, B, X)


class ExactFactor(Programmed):
    """A in float64 with its Gram matrix; a solve ends at the solution."""

    def __init__(self, A: np.ndarray, penalty: Penalty) -> None:
        self.dtype = A.dtype
        self.A = A.astype(np.float64, copy=False)
        m, k = A.shape
        self.ridge = penalty.ridge(k)
        l2, self.pull = penalty.all_known(k, m)
        self.M = gram(self.A) + np.diag(l2)
        with one_blas_thread():  # its threads would still spin while the kernels solve
            self.inverse = _inverse(self.M)

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`."""
        B = check_rhs(B, self.A.shape, start, unchecked=True)  # `cross` checks it: a pass for that alone costs as much
        n, k = B.shape[1], self.A.shape[1]
        X = np.zeros((n, k)) if start is None else np.array(start.T, np.float64, order="C")
        failed = np.zeros(n, np.uint8)
        if B.missing:
            self._solve_masked(B, X, failed)
        else:
            Q = cross(self.A, B)
            Q += self.pull
            method = kernels.DEGENERATE if self.inverse is None else kernels.SYMMETRIC
            inverse = self.inverse if start is None else None
            kernels.lcp(self.M, inverse, Q, method, X, failed, kernels.thread_count())
        _check_converged(failed)
        return X.T.astype(self.dtype, copy=False)

    def solve_few(self, rows: np.ndarray) -> np.ndarray | None:
        """Return answers for a few right-hand sides without the checks and threads that take longer than they do.

        Parameters
        ----------
        rows : ndarray of shape (n, m)
            Right-hand sides as rows, float64, contiguous.

        Returns
        -------
        ndarray of shape (n, k), or None
            None if an entry is missing or infinite: `solve` is for these, or says so.
        """
        Q = np.empty((len(rows), len(self.M)))
        if not checks.has_square(kernels.products_of_rows(rows, self._components, Q, 1), rows.dtype):
            return None
        Q += self.pull
        X, failed = np.zeros_like(Q), np.zeros(len(rows), np.uint8)
        method = kernels.DEGENERATE if self.inverse is None else kernels.SYMMETRIC
        kernels.lcp(self.M, self.inverse, Q, method, X, failed, 1)
        _check_converged(failed)
        return X

    @cached_property
    def _components(self) -> np.ndarray:
        return np.ascontiguousarray(self.A.T)

    def _solve_masked(self, B: Operand, X: np.ndarray, failed: np.ndarray) -> None:
        assert isinstance(B, Sparse)
        A, (l2, *rest) = np.ascontiguousarray(self.A), self.ridge
        out = (X, failed, kernels.thread_count())
        kernels.masked_lcp(A, None, None, np.diag(l2), np.stack(rest), *entries(B, B.dtype), *out)

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`."""
        return squared_error(self.A, check_rhs(B, self.A.shape, X), X)


def _check_converged(failed: np.ndarray) -> None:
    if failed.any():
        raise FloatingPointError(f"NNLS did not converge for {int(failed.sum())} of {len(failed)} right-hand sides")


def _inverse(M: np.ndarray) -> np.ndarray | None:
    """The inverse of M on the columns that are not zero; None where its pivots are lost to rounding."""
    present = M.diagonal() > 0
    part = M[np.ix_(present, present)]
    inverse = np.zeros_like(M)
    if part.size == 0:
        return inverse
    try:
        factor = cho_factor(part, lower=True, check_finite=False)
    except LinAlgError:
        return None
    pivots = factor[0].diagonal() ** 2
    if np.any(pivots <= 8 * len(part) * np.finfo(float).eps * part.diagonal()):
        return None
    inverse[np.ix_(present, present)] = cho_solve(factor, np.eye(len(part)), check_finite=False)
    return inverse
