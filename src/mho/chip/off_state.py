"""Digital correction of cells that should be open but conduct: a zero is written as the lowest conductance."""

from __future__ import annotations

import numpy as np

from mho import kernels
from mho.operands import Dense, Matrix

__all__ = ["OffState"]


class OffState:
    """What the zeros of a programmed matrix A (m, k) stand for, and right-hand sides that make up for it.

    With E what those cells add to A, an answer x of the chip sends ``E x`` too much through the rows. Solving again for
    ``b + E x`` therefore leaves only what E does to the change of x.

    Parameters
    ----------
    A : ndarray of shape (m, k)
    scale : ndarray of shape (k,)
        Siemens per unit of each column; zero where it is not connected.
    g_min : float
        Conductance of an open cell, siemens.
    """

    def __init__(self, A: np.ndarray, scale: np.ndarray, g_min: float) -> None:
        per_siemens = np.divide(1, scale, out=np.zeros(A.shape[1]), where=scale > 0)
        self.excess = np.ascontiguousarray((A == 0) * (g_min * per_siemens))

    def made_up(self, B: Matrix, X: np.ndarray) -> Matrix:
        """Return ``B + E X`` for answers X (n, k), at the entries of B that are known.

        Parameters
        ----------
        B : operand of shape (m, n)
        X : ndarray of shape (n, k)
        """
        if isinstance(B, Dense):
            return Dense.trusted(B.array + self.excess @ X.T)
        if not B.missing:
            return Dense.trusted(B.columns.toarray() + self.excess @ X.T)
        ptr, idx, val = B.by_column()
        sent = np.empty(len(val))
        kernels.sampled(self.excess, np.ascontiguousarray(X), ptr, idx, sent, kernels.thread_count())
        return B.with_values(val + sent)
