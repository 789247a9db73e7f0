"""Factorization of a stream: what earlier rows ask of H is kept in two small matrices (Mairal et al. 2010)."""

from __future__ import annotations

import numpy as np

from mho import kernels
from mho.engines import Digital, Penalty
from mho.engines.products import cross, gram
from mho.operands import Matrix

__all__ = ["Stream"]

_SWEEPS = 8

_FORGETTING = 8
"""After t parts, part s still counts (s / t) to this power: its W was found for an H that was not as good yet."""


class Stream:
    """The sums W'W and X'W over all rows so far, from which H follows.

    Parameters
    ----------
    H : ndarray of shape (k, n)
        To begin with.
    penalty_W, penalty_H : Penalty
        On each row of W, and on H as a whole.

    Attributes
    ----------
    H : ndarray of shape (k, n)
    rows : int
        Rows seen.
    """

    def __init__(self, H: np.ndarray, penalty_W: Penalty, penalty_H: Penalty) -> None:
        k, n = H.shape
        self.H, self.rows, self._parts = H, 0, 0
        self._penalties = penalty_W, penalty_H
        self._gram, self._cross = np.zeros((k, k), H.dtype), np.zeros((n, k), H.dtype)

    def take(self, X: Matrix) -> np.ndarray:
        """Fold some rows X (m, n) in, move H towards all rows so far, and return W (m, k) of these."""
        penalty_W, penalty_H = self._penalties
        k = len(self.H)
        W = Digital().program(self.H.T, penalty=penalty_W).solve(X.T).T
        kept = (self._parts / (self._parts + 1)) ** _FORGETTING
        self._gram = kept * self._gram + gram(W)
        self._cross *= kept
        self._cross += cross(W, X)
        G = self._gram + np.diag(penalty_H.vector("l2", k, self.H.dtype))
        H = np.ascontiguousarray(self.H.T)
        kernels.sweep(G, self._cross + penalty_H.pull(k, self.H.dtype), H, _SWEEPS, kernels.thread_count())
        self.H = H.T
        self.rows += X.shape[0]
        self._parts += 1
        return W
