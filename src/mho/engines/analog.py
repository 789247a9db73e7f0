"""The analogue engine: a chip behind the engine protocol."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from mho import kernels
from mho.chip import Chip, ChipDesign, ChipError, Ledger, ProgrammedArray
from mho.chip.calibration import with_answers
from mho.engines.engine import NO_PENALTY, Engine, Penalty, Programmed, as_factor, check_rhs, squared_error
from mho.engines.products import cross_operations
from mho.engines.tally import Tally
from mho.operands import Dense, Matrix, Sparse, as_matrix

__all__ = ["Analog"]

_WINDOW = 10
"""Iterations whose errors are averaged: one alone is as far off as the cells' errors, drawn anew, take it."""

_LEAST_GAIN = 0.015
"""Share of the error that ten iterations on the chip are to gain."""


def levelled_off(errors: Sequence[float]) -> bool:
    """Return whether ten iterations have gained less than 1.5 % over the ten before, by the errors so far."""
    if len(errors) < 2 * _WINDOW:
        return False
    before, now = np.mean(errors[-2 * _WINDOW : -_WINDOW]), np.mean(errors[-_WINDOW:])
    return bool(now > (1 - _LEAST_GAIN) * before)


class ChipEngine(Engine):
    """Engine with a chip, whose random errors and events are its own."""

    chip: Chip

    @property
    def random_state(self) -> dict[str, Any] | None:
        """See `Engine.random_state`; that of the chip."""
        return self.chip.random_state

    def restore(self, random_state: dict[str, Any] | None) -> None:
        """See `Engine.restore`."""
        if random_state is not None:
            self.chip.random_state = random_state

    def ledger(self) -> Ledger:
        """Return the chip's events so far."""
        return self.chip.ledger


