"""A programmed chip that solves: right-hand sides through its converters to the loop, and the answer back."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.chip.autorange import solve_in_range
from mho.chip.correction import CellErrorCorrection
from mho.chip.crossbar import Crossbar
from mho.chip.design import ChipDesign
from mho.chip.events import count_events, read_events
from mho.chip.ledger import Ledger
from mho.chip.programmed_loop import ProgrammedLoop
from mho.chip.row_drivers import RowDrivers
from mho.operands import Dense, Matrix, Sparse, as_matrix

__all__ = ["ProgrammedArray"]

_LOOKED_AT = 256
"""Right-hand sides that are looked at for entries which the DACs lose."""

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

    def solve(self, B: Any, *, missing: str | None = None, currents: Any = None) -> np.ndarray:
        """Return X (k, n) for right-hand sides B (m, n), through converters and loop; not negative unless signed.

        Parameters
        ----------
        B : array_like of shape (m, n) or (m,), scipy sparse (zeros are data), or `Sparse`
            Right-hand sides of any sign. An entry that is missing switches the word line of its row off.
        missing : {"nan", None}
            "nan": NaN is an entry that is not known. A `Sparse` says for itself what is missing.
        currents : array_like of shape (k, n) or (k,), optional
            Current into each column for each right-hand side, of any sign, in the units of A'B: the answer minimises
            ``|A x - b|^2 / 2 - c'x``. A constant negative one is an L1 penalty.

        Raises
        ------
        ChipError
            The loop does not come to rest, or leaves the range at any input.

        Warns
        -----
        UserWarning
            Nothing is known of some right-hand sides, whose answers are zero; or most entries of some are below half a
            step of the DACs, because others are so much larger.

        Notes
        -----
        Not repeatable where the device has read noise, of which every call draws its own, or the converters have noise.
        """
        if np.ndim(B) == 1:
            column = None if currents is None else np.asarray(currents)[..., None]
            return self.solve(np.asarray(B)[:, None], missing=missing, currents=column)[:, 0]
        checks.one_of(missing, "missing", (None, "nan"))
        operand = Sparse(B) if missing and not isinstance(B, Dense | Sparse) and not sp.issparse(B) else as_matrix(B)
        self._warn(operand)
        return self.solve_operand(operand, currents)

    def _warn(self, B: Matrix) -> None:
        """Say what of the right-hand sides (m, n) is not heard."""
        if isinstance(B, Sparse) and B.missing:
            unknown = int(np.count_nonzero(np.diff(B.by_column()[0]) == 0))
            if unknown:
                warnings.warn(
                    f"nothing is known of {unknown} of {B.shape[1]} right-hand sides: their answers are zero",
                    UserWarning,
                    stacklevel=3,
                )
        bits = self.design.converters.dac_bits
        if bits is None or not isinstance(B, Dense):
            return
        size = np.abs(B.array[:, :_LOOKED_AT])
        half_step = size.max(axis=0) / (2 ** (bits - 1) - 1) / 2
        lost = np.sum((size > 0) & (size < half_step), axis=0) > np.sum(size > 0, axis=0) / 2
        if lost.any():
            warnings.warn(
                f"most entries of {int(lost.sum())} of {size.shape[1]} right-hand sides are below half a step of a DAC "
                f"of {bits} bits and are taken as zero, because others are so much larger: scale the rows alike, or "
                "take more dac_bits",
                UserWarning,
                stacklevel=3,
            )

    def solve_operand(self, operand: Matrix, currents: Any = None) -> np.ndarray:
        """Return X (k, n) for right-hand sides that are an operand (m, n), without a word; see `solve`.

        Parameters
        ----------
        operand : Dense or Sparse
            Right-hand sides by columns.
        currents : array_like of shape (k, n), optional
            See `solve`.
        """
        C = None if currents is None else self._currents(currents, operand.shape[1])
        operand = self._formed(operand)
        if C is not None and self._normal is not None:
            assert isinstance(operand, Dense)  # as the normal equations' right-hand sides are
            operand, C = Dense.from_checked(operand.array + C.T), None
        if self.design.device.noise:
            self._install(self.design.operation.integration)
        least = 0.0  # what full scale stands for at least
        if self.design.converters.full_scale == "batch":
            least = float(self.peaks(operand, C).max())
        solved, done = [], 0
        for block in self._blocks(operand):
            part = slice(done, done := done + block.shape[1])
            solved.append(self._solve_block(block, None if C is None else C[part], least))
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

    def _solve_block(self, B: Matrix, C: np.ndarray | None, least: float) -> np.ndarray:
        """X (n, k) of one block."""
        X = self._solve_once(B, C, least)
        return X if self._off_state is None else self._solve_once(self._off_state.corrected_rhs(B, X), C, least)

    def _solve_once(self, B: Matrix, C: np.ndarray | None, least: float) -> np.ndarray:
        """X (n, k), at a range that fits both ends of each right-hand side."""
        settled = solve_in_range(self, B, C, least)
        self._ledger.add(count_events(self, B, settled))
        range_ = settled.range[:, None]
        how = {"signed": self.loop.signed, "together": least > 0}
        outputs = self.inputs.converters.to_digital(settled.outputs * range_, **how)
        return outputs / range_ * self.units_per_volt
