"""The inverse circuit on the Gram matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mho.spice import text
from mho.spice.circuit import Circuit
from mho.spice.opamp import OpAmp, instance, subcircuit
from mho.spice.state_space import StateSpace

__all__ = ["GramInv"]


@dataclass(frozen=True, kw_only=True, eq=False)
class GramInv(Circuit):
    """Inverse circuit with a Gram matrix in one array, k op-amps [2.2].

    Its inputs are A'b, a product that somebody else has formed. Nodes: ``b0`` inputs, ``s0`` op-amp inputs, ``x0``
    outputs.

    Attributes
    ----------
    g_gram : numpy.ndarray of shape (k, k)
        From output j to the input of op-amp i, siemens. A zero is an open cell.
    g_in : float
        Input conductance of every row, siemens.
    opamp : OpAmp
        What every op-amp is.
    offset : numpy.ndarray of shape (k,), optional
        Input offset of each op-amp, volts; by default none.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign.
    """

    g_gram: np.ndarray
    g_in: float
    opamp: OpAmp
    offset: np.ndarray | None = None

    name = "Gram INV"

    def __post_init__(self) -> None:
        self._matrix("g_gram")
        rows, columns = self.g_gram.shape
        if rows != columns:
            raise ValueError(f"g_gram must be square, got shape {self.g_gram.shape}")
        self._positive("g_in")
        self._vector("offset", columns, each="column", nonnegative=False)

    @property
    def shape(self) -> tuple[int, int]:
        """(k, k)."""
        rows, columns = self.g_gram.shape
        return rows, columns

    @property
    def inputs(self) -> int:
        """k, a voltage for each row of the Gram matrix."""
        return self.shape[0]

    @property
    def opamps(self) -> int:
        """One for each output."""
        return self.shape[0]

    @property
    def cells(self) -> int:
        """The one array."""
        return self.g_gram.size

    @property
    def outputs(self) -> tuple[str, ...]:
        """Outputs ``x0`` on."""
        return tuple(f"x{j}" for j in range(self.shape[0]))

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each op-amp, siemens, shape (k,)."""
        return self.g_gram.sum(axis=1) + self.g_in

    def state_space(self) -> StateSpace:
        """Return the equations of the k op-amps, ``s = L (G x - g_in b)`` [2.2]."""
        k, L = self.opamps, 1 / self.column_conductance
        return StateSpace(
            F=L[:, None] * self.g_gram + np.eye(k) / self.opamp.gain,
            B=np.diag(-self.g_in * L),
            c=-self._given("offset", k),
            Z=np.diag(L),
            bipolar=0,
        )

    def cell_noise(self, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the covariance at the inputs of cells that have the outputs in `z` across them, whatever `volts`."""
        return np.diag(z @ z / self.column_conductance**2)

    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the input conductance."""
        return {"g_in": (self.g_in, "input conductance of a row")}

    def elements(self, volts: np.ndarray) -> Iterator[str]:
        """Yield inputs at minus `volts`, array and op-amps."""
        yield from text.heading("Inputs: minus the right-hand side, behind the input conductance of each row")
        yield from text.sources(volts, "g_in", "s")
        yield from text.heading("Array: output j to the input of op-amp i, ohms")
        yield from text.array("g", self.g_gram, lambda i, j: f"x{j} s{i}")
        yield from text.heading(f"Op-amps: one pole, class-AB output from zero upwards, {self.opamp.clamp} clamp")
        yield from subcircuit(self.opamp)
        for j, volt in enumerate(self._given("offset", self.opamps)):
            yield from instance(str(j), ("0", f"s{j}", f"x{j}"), volt)
