"""A reference column in each copy, which takes the conductance of the cells' lowest state out of the answer.

Without one, zero is a conductance g_min and both copies hold ``g_min + (g_max - g_min) a`` in place of ``a``: row i is
given ``g_min sum_j x_j`` too much, and sense node j ``g_min sum_i r_i``. One more column of cells in each copy has the
same of its own. Its cells are full, at g_max, and what they carry is taken at the share rho = g_min / g_max, so that
their own errors count by that share. Our derivation, the published compensation of conductances being its model [2.4]:

* in the driving copy, g_i of row i, driven by a summing inverter at ``y = -c sum_j x_j``, so that the row is given
  ``sum_j (G_L[i, j] - c g_i) x_j``;
* in the sensing copy, h_i of row i, sensed at the input p of a transimpedance amplifier with feedback f, whose output
  ``t = -A0 p`` feeds every sense node through ``rho f``, so that it is given ``sum_i (G_R[i, j] - rho h_i) r_i``.

The inverter has k inputs of rho times its feedback: ``c = rho / (1 + (k rho + 1) / A0)``. With r_0 the row voltages at
p = 0, Kirchhoff's law at p gives

    p = kappa h' r_0 ,   kappa = 1 / (sum h + f (1 + A0) - h' S^-1 h)
    r = r_0 + S^-1 h p ,   S r_0 = (G_L - c g 1') x + G_R s - g_in b

and the current out of the network into sense node j, ``sum_i G_R[i, j] (r_i - s_j) + rho f (t - s_j)``, is

    w = R' r_0 - (diag(G_R' 1) + rho f) s ,   R = G_R + h kappa (h' S^-1 G_R - rho A0 f)

of which endless gain makes ``R = G_R - rho h 1'``. So the network keeps its form, with others in the places of G_L and
G_R. The offset of the two op-amps is not modelled, and y and t may swing as far as they like.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["Reference"]


@dataclass(frozen=True)
class Reference:
    """The reference columns of both copies.

    Attributes
    ----------
    left, right : ndarray of shape (m,)
        g and h, siemens; zero in the rows of a ridge, whose open cells are none.
    feedback : float
        f, siemens.
    share : float
        rho.
    """

    left: np.ndarray
    right: np.ndarray
    feedback: float
    share: float

    def rows(self, rows: Any) -> Reference:
        """Return those of some rows, as an index takes them."""
        return replace(self, left=self.left[rows], right=self.right[rows])

    def driving(self, left: np.ndarray, gain: float) -> np.ndarray:
        """Return ``G_L - c g 1'`` (m, k), siemens.

        Parameters
        ----------
        left : ndarray of shape (m, k)
            G_L, siemens.
        gain : float
            A0.
        """
        summed = left.shape[1] * self.share + 1
        return left - self.left[:, None] * (self.share / (1 + summed / gain))

    def sensing(self, right: np.ndarray, total: np.ndarray, gain: float) -> np.ndarray:
        """Return R (m, k), siemens; columns of zeros, which are not connected, stay so.

        Parameters
        ----------
        right : ndarray of shape (m, k)
            G_R, siemens.
        total : ndarray of shape (m,)
            S, siemens.
        gain : float
            A0.
        """
        if np.isinf(gain):
            taken = np.full(right.shape[1], -self.share)
        else:
            through_rows = self.right @ (right / total[:, None])
            taken = self._kappa(total, gain) * (through_rows - self.share * gain * self.feedback)
        return right + np.outer(self.right, taken * right.any(axis=0))

    def lifted(self, cells: np.ndarray, total: np.ndarray, gain: float) -> np.ndarray:
        """Return the matrix (m, k) that gives of r_0 what `cells` (m, k) give of r."""
        if np.isinf(gain):
            return cells
        return cells + np.outer(self.right, self._kappa(total, gain) * (self.right @ (cells / total[:, None])))

    def _kappa(self, total: np.ndarray, gain: float) -> float:
        return 1 / (self.right.sum() + self.feedback * (1 + gain) - self.right @ (self.right / total))
