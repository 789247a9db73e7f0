"""What every circuit of this room has in common, and is checked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

from mho.checks import as_matrix, positive_number
from mho.spice.arguments import values
from mho.spice.opamp import OpAmp
from mho.spice.state_space import StateSpace

__all__ = ["Circuit"]

# Diode path over the largest column conductance. A clamped amplifier that takes the column current w stands at
# -w / g_clamp, so its sense node is lifted to w / (A0 g_clamp) instead of held at 0. Measured at rest (16x4 and 32x8,
# gain 1e5) as a fraction of the largest output: 3e-7 at a ratio of 1, 3e-9 at 100, near what ngspice resolves; at gain
# 1e3 a hundred times that. The clamped loop is faster than the amplifier by the same ratio, which Gear's method bears:
# from 10 to 1000 the time steps grow by a tenth.
_CLAMP_STIFFNESS = 100.0


class Circuit(ABC):
    """A circuit of one or two arrays and a column of op-amps, as plain numbers.

    Its arrays, frozen, hold copies of what the caller gave.
    """

    opamp: OpAmp
    name: str
    """What the circuit is called in a netlist's title."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the array."""

    @property
    @abstractmethod
    def inputs(self) -> int:
        """How many voltages it takes."""

    @property
    @abstractmethod
    def opamps(self) -> int:
        """How many op-amps it has."""

    @property
    @abstractmethod
    def cells(self) -> int:
        """How many cells its arrays have."""

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """Nodes that hold the answer, in order."""

    @property
    @abstractmethod
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each op-amp that holds an answer, siemens."""

    @abstractmethod
    def state_space(self) -> StateSpace:
        """Return the linear equations of the loop with every op-amp between its limits, and perfect wires."""

    @abstractmethod
    def cell_noise(self, volts: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the covariance (n, n) that cells of independent unit variance bring about at the op-amps' inputs.

        V^2/S^2, for op-amp voltages `z` (n,) at rest with inputs `volts` (inputs,): a cell with a voltage v across it
        injects a current v for each siemens.
        """

    @abstractmethod
    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the circuit's own parameters: value and meaning by name."""

    @abstractmethod
    def elements(self, volts: np.ndarray) -> Iterator[str]:
        """Yield what is neither parameters nor analysis in a netlist with inputs at minus `volts` (inputs,)."""

    @property
    def g_clamp(self) -> float:
        """Conductance of the diode path of a rectifying op-amp, siemens."""
        return float(_CLAMP_STIFFNESS * self.column_conductance.max())

    def _matrix(self, name: str, like: str | None = None) -> None:
        """Check a matrix of conductances, of the shape of another one."""
        matrix = as_matrix(getattr(self, name), name).astype(np.float64)
        if like is not None and matrix.shape != getattr(self, like).shape:
            raise ValueError(f"{name} must have the shape of {like}, {getattr(self, like).shape}, got {matrix.shape}")
        self._set(name, matrix)

    def _vector(self, name: str, length: int, *, each: str = "row", nonnegative: bool = True) -> None:
        """Check a value for each row or column; None stays."""
        if getattr(self, name) is not None:
            self._set(name, values(getattr(self, name), name, length, each=each, nonnegative=nonnegative))

    def _positive(self, name: str) -> None:
        self._set(name, positive_number(getattr(self, name), name))

    def _given(self, name: str, length: int) -> np.ndarray:
        """Return a vector that may be left out; zeros then."""
        value = getattr(self, name)
        return np.zeros(length) if value is None else value

    def _set(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, name, value)
