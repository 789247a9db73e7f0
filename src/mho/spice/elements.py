"""Elements of a netlist for each circuit: sources, resistors, op-amps; nothing of the equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from mho.circuits.circuit import Circuit
from mho.circuits.classic import ClassicGinv
from mho.circuits.compact import CompactGinv
from mho.circuits.gram import GramInv
from mho.circuits.inverse import Egv, Inv
from mho.circuits.mvm import Mvm
from mho.circuits.reference_columns import ReferenceColumns
from mho.circuits.wires import Wires
from mho.spice import text
from mho.spice.subcircuit import instance, subcircuit

__all__ = ["elements"]


@singledispatch
def elements(circuit: object, volts: np.ndarray) -> Iterator[str]:
    """Yield the lines of a circuit that are neither parameters nor analysis, with inputs at minus `volts` (inputs,).

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv, GramInv or Mvm
        The circuit.
    volts : ndarray of shape (inputs,)
        Input voltages.
    """
    raise TypeError(
        f"circuit must be a CompactGinv, ClassicGinv, GramInv, Mvm, Inv or Egv, got {type(circuit).__name__}"
    )


@elements.register
def _(circuit: CompactGinv, volts: np.ndarray) -> Iterator[str]:
    yield from text.heading("Inputs: minus the right-hand side, behind the input conductance of each row")
    yield from text.sources(volts, "g_in", "r")
    yield from _rows(circuit)
    yield from _arrays(circuit)
    if circuit.wires:
        yield from text.heading("Wires: segments between neighbouring cells, and the ends of the columns, ohms")
        yield from _wire_resistors(circuit.wires, circuit.shape[0], *_positions(circuit))
    if circuit.bias is not None and circuit.bias.any():
        yield from text.heading("Constant currents into the sense nodes, amperes")
        yield from (f"Ibias{j} 0 s{j} {text.number(amperes)}" for j, amperes in enumerate(circuit.bias))
    yield from _answering(circuit, circuit.given("offset", circuit.shape[1]), ("0", "s"))


@elements.register
def _(circuit: ClassicGinv, volts: np.ndarray) -> Iterator[str]:
    yield from text.heading("Inputs: minus the right-hand side, behind the input conductance of each row")
    yield from text.sources(volts, "g_in", "r")
    yield from text.heading("First array: column output j to the input of row amplifier i, ohms")
    places = circuit.row_places, circuit.places
    yield from _crossbar("l", circuit.g_left, circuit.wires, ("x", "r"), places)
    yield from text.heading("Feedback of row amplifier i, ohms")
    yield from (f"Rf{i} v{i} r{i} {text.number(1 / g)}" for i, g in enumerate(circuit.g_feedback) if g > 0)
    yield from text.heading("Second array: row output i to the input of column op-amp j, ohms")
    yield from _crossbar("r", circuit.g_right, circuit.wires, ("s", "v"), places, rows_drive=True)
    if circuit.bias is not None and circuit.bias.any():
        yield from text.heading("Constant currents out of the column inputs, amperes")
        yield from (f"Ibias{j} s{j} 0 {text.number(amperes)}" for j, amperes in enumerate(circuit.bias))
    yield from _classic_opamps(circuit)


@elements.register
def _(circuit: GramInv, volts: np.ndarray) -> Iterator[str]:
    yield from text.heading("Inputs: minus the right-hand side, behind the input conductance of each row")
    yield from text.sources(volts, "g_in", "s")
    yield from text.heading("Array: output j to the input of op-amp i, ohms")
    places = circuit.places, circuit.places
    yield from _crossbar("g", circuit.g_gram, circuit.wires, ("x", "s"), places)
    yield from _answering(circuit, circuit.given("offset", circuit.opamps), ("0", "s"))


@elements.register
def _(circuit: Mvm, volts: np.ndarray) -> Iterator[str]:
    yield from text.heading("Inputs: minus the vector")
    yield from (f"Vb{j} b{j} 0 {text.number(-volt)}" for j, volt in enumerate(volts))
    yield from text.heading("Array: input j to row i, ohms")
    yield from _crossbar("g", circuit.g, circuit.wires, ("b", "r"))
    yield from text.heading("Feedback of row amplifier i, ohms")
    yield from (f"Rf{i} y{i} r{i} {{1/g_feedback}}" for i in range(circuit.shape[0]))
    yield from text.heading("Row amplifiers: one pole, of either sign")
    yield from subcircuit(circuit.opamp, bipolar=True)
    for i, volt in enumerate(circuit.given("offset", circuit.opamps)):
        yield from instance(str(i), ("0", f"r{i}", f"y{i}"), volt, bipolar=True)


@elements.register
def _(circuit: Inv, volts: np.ndarray) -> Iterator[str]:
    yield from text.heading("Inputs: minus the right-hand side, behind the input conductance of each row")
    yield from text.sources(volts, "g_in", "s")
    yield from text.heading("Arrays: output j, and its inverse, to the input of op-amp i, ohms")
    yield from text.array("p", circuit.g_positive, lambda i, j: f"x{j} s{i}")
    yield from text.array("n", circuit.g_negative, lambda i, j: f"u{j} s{i}")
    ground = circuit.given("g_ground", circuit.shape[0])
    yield from (f"Rground{i} s{i} 0 {text.number(1 / g)}" for i, g in enumerate(ground) if g > 0)
    yield from _with_inverters(circuit, ("s", "x", "u"), "g_in")


@elements.register
def _(circuit: Egv, volts: np.ndarray) -> Iterator[str]:
    yield from text.heading("Arrays: inverter j, and amplifier j, to the input of amplifier i, ohms")
    yield from text.array("p", circuit.g_positive, lambda i, j: f"x{j} r{i}")
    yield from text.array("n", circuit.g_negative, lambda i, j: f"y{j} r{i}")
    yield from text.heading("Feedback of amplifier i, ohms")
    yield from (f"Rf{i} y{i} r{i} {{1/g_feedback}}" for i in range(circuit.shape[0]))
    yield from _with_inverters(circuit, ("r", "y", "x"), "g_feedback")


def _with_inverters(circuit: Inv | Egv, nodes: tuple[str, str, str], conductance: str) -> Iterator[str]:
    """Yield op-amps and their inverters; `nodes` are input and output of the ones, and output of the others."""
    into, output, inverse = nodes
    k = circuit.shape[0]
    yield from text.heading("Op-amps and their inverters: one pole, of either sign")
    yield from subcircuit(circuit.opamp, bipolar=True)
    for i, volt in enumerate(circuit.given("offset", k)):
        yield from instance(str(i), ("0", f"{into}{i}", f"{output}{i}"), volt, bipolar=True)
        yield f"Rfrom{i} {output}{i} n{i} {{1/{conductance}}}"
        yield f"Rback{i} {inverse}{i} n{i} {{1/{conductance}}}"
        yield from instance(f"_n{i}", ("0", f"n{i}", f"{inverse}{i}"), bipolar=True)


def _classic_opamps(circuit: ClassicGinv) -> Iterator[str]:
    rows, columns = circuit.shape
    yield from text.heading("Row amplifiers: one pole, of either sign")
    yield from subcircuit(circuit.opamp, bipolar=True)
    for i, volt in enumerate(circuit.given("row_offset", rows)):
        yield from instance(f"_v{i}", ("0", f"r{i}", f"v{i}"), volt, bipolar=True)
    yield from _answering(circuit, circuit.given("offset", columns), ("s", "0"), "Column op-amps:")


@dataclass(frozen=True)
class _Lines:
    """Wires along one side of an array: the node at their end, ohms to the first place and between places, cells'."""

    name: str
    count: int
    end_ohms: float
    ohms: float
    places: np.ndarray

    def node(self, line: int, cell: int) -> str:
        return self._at(line, int(self.places[cell]))

    def _at(self, line: int, place: int) -> str:
        if self.ohms and place:
            return f"{self.name}{line}_{place}"
        return f"{self.name}{line}_0" if self.end_ohms else f"{self.name}{line}"

    def resistors(self) -> Iterator[str]:
        for line in range(self.count):
            if self.end_ohms:
                yield f"Rend_{self.name}{line} {self.name}{line} {self._at(line, 0)} {self.end_ohms!r}"
            for place in range(1, int(self.places[-1]) + 1 if self.ohms else 1):
                here = self._at(line, place)
                yield f"Rwire_{here} {self._at(line, place - 1)} {here} {self.ohms!r}"


