"""Sizes, iterations and chip of the demonstrations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mho.chip import ChipDesign, preset
from mho.engines import Analog, Digital, Engine, Hybrid

__all__ = ["Plan", "Progress", "silent"]

Progress = Callable[[str, int, int, str], Any]
"""Called with the name of the task, iterations done, iterations in all, and a note on the quality so far."""


def silent(task: str, done: int, total: int, note: str) -> None:
    """Tell nobody."""


def _demo_chip() -> ChipDesign:
    return preset("pku-2025-4bit")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Sizes, iterations and chip; the defaults take 20 to 30 seconds of one core.

    Attributes
    ----------
    design : ChipDesign
        The chip; by default 4-bit cells with a programming error of 2 % of full scale, and 8-bit converters.
    passes : int
        Digital iterations at the end of the hybrid.
    picture_size : int
        Side of the photograph, pixels; divides 512.
    picture_components, rating_components : int
        Ranks.
    digital_iterations, chip_iterations : int
        For the photograph; the hybrid makes `chip_iterations` on the chip and `passes` more.
    rating_iterations : int
        For the ratings, on every engine, the hybrid's `passes` among them.
    """

    design: ChipDesign = field(default_factory=_demo_chip)
    passes: int = 2
    picture_size: int = 256
    picture_components: int = 64
    digital_iterations: int = 200
    chip_iterations: int = 30
    rating_components: int = 16
    rating_iterations: int = 10

    def engines(self, seed: int) -> dict[str, Engine]:
        """Return fresh engines by name: each one's ledger is that of one run."""
        return {
            "digital": Digital(),
            "analog": Analog(self.design, seed=seed),
            "hybrid": Hybrid(self.design, passes=self.passes, seed=seed),
        }

    def picture_iterations(self, engine: str) -> int:
        """Return the number of iterations of an engine on the photograph."""
        return {
            "digital": self.digital_iterations,
            "analog": self.chip_iterations,
            "hybrid": self.chip_iterations + self.passes,
        }[engine]
