"""Bit slices: a matrix of either sign as whole numbers, a few bits of each in every pair of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

__all__ = ["MOST_BITS", "BitSlices"]

MOST_BITS = 48
"""Of all slices of an entry together, its sign not counted: beyond, products of 64-bit numbers round anyway."""


@dataclass(frozen=True, eq=False)
class BitSlices:
    """A matrix A (m, k) as ``unit * sum_s weights[s] digits[s]``, most significant slice first.

    Attributes
    ----------
    digits : ndarray of int64 of shape (slices, m, k)
        Of the sign of the entry, each below ``2**bits_per_cell`` in size.
    unit : float
        Number that a one in the last slice stands for: the largest entry is all ones.
    bits_per_cell : int

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import BitSlices
    >>> sliced = BitSlices.of(np.array([[15.0, -6.0]]), slices=2, bits_per_cell=2)
    >>> sliced.digits.tolist(), sliced.matrix.tolist()
    ([[[3, -1]], [[3, -2]]], [[15.0, -6.0]])
    """

    digits: np.ndarray
    unit: float
    bits_per_cell: int

    @classmethod
    def of(cls, A: np.ndarray, slices: int, bits_per_cell: int) -> Self:
        """Round a matrix to ``slices * bits_per_cell`` bits and a sign.

        Parameters
        ----------
        A : ndarray of shape (m, k)
            Of either sign.
        slices, bits_per_cell : int
            At most `MOST_BITS` together.
        """
        base = 1 << bits_per_cell
        unit = (float(np.abs(A).max(initial=0.0)) or 1.0) / (base**slices - 1)
        whole = np.rint(np.abs(A) / unit).astype(np.int64)
        digits = [(whole >> (bits_per_cell * s)) & (base - 1) for s in reversed(range(slices))]
        return cls(np.sign(A).astype(np.int64) * np.stack(digits), unit, bits_per_cell)

    @property
    def weights(self) -> np.ndarray:
        """Ones of the last slice that a one of each slice stands for (slices,)."""
        return 2.0 ** (self.bits_per_cell * np.arange(len(self.digits))[::-1])

    @property
    def most(self) -> int:
        """The largest digit."""
        return (1 << self.bits_per_cell) - 1

    @property
    def matrix(self) -> np.ndarray:
        """A (m, k), rounded."""
        return self.unit * np.tensordot(self.weights, self.digits, 1)
