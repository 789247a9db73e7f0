"""The compact generalised-inverse circuit with conductance compensation."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mho.circuits.circuit import Circuit, switches
from mho.circuits.opamp import OpAmp
from mho.circuits.reference_columns import ReferenceColumns
from mho.circuits.wires import Wires

__all__ = ["CompactGinv"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CompactGinv(Circuit):
    """Compact GINV with conductance compensation: k op-amps, driving and sensing array, m floating row nodes.

    Nodes: ``b0`` inputs, ``r0`` rows, ``x0`` column outputs, ``s0`` sense nodes. Where a wire has resistance its nodes
    follow: ``r0_1`` is row 0 at its cell 1, ``x0_1`` column 0 at row 1. Those of reference columns are in
    `ReferenceColumns`.

    Attributes
    ----------
    g_left : numpy.ndarray of shape (m, k)
        Driving array, from column output j to row i, siemens. A zero is an open cell.
    g_right : numpy.ndarray of shape (m, k)
        Sensing array, from sense node j to row i, siemens. A zero is an open cell.
    g_comp : numpy.ndarray of shape (m,)
        Compensation from row i to ground, siemens.
    g_in : float
        Input conductance of every row, siemens.
    opamp : OpAmp
        What every op-amp is.
    bias : numpy.ndarray of shape (k,), optional
        Constant current into each sense node, amperes; by default none.
    word_lines : numpy.ndarray of bool of shape (m,), optional
        Rows whose cells are connected; by default all.
    offset : numpy.ndarray of shape (k,), optional
        Input offset of each op-amp, volts: what its sense node is held at; by default none.
    wires : Wires
        Resistance between the cells; by default none.
    reference : ReferenceColumns, optional
        By default none.
    places : numpy.ndarray of bool, optional
        Which places along the rows' wires hold a column of either array, k of them; by default there are no others. The
        wires run past those that hold none.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign, or a column without a sensing cell: its amplifier has no input.

    Notes
    -----
    The circuit is a hypothesis: it follows from Kirchhoff's laws and fits every published word about the chip, whose
    inside is not public (NMF-2026).

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import CompactGinv, OpAmp, operating_point
    >>> A, opamp = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), OpAmp(gain=1e9, bandwidth=1e8)
    >>> g = 1e-5 * A
    >>> comp = 2 * (g.sum(axis=1).max() - g.sum(axis=1))  # all rows conduct the same
    >>> circuit = CompactGinv(g_left=g, g_right=g, g_comp=comp, g_in=1e-5, opamp=opamp)
    >>> operating_point(circuit, A @ [0.02, 0.03]).round(4)
    array([0.02, 0.03])
    """

    g_left: np.ndarray
    g_right: np.ndarray
    g_comp: np.ndarray
    g_in: float
    opamp: OpAmp
    bias: np.ndarray | None = None
    word_lines: np.ndarray | None = None
    offset: np.ndarray | None = None
    wires: Wires = field(default_factory=Wires)
    reference: ReferenceColumns | None = None
    places: np.ndarray | None = None

    name = "compact GINV"

    def __post_init__(self) -> None:
        self._matrix("g_left")
        self._matrix("g_right", like="g_left")
        rows, columns = self.shape
        self._vector("g_comp", rows)
        self._positive("g_in")
        for name in ("bias", "offset"):
            self._vector(name, columns, each="column", nonnegative=False)
        if self.word_lines is not None:
            self._set("word_lines", switches(self.word_lines, "word_lines", rows, each="row"))
        self._places("places", columns, "columns")
        self._check_sensed()

    def _check_sensed(self) -> None:
        silent = np.flatnonzero(self.column_conductance == 0)
        if silent.size:
            raise ValueError(
                f"g_right must connect every column to a row whose word line is on, got none in column {int(silent[0])}"
            )

    @property
    def opamps(self) -> int:
        """k, one for each column, and two for reference columns."""
        return self.shape[1] + self._extra

    @property
    def cells(self) -> int:
        """Number of cells of both arrays and reference columns."""
        return super().cells + self._extra * self.shape[0]

    @property
    def _extra(self) -> int:
        return 0 if self.reference is None else 2

    @property
    def driving(self) -> list[str]:
        """Nodes that drive the columns of the first array, in order."""
        return [*["y"] * (self.reference is not None), *self.outputs]

    @property
    def sensing(self) -> list[str]:
        """Nodes that sense the columns of the second array, in order."""
        return [*["p"] * (self.reference is not None), *(f"s{j}" for j in range(self.shape[1]))]

    @property
    def on(self) -> np.ndarray:
        """Rows whose word line is on, in order, shape (rows on,)."""
        return np.arange(self.shape[0]) if self.word_lines is None else np.flatnonzero(self.word_lines)

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Both arrays at the rows that are on, reference columns before the others, siemens."""
        left, right = self.g_left[self.on], self.g_right[self.on]
        if self.reference is None:
            return left, right
        return (
            np.column_stack([self.reference.g_left[self.on], left]),
            np.column_stack([self.reference.g_right[self.on], right]),
        )

    @property
    def row_conductance(self) -> np.ndarray:
        """S, all that is tied to each row that is on, siemens, shape (rows on,)."""
        return sum(array.sum(axis=1) for array in self.arrays) + self.g_in + self.g_comp[self.on]

    @property
    def column_conductance(self) -> np.ndarray:
        """C, all that is tied to each sense node but for what takes a reference's current, siemens, shape (k,)."""
        return (self.g_right if self.word_lines is None else self.g_right[self.on]).sum(axis=0)
