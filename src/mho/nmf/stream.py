"""Factorization of a stream: what earlier rows ask of H is kept in two small matrices (Mairal-2010)."""

from __future__ import annotations

import numpy as np

from mho import kernels
from mho.engines import Digital, Penalty
from mho.engines.products import cross, gram
from mho.nmf.divergence import check_positive, fold_in
from mho.nmf.multiplicative import GeneralLoss, MultiplicativeProblem, fold_in_generally
from mho.operands import Matrix, Sparse

__all__ = ["LossStream", "MissingStream", "Stream"]

_SWEEPS = 8

_LOSS_STEPS = 4

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


class _Forgetful:
    """Sums over parts of which earlier ones count for less: their W was found for an H that was not as good yet."""

    def __init__(self, H: np.ndarray) -> None:
        self.H, self.rows, self._parts = H, 0, 0

    def _kept(self) -> float:
        return (self._parts / (self._parts + 1)) ** _FORGETTING

    def _count(self, H: np.ndarray, rows: int) -> None:
        self.H = H
        self.rows += rows
        self._parts += 1


class MissingStream(_Forgetful):
    """For rows of which some entries are not known: each column of X has a Gram matrix of its own.

    Parameters
    ----------
    H : ndarray of shape (k, n)
        To begin with.
    """

    def __init__(self, H: np.ndarray) -> None:
        super().__init__(H)
        k, n = H.shape
        self._gram, self._cross, self._seen = np.zeros((n, k, k)), np.zeros((n, k)), np.zeros(n)

    def recall(self, W: np.ndarray) -> None:
        """Count some rows of an earlier fit as W (m, k) times H."""
        own = W.T.astype(np.float64) @ W
        self._gram += own
        self._cross += self.H.T @ own
        self._seen += len(W)
        self.rows += len(W)
        self._parts += 1

    def take(self, X: Matrix, penalty_W: Penalty, penalty_H: Penalty) -> np.ndarray:
        """As `Stream.take`."""
        W = np.ascontiguousarray(Digital().program(self.H.T, penalty=penalty_W).solve(X.T).T)
        wide, k, kept = W.astype(np.float64), W.shape[1], self._kept()
        outer = np.einsum("ij,il->ijl", wide, wide).reshape(len(W), k * k)
        if isinstance(X, Sparse):
            values, seen = X.columns, X.with_values(np.ones_like(X.columns.data)).columns
        else:
            values, seen = X.array, np.ones(X.shape)
        self._gram = kept * self._gram + np.asarray(seen.T @ outer).reshape(-1, k, k)
        self._cross = kept * self._cross + np.asarray(values.T @ wide)
        self._seen = kept * self._seen + np.asarray(seen.sum(axis=0)).ravel()
        self._count(self._moved(penalty_H).astype(self.H.dtype), X.shape[0])
        return W

    def _moved(self, penalty: Penalty) -> np.ndarray:
        l2, l2_known, pull, pull_known = penalty.ridge(len(self.H))
        Y = self.H.T.astype(np.float64)
        for _ in range(_SWEEPS):
            for j in range(Y.shape[1]):
                curvature = self._gram[:, j, j] + l2[j] + self._seen * l2_known[j]
                slope = np.einsum("nl,nl->n", self._gram[:, j], Y) + (l2[j] + self._seen * l2_known[j]) * Y[:, j]
                wanted = self._cross[:, j] + pull[j] + self._seen * pull_known[j] - slope
                step = np.divide(wanted, curvature, out=np.zeros_like(wanted), where=curvature > 0)
                Y[:, j] = np.maximum(Y[:, j] + step, 0)
        return Y.T


class LossStream(_Forgetful):
    """For a loss other than the squared error: sums of both parts of H's multiplicative step (Lefevre-2011).

    Parameters
    ----------
    H : ndarray of shape (k, n)
        To begin with, above zero.
    loss : GeneralLoss
        What is minimised.
    """

    def __init__(self, H: np.ndarray, loss: GeneralLoss) -> None:
        super().__init__(H)
        self.loss = loss
        self._up, self._down = np.zeros_like(H), np.zeros_like(H)

    def recall(self, W: np.ndarray) -> None:
        """Count some rows of an earlier fit as W (m, k) times H."""
        y = np.maximum(W @ self.H, np.finfo(self.H.dtype).tiny)
        up, down = self.loss.parts(y, y)
        self._up += (W.T @ up) * self.H ** (1 / self.loss.power)
        self._down += W.T @ down
        self.rows += len(W)
        self._parts += 1

    def take(self, X: Matrix, penalty_W: Penalty, penalty_H: Penalty) -> np.ndarray:
        """As `Stream.take`."""
        W, kept, H = self._best_W(X, penalty_W), self._kept(), self.H
        problem = MultiplicativeProblem(X, self.loss, penalty_W, penalty_H)
        up, down = self._up, self._down
        for _ in range(_LOSS_STEPS):
            up, down = problem.parts_of_H(W, H)
            up = kept * self._up + up * H ** (1 / self.loss.power)
            down = kept * self._down + down
            price = down + penalty_H.l1 + np.max(penalty_H.l2) * H
            ratio = np.divide(up, price, out=np.zeros_like(up), where=price > 0)
            H = (ratio**self.loss.power).astype(self.H.dtype)
        self._up, self._down = up, down
        self._count(H, X.shape[0])
        return W

    def _best_W(self, X: Matrix, penalty: Penalty) -> np.ndarray:
        named = {1.0: "kullback-leibler", 0.0: "itakura-saito"}
        if self.loss.kind == "beta" and self.loss.parameter in named:
            name = named[self.loss.parameter]
            check_positive(X, name)
            return np.ascontiguousarray(fold_in(self.H.T, X.T, name, penalty, limit=20).T)
        return fold_in_generally(self.H, X, self.loss, penalty, limit=200, tol=1e-3)
