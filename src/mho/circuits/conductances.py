"""Conductances of the compact circuit: both arrays, row compensation, reference columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Conductances", "Reference"]


@dataclass(frozen=True)
class Reference:
    """The reference columns of both arrays.

    Attributes
    ----------
    left, right : ndarray of shape (m,)
        In the driving and in the sensing array, siemens; zero in the rows of a ridge, whose open cells are none.
    feedback : float
        f, siemens.
    share : float
        rho.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Reference
    >>> column = np.full(3, 35e-6)
    >>> Reference(left=column, right=column, feedback=35e-6, share=0.5 / 35).share
    0.014285714285714285
    """

    left: np.ndarray
    right: np.ndarray
    feedback: float
    share: float


@dataclass(frozen=True)
class Conductances:
    """The conductances of a programmed chip, siemens.

    Attributes
    ----------
    left, right : ndarray of shape (m, k)
        Driving and sensing array of the matrix.
    comp : ndarray of shape (m,)
        Compensation of each row.
    g_in : float
        Input conductance of every row.
    scale : ndarray of shape (k,)
        Siemens per unit of each matrix column; zero where the column is zero and stays unconnected.
    reference : Reference or None
        Columns that take the lowest conductance out.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Conductances
    >>> g = np.full((3, 2), 1e-5)
    >>> c = Conductances(left=g, right=g, comp=np.zeros(3), g_in=1e-5, scale=np.ones(2))
    >>> c.total
    array([5.e-05, 5.e-05, 5.e-05])
    """

    left: np.ndarray
    right: np.ndarray
    comp: np.ndarray
    g_in: float
    scale: np.ndarray
    reference: Reference | None = None

    @property
    def driving(self) -> np.ndarray:
        """The driving array with its reference column, if there is one, before the others, siemens (m, k or k + 1)."""
        return self.left if self.reference is None else np.column_stack([self.reference.left, self.left])

    @property
    def sensing(self) -> np.ndarray:
        """The sensing array likewise."""
        return self.right if self.reference is None else np.column_stack([self.reference.right, self.right])

    @property
    def total(self) -> np.ndarray:
        """S, all that is connected to each row, siemens (m,)."""
        return self.driving.sum(axis=1) + self.sensing.sum(axis=1) + self.g_in + self.comp

    @property
    def written(self) -> np.ndarray:
        """The driving array less the lowest conductance, siemens (m, k): the matrix that it holds."""
        if self.reference is None:
            return self.left
        return self.left - self.reference.share * self.reference.left[:, None]