def _crossbar(
    prefix: str,
    g: np.ndarray,
    wires: Wires,
    ends: tuple[str, str],
    places: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
    *,
    rows_drive: bool = False,
) -> Iterator[str]:
    """Yield the cells of an array and its wires.

    Parameters
    ----------
    prefix : str
        Begin of the cells' names.
    g : ndarray of shape (m, k)
        Conductances, siemens.
    wires : Wires
        Resistances.
    ends : tuple of str
        Nodes at the ends of its columns and of its rows.
    places : tuple of ndarray of bool, optional
        Places along the columns' wires that hold a row, and along the rows' that hold a column; None: every one.
    rows_drive : bool
        Whether the rows' ends are driven and the columns' sensed.
    """
    m, k = g.shape
    driven, sensed = wires.driver_ohms, wires.sense_ohms
    at_columns, at_rows = (sensed, driven) if rows_drive else (driven, sensed)
    along_columns, along_rows = (
        np.arange(n) if held is None else np.flatnonzero(held) for n, held in zip((m, k), places, strict=True)
    )
    columns = _Lines(ends[0], k, at_columns, wires.column_ohms, along_columns)
    rows = _Lines(ends[1], m, at_rows, wires.row_ohms, along_rows)
    yield from text.array(prefix, g, lambda i, j: f"{columns.node(j, i)} {rows.node(i, j)}")
    if wires:
        yield from text.heading("Wires: segments between neighbouring cells, and the ends of rows and columns, ohms")
        yield from columns.resistors()
        yield from rows.resistors()


