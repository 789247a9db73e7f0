"""The hybrid engine: the chip does the bulk, digital arithmetic the last digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import checks
from mho.chip import Chip, ChipDesign, Ledger
from mho.engines.analog import Analog
from mho.engines.digital import Digital
from mho.engines.engine import NO_PENALTY, Engine, Penalty, Programmed, as_factor, check_rhs

__all__ = ["Hybrid"]


class Hybrid(Engine):
    """Analogue first, digital last.

    One solve starts the exact digital solver at the chip's answer, whose support is nearly right, so that few
    factorisations remain. An alternating loop runs on the chip and ends with `passes` digital iterations.

    Parameters
    ----------
    chip : Chip, ChipDesign or str
        As for `Analog`.
    passes : int
        Digital iterations at the end of an alternating loop, each half-step solved exactly.
    seed : int, Generator or None
        For a chip that is made here.
    readback : bool
        As for `Analog`.

    Examples
    --------
    >>> import mho
    >>> [type(engine).__name__ for engine, _ in mho.Hybrid("ideal", passes=3).phases()]
    ['Analog', 'Digital']
    """

    def __init__(
        self,
        chip: Chip | ChipDesign | str = "pku-2025",
        *,
        passes: int = 2,
        seed: Any = None,
        readback: bool = False,
    ) -> None:
        self.analog = Analog(chip, seed=seed, readback=readback)
        self.passes = checks.positive_int(passes, "passes")
        self.digital = Digital()

    def __repr__(self) -> str:
        return f"Hybrid({self.analog.chip!r}, passes={self.passes})"

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`; A is written into the chip, and kept."""
        penalty = penalty.without_total()
        A = as_factor(A)
        analog, digital = (e.program(A, penalty=penalty) for e in (self.analog, self.digital))
        return HybridFactor(A.shape, analog, digital)

    def phases(self) -> tuple[tuple[Engine, int | None], ...]:
        """Return the chip, then the digital engine for the last passes."""
        return ((self.analog, None), (self.digital, self.passes))

    @property
    def random_state(self) -> dict[str, Any] | None:
        """See `Engine.random_state`; that of the chip."""
        return self.analog.random_state

    def restore(self, random_state: dict[str, Any] | None) -> None:
        """See `Engine.restore`."""
        self.analog.restore(random_state)

    def ledger(self) -> Ledger:
        """Return the chip's events so far."""
        return self.analog.ledger()


class HybridFactor(Programmed):
    """A matrix in a chip and in memory."""

    def __init__(self, shape: tuple[int, int], analog: Programmed, digital: Programmed) -> None:
        self.shape, self.analog, self.digital = shape, analog, digital

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; the chip finds the start."""
        B = check_rhs(B, self.shape, start)
        return self.digital.solve(B, start=self.analog.solve(B))

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`."""
        return self.digital.squared_error(B, X)
