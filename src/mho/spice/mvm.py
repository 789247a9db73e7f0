"""The open loop: a product of matrix and vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mho.spice import text
from mho.spice.circuit import Circuit
from mho.spice.opamp import OpAmp, instance, subcircuit
from mho.spice.state_space import StateSpace

__all__ = ["Mvm"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mvm(Circuit):
    """Product of matrix and vector, one transimpedance amplifier for each row [2.1].

    The answer is ``G x / g_feedback`` for input voltages x. Nodes: ``b0`` inputs, ``r0`` rows, ``y0`` outputs.

    Attributes
    ----------
    g : numpy.ndarray of shape (m, k)
        From input j to row i, siemens. A zero is an open cell.
    g_feedback : float
        From the output of each amplifier to its input, siemens.
    opamp : OpAmp
        What every op-amp is; its output goes below zero too.
    offset : numpy.ndarray of shape (m,), optional
        Input offset of each op-amp, volts; by default none.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign.
    """

    g: np.ndarray
    g_feedback: float
    opamp: OpAmp
    offset: np.ndarray | None = None

    name = "MVM"

    def __post_init__(self) -> None:
        self._matrix("g")
        self._positive("g_feedback")
        self._vector("offset", self.shape[0], nonnegative=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows m and columns k."""
        rows, columns = self.g.shape
        return rows, columns

    @property
    def inputs(self) -> int:
        """k, a voltage for each column."""
        return self.shape[1]

    @property
    def opamps(self) -> int:
        """m, one for each row."""
        return self.shape[0]

    @property
    def cells(self) -> int:
        """The one array."""
        return self.g.size

    @property
    def outputs(self) -> tuple[str, ...]:
        """Row outputs ``y0`` on."""
        return tuple(f"y{i}" for i in range(self.shape[0]))

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each op-amp, siemens, shape (m,)."""
        return self.g.sum(axis=1) + self.g_feedback

    def state_space(self) -> StateSpace:
        """Return the equations of the m op-amps, ``u = L (g_feedback y - G x)`` [2.1]."""
        L = 1 / self.column_conductance
        return StateSpace(
            F=np.diag(self.g_feedback * L + 1 / self.opamp.gain),
            B=-L[:, None] * self.g,
            c=-self._given("offset", self.opamps),
            Z=np.diag(L),
            bipolar=self.opamps,
        )

    def cell_noise(self, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the covariance at the inputs of cells that have `volts` across them, whatever `z`."""
        return np.diag(volts @ volts / self.column_conductance**2)

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the feedback conductance."""
        return {"g_feedback": (self.g_feedback, "feedback conductance of a row amplifier")}

    def elements(self, volts: np.ndarray) -> Iterator[str]:
        """Yield inputs at minus `volts`, array, feedback and op-amps."""
        yield from text.heading("Inputs: minus the vector")
        yield from (f"Vb{j} b{j} 0 {text.number(-volt)}" for j, volt in enumerate(volts))
        yield from text.heading("Array: input j to row i, ohms")
        yield from text.array("g", self.g, lambda i, j: f"b{j} r{i}")
        yield from text.heading("Feedback of row amplifier i, ohms")
        yield from (f"Rf{i} y{i} r{i} {{1/g_feedback}}" for i in range(self.shape[0]))
        yield from text.heading("Row amplifiers: one pole, of either sign")
        yield from subcircuit(self.opamp, bipolar=True)
        for i, volt in enumerate(self._given("offset", self.opamps)):
            yield from instance(str(i), ("0", f"r{i}", f"y{i}"), volt, bipolar=True)
