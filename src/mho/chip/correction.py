"""Digital correction of cells that are known to conduct something else than the matrix says."""

from __future__ import annotations

from typing import Self

import numpy as np

from mho import kernels
from mho.operands import Dense, Matrix

__all__ = ["CellErrorCorrection"]


class CellErrorCorrection:
    """Digital correction of known cell errors: re-solve for b + E x, A (m, k) being programmed.

    With E what they add, an answer x of the chip sends ``E x`` too much through the rows. Solving again for
    ``b + E x`` therefore leaves only what E does to the change of x.

    Parameters
    ----------
    excess : ndarray of shape (m, k)
        E, in the units of A.
    """

    def __init__(self, excess: np.ndarray) -> None:
        self.excess = np.ascontiguousarray(excess)

    @classmethod
    def of_zeros(cls, A: np.ndarray, scale: np.ndarray, g_min: float) -> Self:
        """Return the correction of the zeros of A, which are written as the lowest conductance.

        Parameters
        ----------
        A : ndarray of shape (m, k)
            The matrix.
        scale : ndarray of shape (k,)
            Siemens per unit of each column; zero where it is not connected.
        g_min : float
            Conductance of an open cell, siemens.
        """
        return cls((A == 0) * (g_min * _per_siemens(scale)))

    @classmethod
    def of_reads(cls, A: np.ndarray, scale: np.ndarray, g: np.ndarray) -> Self:
        """Return the correction of conductances that were read, from those meant.

        Parameters
        ----------
        A : ndarray of shape (m, k)
            The matrix.
        scale : ndarray of shape (k,)
            Siemens per unit of each column; zero where it is not connected.
        g : ndarray of shape (m, k)
            Siemens.
        """
        return cls(np.where(scale > 0, g * _per_siemens(scale) - A, 0.0))

    def corrected_rhs(self, B: Matrix, X: np.ndarray) -> Matrix:
        """Return ``B + E X`` for answers X (n, k), at the entries of B that are known.

        Parameters
        ----------
        B : operand of shape (m, n)
            Right-hand sides by columns.
        X : ndarray of shape (n, k)
            One row for each right-hand side.
        """
        if isinstance(B, Dense):
            return Dense.from_checked(B.array + self.excess @ X.T)
        if not B.missing:
            return Dense.from_checked(B.columns.toarray() + self.excess @ X.T)
        ptr, idx, val = B.by_column()
        sent = np.empty(len(val))
        kernels.sddmm(self.excess, np.ascontiguousarray(X), ptr, idx, sent, kernels.thread_count())
        return B.with_values(val + sent)


def _per_siemens(scale: np.ndarray) -> np.ndarray:
    return np.divide(1, scale, out=np.zeros(len(scale)), where=scale > 0)
