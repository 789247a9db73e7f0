"""What each op-amp has to deliver at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from mho.chip.masked import Switched
from mho.chip.network import Ports
from mho.operands import Dense, Matrix

if TYPE_CHECKING:
    from mho.chip.array import ProgrammedArray

__all__ = ["load_currents"]


def load_currents(array: ProgrammedArray, B: Matrix, V: np.ndarray, X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the current out of each output at rest (n, k), amperes at the fixed scale of the volts.

    Parameters
    ----------
    array : ProgrammedArray
    B : operand of shape (m, n)
    V : ndarray
        Input volts, dense (m, n) or the values of the stored entries.
    X : ndarray of shape (n, k)
        Outputs at rest, volts.
    weight : ndarray of shape (n, 1)
        See `Loop.rest`.
    """
    rows, ridge = array.shape[0], array.ridge_volts
    if isinstance(B, Dense):
        return _delivered(array, array.loop.ports, np.vstack([V, _beside(ridge, V.shape[1])]), X, weight)
    ptr, idx, _ = B.by_column()
    if not B.missing:
        given = sp.csc_array((V, idx, ptr), shape=B.shape)
        volts = sp.vstack([given, sp.csc_array(_beside(ridge, B.shape[1]))]) if ridge.size else given
        return _delivered(array, array.loop.ports, volts, X, weight)
    switched, delivered = Switched(ptr, idx, V, slice(rows, None), ridge), np.empty_like(X)
    for j in range(len(X)):
        on, volts = switched.one(j, len(array.g_left))
        delivered[j] = _delivered(array, array.loop.network(on), volts[:, None], X[j : j + 1], weight[j])[0]
    return delivered


def _beside(ridge: np.ndarray, n: int) -> np.ndarray:
    return np.broadcast_to(ridge[:, None], (len(ridge), n))


def _delivered(array: ProgrammedArray, ports: Ports, volts: Any, X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The same for input volts (rows on, n), dense or sparse, and the ports of the network that they enter."""
    currents = (ports.inputs @ volts).T - array.bias
    return ports.delivered(X, array.loop.sense_volts(X, currents, weight, ports), (ports.feed @ volts).T)
