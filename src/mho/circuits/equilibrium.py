"""The operating point that a loop reaches from zero, where it may have several.

Where its two arrays differ a loop can have more than one operating point, and only its motion tells at which of them it
comes to rest. There is one alone, and every motion ends there, where the symmetric part of M (`mho.circuits.loop`) is
positive definite: the distance of two motions falls (`mho.circuits.transient.settling_bound` has the derivation). In
the Gram circuit it is that of ``diag(scale) M``, in the norm of ``diag(scale) C``. Elsewhere the transient from zero is
followed, right-hand side by right-hand side.
"""

from __future__ import annotations

import numpy as np

from mho.caching import cached_property
from mho.circuits.equations import LoopEquations, equations
from mho.circuits.loop import Loop
from mho.circuits.loop_circuit import connected_columns, loop_circuit
from mho.circuits.transient.waveform import follow
from mho.kernels.blas import one_blas_thread

__all__ = ["Follower"]


class Follower:
    """Transients of a loop from zero to rest.

    Parameters
    ----------
    loop : Loop
        The loop.
    constant : ndarray of shape (k,) or (n, k)
        Currents into the sense nodes that do not come from the rows, amperes.
    weight : ndarray of shape (n, 1)
        See `Loop.rest`.
    free : ndarray of bool of shape (n, k), optional
        Outputs that take either sign while the others are held at zero; by default all are clamped. Such a loop is
        linear, so that nothing has to be followed.

    Attributes
    ----------
    count : int
        How many have been followed.
    differs : bool
        Whether each right-hand side has currents of its own.
    """

    def __init__(self, loop: Loop, constant: np.ndarray, weight: np.ndarray, free: np.ndarray | None = None) -> None:
        self.loop, self.weight, self.free, self.count = loop, weight, free, 0
        self.constant = np.broadcast_to(constant, (len(weight), constant.shape[-1]))
        self.differs = constant.ndim > 1

    def rest(self, j: int, on: np.ndarray, volts: np.ndarray) -> np.ndarray:
        """Return the outputs (k,) at which a right-hand side comes to rest, volts.

        Parameters
        ----------
        j : int
            Its number.
        on : ndarray of bool of shape (m,)
            Rows that are on.
        volts : ndarray of shape (rows on,)
            Their input volts.

        Raises
        ------
        ChipError
            The loop does not come to rest.
        """
        self.count += 1
        connected, x = connected_columns(self.loop, on), np.zeros(len(self.loop.offset))
        if not connected.any():
            return x
        d = self._every_row if on.all() else self._motion(on)
        given = np.zeros(d.inputs.shape[1])
        if len(given) == len(on):
            given[on] = volts
        else:  # the circuit has rows that are on alone, or the Gram circuit columns with cells alone
            given = volts if len(given) == len(volts) else volts[connected]
        given_in, last = self.constant[j, connected], slice(-d.outputs, None)
        into = d.resistance[:, last] @ given_in
        if d.load is not None:
            into = np.r_[into, d.coupling[last].T @ given_in]
        with one_blas_thread():  # these matrices are too small to share
            v_rest = d.inputs @ given + float(self.weight[j, 0]) * d.constant + into
            poles = follow(d, v_rest, np.inf).regimes[-1].rest()[: len(d.positive)]
            x[connected] = np.maximum(poles[last], d.lowest[last])
        return x

    @cached_property
    def _every_row(self) -> LoopEquations:
        return self._motion(None)

    def _motion(self, on: np.ndarray | None) -> LoopEquations:
        return equations(loop_circuit(self.loop, np.zeros(len(self.loop.offset)), on))
