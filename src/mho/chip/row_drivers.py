"""Row drivers of a programmed chip: from right-hand sides to volts at its rows, those of a ridge below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.chip.converters import ConverterBank
from mho.circuits.word_lines import WordLines
from mho.operands import Dense, Matrix, Sparse

__all__ = ["RowDrivers"]


@dataclass(frozen=True, eq=False)
class RowDrivers:
    """DACs, voltage scale and ridge sources that drive the rows of one programmed chip.

    The loop is positively homogeneous, so volts are stated at a fixed scale; the range that the converters really work
    at is chosen for each right-hand side (`mho.chip.autorange`).

    Attributes
    ----------
    converters : ConverterBank
    v_in : float
        Full scale, volts.
    volts_per_unit : float
        The fixed scale.
    rows : int
        m, of the matrix.
    ridge_volts : ndarray
        Constant volts of the rows that a ridge added.
    """

    converters: ConverterBank
    v_in: float
    volts_per_unit: float
    rows: int
    ridge_volts: np.ndarray

    def peaks(self, B: Matrix) -> np.ndarray:
        """Return the largest input (n,) of each right-hand side in B (m, n), a ridge's included, in units of these."""
        ridge = float(np.abs(self.ridge_volts).max(initial=0)) / self.volts_per_unit
        return np.maximum(B.column_peaks(), ridge).astype(np.float64)

    def full_range(self, peak_in: np.ndarray) -> np.ndarray:
        """Return the factor (n,) from the volts of the fixed scale to those that put `peak_in` (n,) at full scale."""
        return self.v_in / (np.where(peak_in > 0, peak_in, 1.0) * self.volts_per_unit)

    def dense(self, B: np.ndarray, peak_in: np.ndarray) -> np.ndarray:
        """Return the volts (m, n) that the DACs make of B (m, n), `peak_in` (n,) being what full scale stands for."""
        return self._to_volts(B, peak_in, np.arange(self.rows)[:, None])

    def stored(self, B: Sparse, peak_in: np.ndarray) -> np.ndarray:
        """Return row voltages of the stored entries of a sparse B, in the order of its columns."""
        ptr, idx, values = B.by_column()
        return self._to_volts(values.astype(np.float64), np.repeat(peak_in, np.diff(ptr)), idx)

    def _to_volts(self, values: np.ndarray, peak_in: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return self.converters.to_volts(values, peak_in, rows) * self.volts_per_unit

    def with_ridge(self, V: np.ndarray) -> np.ndarray:
        """Return volts V (m, n) with those of a ridge's rows below."""
        return np.vstack([V, self._ridge_voltages(V.shape[1])]) if self.ridge_volts.size else V

    def row_voltages(self, B: Matrix, V: np.ndarray) -> Any:
        """Return the volts at all rows, an array or sparse, where nothing is missing.

        Parameters
        ----------
        B : operand of shape (m, n)
            Right-hand sides by columns.
        V : ndarray
            Volts, dense (m, n) or those of the stored entries.
        """
        if isinstance(B, Dense):
            return self.with_ridge(V)
        ptr, idx, _ = B.by_column()
        given = sp.csc_array((V, idx, ptr), shape=B.shape)
        if not self.ridge_volts.size:
            return given
        return sp.vstack([given, sp.csc_array(self._ridge_voltages(B.shape[1]))], format="csc")

    def switched(self, B: Sparse, V: np.ndarray) -> WordLines:
        """Return the rows that stored entries are at, and their volts V; a ridge's are always on."""
        ptr, idx, _ = B.by_column()
        return WordLines(ptr, idx, V, slice(self.rows, None), self.ridge_volts)

    def active_row_voltages(self, B: Matrix, V: np.ndarray, j: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that are on for right-hand side j, and their volts, in order.

        Parameters
        ----------
        B : operand of shape (m, n)
            Right-hand sides by columns.
        V : ndarray
            As for `row_voltages`.
        j : int
            Number of the right-hand side.
        """
        m = self.rows + len(self.ridge_volts)
        if isinstance(B, Dense):
            return np.ones(m, bool), np.concatenate([V[:, j], self.ridge_volts])
        on, volts = self.switched(B, V).one(j, m)
        if B.missing:
            return on, volts
        every = np.zeros(m)
        every[on] = volts
        return np.ones(m, bool), every

    def _ridge_voltages(self, n: int) -> np.ndarray:
        return np.broadcast_to(self.ridge_volts[:, None], (len(self.ridge_volts), n))
