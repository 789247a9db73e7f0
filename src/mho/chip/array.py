"""A programmed chip: conductances, and the loop that settles to the answer of each right-hand side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mho import kernels
from mho.chip.converters import to_digital, to_volts
from mho.chip.design import ChipDesign
from mho.chip.errors import ChipError
from mho.chip.ledger import Ledger
from mho.chip.loop import Loop
from mho.chip.programming import Conductances
from mho.chip.recording import block_events
from mho.operands import Dense, Matrix, Sparse, as_matrix

__all__ = ["ProgrammedArray"]

_BLOCK = 1 << 21
"""Numbers of a right-hand side block that are held as volts at a time."""

_ATTEMPTS = 6
"""Times that a right-hand side is solved at most until its answer fits. Two do without an offset; an offset does not
shrink with the inputs, so that more may be needed."""


class ProgrammedArray:
    """What `Chip.program` returns; everything needed to rebuild the circuit elsewhere is in its attributes.

    The circuit is that of `mho.chip.loop`, with ``b = volts(B)``: the source at row i drives ``-volts`` through `g_in`.
    The loop is positively homogeneous, so inputs are stated at a fixed scale (`volts`, `units_per_volt`); the range
    that the converters really work at is chosen for each right-hand side so that neither end clips.

    Parameters
    ----------
    conductances : Conductances
        What was written.
    design : ChipDesign
        What the chip is made of.
    ledger : Ledger
        Where solving is entered.
    largest_sum : float
        The largest row sum of the matrix, which sets the fixed scale.
    ridge_target : ndarray
        Right-hand side of the rows that a ridge added.
    l1 : float
        Price of the sum of the answer.
    offset_volts : ndarray of shape (k,)
        Input offset of each op-amp, volts.

    Attributes
    ----------
    conductances : Conductances
        What the cells are now.
    g_left, g_right : ndarray of shape (m, k)
        Driving and sensing copy, siemens. A ridge adds rows below those of the matrix.
    g_comp : ndarray of shape (m,)
        Compensation from each row to ground, siemens.
    g_in : float
        From each row to its source, siemens.
    units_per_volt : ndarray of shape (k,)
        Outputs in volts times this are the numbers asked for.
    bias : ndarray of shape (k,)
        Constant current into each sense node, amperes; zero unless there is an l1 price.
    ridge_volts : ndarray
        Constant input voltages of the rows that a ridge added, volts.
    offset_volts : ndarray of shape (k,)
        Input offset of each op-amp, volts.
    loop : Loop
        The network reduced to its column nodes.
    """

    def __init__(
        self,
        conductances: Conductances,
        design: ChipDesign,
        ledger: Ledger,
        *,
        largest_sum: float,
        ridge_target: np.ndarray,
        l1: float,
        offset_volts: np.ndarray,
    ) -> None:
        self.design = design
        self._ledger = ledger
        self._volts_per_unit = design.converters.v_in / (largest_sum or 1.0)
        self.ridge_volts = ridge_target * self._volts_per_unit
        self._rows = len(conductances.left) - len(ridge_target)
        self._l1 = l1
        self.offset_volts = offset_volts
        self._install(conductances)

    def _install(self, conductances: Conductances) -> None:
        """Make these the conductances of the chip and reduce its network anew."""
        self.conductances = conductances
        self.g_left, self.g_right = conductances.left, conductances.right
        self.g_comp, self.g_in = conductances.comp, conductances.g_in
        self.units_per_volt = conductances.scale / (self.g_in * self._volts_per_unit)
        self.loop = Loop.reduce(conductances, self.design.amplifier, self.design.wires)
        self._base = self.loop.matrix(slice(self._rows, None))
        self.bias = self._l1 * conductances.scale * self.g_in * self._volts_per_unit / self.loop.total.max()
        inputs = self.loop.ports.inputs.T
        self._offset_current = self.loop.ports.sense @ self.offset_volts
        self._inputs = np.ascontiguousarray(inputs[: self._rows])
        self._constant = self.ridge_volts @ inputs[self._rows :] - self.bias

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (m, k) of the matrix that was programmed."""
        return self._rows, self.g_left.shape[1]

    def volts(self, b: Any) -> np.ndarray:
        """Return the input voltages for right-hand sides b (m,) or (m, n), as the DAC rounds them, volts.

        Rows of a ridge follow with their constant voltages.
        """
        b = np.asarray(b, np.float64)
        column = b[:, None] if b.ndim == 1 else b
        B = Dense(column, name="b")
        self._check_rows(B)
        V = self._block_volts(B.array, np.abs(B.array).max(axis=0))
        ridge = np.broadcast_to(self.ridge_volts[:, None], (len(self.ridge_volts), V.shape[1]))
        V = np.vstack([V, ridge])
        return V[:, 0] if b.ndim == 1 else V

    def solve_volts(self, V: Any) -> np.ndarray:
        """Return the outputs at rest for input voltages V (m,) or (m, n), volts: the bare circuit, no converters.

        NaN switches the word line of that row off.
        """
        V = np.asarray(V, np.float64)
        column = V[:, None] if V.ndim == 1 else V
        if column.ndim != 2 or len(column) != len(self.g_left):
            raise ValueError(f"V must have {len(self.g_left)} rows, one per row of the chip, got shape {V.shape}")
        if np.isnan(column).any():
            X = self._rest_masked(*Sparse(column).by_column(), np.zeros_like(self._base), -self.bias)
        else:
            X = self.loop.rest(column.T @ self.loop.ports.inputs.T - self.bias + self._offset_current)
        return X[0] if V.ndim == 1 else X.T

    def solve(self, B: Any) -> np.ndarray:
        """Return X (k, n) >= 0 for right-hand sides B (m, n), through converters and loop.

        Parameters
        ----------
        B : array_like of shape (m, n) or (m,), scipy sparse (zeros are data), or `Sparse`
            Right-hand sides of any sign. An entry that is missing switches the word line of its row off.

        Raises
        ------
        ChipError
            The loop does not come to rest, or leaves the range at any input, or an entry is missing and the wires
            have resistance or the op-amps an offset.
        """
        if isinstance(B, np.ndarray) and B.ndim == 1:
            return self.solve(B[:, None])[:, 0]
        operand = as_matrix(B)
        self._check_rows(operand)
        solved = [self._solve_block(block) for block in self._blocks(operand)]
        return np.vstack(solved).T

    def _check_rows(self, B: Matrix) -> None:
        if B.shape[0] != self._rows:
            raise ValueError(f"B must have {self._rows} rows, as many as the programmed matrix, got shape {B.shape}")

    def _blocks(self, B: Matrix) -> Iterator[Matrix]:
        n = B.shape[1]
        if isinstance(B, Dense):
            step = max(1, _BLOCK // B.shape[0])
        else:
            step = max(1, _BLOCK * n // max(1, len(B.values)))
        yield from (B.column_range(j, min(n, j + step)) for j in range(0, n, step))

    def _solve_block(self, B: Matrix) -> np.ndarray:
        """X (n, k) of one block, at a range that fits both ends of each right-hand side."""
        peak_in = np.maximum(B.column_peaks(), np.abs(self.ridge_volts).max(initial=0) / self._volts_per_unit)
        X, V, range_, repeated = self._settle_in_range(B, peak_in)
        self._ledger.add(block_events(self, B, V, X, range_, repeated=repeated))
        read = to_digital(X * range_[:, None], self.design.converters) / range_[:, None]
        return read * self.units_per_volt

    def _settle_in_range(self, B: Matrix, peak_in: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Outputs, input volts, range and how many were solved again because their answer left the range."""
        v_out, repeated = self.design.converters.v_out, 0
        for attempt in range(_ATTEMPTS):
            X, V = self._settle_block(B, peak_in)
            range_ = self._range(peak_in)
            peak_out = X.max(axis=1) * range_
            clips = peak_out > v_out
            if not clips.any() or (attempt and not self.offset_volts.any()):
                return X, V, range_, repeated
            repeated += int(clips.sum())
            margin = 1 + 0.001 * 4**attempt
            peak_in = peak_in * np.where(clips, margin * peak_out / v_out, 1.0)
        raise ChipError(
            f"an output stays above the full scale of {v_out:g} V however small the inputs are: the op-amps' offset is "
            "too large for how alike the columns of the matrix are"
        )

    def _range(self, peak_in: np.ndarray) -> np.ndarray:
        """Factor by which the converters' volts differ from those of the fixed scale."""
        full = np.where(peak_in > 0, peak_in, 1.0) * self._volts_per_unit
        return self.design.converters.v_in / full

    def _settle_block(self, B: Matrix, peak_in: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs (n, k) and the input volts, dense (m, n) or the values of the stored entries."""
        constant = self._constant_currents(peak_in)
        if isinstance(B, Dense):
            V = self._block_volts(B.array, peak_in)
            return self.loop.rest(V.T @ self._inputs + constant), V
        ptr, idx, val = B.by_column()
        V = self._block_volts(val.astype(np.float64), np.repeat(peak_in, np.diff(ptr)))
        if B.missing:
            return self._rest_masked(ptr, idx, V, self._base, self._constant), V
        C = np.empty((B.shape[1], self.shape[1]))
        kernels.cross(self._inputs, ptr, idx, V, C, kernels.thread_count())
        return self.loop.rest(C + constant), V

    def _constant_currents(self, peak_in: np.ndarray) -> np.ndarray:
        """What flows into the sense nodes whatever the inputs; an offset shrinks as the range grows."""
        if not self.offset_volts.any():
            return self._constant
        return self._constant + self._offset_current / self._range(peak_in)[:, None]

    def _rest_masked(self, *arguments: np.ndarray) -> np.ndarray:
        if self.offset_volts.any():
            raise ChipError(
                "word lines cannot be switched off on a chip whose op-amps have an offset: its current differs for "
                "every set of rows; complete the right-hand sides or leave the offset out"
            )
        return self.loop.rest_masked(*arguments)

    def _block_volts(self, values: np.ndarray, peak_in: np.ndarray) -> np.ndarray:
        return to_volts(values, peak_in, self.design.converters) * self._volts_per_unit
