"""Normal equations, formed digitally for the Gram circuit: A'A goes into its array, A'b to its inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.chip.design import REFUSED_OPERANDS
from mho.circuits.errors import ChipError
from mho.operands import Dense, Matrix

__all__ = ["NormalEquations"]


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Normal equations ``(A'A + diag l2) x = A'b + linear`` of a matrix A (m, k).

    Attributes
    ----------
    A : ndarray of shape (m, k)
        The matrix.
    l2 : ndarray of shape (k,)
        Ridge.
    linear : ndarray of shape (k,)
        Its prior times l2, less an L1 penalty.
    """

    A: np.ndarray
    l2: np.ndarray
    linear: np.ndarray

    @property
    def matrix(self) -> np.ndarray:
        """``A'A + diag l2`` (k, k)."""
        return self.A.T @ self.A + np.diag(self.l2)

    def rhs(self, B: Matrix) -> Dense:
        """Return ``A'B + linear`` (k, n) for right-hand sides B (m, n).

        Raises
        ------
        ChipError
            Entries are missing.
        """
        if B.missing:
            raise ChipError(REFUSED_OPERANDS["gram", "missing"])
        product = self.A.T @ (B.array if isinstance(B, Dense) else B.columns)
        return Dense.from_checked(np.ascontiguousarray(product + self.linear[:, None], np.float64))
