"""What a netlist says of the compact generalised-inverse circuit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from mho.spice import text
from mho.spice.opamp import instance, subcircuit

if TYPE_CHECKING:
    from mho.spice.compact import CompactGinv

__all__ = ["elements"]


def elements(circuit: CompactGinv, volts: np.ndarray) -> Iterator[str]:
    """Yield inputs at minus `volts`, rows, both arrays, wires, bias and op-amps.

    Parameters
    ----------
    circuit : CompactGinv
    volts : ndarray of shape (m,)
    """
    yield from text.heading("Inputs: minus the right-hand side, behind the input conductance of each row")
    yield from text.sources(volts, "g_in", "r")
    yield from _rows(circuit)
    yield from _arrays(circuit)
    if circuit.wires:
        yield from text.heading("Wires: segments between neighbouring cells, and the ends of the columns, ohms")
        yield from circuit.wires.resistors(circuit.shape[0], *circuit.positions)
    if circuit.bias is not None and circuit.bias.any():
        yield from text.heading("Constant currents into the sense nodes, amperes")
        yield from (f"Ibias{j} 0 s{j} {text.number(amperes)}" for j, amperes in enumerate(circuit.bias))
    yield from text.heading(f"Op-amps: one pole, class-AB output from zero upwards, {circuit.opamp.clamp} clamp")
    yield from subcircuit(circuit.opamp)
    offset = np.zeros(circuit.shape[1]) if circuit.offset is None else circuit.offset
    for j, volt in enumerate(offset):
        yield from instance(str(j), ("0", f"s{j}", f"x{j}"), volt)


def _rows(circuit: CompactGinv) -> Iterator[str]:
    yield from text.heading("Row nodes float; compensation from row i to ground, ohms")
    last = circuit.positions[1] - 1
    for i, siemens in enumerate(circuit.g_comp):
        if siemens > 0:
            yield f"Rcomp{i} {circuit.wires.row_node(i, last)} 0 {text.number(1 / siemens)}"
    off = np.setdiff1d(np.arange(circuit.shape[0]), circuit.on)
    if off.size:
        yield f"* word lines off, cells disconnected: rows {', '.join(map(str, off))}"


def _arrays(circuit: CompactGinv) -> Iterator[str]:
    wires, position = circuit.wires, circuit.positions[0]

    def ends(column: str, i: int) -> str:
        return f"{wires.column_node(column, i)} {wires.row_node(i, position[column])}"

    yield from text.heading("Driving array: column output j to row i, ohms")
    yield from text.array("l", circuit.g_left, lambda i, j: ends(f"x{j}", i), circuit.on)
    yield from text.heading("Sensing array: sense node j to row i, ohms")
    yield from text.array("r", circuit.g_right, lambda i, j: ends(f"s{j}", i), circuit.on)
    if circuit.reference is not None:
        yield from circuit.reference.elements(circuit.on, circuit.shape[1], ends, circuit.opamp)
