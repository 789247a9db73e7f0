"""What each op-amp has to deliver at rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.chip.network import Ports
from mho.chip.programmed import ProgrammedLoop
from mho.operands import Matrix

__all__ = ["load_currents"]


def load_currents(array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the current out of each output at rest (n, k), amperes at the fixed scale of the volts.

    Parameters
    ----------
    array : ProgrammedLoop
    B : operand of shape (m, n)
    V : ndarray
        Input volts, dense (m, n) or the values of the stored entries.
    X : ndarray of shape (n, k)
        Outputs at rest, volts.
    weight : ndarray of shape (n, 1)
        See `Loop.rest`.
    """
    if not B.missing:
        return _delivered(array, array.loop.ports, array.inputs.at_every_row(B, V), X, weight)
    delivered = np.empty_like(X)
    for j in range(len(X)):
        on, volts = array.inputs.at_rows_on(B, V, j)
        delivered[j] = _delivered(array, array.loop.network(on), volts[:, None], X[j : j + 1], weight[j])[0]
    return delivered


def _delivered(array: ProgrammedLoop, ports: Ports, volts: Any, X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The same for input volts (rows on, n), dense or sparse, and the ports of the network that they enter."""
    currents = (ports.inputs @ volts).T - array.bias
    return ports.delivered(X, array.loop.sense_volts(X, currents, weight, ports), (ports.feed @ volts).T, weight)
