"""A programmed array whose rows and columns lie elsewhere on the chip than in the matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.chip.health import Placement
from mho.chip.programmed_array import ProgrammedArray, Solving, as_programmed, checked_currents
from mho.operands import Dense, Matrix, Sparse

__all__ = ["PlacedArray"]


class PlacedArray(Solving):
    """A matrix in the cells of a repaired chip; `Chip.program` makes it.

    Right-hand sides and answers are those of the matrix; everything else is that of `array`, in the order of the chip.

    Parameters
    ----------
    array : ProgrammedArray
        In the order of the chip.
    placement : Placement
        Where the matrix lies.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import Chip, preset
    >>> chip = Chip(preset("ideal").with_(stuck_high=0.05), seed=0)
    >>> faults = chip.repair(spare_rows=8)
    >>> A, x = np.random.default_rng(0).random((32, 4)), np.array([0.5, 0.0, 1.0, 0.8])
    >>> plain = Chip(chip.design, seed=0).program(A).solve(A @ x)
    >>> bool(np.linalg.norm(chip.program(A).solve(A @ x) - x) < np.linalg.norm(plain - x) / 2)
    True
    """

    def __init__(self, array: ProgrammedArray, placement: Placement) -> None:
        self.array, self.placement, self.design = array, placement, array.design

    def __getattr__(self, name: str) -> Any:
        if name in ("array", "placement"):
            raise AttributeError(name)
        return getattr(self.array, name)

    def __repr__(self) -> str:
        rows, columns = self.placement.shape
        return f"PlacedArray({self.shape[0]} x {self.shape[1]} of {rows} x {columns}, {self.array!r})"

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (m, k) of the matrix that was programmed."""
        return len(self.placement.rows), len(self.placement.columns)

    def solve_operand(self, operand: Matrix, currents: Any = None) -> np.ndarray:
        """See `ProgrammedArray.solve_operand`."""
        if currents is not None:
            currents = self.placement.laid(checked_currents(currents, (self.shape[1], operand.shape[1])), "columns")
        return self._taken(self.array.solve_operand(self._laid(operand), currents))

    def correct(self, currents: Any, free: Any, *, reach: Any = None, B: Matrix | None = None) -> np.ndarray:
        """See `ProgrammedArray.correct`."""
        laid = None if B is None else self._laid(B)
        open_ = self.placement.laid(np.asarray(free, np.float64), "columns") > 0
        return self._taken(self.array.correct(self._columns(currents), open_, reach=reach, B=laid))

    def read_back(self, A: Any) -> None:
        """See `ProgrammedArray.read_back`."""
        self.array.read_back(self.placement.laid(as_programmed(A, self.shape), "both"))

    def volts(self, b: Any) -> np.ndarray:
        """See `ProgrammedArray.volts`."""
        return self.array.volts(self.placement.laid(np.asarray(b, np.float64), "rows"))

    def observe(self, B: np.ndarray, currents: np.ndarray | None, full_scale: float) -> tuple[np.ndarray, np.ndarray]:
        """See `mho.chip.calibration.Pins`."""
        X, reached = self.array.observe(self.placement.laid(B, "rows"), self._columns(currents), full_scale)
        return self._taken(X), reached

    def observe_unclamped(self) -> np.ndarray:
        """See `mho.chip.calibration.Pins`."""
        return self._taken(self.array.observe_unclamped())

    def inject(self, currents: np.ndarray) -> None:
        """See `mho.chip.calibration.Pins`."""
        self.array.inject(self.placement.laid(currents, "columns"))

    def output_volts(self, X: np.ndarray) -> np.ndarray:
        """See `mho.chip.calibration.Pins`."""
        return self._taken(self.array.output_volts(self.placement.laid(X, "columns")))

    def set_map(self, T: np.ndarray | None) -> None:
        """See `mho.chip.calibration.Pins`."""
        if T is not None:
            whole = np.eye(self.placement.shape[1])
            whole[np.ix_(self.placement.columns, self.placement.columns)] = T
            T = whole
        self.array.set_map(T)

    def _taken(self, X: np.ndarray) -> np.ndarray:
        return X[self.placement.columns]

    def _columns(self, C: Any) -> Any:
        return None if C is None else self.placement.laid(np.asarray(C, np.float64), "columns")

    def _laid(self, B: Matrix) -> Matrix:
        """The right-hand sides in the order of the chip."""
        if B.shape[0] != self.shape[0]:
            raise ValueError(f"B must have {self.shape[0]} rows, as many as the programmed matrix, got shape {B.shape}")
        if isinstance(B, Dense):
            return Dense.from_checked(self.placement.laid(B.array, "rows"))
        ptr, idx, values = B.by_column()
        whole = sp.csc_array((values, self.placement.rows[idx], ptr), shape=(self.placement.shape[0], B.shape[1]))
        whole.sort_indices()
        return Sparse.from_checked(whole, missing=B.missing)