class Analog(ChipEngine):
    """Non-negative least squares on a simulated analogue chip.

    Parameters
    ----------
    chip : Chip, ChipDesign or str
        A chip, or what to make one of.
    seed : int, Generator or None
        For a chip that is made here.
    readback : bool
        Whether each matrix is read back after writing, and each answer corrected for what its cells differ by; see
        `ProgrammedArray.read_back`.
    probe : bool
        Whether each answer y is corrected by what the chip makes of A y, whose answer is known: ``2 y - solve(A y)``.
        It takes one more solve and one digital product, and a chip's linear errors to second order.
    calibrate : bool or None
        Whether each matrix is calibrated after writing, for answers as they are probed or not; see
        `ProgrammedArray.calibrate`. None: the op-amps' offsets alone are cancelled, where the design has any; see
        `ProgrammedArray.cancel_offsets`.

    Attributes
    ----------
    chip : Chip
    tally : Tally
        Events of writing and of solving apart, with the sizes that they are of.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> engine = mho.Analog("ideal")
    >>> engine.program(A).solve(A @ np.array([[2.0], [3.0]])).round(6)
    array([[2.],
           [3.]])
    >>> engine.ledger().solves
    1.0
    """

    def __init__(
        self,
        chip: Chip | ChipDesign | str = "pku-2025",
        *,
        seed: Any = None,
        readback: bool = False,
        probe: bool = False,
        calibrate: bool | None = None,
    ) -> None:
        self.readback, self.probe, self.calibrate = readback, probe, calibrate
        self.chip = chip if isinstance(chip, Chip) else Chip(chip, seed=seed)
        self.tally = Tally(self.chip)
        self.chip.design.check_least_squares("chip")
        if self.chip.design.amplifier.output == "signed":
            raise ValueError("chip must have non-negative outputs as an engine, got a design with output='signed'")

    def __repr__(self) -> str:
        return f"Analog({self.chip!r})"

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`; both arrays are written, with fresh errors."""
        A = as_factor(A)
        array = self.written(A, penalty)
        if self.probe:
            return ProbedFactor(A, array, penalty, self.chip.ledger, self.tally)
        return AnalogFactor(A, array, self.tally)

    def written(self, A: np.ndarray, penalty: Penalty) -> ProgrammedArray:
        """Return the chip with a matrix in it, read back and calibrated as asked for.

        Parameters
        ----------
        A : ndarray of shape (m, k)
            Matrix, checked.
        penalty : Penalty
            With which it is written.
        """
        with self.tally.programming(A):
            array = self.chip.program(A, penalty=penalty)
            if self.readback:
                array.read_back(A)
            if self.calibrate:
                array.calibrate(A, penalty=penalty, probe=self.probe)
            elif self.calibrate is None and self.chip.design.amplifier.offset:
                with suppress(ChipError):  # outputs that leave their range are told where answers are asked for
                    array.cancel_offsets(A, penalty=penalty)
        return array

    def extrapolates(self) -> bool:
        """Return whether answers are corrected for the errors of the cells, or rows make good one another's."""
        return self.readback or self.chip.spares is not None

    def levels_off(self, errors: Sequence[float]) -> bool:
        """See `Engine.levels_off`, and `levelled_off`."""
        return levelled_off(errors)


class AnalogFactor(Programmed):
    """A matrix in a chip, beside the matrix that was meant."""

    def __init__(self, A: np.ndarray, array: ProgrammedArray, tally: Tally) -> None:
        self.A, self.array, self.tally = A, array, tally

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; a loop needs no start."""
        B = as_matrix(check_rhs(B, self.A.shape, start))
        with self.tally.solving(B, self.A.shape[1]):
            return self.answers(B)

    def answers(self, B: Matrix) -> np.ndarray:
        """Return the answers (k, n) to right-hand sides (m, n)."""
        return self.array.solve_operand(B).astype(self.A.dtype, copy=False)

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`."""
        return squared_error(self.A, check_rhs(B, self.A.shape, X), X)


class ProbedFactor(AnalogFactor):
    """A matrix in a chip, whose answers are probed."""

    def __init__(self, A: np.ndarray, array: ProgrammedArray, penalty: Penalty, ledger: Ledger, tally: Tally) -> None:
        super().__init__(A, array, tally)
        self.ledger = ledger
        k = A.shape[1]
        self.exact = np.ascontiguousarray(A, np.float64)
        self.l2, self.linear = penalty.vector("l2", k), penalty.linear_term(k)

    def answers(self, B: Matrix) -> np.ndarray:
        """See `AnalogFactor.answers`; corrected."""
        return self.with_probe(B)[1]

    def plain(self, B: Matrix) -> np.ndarray:
        """Return the answers (k, n) to right-hand sides (m, n) without a probe."""
        return super().answers(B)

    def with_probe(self, B: Matrix) -> tuple[np.ndarray, np.ndarray]:
        """Return the answers (k, n) to right-hand sides (m, n), as they are and corrected."""
        n, step = B.shape[1], max(1, _BLOCK // B.shape[0])
        parts = [self._probed(B.column_range(j, min(n, j + step))) for j in range(0, n, step)]
        plain, probed = (np.hstack([part[i] for part in parts]).astype(self.A.dtype, copy=False) for i in (0, 1))
        return plain, probed

    def _probed(self, B: Matrix) -> tuple[np.ndarray, np.ndarray]:
        """Answers (k, n), and corrected by one more solve whose right-hand side has them as its solution."""
        Y = self.array.solve_operand(B)
        self.ledger.add(Ledger(operations=float(cross_operations(B, len(Y)).sum())))  # A y takes as many as A'b
        again = self.array.solve_operand(*self._with_answers(B, np.asarray(Y, np.float64)))
        return Y, np.maximum(2 * Y - again, 0.0)

    def _with_answers(self, B: Matrix, Y: np.ndarray) -> tuple[Matrix, np.ndarray | None]:
        """Right-hand sides, known where B is, whose answers are Y, and currents that take back what a penalty does."""
        if not (isinstance(B, Sparse) and B.missing):
            fitted, _, currents = with_answers(self.exact, self.l2, self.linear, Y)
            return Dense.from_checked(fitted), currents
        pull = self.l2[:, None] * Y - self.linear[:, None]
        return self._fitted(B, Y), pull if pull.any() else None

    def _fitted(self, B: Sparse, Y: np.ndarray) -> Matrix:
        """A Y, at the known entries of B."""
        ptr, idx, _ = B.by_column()
        values = np.empty(len(idx))
        kernels.sddmm(self.exact, np.ascontiguousarray(Y.T), ptr, idx, values, kernels.thread_count())
        return B.with_values(values)


_BLOCK = 1 << 21
"""Numbers of a product that is held at a time."""
