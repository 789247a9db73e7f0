"""A matrix in cells of a chip: they age, are heated, are written again."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from mho import checks
from mho.chip.crossbar import Crossbar
from mho.chip.design import REFUSED_OPERANDS, ChipDesign
from mho.circuits.conductances import Conductances
from mho.circuits.errors import ChipError

__all__ = ["ProgrammedCells", "dense_vectors"]


class ProgrammedCells(ABC):
    """Cells of a programmed matrix, and what time and temperature do to them.

    Attributes
    ----------
    design : ChipDesign
    store : Crossbar
        The cells, one by one: targets, errors, pulses, seconds since each row was written.
    kelvin : float
        Temperature while the circuit works; `heat` changes it.
    conductances : Conductances
        What the cells are now, or were when last read.
    """

    design: ChipDesign
    store: Crossbar
    kelvin: float
    conductances: Conductances

    shape: Any
    """Rows and columns of the matrix that was programmed."""

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"{type(self).__name__}({rows} x {columns}, {self.design.name!r}, topology={self.design.topology!r})"

    @abstractmethod
    def _install(self, integration: float | None = None) -> None:
        """Take the conductances as they are now, or as one read has them, and make the circuit of them."""

    def age(self, seconds: float, kelvin: float | None = None) -> None:
        """Let time pass: the cells relax and drift as their device does.

        Parameters
        ----------
        seconds : float
            Time that passes.
        kelvin : float, optional
            Temperature meanwhile; by default the one at which relaxation was measured.

        Raises
        ------
        ChipError
            A time or a temperature for which the device was not measured.
        """
        self.store.age(seconds, kelvin)
        device = self.design.device
        if seconds and device.relaxation is None and not device.noise:
            self._changes_nothing(f"age {seconds:g} s", "its device has neither a relaxation nor read noise")
        self._install()

    def _changes_nothing(self, what: str, reason: str) -> None:
        warnings.warn(f"{what} changes nothing on {self.design.name}: {reason}", UserWarning, stacklevel=3)

    def refresh(self, rows: Any = None) -> None:
        """Write the matrix again, with fresh errors.

        Parameters
        ----------
        rows : index, optional
            Some rows of cells only, as NumPy takes an index; those of a ridge follow the matrix.
        """
        every = np.arange(len(self.store.elapsed))
        try:
            chosen = every if rows is None else np.unique(every[rows])
        except IndexError:
            raise ValueError(f"rows must be an index of some of {len(every)} rows, got {rows!r}") from None
        self.store.refresh(chosen)
        self._install()

    def heat(self, kelvin: float) -> None:
        """Work at `kelvin` from now on.

        Parameters
        ----------
        kelvin : float
            Temperature.
        """
        checks.positive_number(kelvin, "kelvin")
        law = self.design.device.temperature
        if kelvin != self.kelvin and not (law.temperature_slope or law.temperature_spread or self.design.device.noise):
            self._changes_nothing(f"heat {kelvin:g} K", "its device has no temperature coefficient and no read noise")
        self.kelvin = kelvin
        self._install()


def dense_vectors(X: Any, name: str, topology: str, length: int, each: str) -> np.ndarray:
    """Return vectors of either sign by columns (length, n), checked.

    Parameters
    ----------
    X : array_like of shape (length, n) or (length,)
        Vectors.
    name, topology : str
        What the caller calls them, and the circuit that takes them.
    length : int
        Numbers of a vector.
    each : str
        Line of the matrix that a number belongs to, "row" or "column".

    Raises
    ------
    ChipError
        Vectors that the topology refuses: `REFUSED_OPERANDS`.
    """
    if hasattr(X, "tocsc"):
        raise ChipError(REFUSED_OPERANDS[topology, "sparse"])
    array = np.asarray(X)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ChipError(REFUSED_OPERANDS[topology, "missing"])
    found = checks.as_matrix(array[:, None] if array.ndim == 1 else array, name, nonnegative=False)
    if len(found) != length:
        raise ValueError(f"{name} must have {length} rows, one per {each} of the matrix, got shape {array.shape}")
    return found.astype(np.float64)