def _answering(
    circuit: Circuit, offset: np.ndarray, inputs: tuple[str, str], name: str = "Op-amps: one pole,"
) -> Iterator[str]:
    """Yield the op-amps that hold a closed loop's answer; `inputs` are plus and minus, ``"s"`` the columns' nodes."""
    signed, known = circuit.opamp.output == "signed", isinstance(circuit, ClassicGinv)
    if signed:
        yield from text.heading(f"{name} of either sign")
    else:
        yield from text.heading(f"{name} class-AB output from zero upwards, {circuit.opamp.clamp} clamp")
    if not (signed and (known or getattr(circuit, "reference", None))):  # others have written it
        yield from subcircuit(circuit.opamp, bipolar=signed)
    for j, volt in enumerate(offset):
        plus, minus = (node if node == "0" else f"{node}{j}" for node in inputs)
        yield from instance(str(j), (plus, minus, f"x{j}"), volt, bipolar=signed)


def _rows(circuit: CompactGinv) -> Iterator[str]:
    yield from text.heading("Row nodes float; compensation from row i to ground, ohms")
    last = _positions(circuit)[1] - 1
    for i, siemens in enumerate(circuit.g_comp):
        if siemens > 0:
            yield f"Rcomp{i} {_row_node(circuit.wires, i, last)} 0 {text.number(1 / siemens)}"
    off = np.setdiff1d(np.arange(circuit.shape[0]), circuit.on)
    if off.size:
        yield f"* word lines off, cells disconnected: rows {', '.join(map(str, off))}"


def _arrays(circuit: CompactGinv) -> Iterator[str]:
    wires, position = circuit.wires, _positions(circuit)[0]

    def ends(column: str, i: int) -> str:
        return f"{_column_node(wires, column, i)} {_row_node(wires, i, position[column])}"

    yield from text.heading("Driving array: column output j to row i, ohms")
    yield from text.array("l", circuit.g_left, lambda i, j: ends(f"x{j}", i), circuit.on)
    yield from text.heading("Sensing array: sense node j to row i, ohms")
    yield from text.array("r", circuit.g_right, lambda i, j: ends(f"s{j}", i), circuit.on)
    if circuit.reference is not None:
        yield from _reference(circuit, circuit.reference, ends)


