"""The classic generalised-inverse circuit: op-amps on rows and columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mho.circuits.circuit import Circuit
from mho.circuits.opamp import OpAmp
from mho.circuits.wires import Wires

__all__ = ["ClassicGinv"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassicGinv(Circuit):
    """Classic GINV: m transimpedance amplifiers on the rows, k op-amps on the columns, two arrays (Sun-2020a).

    A row amplifier turns the residual of its row into a voltage, the second array sums those up at the non-inverting
    inputs of the column op-amps. Nodes: ``b0`` inputs, ``r0`` rows, ``v0`` row outputs, ``s0`` column inputs, ``x0``
    column outputs. Where a wire has resistance its nodes follow: ``r0_1`` and ``v0_1`` are row 0 of the first and of
    the second array at column 1, ``x0_1`` and ``s0_1`` column 0 at row 1.

    Attributes
    ----------
    g_left : numpy.ndarray of shape (m, k)
        First array, from column output j to row i, siemens. A zero is an open cell.
    g_right : numpy.ndarray of shape (m, k)
        Second array, from row output i to column input j, siemens. A zero is an open cell.
    g_feedback : numpy.ndarray of shape (m,)
        From the output of each row amplifier to its input, siemens: the row counts by its inverse. A zero makes the
        row an equality that holds exactly.
    g_in : float
        Input conductance of every row, siemens.
    opamp : OpAmp
        What every op-amp is; the output of those on the rows goes below zero too.
    bias : numpy.ndarray of shape (k,), optional
        Constant current out of each column input, amperes; by default none.
    row_offset : numpy.ndarray of shape (m,), optional
        Input offset of each row amplifier, volts; by default none.
    offset : numpy.ndarray of shape (k,), optional
        Input offset of each column op-amp, volts; by default none.
    wires : Wires
        Resistance between the cells, by default none: wires run from the outputs, behind `driver_ohms`, and from the
        op-amps' inputs, behind `sense_ohms`, to the first cell and on.
    places, row_places : numpy.ndarray of bool, optional
        Which places along the rows' and along the columns' wires hold a column or a row, k and m of them; by default
        there are no others. The wires run past those that hold none.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign, or a column of the second array without a cell.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import ClassicGinv, OpAmp, operating_point
    >>> A, opamp = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), OpAmp(gain=1e9, bandwidth=1e8)
    >>> circuit = ClassicGinv(g_left=1e-5 * A, g_right=1e-5 * A, g_feedback=np.full(3, 1e-5), g_in=1e-5, opamp=opamp)
    >>> operating_point(circuit, A @ [0.02, 0.03]).round(4)
    array([0.  , 0.  , 0.  , 0.02, 0.03])
    """

    g_left: np.ndarray
    g_right: np.ndarray
    g_feedback: np.ndarray
    g_in: float
    opamp: OpAmp
    bias: np.ndarray | None = None
    row_offset: np.ndarray | None = None
    offset: np.ndarray | None = None
    wires: Wires = field(default_factory=Wires)
    places: np.ndarray | None = None
    row_places: np.ndarray | None = None

    name = "classic GINV"

    def __post_init__(self) -> None:
        self._matrix("g_left")
        self._matrix("g_right", like="g_left")
        rows, columns = self.shape
        self._vector("g_feedback", rows)
        self._positive("g_in")
        self._vector("row_offset", rows, nonnegative=False)
        for name in ("bias", "offset"):
            self._vector(name, columns, each="column", nonnegative=False)
        self._places("places", columns, "columns")
        self._places("row_places", rows, "rows")
        silent = np.flatnonzero(self.column_conductance == 0)
        if silent.size:
            raise ValueError(f"g_right must connect every column to a row, got none in column {int(silent[0])}")

    @property
    def opamps(self) -> int:
        """One for each row and column."""
        return sum(self.shape)

    @property
    def row_conductance(self) -> np.ndarray:
        """All that is tied to the input of each row amplifier, siemens, shape (m,)."""
        return self.g_left.sum(axis=1) + self.g_feedback + self.g_in

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each column op-amp, siemens, shape (k,)."""
        return self.g_right.sum(axis=0)
