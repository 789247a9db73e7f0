"""A programmed chip that solves: right-hand sides through its converters to the loop, and the answer back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mho import checks
from mho.chip.autorange import solve_in_range
from mho.chip.correction import CellErrorCorrection
from mho.chip.crossbar import Crossbar
from mho.chip.design import ChipDesign
from mho.chip.events import count_events, read_events
from mho.chip.ledger import Ledger
from mho.chip.programmed_loop import ProgrammedLoop
from mho.chip.row_drivers import RowDrivers
from mho.operands import Dense, Matrix, as_matrix

__all__ = ["ProgrammedArray"]

_BLOCK = 1 << 21
"""Numbers of a right-hand side block that are held as volts at a time."""


class ProgrammedArray(ProgrammedLoop):
    """A matrix in a chip, ready for right-hand sides; `Chip.program` makes it.

    Parameters
    ----------
    store : Crossbar
        What was written.
    design : ChipDesign
        What the chip is made of.
    inputs : RowDrivers
        What is at its rows.
    ledger : Ledger
        Where solving is entered.
    off_state : CellErrorCorrection or None
        Correction of the zeros, if they need one.
    **loop
        See `ProgrammedLoop`.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> programmed = Chip("ideal").program(np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    >>> programmed.solve(np.array([[4.0], [3.0], [5.0]])).round(6)
    array([[2.],
           [3.]])
    """

    def __init__(
        self,
        store: Crossbar,
        design: ChipDesign,
        inputs: RowDrivers,
        ledger: Ledger,
        *,
        off_state: CellErrorCorrection | None,
        **loop: Any,
    ) -> None:
        self._ledger, self._off_state = ledger, off_state
        super().__init__(store, design, inputs, **loop)

    def read_back(self, A: Any) -> None:
        """Read the driving array, cell by cell, and from now on correct each answer for what it differs by.

        The sensing array is not read: what its errors do grows with the residual alone. Read again after ageing.

        Parameters
        ----------
        A : array_like of shape (m, k)
            What was programmed.
        """
        A = np.asarray(checks.as_matrix(A, "A", nonnegative=False), np.float64)
        if A.shape != self.shape:
            raise ValueError(f"A must be of shape {self.shape}, as programmed, got {A.shape}")
        integration = self.design.operation.integration if self.design.device.noise else None
        A = A if self._normal is None else self._normal.matrix
        read = self.store.conductances(self.kelvin, integration)
        self._off_state = CellErrorCorrection.of_reads(A, read.scale, read.written[: len(A)])
        self._ledger.add(read_events(self.design, *A.shape))

    def volts(self, b: Any) -> np.ndarray:
        """Return the input voltages for right-hand sides b (m,) or (m, n), as the DAC rounds them, volts.

        Rows of a ridge follow with their constant voltages.
        """
        b = np.asarray(b)
        B = Dense(b[:, None] if b.ndim == 1 else b, name="b")
        B = self._formed(B)
        V = self.inputs.with_ridge(self.inputs.dense(B.array.astype(np.float64), np.abs(B.array).max(axis=0)))
        return V[:, 0] if b.ndim == 1 else V

    def solve(self, B: Any, *, currents: Any = None) -> np.ndarray:
        """Return X (k, n) for right-hand sides B (m, n), through converters and loop; not negative unless signed.

        Parameters
        ----------
        B : array_like of shape (m, n) or (m,), scipy sparse (zeros are data), or `Sparse`
            Right-hand sides of any sign. An entry that is missing switches the word line of its row off.
        currents : array_like of shape (k, n) or (k,), optional
            Current into each column for each right-hand side, of any sign, in the units of A'B: the answer minimises
            ``|A x - b|^2 / 2 - c'x``. A constant negative one is an L1 penalty.

        Raises
        ------
        ChipError
            The loop does not come to rest, or leaves the range at any input.

        Notes
        -----
        Not repeatable where the device has read noise, of which every call draws its own, or the converters have noise.
        """
        if np.ndim(B) == 1:
            column = None if currents is None else np.asarray(currents)[..., None]
            return self.solve(np.asarray(B)[:, None], currents=column)[:, 0]
        operand = as_matrix(B)
        C = None if currents is None else self._currents(currents, operand.shape[1])
        operand = self._formed(operand)
        if C is not None and self._normal is not None:
            operand, C = Dense.from_checked(operand.array + C.T), None
        if self.design.device.noise:
            self._install(self.design.operation.integration)
        solved, done = [], 0
        for block in self._blocks(operand):
            part = slice(done, done := done + block.shape[1])
            solved.append(self._solve_block(block, None if C is None else C[part]))
        return np.vstack(solved).T

    def _currents(self, currents: Any, n: int) -> np.ndarray:
        """Currents by right-hand sides (n, k), checked."""
        C = checks.as_matrix(currents, "currents", nonnegative=False)
        if C.shape != (self.shape[1], n):
            raise ValueError(
                f"currents must have shape {(self.shape[1], n)}, one for each column and right-hand side, got {C.shape}"
            )
        return C.T.astype(np.float64)

    def _formed(self, B: Matrix) -> Any:
        """The right-hand sides as the rows have them, checked."""
        rows = self.shape[0]
        if B.shape[0] != rows:
            raise ValueError(f"B must have {rows} rows, as many as the programmed matrix, got shape {B.shape}")
        return B if self._normal is None else self._normal.rhs(B)

    def _blocks(self, B: Matrix) -> Iterator[Matrix]:
        n = B.shape[1]
        if isinstance(B, Dense) or (self._off_state and not B.missing):  # which fills the zeros of the block
            step = max(1, _BLOCK // B.shape[0])
        else:
            step = max(1, _BLOCK * n // max(1, len(B.values)))
        yield from (B.column_range(j, min(n, j + step)) for j in range(0, n, step))

    def _solve_block(self, B: Matrix, C: np.ndarray | None) -> np.ndarray:
        """X (n, k) of one block."""
        X = self._solve_once(B, C)
        return X if self._off_state is None else self._solve_once(self._off_state.corrected_rhs(B, X), C)

    def _solve_once(self, B: Matrix, C: np.ndarray | None) -> np.ndarray:
        """X (n, k), at a range that fits both ends of each right-hand side."""
        settled = solve_in_range(self, B, C)
        self._ledger.add(count_events(self, B, settled))
        range_ = settled.range[:, None]
        outputs = self.inputs.converters.to_digital(settled.outputs * range_, signed=self.loop.signed)
        return outputs / range_ * self.units_per_volt
