"""Circuit descriptions: conductances and op-amps, checked; no equations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from mho.checks import as_matrix, positive_number
from mho.circuits.opamp import OpAmp

__all__ = ["Circuit", "switches", "values"]

# Diode path over the largest column conductance. A clamped amplifier that takes the column current w stands at
# -w / g_clamp, so its sense node is lifted to w / (A0 g_clamp) instead of held at 0. Measured at rest (16x4 and 32x8,
# gain 1e5) as a fraction of the largest output: 3e-7 at a ratio of 1, 3e-9 at 100, near what ngspice resolves; at gain
# 1e3 a hundred times that. The clamped loop is faster than the amplifier by the same ratio, which Gear's method bears:
# from 10 to 1000 the time steps grow by a tenth.
_CLAMP_STIFFNESS = 100.0


class Circuit(ABC):
    """A circuit of one or two arrays and a column of op-amps, as plain numbers.

    Its arrays, frozen, hold copies of what the caller gave.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Circuit, Mvm, OpAmp
    >>> circuit = Mvm(g=np.full((3, 2), 1e-5), g_feedback=1e-5, opamp=OpAmp(gain=1e5, bandwidth=1e8))
    >>> isinstance(circuit, Circuit), circuit.shape, circuit.opamps, circuit.cells
    (True, (3, 2), 3, 6)
    """

    opamp: OpAmp
    name: str
    """What the circuit is called in a netlist's title."""

    _array: ClassVar[str] = "g_left"
    """The attribute that holds the first array."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the array."""
        rows, columns = getattr(self, self._array).shape
        return rows, columns

    @property
    def inputs(self) -> int:
        """Number of input voltages: one for each row."""
        return self.shape[0]

    @property
    @abstractmethod
    def opamps(self) -> int:
        """Number of op-amps."""

    @property
    def cells(self) -> int:
        """Number of cells in all arrays: driving and sensing."""
        return 2 * getattr(self, self._array).size

    @property
    def outputs(self) -> tuple[str, ...]:
        """Nodes that hold the answer, in order: ``x0`` on, one for each column."""
        return tuple(f"x{j}" for j in range(self.shape[1]))

    @property
    @abstractmethod
    def column_conductance(self) -> np.ndarray:
        """Total conductance tied to the input of each op-amp that holds an answer, siemens."""

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

    def _square(self, name: str) -> None:
        """Check a matrix of conductances with as many rows as columns."""
        self._matrix(name)
        rows, columns = shape = getattr(self, name).shape
        if rows != columns:
            raise ValueError(f"{name} must be square, got shape {shape}")

    def _vector(self, name: str, length: int, *, each: str = "row", nonnegative: bool = True) -> None:
        """Check a value for each row or column; None stays."""
        if getattr(self, name) is not None:
            self._set(name, values(getattr(self, name), name, length, each=each, nonnegative=nonnegative))

    def _positive(self, name: str) -> None:
        self._set(name, positive_number(getattr(self, name), name))

    def _places(self, name: str, count: int, what: str) -> None:
        """Check a mask of places of which `count` hold something; None stays."""
        places = getattr(self, name)
        if places is not None:
            self._set(name, switches(places, name, np.size(places), each="place"))
            if np.count_nonzero(getattr(self, name)) != count:
                raise ValueError(f"{name} must hold {count} {what}, got {np.count_nonzero(getattr(self, name))}")

    def given(self, name: str, length: int) -> np.ndarray:
        """Return the optional vector `name`, of `length` zeros where it was left out."""
        value = getattr(self, name)
        return np.zeros(length) if value is None else value

    def _set(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, name, value)


def values(value: Any, name: str, length: int, *, each: str = "row", nonnegative: bool = True) -> np.ndarray:
    """Return `value` as float64 of shape (length,), one number for `each` of something, a copy."""
    array = np.asarray(value)
    _check_shape(array, name, length, each)
    if not length:
        return np.zeros(0)
    return as_matrix(array[:, None], name, nonnegative=nonnegative)[:, 0].astype(np.float64)


def switches(value: Any, name: str, length: int, *, each: str) -> np.ndarray:
    """Return `value` as booleans of shape (length,), one for `each` of something, a copy."""
    array = np.array(value)
    _check_shape(array, name, length, each)
    if array.dtype != np.bool_:
        raise TypeError(f"{name} must be boolean, got dtype {array.dtype}")
    return array


def _check_shape(array: np.ndarray, name: str, length: int, each: str) -> None:
    if array.shape != (length,):
        raise ValueError(f"{name} must have shape ({length},), one per {each}, got {array.shape}")
