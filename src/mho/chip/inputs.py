"""The voltages of a block of right-hand sides at the rows of the chip, those of a ridge below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from mho.chip.masked import Switched
from mho.operands import Dense, Matrix

if TYPE_CHECKING:
    from mho.chip.array import ProgrammedArray

__all__ = ["at_every_row", "at_rows_on"]


def at_every_row(array: ProgrammedArray, B: Matrix, V: np.ndarray) -> Any:
    """Return volts (m, n), an array or sparse, where nothing is missing.

    Parameters
    ----------
    array : ProgrammedArray
    B : operand of shape (m, n)
    V : ndarray
        Input volts, dense (m, n) or the values of the stored entries.
    """
    ridge = np.broadcast_to(array.ridge_volts[:, None], (len(array.ridge_volts), B.shape[1]))
    if isinstance(B, Dense):
        return np.vstack([V, ridge]) if ridge.size else V
    ptr, idx, _ = B.by_column()
    given = sp.csc_array((V, idx, ptr), shape=B.shape)
    return sp.vstack([given, sp.csc_array(ridge)], format="csc") if ridge.size else given


def at_rows_on(array: ProgrammedArray, B: Matrix, V: np.ndarray, j: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows are on for right-hand side j, a ridge's always, and the volts of those, in order.

    Parameters
    ----------
    array : ProgrammedArray
    B : operand of shape (m, n)
    V : ndarray
        As for `at_every_row`.
    j : int
    """
    m = len(array.g_left)
    if isinstance(B, Dense):
        return np.ones(m, bool), np.concatenate([V[:, j], array.ridge_volts])
    ptr, idx, _ = B.by_column()
    on, volts = Switched(ptr, idx, V, slice(array.shape[0], None), array.ridge_volts).one(j, m)
    if B.missing:
        return on, volts
    every = np.zeros(m)
    every[on] = volts
    return np.ones(m, bool), every
