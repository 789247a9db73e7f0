"""The plan of a Monte Carlo: a grid of designs, and least-squares problems for many chips at each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mho import checks
from mho.chip import ChipDesign

__all__ = ["Sweep"]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Many chips at every point of a grid of designs.

    Attributes
    ----------
    design : ChipDesign
        What is not swept.
    values : mapping of str to sequence
        Properties of the design and the values each takes; a point for every combination.
    chips : int
        Chips at each point.
    rows, columns, rhs : int
        Size m x k of the matrix, uniform in [0, 1), and how many right-hand sides it is solved for.
    noise : float
        Standard deviation of what is added to A x, as a share of its root mean square.
    seed : int
        Chip c solves the same problem at every point; its errors depend on seed, point and c alone.
    """

    design: ChipDesign
    values: Mapping[str, Sequence[Any]]
    chips: int = 20
    rows: int = 128
    columns: int = 10
    rhs: int = 100
    noise: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("chips", "rows", "columns", "rhs"):
            checks.positive_int(getattr(self, name), name)
        checks.nonnegative_number(self.noise, "noise")
        for name, values in self.values.items():
            if not len(values):
                raise ValueError(f"values must give at least one value for {name!r}, got none")
        self.designs()

    def points(self) -> list[dict[str, Any]]:
        """Return every combination of values, the last property changing fastest."""
        return [dict(zip(self.values, chosen, strict=True)) for chosen in itertools.product(*self.values.values())]

    def designs(self) -> list[ChipDesign]:
        """Return the design of every point; a wrong name or value is a ValueError here, before any work."""
        return [self.design.with_(**point) for point in self.points()]
