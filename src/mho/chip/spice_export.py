"""Export to ngspice: a programmed array as a circuit and as a netlist, and its operating point by ngspice."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import circuits, spice
from mho.chip.design import Amplifier
from mho.chip.programmed_array import ProgrammedArray
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.errors import ChipError
from mho.circuits.reference_amplifiers import ReferenceAmplifiers

__all__ = ["as_circuit", "as_netlist", "as_opamp", "ngspice_rest"]

_LARGEST_GAIN = 1e9
"""Stands for infinity, which has no place in a netlist."""

_TIME_CONSTANTS = 20
_STEPS = 400
_DOUBLINGS = 2


def as_opamp(amplifier: Amplifier) -> circuits.OpAmp:
    """Return the op-amp of a circuit; an infinite gain becomes one of 1e9."""
    gain = min(amplifier.gain, _LARGEST_GAIN)
    return circuits.OpAmp(gain=gain, bandwidth=amplifier.bandwidth, clamp=amplifier.clamp, output=amplifier.output)


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
    on = slice(None) if word_lines is None else word_lines
    connected = np.sum(array.g_left[on] + array.g_right[on], axis=0) > 0
    if not connected.any():
        raise ChipError("there is no circuit: no column has a cell in a row that is switched on")
    return _CIRCUITS[array.design.topology](array, connected, word_lines)


def _compact(array: ProgrammedLoop, connected: np.ndarray, word_lines: np.ndarray | None) -> circuits.CompactGinv:
    return circuits.CompactGinv(
        g_left=array.g_left[:, connected],
        g_right=array.g_right[:, connected],
        g_comp=array.g_comp,
        g_in=array.g_in,
        opamp=as_opamp(array.design.amplifier),
        bias=array.bias[connected],
        offset=array.offset_volts[connected],
        wires=array.design.wires,
        reference=array.loop.reference and _reference(array.loop.reference, array.g_in),
        word_lines=word_lines,
        places=None if connected.all() else connected,
    )


def _classic(array: ProgrammedLoop, connected: np.ndarray, word_lines: np.ndarray | None) -> circuits.ClassicGinv:
    """The circuit of the rows that are on: the others have neither cells nor input."""
    on = np.ones(len(array.g_left), bool) if word_lines is None else word_lines
    return circuits.ClassicGinv(
        g_left=array.g_left[on][:, connected],
        g_right=array.g_right[on][:, connected],
        g_feedback=np.full(np.count_nonzero(on), array.g_in),
        g_in=array.g_in,
        opamp=as_opamp(array.design.amplifier),
        bias=array.bias[connected],
        row_offset=np.broadcast_to(array.row_offset_volts, len(on))[on],
        offset=array.offset_volts[connected],
    )


def _gram(array: ProgrammedLoop, connected: np.ndarray, word_lines: np.ndarray | None) -> circuits.GramInv:
    return circuits.GramInv(
        g_gram=array.g_left[np.ix_(connected, connected)],
        g_in=array.g_in,
        opamp=as_opamp(array.design.amplifier),
        offset=array.offset_volts[connected],
    )


_CIRCUITS = {"compact": _compact, "classic": _classic, "gram": _gram}


def _reference(amplifiers: ReferenceAmplifiers, g_sum: float) -> circuits.ReferenceColumns:
    """The summing inverter's conductances only have to be alike."""
    columns = amplifiers.columns
    return circuits.ReferenceColumns(
        g_left=columns.left,
        g_right=columns.right,
        g_feedback=columns.feedback,
        g_sum=g_sum,
        share=columns.share,
        offset=tuple(amplifiers.offset.tolist()),
    )


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
