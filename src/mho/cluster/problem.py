"""Symmetric factorization S ~ H'H in two factors that are held together, by half-steps of any engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.engines import Engine
from mho.nmf.loop import Iterate
from mho.operands import Dense, Sparse

__all__ = ["SymmetricProblem"]


class SymmetricProblem:
    """Symmetric NMF, |S - W H|^2 + coupling |W - H'|^2 by alternating least squares (Kuang-2015).

    Parameters
    ----------
    S : csr_array of shape (n, n)
        Symmetric, indices sorted.
    k : int
        Number of components.
    engine : Engine
        Of the half-steps.
    coupling : float
        Weight that holds the two factors together, > 0.
    """

    def __init__(self, S: Any, k: int, engine: Engine, coupling: float) -> None:
        self.S, self.engine = S, engine
        self._square = float(S.data @ S.data)
        self._weight = np.sqrt(coupling)
        self._anchor = self._weight * np.eye(k)
        self._stack = _Stack(S, k)

    def update_W(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return W (n, k) after a half-step."""
        return self._half_step(H.T, W.T)[0].T

    def update_H(self, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate after the other half-step, with H (k, n)."""
        H, square = self._half_step(W, H)
        return Iterate(W, H, self._error(H), float(np.sqrt(square / self._square)))

    def mean(self, iterates: Sequence[Iterate]) -> Iterate:
        """Return the mean of both factors of iterates whose errors are independent; its objective is not computed."""
        H = np.mean([(iterate.W.T + iterate.H) / 2 for iterate in iterates], axis=0)
        return Iterate(np.ascontiguousarray(H.T), H, self._error(H), np.nan)

    def norm(self, error: float) -> float:
        """Return |S - H'H| from the relative error."""
        return error * float(np.sqrt(self._square))

    def _error(self, H: np.ndarray) -> float:
        """|S - H'H| / |S|."""
        G = H @ H.T
        left = float(np.vdot(G, G)) - 2 * float(np.vdot(self.S @ H.T, H.T)) + self._square
        return float(np.sqrt(max(left, 0.0) / self._square))

    def _half_step(self, factor: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
        """X (k, n) that is best for [S; c F'] against [F; c I] with F (n, k), c^2 the coupling; its squared error."""
        programmed = self.engine.program(Dense.from_checked(np.vstack([factor, self._anchor])))
        B = self._stack.with_rows(self._weight * factor)
        X = programmed.solve(B, start=start)
        return X, programmed.squared_error(B, X)


class _Stack:
    """S with k more rows below it by columns; places are the same in every half-step."""

    def __init__(self, S: Any, k: int) -> None:
        n = S.shape[0]
        self.shape = n + k, n
        counts = np.diff(S.indptr)
        self.pointers = np.concatenate([[0], np.cumsum(counts + k)]).astype(S.indptr.dtype)
        self.tail = (self.pointers[1:, None] - k + np.arange(k)).ravel()
        own = np.ones(self.pointers[-1], bool)
        own[self.tail] = False
        self.indices, self.values = np.empty(len(own), S.indices.dtype), np.empty(len(own))
        self.indices[own], self.values[own] = S.indices, S.data
        self.indices[self.tail] = np.tile(np.arange(n, n + k), n)

    def with_rows(self, rows: np.ndarray) -> Sparse:
        """Return [S; F'] for F (n, k)."""
        values = self.values.copy()
        values[self.tail] = rows.ravel()
        columns = sp.csc_array((values, self.indices, self.pointers), shape=self.shape, copy=False)
        return Sparse.from_checked(columns, missing=False)
