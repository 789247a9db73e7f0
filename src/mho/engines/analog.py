"""The analogue engine: a chip behind the engine protocol."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.chip import CLOSED_LOOPS, USES, Chip, ChipDesign, Ledger, ProgrammedArray
from mho.engines.engine import NO_PENALTY, Engine, Penalty, Programmed, as_factor, check_rhs, squared_error
from mho.operands import as_matrix

__all__ = ["Analog"]


class Analog(Engine):
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

    def __init__(self, chip: Chip | ChipDesign | str = "pku-2025", *, seed: Any = None, readback: bool = False) -> None:
        self.readback = readback
        self.chip = chip if isinstance(chip, Chip) else Chip(chip, seed=seed)
        topology = self.chip.design.topology
        if topology not in CLOSED_LOOPS:
            raise ValueError(
                f"chip must solve least squares as an engine, got topology {topology!r} ({USES[topology]}): take "
                f"{', '.join(map(repr, CLOSED_LOOPS))}, or use it by Chip(design).program(A)"
            )
        if self.chip.design.amplifier.output == "signed":
            raise ValueError("chip must have non-negative outputs as an engine, got a design with output='signed'")

    def __repr__(self) -> str:
        return f"Analog({self.chip!r})"

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`; both copies are written, with fresh errors."""
        A = as_factor(A)
        array = self.chip.program(A, penalty=penalty)
        if self.readback:
            array.read_back(A)
        return AnalogFactor(A, array)

    def extrapolates(self) -> bool:
        """Return whether answers are corrected for the errors of the cells."""
        return self.readback

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


class AnalogFactor(Programmed):
    """A matrix in a chip, beside the matrix that was meant."""

    def __init__(self, A: np.ndarray, array: ProgrammedArray) -> None:
        self.A, self.array = A, array

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; a loop needs no start."""
        B = as_matrix(check_rhs(B, self.A.shape, start))
        return self.array.solve_operand(B).astype(self.A.dtype, copy=False)

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`."""
        return squared_error(self.A, check_rhs(B, self.A.shape, X), X)
