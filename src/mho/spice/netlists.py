"""The compact generalised-inverse circuit as text that ngspice, and a reader, can follow."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi
from typing import Any

import numpy as np

from mho.spice.arguments import positive_number, values
from mho.spice.circuit import CompactGinv

__all__ = ["netlist"]

# Transconductance of the amplifier's only stage. Any value gives the same circuit: pole and load are scaled to it.
_STAGE_SIEMENS = 1e-3

# ngspice's defaults (1e-3 relative, 1 pA, 1 uV, 10 fC) suit volts and milliamperes. Here the answer is read to a part
# in a million, a cell carries nanoamperes, and a finite-gain error at virtual ground is below a microvolt.
# Gear, because a large step of the trapezoidal rule rings behind the fast clamped loops.
_OPTIONS = ".options method=gear reltol=1e-6 abstol=1e-15 vntol=1e-10 chgtol=1e-20"

_CLAMP_LINES = {
    "rectifying": (
        "* rectifying clamp: below zero a diode path takes the column current and holds the sense node",
        "Bdiode inverting 0 I = {g_clamp}*max(-V(pole), 0)",
    ),
    "single-supply": (
        "* single supply: the stage stops at its lower rail, the sense node floats",
        "Brail 0 pole I = {100*g_stage}*max(-V(pole), 0)",
    ),
}


def netlist(circuit: CompactGinv, volts: Any, *, duration: float, step: float, title: str | None = None) -> str:
    """Write the transient from zero of one right-hand side as an ngspice netlist.

    Nodes are numbered from 0: ``b0`` inputs, ``r0`` rows, ``x0`` column outputs, ``s0`` sense nodes.
    Where a wire has resistance its nodes follow: ``r0_1`` is row 0 at its cell 1, ``x0_1`` column 0 at row 1.

    Parameters
    ----------
    circuit : CompactGinv
        The circuit, m rows and k columns.
    volts : array_like of shape (m,)
        Right-hand side b, volts; the sources put -b behind the input conductances.
    duration, step : float
        Length of the transient and the longest time step, seconds.
    title : str, optional
        First line.

    Returns
    -------
    str
        The netlist, ending in a newline.

    Raises
    ------
    TypeError, ValueError
        A wrong shape, a step or duration that is not above zero, a title of several lines.
    """
    rows, columns = circuit.shape
    b = values(volts, "volts", rows, nonnegative=False)
    duration, step = positive_number(duration, "duration"), positive_number(step, "step")
    lines = [
        _title(f"Compact GINV, {rows} rows, {columns} columns" if title is None else title),
        *_parameters(circuit),
        *_input_section(b),
        *_row_section(circuit),
        *_array("Driving array: column output j to row i, ohms", "l", "x", circuit),
        *_array("Sensing array: sense node j to row i, ohms", "r", "s", circuit),
        *_wire_section(circuit),
        *_bias_section(circuit),
        *_amplifiers(circuit),
        *_analysis(columns, duration, step),
    ]
    return "\n".join(lines) + "\n"


def _title(title: str) -> str:
    if not title.strip() or len(title.splitlines()) != 1:
        raise ValueError(f"title must be one line of text, got {title!r}")
    return title


def _heading(text: str) -> list[str]:
    return ["", f"* --- {text} ---"]


def _text(value: Any) -> str:
    """Write a number so that it reads back to the same double, whatever NumPy type it has."""
    return repr(float(value))


def _parameters(circuit: CompactGinv) -> Iterator[str]:
    yield from _heading("Parameters: siemens, farads, volts per volt")
    c_pole = _STAGE_SIEMENS / (2 * pi * circuit.bandwidth)
    named = {
        "g_in": (circuit.g_in, "input conductance of a row"),
        "gain": (circuit.gain, "of an op-amp, at zero frequency"),
        "g_stage": (_STAGE_SIEMENS, "transconductance of an op-amp's stage; any value gives the same circuit"),
        "c_pole": (c_pole, f"g_stage / (2 pi bandwidth), bandwidth {_text(circuit.bandwidth)} Hz"),
        "g_clamp": (circuit.g_clamp, "diode path of a rectifying op-amp"),
    }
    for name, (value, meaning) in named.items():
        yield f"* {name}: {meaning}"
        yield f".param {name}={_text(value)}"


def _input_section(b: np.ndarray) -> Iterator[str]:
    yield from _heading("Inputs: minus the right-hand side, behind the input conductance of each row")
    for i, volts in enumerate(b):
        yield f"Vb{i} b{i} 0 {_text(-volts)}"
        yield f"Rin{i} b{i} r{i} {{1/g_in}}"


def _row_section(circuit: CompactGinv) -> Iterator[str]:
    yield from _heading("Row nodes float; compensation from row i to ground, ohms")
    last = 2 * circuit.shape[1] - 1
    for i, siemens in enumerate(circuit.g_comp):
        if siemens > 0:
            yield f"Rcomp{i} {circuit.wires.row_node(i, last)} 0 {_text(1 / siemens)}"
    off = np.setdiff1d(np.arange(circuit.shape[0]), circuit.on)
    if off.size:
        yield f"* word lines off, cells disconnected: rows {', '.join(map(str, off))}"


def _array(heading: str, name: str, column: str, circuit: CompactGinv) -> Iterator[str]:
    yield from _heading(heading)
    siemens, first = (circuit.g_left, 0) if column == "x" else (circuit.g_right, circuit.shape[1])
    for i in circuit.on:
        for j in np.flatnonzero(siemens[i]):
            nodes = f"{circuit.wires.column_node(f'{column}{j}', i)} {circuit.wires.row_node(i, first + int(j))}"
            yield f"R{name}{i}_{j} {nodes} {_text(1 / siemens[i, j])}"


def _wire_section(circuit: CompactGinv) -> Iterator[str]:
    if circuit.wires:
        yield from _heading("Wires: segments between neighbouring cells, and the ends of the columns, ohms")
        yield from circuit.wires.resistors(*circuit.shape)


def _bias_section(circuit: CompactGinv) -> Iterator[str]:
    if circuit.bias is None or not circuit.bias.any():
        return
    yield from _heading("Constant currents into the sense nodes, amperes")
    for j, amperes in enumerate(circuit.bias):
        yield f"Ibias{j} 0 s{j} {_text(amperes)}"


def _amplifiers(circuit: CompactGinv) -> Iterator[str]:
    yield from _heading(f"Op-amps: one pole, class-AB output from zero upwards, {circuit.clamp} clamp")
    yield from (
        ".subckt opamp inverting output",
        "Gstage pole 0 inverting 0 {g_stage}",
        "Rpole pole 0 {gain/g_stage}",
        "Cpole pole 0 {c_pole} ic=0",
        "Boutput output 0 V = max(V(pole), 0)",
        *_CLAMP_LINES[circuit.clamp],
        ".ends opamp",
    )
    for j in range(circuit.shape[1]):
        volts = 0.0 if circuit.offset is None else circuit.offset[j]
        if volts:
            yield f"Voffset{j} s{j} inverting{j} {_text(volts)}"
        yield f"Xopamp{j} {f'inverting{j}' if volts else f's{j}'} x{j} opamp"


def _analysis(columns: int, duration: float, step: float) -> Iterator[str]:
    yield from _heading("Analysis: from all amplifiers at zero")
    yield _OPTIONS
    for j in range(columns):
        yield f".save v(x{j}) v(s{j})"
    yield f".tran {_text(step)} {_text(duration)} 0 {_text(step)} uic"
    yield ".end"
