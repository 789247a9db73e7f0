"""Where the loop comes to rest, according to ngspice."""

from __future__ import annotations

from math import pi
from typing import Any, NamedTuple

import numpy as np

from mho.checks import nonnegative_number
from mho.spice.circuit import Circuit
from mho.spice.netlists import netlist
from mho.spice.ngspice import run

__all__ = ["Rest", "rest", "time_constant"]

_TIME_CONSTANTS = 20.0
_STEPS = 400
_LAST_STRETCH = 0.1
_DOUBLINGS = 2


class Rest(NamedTuple):
    """Outputs at the end of a transient.

    Attributes
    ----------
    outputs : numpy.ndarray of shape (outputs,)
        Volts.
    settled : bool
        Whether they had stopped moving.
    """

    outputs: np.ndarray
    settled: bool


def time_constant(circuit: Circuit) -> float:
    """Return the slowest time constant of a `circuit` with every output active and perfect wires, seconds.

    It is ``1 / (2 pi bandwidth min Re eig(F))`` with F of the circuit's `state_space`.

    Raises
    ------
    ValueError
        The loop does not settle: an eigenvalue has no positive real part.
    """
    slowest = np.linalg.eigvals(circuit.state_space().F).real.min()
    if slowest <= 0:
        raise ValueError(
            f"circuit must have a loop that settles, got a slowest rate of {slowest:.3g} times the bandwidth: "
            "the two copies differ too much for how alike the columns are"
        )
    return float(1 / (2 * pi * circuit.opamp.bandwidth * slowest))


def rest(
    circuit: Circuit, volts: Any, *, duration: float | None = None, tolerance: float = 1e-6, timeout: float = 60.0
) -> Rest:
    """Run a transient from zero until the outputs rest.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    volts : array_like of shape (inputs,)
        Right-hand side, volts.
    duration : float, optional
        Seconds; by default 20 of the slowest time constants, doubled twice at most until the outputs rest.
    tolerance : float
        At rest no output moves by more than this fraction of the largest one in the last tenth of the transient.
    timeout : float
        Seconds to wait for each run of ngspice.

    Raises
    ------
    ValueError
        A wrong argument, or a loop that does not settle where `duration` is not given.
    NgspiceMissing, NgspiceError
        See `mho.spice.run`.
    """
    tolerance = nonnegative_number(tolerance, "tolerance")
    if duration is not None:
        return _end(circuit, volts, duration, tolerance, timeout)
    duration = _TIME_CONSTANTS * time_constant(circuit)
    answer = _end(circuit, volts, duration, tolerance, timeout)
    for _ in range(_DOUBLINGS):
        if answer.settled:
            break
        duration *= 2
        answer = _end(circuit, volts, duration, tolerance, timeout)
    return answer


def _end(circuit: Circuit, volts: Any, duration: float, tolerance: float, timeout: float) -> Rest:
    transient = run(netlist(circuit, volts, duration=duration, step=duration / _STEPS), timeout=timeout)
    outputs = np.array([transient.voltages[node] for node in circuit.outputs])
    late = outputs[:, transient.time >= (1 - _LAST_STRETCH) * duration]
    moved = np.abs(late - late[:, -1:]).max()
    return Rest(outputs=outputs[:, -1].copy(), settled=bool(moved <= tolerance * np.abs(late[:, -1]).max()))
