"""A programmed chip: conductances, and the loop that settles to the answer of each right-hand side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mho import checks, kernels
from mho.chip.converters import ConverterBank
from mho.chip.design import ChipDesign
from mho.chip.ledger import Ledger
from mho.chip.loop import Loop
from mho.chip.masked import Switched, rest_switched
from mho.chip.off_state import OffState
from mho.chip.ranging import settle_in_range
from mho.chip.recording import block_events, read_events
from mho.chip.store import Store
from mho.operands import Dense, Matrix, Sparse, as_matrix

__all__ = ["ProgrammedArray"]

_BLOCK = 1 << 21
"""Numbers of a right-hand side block that are held as volts at a time."""


class ProgrammedArray:
    """What `Chip.program` returns; everything needed to rebuild the circuit elsewhere is in its attributes.

    The circuit is that of `mho.chip.loop`, with ``b = volts(B)``: the source at row i drives ``-volts`` through `g_in`.
    The loop is positively homogeneous, so inputs are stated at a fixed scale (`volts`, `units_per_volt`); the range
    that the converters really work at is chosen for each right-hand side so that neither end clips.

    Parameters
    ----------
    store : Store
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
    converters : ConverterBank
        The chip's.
    off_state : OffState or None
        Correction of the zeros, if they need one.

    Attributes
    ----------
    store : Store
        The cells, one by one: targets, errors, pulses, seconds since each row was written.
    kelvin : float
        Temperature while solving; `heat` changes it.
    conductances : Conductances
        What the cells are now, or were when last read.
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
        store: Store,
        design: ChipDesign,
        ledger: Ledger,
        *,
        largest_sum: float,
        ridge_target: np.ndarray,
        l1: float,
        offset_volts: np.ndarray,
        converters: ConverterBank,
        off_state: OffState | None,
    ) -> None:
        self.design = design
        self._ledger = ledger
        self._converters, self._off_state = converters, off_state
        self._volts_per_unit = design.converters.v_in / (largest_sum or 1.0)
        self.ridge_volts = ridge_target * self._volts_per_unit
        self._rows = len(store.elapsed) - len(ridge_target)
        self._l1 = l1
        self.offset_volts = offset_volts
        self.store, self.kelvin = store, design.operation.kelvin
        self._install()

    def _install(self, integration: float | None = None) -> None:
        """Take the conductances as they are now, or as one read has them, and reduce the network anew."""
        conductances = self.conductances = self.store.conductances(self.kelvin, integration)
        self.g_left, self.g_right = conductances.left, conductances.right
        self.g_comp, self.g_in = conductances.comp, conductances.g_in
        self.units_per_volt = conductances.scale / (self.g_in * self._volts_per_unit)
        self.loop = Loop.reduce(conductances, self.design, self.offset_volts)
        self.bias = self._l1 * conductances.scale * self.g_in * self._volts_per_unit / self.loop.total.max()
        inputs = self.loop.ports.inputs.T
        self._inputs = np.ascontiguousarray(inputs[: self._rows])
        self._constant = self.ridge_volts @ inputs[self._rows :] - self.bias

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (m, k) of the matrix that was programmed."""
        return self._rows, self.g_left.shape[1]

    def age(self, seconds: float, kelvin: float | None = None) -> None:
        """Let time pass: the cells relax and drift as their device does.

        Parameters
        ----------
        seconds : float
        kelvin : float, optional
            Temperature meanwhile; by default the one at which relaxation was measured.

        Raises
        ------
        ChipError
            A time or a temperature for which the device was not measured.
        """
        self.store.age(seconds, kelvin)
        self._install()

    def refresh(self, rows: Any = None) -> None:
        """Write the matrix again, with fresh errors.

        Parameters
        ----------
        rows : index, optional
            Some rows only; those of a ridge follow the matrix.
        """
        self.store.refresh(slice(None) if rows is None else rows)
        self._install()

    def heat(self, kelvin: float) -> None:
        """Solve at `kelvin` from now on.

        Parameters
        ----------
        kelvin : float
        """
        checks.at_least(kelvin, "kelvin", 0, strict=True)
        self.kelvin = kelvin
        self._install()

    def read_back(self, A: Any) -> None:
        """Read the driving copy, cell by cell, and from now on solve a second time with what it differs by made up for.

        The sensing copy is not read: what its errors do grows with the residual alone. Read again after ageing.

        Parameters
        ----------
        A : array_like of shape (m, k)
            What was programmed.
        """
        A = np.asarray(checks.as_matrix(A, "A"), np.float64)
        if A.shape != self.shape:
            raise ValueError(f"A must be of shape {self.shape}, as programmed, got {A.shape}")
        integration = self.design.operation.integration if self.design.device.noise else None
        read = self.store.conductances(self.kelvin, integration)
        self._off_state = OffState.of_reads(A, read.scale, read.written[: self._rows])
        self._ledger.add(read_events(self.design, *self.shape))

    def volts(self, b: Any) -> np.ndarray:
        """Return the input voltages for right-hand sides b (m,) or (m, n), as the DAC rounds them, volts.

        Rows of a ridge follow with their constant voltages.
        """
        b = np.asarray(b, np.float64)
        column = b[:, None] if b.ndim == 1 else b
        B = Dense(column, name="b")
        self._check_rows(B)
        V = self._block_volts(B.array, np.abs(B.array).max(axis=0), self._every_row)
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
            none = slice(len(V), None)
            rows = Switched(*Sparse(column).by_column(), always=none, always_volts=np.zeros(0))
            X = rest_switched(self.loop, rows, -self.bias, np.ones((len(rows), 1)))
        else:
            X = self.loop.rest(column.T @ self.loop.ports.inputs.T - self.bias)
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
            The loop does not come to rest, or leaves the range at any input.

        Notes
        -----
        Not repeatable where the device has read noise, of which every call draws its own, or the converters have noise.
        """
        if isinstance(B, np.ndarray) and B.ndim == 1:
            return self.solve(B[:, None])[:, 0]
        operand = as_matrix(B)
        self._check_rows(operand)
        if self.design.device.noise:
            self._install(self.design.operation.integration)
        solved = [self._solve_block(block) for block in self._blocks(operand)]
        return np.vstack(solved).T

    def _check_rows(self, B: Matrix) -> None:
        if B.shape[0] != self._rows:
            raise ValueError(f"B must have {self._rows} rows, as many as the programmed matrix, got shape {B.shape}")

    def _blocks(self, B: Matrix) -> Iterator[Matrix]:
        n = B.shape[1]
        if isinstance(B, Dense) or (self._off_state and not B.missing):  # which fills the zeros of the block
            step = max(1, _BLOCK // B.shape[0])
        else:
            step = max(1, _BLOCK * n // max(1, len(B.values)))
        yield from (B.column_range(j, min(n, j + step)) for j in range(0, n, step))

    def _solve_block(self, B: Matrix) -> np.ndarray:
        """X (n, k) of one block."""
        X = self._solve_once(B)
        return X if self._off_state is None else self._solve_once(self._off_state.made_up(B, X))

    def _solve_once(self, B: Matrix) -> np.ndarray:
        """X (n, k), at a range that fits both ends of each right-hand side."""
        settled = settle_in_range(self, B)
        self._ledger.add(block_events(self, B, settled))
        range_ = settled.range[:, None]
        return self._converters.to_digital(settled.outputs * range_) / range_ * self.units_per_volt

    @property
    def ridge_peak(self) -> float:
        """The largest constant input of a ridge's rows, in the units of the right-hand sides."""
        return float(np.abs(self.ridge_volts).max(initial=0)) / self._volts_per_unit

    def full_range(self, peak_in: np.ndarray) -> np.ndarray:
        """Return the factor (n,) from the volts of the fixed scale to those that put `peak_in` (n,) at full scale."""
        full = np.where(peak_in > 0, peak_in, 1.0) * self._volts_per_unit
        return self.design.converters.v_in / full

    def settle(self, B: Matrix, peak_in: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the outputs at rest and the input volts of a block, both at the fixed scale.

        Parameters
        ----------
        B : operand of shape (m, n)
        peak_in : ndarray of shape (n,)
            What the converters' full scale stands for in each right-hand side.

        Returns
        -------
        X : ndarray of shape (n, k)
        V : ndarray
            Dense (m, n), or the values of the stored entries.
        """
        weight = 1 / self.full_range(peak_in)[:, None]
        if isinstance(B, Dense):
            V = self._block_volts(B.array, peak_in, self._every_row)
            return self.loop.rest(V.T @ self._inputs + self._constant, weight), V
        ptr, idx, val = B.by_column()
        V = self._block_volts(val.astype(np.float64), np.repeat(peak_in, np.diff(ptr)), idx)
        if B.missing:
            rows = Switched(ptr, idx, V, slice(self._rows, None), self.ridge_volts)
            return rest_switched(self.loop, rows, -self.bias, weight), V
        C = np.empty((B.shape[1], self.shape[1]))
        kernels.cross(self._inputs, ptr, idx, V, C, kernels.thread_count())
        return self.loop.rest(C + self._constant, weight), V

    @property
    def _every_row(self) -> np.ndarray:
        return np.arange(self._rows)[:, None]

    def _block_volts(self, values: np.ndarray, peak_in: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return self._converters.to_volts(values, peak_in, rows) * self._volts_per_unit
