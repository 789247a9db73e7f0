"""Factorization of a stream: what earlier rows ask of H is kept in two small matrices (Mairal-2010)."""

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

    Attributes
    ----------
    H : ndarray of shape (k, n)
    rows : int
        Rows seen.
    """

    def __init__(self, H: np.ndarray) -> None:
        k, n = H.shape
        self.H, self.rows, self._parts = H, 0, 0
        self._gram, self._cross, self._count = np.zeros((k, k), H.dtype), np.zeros((n, k), H.dtype), 0.0
        self._fitted: tuple[np.ndarray, np.ndarray, int] | None = None

    @classmethod
    def after(cls, W: np.ndarray, H: np.ndarray) -> Stream:
        """Return a stream that goes on from a fit of some rows, which count as W (m, k) times H (k, n).

        They are not forgotten: their W was found for an H as good as this one.
        """
        stream, own = cls(H), gram(W)
        stream._fitted, stream.rows = (own, H.T @ own, len(W)), len(W)
        return stream

    def take(self, X: Matrix, penalty_W: Penalty, penalty_H: Penalty) -> np.ndarray:
        """Fold some rows X (m, n) in, move H towards all rows so far, and return W (m, k) of these.

        Parameters
        ----------
        X : Dense or Sparse of shape (m, n)
            The matrix.
        penalty_W, penalty_H : Penalty
            On each row of W, and on H as a whole.
        """
        W = Digital().program(self.H.T, penalty=penalty_W).solve(X.T).T
        kept = (self._parts / (self._parts + 1)) ** _FORGETTING
        both, products, count = gram(W), cross(W, X), kept * self._count + X.shape[0]
        both += kept * self._gram
        products += kept * self._cross
        H = self._moved(both, products, count, penalty_H)  # an interrupt before here changes nothing
        self.H, self._gram, self._cross, self._count = H, both, products, count
        self.rows += X.shape[0]
        self._parts += 1
        return W

    def _moved(self, G: np.ndarray, Q: np.ndarray, count: float, penalty: Penalty) -> np.ndarray:
        """Sweep H towards the best for all sums; return it."""
        if self._fitted is not None:
            G, Q, count = G + self._fitted[0], Q + self._fitted[1], count + self._fitted[2]
        l2, pull = penalty.all_known(len(G), count, G.dtype)
        H = np.array(self.H.T, order="C")
        kernels.sweep(G + np.diag(l2), Q + pull, H, _SWEEPS, kernels.thread_count())
        return H.T
