"""Operating point at the end of a transient of ngspice."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mho.checks import nonnegative_number
from mho.circuits.circuit import Circuit
from mho.spice.netlist import netlist
from mho.spice.ngspice import run

__all__ = ["SettledTransient", "settled_transient"]

_STEPS = 400
_LAST_STRETCH = 0.1


class SettledTransient(NamedTuple):
    """Outputs at the end of a transient.

    Attributes
    ----------
    outputs : numpy.ndarray of shape (outputs,)
        Volts.
    settled : bool
        Whether they had stopped moving.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.spice import SettledTransient
    >>> outputs, settled = SettledTransient(outputs=np.array([0.1, 0.0]), settled=True)
    >>> settled
    True
    """

    outputs: np.ndarray
    settled: bool


def settled_transient(
    circuit: Circuit, volts: Any, *, duration: float, tolerance: float = 1e-6, doublings: int = 0, timeout: float = 60.0
) -> SettledTransient:
    """Run a transient from zero until the outputs rest.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    volts : array_like of shape (inputs,)
        Right-hand side, volts.
    duration : float
        Seconds.
    tolerance : float
        At rest no output moves by more than this fraction of the largest one in the last tenth of the transient.
    doublings : int
        Times that the duration is doubled at most until the outputs rest.
    timeout : float
        Seconds to wait for each run of ngspice.

    Raises
    ------
    ValueError
        A wrong argument.
    NgspiceMissing, NgspiceError
        See `mho.spice.run`.
    """
    tolerance = nonnegative_number(tolerance, "tolerance")
    answer = _end(circuit, volts, duration, tolerance, timeout)
    for _ in range(doublings):
        if answer.settled:
            break
        duration *= 2
        answer = _end(circuit, volts, duration, tolerance, timeout)
    return answer


def _end(circuit: Circuit, volts: Any, duration: float, tolerance: float, timeout: float) -> SettledTransient:
    transient = run(netlist(circuit, volts, duration=duration, step=duration / _STEPS), timeout=timeout)
    outputs = np.array([transient.voltages[node] for node in circuit.outputs])
    late = outputs[:, transient.time >= (1 - _LAST_STRETCH) * duration]
    moved = np.abs(late - late[:, -1:]).max()
    return SettledTransient(outputs=outputs[:, -1].copy(), settled=bool(moved <= tolerance * np.abs(late[:, -1]).max()))