def _reference(circuit: CompactGinv, reference: ReferenceColumns, ends: Callable[[str, int], str]) -> Iterator[str]:
    """Yield reference columns; `ends` gives, from a column, ``"y"`` or ``"p"``, and a row, the nodes of a cell."""
    taken = text.number(1 / (reference.share * reference.g_feedback))
    yield from text.heading("Reference column of the driving array: minus a share of the sum of the outputs, ohms")
    yield from (
        f"Rsum{j} x{j} n {text.number(1 / (reference.share * reference.g_sum))}" for j in range(circuit.shape[1])
    )
    yield f"Rsumf n y {text.number(1 / reference.g_sum)}"
    yield from text.array("lref", reference.g_left[:, None], lambda i, _: ends("y", i), circuit.on)
    yield from text.heading(
        "Reference column of the sensing array: a share of its current leaves every sense node, ohms"
    )
    yield from text.array("rref", reference.g_right[:, None], lambda i, _: ends("p", i), circuit.on)
    yield f"Rtf p t {text.number(1 / reference.g_feedback)}"
    yield from (f"Rtaken{j} t s{j} {taken}" for j in range(circuit.shape[1]))
    yield from text.heading("Their op-amps: one pole, of either sign")
    yield from subcircuit(circuit.opamp, bipolar=True)
    yield from instance("_sum", ("0", "n", "y"), reference.offset[0], bipolar=True)
    yield from instance("_taken", ("0", "p", "t"), reference.offset[1], bipolar=True)


def _positions(circuit: CompactGinv) -> tuple[dict[str, int], int]:
    """Position of each column's node, driving ones first, along the rows' wires, and how many these have."""
    places = np.ones(circuit.shape[1], bool) if circuit.places is None else circuit.places
    if circuit.reference is not None:
        places = np.r_[True, places]
    both = np.flatnonzero(np.r_[places, places]).tolist()
    return dict(zip(circuit.driving + circuit.sensing, both, strict=True)), 2 * len(places)


def _row_node(wires: Wires, row: int, position: int) -> str:
    """Name the node of a row at a position along its wire; one node where the wire is perfect."""
    return f"r{row}_{position}" if wires.row_ohms and position else f"r{row}"


def _column_node(wires: Wires, column: str, row: int) -> str:
    """Name the node of a column, ``x0`` on and ``y`` in the driving array, ``s0`` on and ``p``, at a row."""
    first = row // wires.tile_rows * wires.tile_rows if wires.tile_rows else 0
    if wires.column_ohms and row > first:
        return f"{column}_{row}"
    if wires.bus_ohms and first:
        return f"{column}_{first}"
    return f"{column}_0" if _end_ohms(wires, column) else column


def _wire_resistors(wires: Wires, rows: int, columns: Iterable[str], length: int) -> Iterator[str]:
    """Yield the lines of all wires of two arrays.

    Parameters
    ----------
    wires : Wires
        Resistances.
    rows : int
        Rows of both arrays.
    columns : iterable of str
        Columns of both arrays.
    length : int
        Positions along the wire of a row.
    """
    if wires.row_ohms:
        for i in range(rows):
            for p in range(1, length):
                yield f"Rrow{i}_{p} {_row_node(wires, i, p - 1)} {_row_node(wires, i, p)} {wires.row_ohms!r}"
    for column in columns:
        if _end_ohms(wires, column):
            yield f"Rend_{column} {column} {column}_0 {_end_ohms(wires, column)!r}"
        tile = wires.tile_rows or rows
        if wires.column_ohms:
            for i in range(1, rows):
                upper, lower = _column_node(wires, column, i - 1), _column_node(wires, column, i)
                if i % tile:
                    yield f"Rcol_{lower} {upper} {lower} {wires.column_ohms!r}"
        if wires.bus_ohms:
            for i in range(tile, rows, tile):
                upper, lower = _column_node(wires, column, i - tile), _column_node(wires, column, i)
                yield f"Rbus_{lower} {upper} {lower} {wires.bus_ohms!r}"


def _end_ohms(wires: Wires, column: str) -> float:
    return wires.driver_ohms if column[0] in "xy" else wires.sense_ohms
