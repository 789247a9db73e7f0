"""One array between sources at its columns and virtual grounds at its rows, exactly, with the wires of both.

Column j's wire runs from its end to row 0 and on, row i's from its end to column 0 and on. With c the voltages at the
columns' ends and u at the rows', Kirchhoff's laws leave

    into the rows  T c - Y_r u ,   out of the columns  Y_c c - T' u

Perfect wires make ``T = g``, ``Y_r = diag(g 1)`` and ``Y_c = diag(g' 1)``. With resistance the array is put together
row by row from the far end of the columns, as in `mho.circuits.wire_elimination`: with J what a row's source sends into
the columns and K what sources send to one another, T is J' and Y_r is K.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from mho.circuits.errors import ChipError
from mho.circuits.wire_elimination import eliminated_rows
from mho.circuits.wires import Wires

__all__ = ["CrossbarNetwork"]


@dataclass(frozen=True)
class CrossbarNetwork:
    """Conductances of one array seen from the ends of its wires, siemens.

    Attributes
    ----------
    through : ndarray of shape (m, k)
        T.
    at_rows : ndarray of shape (m, m)
        Y_r, symmetric.
    at_columns : ndarray of shape (k, k)
        Y_c, symmetric.
    """

    through: np.ndarray
    at_rows: np.ndarray
    at_columns: np.ndarray

    @classmethod
    def of(
        cls,
        g: np.ndarray,
        wires: Wires,
        places: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
        *,
        driven: str = "columns",
    ) -> Self:
        """Eliminate all inner nodes.

        Parameters
        ----------
        g : ndarray of shape (m, k)
            Cells, siemens.
        wires : Wires
            Behind `driver_ohms` at the ends that are driven, behind `sense_ohms` at the others.
        places : tuple of ndarray of bool, optional
            Places along the columns' wires that hold a row, m of them, and along the rows' wires that hold a column, k
            of them; None: there are no others. The wires run past those that hold none.
        driven : {"columns", "rows"}
            Which ends are driven.
        """
        if wires.tile_rows is not None:
            raise ChipError("row tiles (tile_rows) are modelled in the compact circuit alone")
        if not wires:
            return cls(g, np.diag(g.sum(axis=1)), np.diag(g.sum(axis=0)))
        ends = (wires.driver_ohms, wires.sense_ohms)
        at_column, at_row = ends if driven == "columns" else ends[::-1]
        along_column, along_row = (_places(held, n) for held, n in zip(places, g.shape, strict=True))
        Z = at_row + wires.row_ohms * np.minimum.outer(along_row, along_row)
        return cls(*_joined(eliminated_rows(g, Z), wires.column_ohms * along_column, at_column))


def _joined(rows: tuple[np.ndarray, ...], ohms: np.ndarray, end: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """T, Y_r and Y_c of `eliminated_rows` that lie `ohms` (m,) along the columns' wires."""
    of_rows, source, own = rows
    m, k = source.shape
    Y, J, K = np.zeros((k, k)), np.zeros((k, m)), np.zeros((m, m))
    before = np.diff(ohms, prepend=-end)
    before[:1] = end + ohms[:1]
    for i in range(m - 1, -1, -1):
        Y += of_rows[i]
        J[:, i], K[i, i] = source[i], own[i]
        if before[i]:
            P = np.linalg.inv(np.eye(k) + before[i] * Y)
            joined = P @ J[:, i:]
            K[i:, i:] -= before[i] * J[:, i:].T @ joined
            J[:, i:], Y = joined, P @ Y
    return J.T, K, Y


def _places(places: np.ndarray | None, count: int) -> np.ndarray:
    return np.arange(count) if places is None else np.flatnonzero(places)
