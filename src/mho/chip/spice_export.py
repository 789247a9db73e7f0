"""Export to ngspice: a programmed array as a circuit and as a netlist, and its operating point by ngspice."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import circuits, spice
from mho.chip.programmed_array import ProgrammedArray
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.loop_circuit import loop_circuit

__all__ = ["as_circuit", "as_netlist", "ngspice_rest"]

_TIME_CONSTANTS = 20
_STEPS = 400
_DOUBLINGS = 2


def as_circuit(array: ProgrammedLoop, word_lines: np.ndarray | None = None) -> circuits.Circuit:
    """Return the circuit of a programmed array; columns without cells, which are not connected, are left out.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    word_lines : ndarray of bool of shape (m,), optional
        Rows that are switched on; by default all.

    Raises
    ------
    ChipError
        No column has a cell in a row that is switched on.
    """
    if not isinstance(array, ProgrammedLoop):
        raise TypeError(
            f"array must be a ProgrammedArray of least squares, got {array!r}: an inverse and an eigenvector have "
            "their circuit as `array.circuit`, for mho.spice.netlist"
        )
    return loop_circuit(array.loop, array.bias, word_lines)


def as_netlist(array: ProgrammedArray, b: Any, *, duration: float | None = None, step: float | None = None) -> str:
    """Return the transient from zero of one right-hand side b (m,); NaN switches the word line of its row off.

    Parameters
    ----------
    array : ProgrammedArray
        The programmed chip.
    b : array_like of shape (m,)
        In the units of the matrix.
    duration, step : float, optional
        Seconds; by default 20 time constants in 400 steps.
    """
    if not isinstance(array, ProgrammedArray):
        as_circuit(array)  # which says what to do
    b = np.asarray(b, np.float64)
    if b.shape != array.shape[:1]:
        raise ValueError(f"b must have shape {array.shape[:1]}, one right-hand side, got {b.shape}")
    off = np.isnan(b)
    volts = array.volts(np.where(off, 0.0, b))
    on = np.concatenate([~off, np.ones(len(volts) - len(b), bool)]) if off.any() else np.ones(len(volts), bool)
    circuit = as_circuit(array, None if on.all() else on)
    if len(volts) > circuit.inputs:  # rows that are off, or columns without cells, are left out
        volts = volts[on if array.design.topology == "classic" else array.units_per_volt > 0]
    duration = _TIME_CONSTANTS * circuits.time_constant(circuit) if duration is None else duration
    step = duration / _STEPS if step is None else step
    title = f"mho chip {array.design.name}: {circuit.name}, {len(volts)} rows, {circuit.shape[1]} columns"
    return spice.netlist(circuit, volts, duration=duration, step=step, title=title)


def ngspice_rest(
    circuit: circuits.Circuit,
    volts: Any,
    *,
    duration: float | None = None,
    tolerance: float = 1e-6,
    timeout: float = 60,
) -> spice.SettledTransient:
    """Run a transient of ngspice from zero until the outputs rest.

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
    doublings = 0 if duration is not None else _DOUBLINGS
    seconds = _TIME_CONSTANTS * circuits.time_constant(circuit) if duration is None else duration
    return spice.settled_transient(
        circuit, volts, duration=seconds, tolerance=tolerance, doublings=doublings, timeout=timeout
    )
