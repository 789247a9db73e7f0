"""The classic generalised-inverse circuit: op-amps on rows and columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mho.spice import text
from mho.spice.circuit import Circuit
from mho.spice.opamp import OpAmp, instance, subcircuit
from mho.spice.state_space import StateSpace

__all__ = ["ClassicGinv"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassicGinv(Circuit):
    """Classic GINV: m transimpedance amplifiers on the rows, k op-amps on the columns, two copies of the matrix [2.3].

    A row amplifier turns the residual of its row into a voltage, the second array sums those up at the non-inverting
    inputs of the column op-amps. Nodes: ``b0`` inputs, ``r0`` rows, ``v0`` row outputs, ``s0`` column inputs, ``x0``
    column outputs.

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

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign, or a column of the second array without a cell.
    """

    g_left: np.ndarray
    g_right: np.ndarray
    g_feedback: np.ndarray
    g_in: float
    opamp: OpAmp
    bias: np.ndarray | None = None
    row_offset: np.ndarray | None = None
    offset: np.ndarray | None = None

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
        silent = np.flatnonzero(self.column_conductance == 0)
        if silent.size:
            raise ValueError(f"g_right must connect every column to a row, got none in column {int(silent[0])}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows m and columns k."""
        rows, columns = self.g_left.shape
        return rows, columns

    @property
    def inputs(self) -> int:
        """m, a voltage for each row."""
        return self.shape[0]

    @property
    def opamps(self) -> int:
        """One for each row and column."""
        return sum(self.shape)

    @property
    def cells(self) -> int:
        """Both copies."""
        return 2 * self.g_left.size

    @property
    def outputs(self) -> tuple[str, ...]:
        """Column outputs ``x0`` on."""
        return tuple(f"x{j}" for j in range(self.shape[1]))

    @property
    def row_conductance(self) -> np.ndarray:
        """All that is tied to the input of each row amplifier, siemens, shape (m,)."""
        return self.g_left.sum(axis=1) + self.g_feedback + self.g_in

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each column op-amp, siemens, shape (k,)."""
        return self.g_right.sum(axis=0)

    def state_space(self) -> StateSpace:
        """Return the equations of the row outputs v, then the column outputs [2.3].

        ``u1 = L1 (G_L x - g_in b + g v)`` and ``u2 = L2 (G_R' v - bias)``.
        """
        rows, columns = self.shape
        L1, L2 = 1 / self.row_conductance, 1 / self.column_conductance
        F = np.block(
            [
                [np.diag(L1 * self.g_feedback), L1[:, None] * self.g_left],
                [-L2[:, None] * self.g_right.T, np.zeros((columns, columns))],
            ]
        )
        priced = L2 * self._given("bias", columns)
        return StateSpace(
            F=F + np.eye(rows + columns) / self.opamp.gain,
            B=np.vstack([np.diag(-self.g_in * L1), np.zeros((columns, rows))]),
            c=np.r_[-self._given("row_offset", rows), priced + self._given("offset", columns)],
            Z=np.diag(np.r_[L1, L2]),
            bipolar=rows,
        )

    def cell_noise(self, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the covariance at the inputs of cells with the outputs in `z` across them, whatever `volts`."""
        rows, columns = self.shape
        v, x = z[:rows], np.maximum(z[rows:], 0)
        return np.diag(np.r_[np.full(rows, x @ x), np.full(columns, v @ v)] * np.diag(self.state_space().Z) ** 2)

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the input conductance."""
        return {"g_in": (self.g_in, "input conductance of a row")}

    def elements(self, volts: np.ndarray) -> Iterator[str]:
        """Yield inputs at minus `volts`, both arrays, feedback, bias and op-amps."""
        yield from text.heading("Inputs: minus the right-hand side, behind the input conductance of each row")
        yield from text.sources(volts, "g_in", "r")
        yield from text.heading("First array: column output j to the input of row amplifier i, ohms")
        yield from text.array("l", self.g_left, lambda i, j: f"x{j} r{i}")
        yield from text.heading("Feedback of row amplifier i, ohms")
        yield from (f"Rf{i} v{i} r{i} {text.number(1 / g)}" for i, g in enumerate(self.g_feedback) if g > 0)
        yield from text.heading("Second array: row output i to the input of column op-amp j, ohms")
        yield from text.array("r", self.g_right, lambda i, j: f"v{i} s{j}")
        if self.bias is not None and self.bias.any():
            yield from text.heading("Constant currents out of the column inputs, amperes")
            yield from (f"Ibias{j} s{j} 0 {text.number(amperes)}" for j, amperes in enumerate(self.bias))
        yield from self._opamps()

    def _opamps(self) -> Iterator[str]:
        rows, columns = self.shape
        yield from text.heading("Row amplifiers: one pole, of either sign")
        yield from subcircuit(self.opamp, bipolar=True)
        for i, volt in enumerate(self._given("row_offset", rows)):
            yield from instance(f"_v{i}", ("0", f"r{i}", f"v{i}"), volt, bipolar=True)
        yield from text.heading(f"Column op-amps: class-AB output from zero upwards, {self.opamp.clamp} clamp")
        yield from subcircuit(self.opamp)
        for j, volt in enumerate(self._given("offset", columns)):
            yield from instance(str(j), (f"s{j}", "0", f"x{j}"), volt)
