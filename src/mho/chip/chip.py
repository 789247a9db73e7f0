"""A chip: a design made once, with its own errors and its own ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mho import checks
from mho.chip.cells import CellSites
from mho.chip.converters import ConverterBank
from mho.chip.correction import CellErrorCorrection
from mho.chip.crossbar import Crossbar
from mho.chip.design import REFUSED_MATRICES, ChipDesign
from mho.chip.events import read_events
from mho.chip.health import BLOCK, FaultMap, Placement, place, self_test
from mho.chip.ledger import Ledger
from mho.chip.mapping import ConductanceMap, map_matrix
from mho.chip.normal_equations import NormalEquations
from mho.chip.placed_array import PlacedArray
from mho.chip.presets import preset
from mho.chip.programmed_array import ProgrammedArray
from mho.chip.programmed_cells import ProgrammedCells
from mho.chip.programmed_product import ProgrammedProduct
from mho.chip.programmed_square import ProgrammedEigenvector, ProgrammedInverse
from mho.chip.row_drivers import RowDrivers
from mho.chip.spice_export import as_netlist
from mho.chip.square_matrix import KICK
from mho.circuits.errors import ChipError
from mho.penalty import NO_PENALTY, Penalty, as_penalty

__all__ = ["Chip"]

_OTHER_USES = {"mvm": ProgrammedProduct, "inv": ProgrammedInverse, "egv": ProgrammedEigenvector}
"""What a matrix becomes that no least squares are solved with."""


class Chip:
    """A simulated analogue chip that solves non-negative least squares in one step.

    What the circuit inside the published chip looks like is not public; this one is a hypothesis that fits every
    published word (NMF-2026) and that is checked against ngspice.

    Parameters
    ----------
    design : str or ChipDesign
        A preset's name (`presets`) or a description.
    seed : int, Generator or None
        Source of every random error; the same seed gives the same chip, cell by cell.

    Attributes
    ----------
    ledger : Ledger
        Every event since the chip was made.
    faults_ : FaultMap or None
        What the last self-test found.
    spares : tuple of int or None
        Rows and columns beside those of a matrix, of a chip that is repaired; None: it is not.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> chip = Chip("ideal")
    >>> A = np.array([[1.0, 2.0], [3.0, 1.0], [0.0, 1.0]])
    >>> chip.program(A).solve(A @ np.array([[2.0], [1.0]])).round(6)
    array([[2.],
           [1.]])
    """

    def __init__(self, design: str | ChipDesign = "pku-2025", *, seed: Any = None) -> None:
        if isinstance(design, str):
            design = preset(design)
        elif not isinstance(design, ChipDesign):
            raise TypeError(f"design must be the name of a preset or a ChipDesign, got {type(design).__name__}")
        self.design = design
        self.ledger = Ledger()
        self._rng = checks.generator(seed, "seed")
        self._offset_volts = self._draw_offset()
        self._converters = ConverterBank(design.converters, self._rng)
        self._places = CellSites.of(self._rng, design.array.columns)
        self._writes = 0
        self.faults_: FaultMap | None = None
        self.spares: tuple[int, int] | None = None
        self._written: Crossbar | None = None
        if design.topology not in ("compact", "gram"):
            self._row_seed = int(self._rng.spawn(1)[0].integers(1 << 63))

    def __repr__(self) -> str:
        return f"Chip({self.design.name!r})"

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Any:
        """Write a matrix into the arrays, with fresh errors.

        Parameters
        ----------
        A : array_like of shape (m, k)
            Non-negative unless the design's `entries` are signed or its topology inverts; square for ``"inv"`` and
            ``"egv"``.
        penalty : Penalty
            For least squares. Ridge: one more row, connected to its own column, wherever l2 > 0. L1: a constant current
            out of every sense node.

        Returns
        -------
        ProgrammedArray, ProgrammedProduct, ProgrammedInverse or ProgrammedEigenvector
            By the use of the design's topology (`mho.chip.USES`).

        Raises
        ------
        TypeError, ValueError
            A bad matrix or penalty.
        ChipError
            The matrix has more columns than an array.
        """
        A, penalty = self._checked(A), as_penalty(penalty)
        if self.design.topology in _OTHER_USES:
            return self._program_for_another_use(A, penalty)
        self._check_least_squares(A, penalty)
        if self.design.topology == "gram":
            normal = self._normal_equations(A, penalty)
            return self._program_least_squares(normal.matrix, NO_PENALTY, normal)
        return self._program_least_squares(A, penalty, None)

    def _check_least_squares(self, A: np.ndarray, penalty: Penalty) -> None:
        columns = self.design.array.columns
        if A.shape[1] > columns:
            raise ChipError(
                f"the matrix has {A.shape[1]} columns but an array of {self.design.name!r} has {columns}: "
                "columns cannot be tiled in this circuit; use fewer components or a design with wider arrays"
            )
        if np.any(penalty.l2_known):
            raise ValueError("l2_known must be 0 on a chip, whose ridge is programmed once for every right-hand side")

    def _normal_equations(self, A: np.ndarray, penalty: Penalty) -> NormalEquations:
        k = A.shape[1]
        l2 = checks.each_column(penalty.l2, "l2", k)
        if len(A) < np.count_nonzero(A.any(axis=0)) and not l2.all() and not self.design.device.exact:
            raise ChipError(REFUSED_MATRICES["gram", "wide"])
        return NormalEquations(A, l2, penalty.linear_term(k))

    def _program_least_squares(self, A: np.ndarray, penalty: Penalty, normal: NormalEquations | None) -> Any:
        k = A.shape[1]
        root = np.sqrt(checks.each_column(penalty.l2, "l2", k))
        pull = root * checks.each_column(penalty.prior, "prior", k)
        device, geometry = self.design.device, self.design.array
        signed = geometry.entries == "signed"
        layout = map_matrix(A, root, device, reference=self._has_reference, signed=signed, fill=geometry.fill)
        layout = replace(layout, input_ratio=geometry.input_ratio)
        if self.design.topology != "compact":  # whose rows alone have to conduct the same
            layout = replace(layout, comp=np.zeros_like(layout.comp), arrays=1 if normal else 2)
        placement = None
        if self.spares is not None:
            placement = self._placement(A, layout)
            layout, A = layout.laid(placement, len(A)), placement.laid(A, "both")
            k = A.shape[1]
        store = self._write(layout)
        if placement is not None and device.relaxation is None:
            self._feed_forward(store, A, layout)
        array = ProgrammedArray(
            store,
            self.design,
            self._inputs(A, pull[root > 0]),
            self.ledger,
            l1=penalty.l1,
            offset_volts=np.r_[self._offset_volts[:k], self._offset_volts[-2:]],
            row_offset_volts=self._row_offset_volts(len(layout.target)),
            normal=normal,
            off_state=self._off_state(A, layout.scale),
        )
        return array if placement is None else PlacedArray(array, placement)

    def _feed_forward(self, store: Crossbar, A: np.ndarray, layout: ConductanceMap) -> None:
        """Aim rows by the verify reads of those before; zeros that are corrected digitally are as they are to be."""
        device, operation = self.design.device, self.design.operation
        left = device.g_min * (layout.scale > 0) if self.design.array.off_state == "digital" else 0.0
        ideal, both = np.where(A != 0, A * layout.scale, left), self.design.amplifier.output == "switched"
        store.feed_forward(ideal, operation.integration, both=both)
        self.ledger.add(read_events(self.design, layout.arrays * len(A), A.shape[1]))

    def _placement(self, A: np.ndarray, layout: ConductanceMap) -> Placement:
        (m, k), (rows, columns) = A.shape, self.spares or (0, 0)
        ideal = layout.share * self.design.device.g_max + A * layout.scale
        faults, block = self._known_faults(m + rows, k + columns), self.design.wires.tile_rows or BLOCK
        return place(faults, layout.target[:m], ideal, rows, columns, min(block, BLOCK))

    def _known_faults(self, rows: int, columns: int) -> FaultMap:
        """Faults of so many rows and columns, tested when they are first needed."""
        most = self.design.array.columns
        if columns > most:
            raise ChipError(
                f"{columns} columns are needed, spare ones included, but an array of {self.design.name!r} has {most}"
            )
        known = self.faults_
        if known is None or known.stuck.shape[1] < rows or known.stuck.shape[2] < columns:
            shape = (0, 0) if known is None else known.stuck.shape[1:]
            known = self.self_test(max(rows, shape[0]), max(columns, shape[1]))
        return known

    def self_test(self, rows: int | None = None, columns: int | None = None) -> FaultMap:
        """Find cells, amplifiers and converters that are off: two verify reads of each cell, and probes of the columns.

        Parameters
        ----------
        rows, columns : int, optional
            How many of the chip's; by default those of one array.

        Returns
        -------
        FaultMap
            Also kept as `faults_`. The test and its writing are in the ledger.
        """
        self.design.check_least_squares("chip")
        array, spares = self.design.array, self.spares
        rows = array.rows if rows is None else checks.positive_int(rows, "rows")
        columns = array.columns if columns is None else checks.positive_int(columns, "columns", limit=array.columns)
        self.spares = None
        try:
            self.faults_ = self_test(self, rows, columns)
        finally:
            self.spares = spares
        return self.faults_

    def repair(self, *, spare_rows: int = 0, spare_columns: int = 0) -> FaultMap | None:
        """Lay matrices around the chip's faults from now on, and write rows that make good those before them.

        Each row goes where stuck cells do least harm, and is aimed by the verify reads of the rows before it.

        Parameters
        ----------
        spare_rows, spare_columns : int
            Rows and columns beside those of a matrix that it may use instead; they lie behind its own.

        Returns
        -------
        FaultMap or None
            What is known so far; None: the chip is tested when a matrix is first programmed.

        Notes
        -----
        Matrices of more than 512 rows are laid out 512 rows at a time, in tiles a tile at a time. Errors that stay in a
        cell count as well. Cells that relax after writing are laid out alone, not aimed.
        """
        if self.design.topology == "gram":
            raise ChipError("the Gram circuit's rows are its columns: repair takes the topology 'compact' or 'classic'")
        self.design.check_least_squares("chip")
        self.spares = (
            checks.nonnegative_int(spare_rows, "spare_rows"),
            checks.nonnegative_int(spare_columns, "spare_columns"),
        )
        return self.faults_

    def write_cells(self, G: np.ndarray) -> None:
        """Write conductances into both arrays, for a test.

        Parameters
        ----------
        G : ndarray of shape (m, k)
            Siemens.
        """
        nothing = np.zeros(len(G))
        self._written = self._write(ConductanceMap(G, nothing, np.zeros(G.shape[1]), nothing))

    def read_cells(self) -> np.ndarray:
        """Return one verify read of every cell of both arrays that `write_cells` wrote (2, m, k), siemens."""
        if self._written is None:
            raise ChipError("no cells were written to be read: call write_cells first")
        operation = self.design.operation
        read = self._written.conductances(operation.kelvin, operation.integration if self.design.device.noise else None)
        self.ledger.add(read_events(self.design, 2 * len(read.left), read.left.shape[1]))
        return np.stack([read.left, read.right])

    def _write(self, layout: ConductanceMap) -> Crossbar:
        self._writes += 1
        array, age = self.design.array, self.design.operation.age
        store = Crossbar(layout, self.design.device, self._rng, self._places, self._writes, self.ledger, array.rows)
        if age:
            store.age(age, None)
        return store

    def _program_for_another_use(self, A: np.ndarray, penalty: Penalty) -> Any:
        """Write a matrix that is multiplied or inverted, or whose eigenvector is asked for."""
        topology, columns = self.design.topology, self.design.array.columns
        if penalty:
            raise ChipError(
                f"{topology!r} takes no penalty, which least squares have: take the topology 'compact', 'classic' or "
                "'gram'"
            )
        if topology != "mvm" and A.shape[1] > columns:
            raise ChipError(
                f"the matrix has {A.shape[1]} columns but an array of {self.design.name!r} has {columns}: a square "
                "matrix cannot be tiled in this circuit; use a design with wider arrays, or invert it block by block"
            )
        return _OTHER_USES[topology](A, self.design, self._write, self._converters, self.ledger, self._further_offsets)

    def _further_offsets(self, opamps: int) -> np.ndarray:
        """Input offset of so many op-amps, volts; the eigenvector's loop needs some to start from."""
        spread = self.design.amplifier.offset
        if self.design.topology == "egv":
            spread = max(spread, KICK)
        return spread * np.random.default_rng(self._row_seed).standard_normal(opamps)

    def _checked(self, A: Any) -> np.ndarray:
        A = np.asarray(checks.as_matrix(A, "A", nonnegative=False), np.float64)
        array = self.design.array
        if array.entries == "nonnegative" and not array.pairs and A.min() < 0:
            raise ValueError(
                f"A contains a negative entry ({A.min()}); every entry must be >= 0 in cells that hold them from zero "
                "up: entries='signed' maps zero to the middle of their range"
            )
        return A

    @property
    def random_state(self) -> dict[str, Any]:
        """State of the random errors that are still to come; set on a chip of the same seed, they are the same."""
        noise = self._converters.noise.bit_generator.state
        return {"writes": self._writes, "cells": self._rng.bit_generator.state, "converters": noise}

    @random_state.setter
    def random_state(self, state: dict[str, Any]) -> None:
        self._writes, self._rng.bit_generator.state = state["writes"], state["cells"]
        self._converters.noise.bit_generator.state = state["converters"]

    def netlist(self, A: Any, b: Any, *, duration: float | None = None, step: float | None = None) -> str:
        """Return an ngspice netlist of the circuit with a right-hand side b (m,) at its inputs.

        Parameters
        ----------
        A : ProgrammedArray, or array_like of shape (m, k)
            What was programmed, or a matrix to program now.
        b : array_like of shape (m,)
            NaN switches the word line of its row off.
        duration, step : float, optional
            Length of the transient and its longest step, seconds; by default 20 time constants in 400 steps.
        """
        array: Any = A if isinstance(A, ProgrammedCells) else self.program(A)
        return as_netlist(array, b, duration=duration, step=step)

    def _draw_offset(self) -> np.ndarray:
        """Input offset of every op-amp, two for reference columns last, volts.

        No random number is used up where there is none.
        """
        spread, columns = self.design.amplifier.offset, self.design.array.columns
        drawn = self._rng.standard_normal(columns + 2 * self._has_reference) if spread else np.zeros(columns)
        return np.pad(spread * drawn, (0, columns + 2 - len(drawn)))

    def _row_offset_volts(self, rows: int) -> np.ndarray | float:
        """Input offset of each op-amp on a row, volts; the first ones are the same however many there are."""
        if self.design.topology != "classic" or not self.design.amplifier.offset:
            return 0.0
        return self._further_offsets(rows)

    def _inputs(self, A: np.ndarray, ridge: np.ndarray) -> RowDrivers:
        """The inputs of a chip with A in it: the largest row sum sets the fixed scale; `ridge` in the units of A."""
        v_in = self.design.converters.v_in
        volts_per_unit = v_in / (float(np.abs(A).sum(axis=1).max()) or 1.0)
        return RowDrivers(self._converters, v_in, volts_per_unit, len(A), ridge * volts_per_unit)

    @property
    def _has_reference(self) -> bool:
        array = self.design.array
        return array.entries == "signed" or (array.off_state == "circuit" and self.design.device.g_min > 0)

    def _off_state(self, A: np.ndarray, scale: np.ndarray) -> CellErrorCorrection | None:
        g_min = self.design.device.g_min
        if not g_min or self.design.array.off_state != "digital":
            return None
        return CellErrorCorrection.of_zeros(A, scale, g_min)
