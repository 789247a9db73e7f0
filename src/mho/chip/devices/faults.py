"""Cells that cannot be written: stuck from the start, or worn out by writing."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mho import checks

__all__ = ["Faults"]


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Shares of faulty cells, scattered independently; each cell keeps its fate through every writing.

    A cell wears out after a number of writes that is Weibull distributed, and is then stuck high, the more frequent of
    the two ends (9.0 against 1.8 % on a 4-Mb HfO2 chip; Chen-2015, recalled). That it goes all at once is our
    hypothesis.

    Attributes
    ----------
    stuck_low, stuck_high, dead : float
        Shares of cells that stay at `g_min`, at `g_max`, and that do not conduct.
    endurance : float
        Writes after which 63 % of the cells are worn out.
    wear_shape : float
        Shape of the Weibull distribution: the larger, the more alike the cells.

    Examples
    --------
    >>> from mho.chip import Faults, preset
    >>> preset("ideal").with_(stuck_high=0.01).device.faults == Faults(stuck_high=0.01)
    True
    """

    stuck_low: float = 0.0
    stuck_high: float = 0.0
    dead: float = 0.0
    endurance: float = np.inf
    wear_shape: float = 2.0

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        for name in ("stuck_low", "stuck_high", "dead"):
            checks.nonnegative_number(getattr(self, name), name)
        if self.stuck_low + self.stuck_high + self.dead > 1:
            raise ValueError("stuck_low, stuck_high and dead must not exceed 1 together")
        checks.at_least(self.endurance, "endurance", 0, strict=True)
        checks.positive_number(self.wear_shape, "wear_shape")

    def __bool__(self) -> bool:
        return bool(any(getattr(self, f.name) for f in fields(self)[:3]) or np.isfinite(self.endurance))

    def stuck_at(self, fate: np.ndarray, life: np.ndarray, writes: int, g_min: float, g_max: float) -> np.ndarray:
        """Return the conductance of each faulty cell, siemens; NaN where a cell is sound.

        Parameters
        ----------
        fate, life : ndarray
            Two uniform numbers in [0, 1) for each cell.
        writes : int
            How often the cells were written.
        g_min, g_max : float
            Siemens.
        """
        g = np.full(fate.shape, np.nan)
        g[writes > self.endurance * (-np.log1p(-life)) ** (1 / self.wear_shape)] = g_max
        low, high = self.stuck_low, self.stuck_low + self.stuck_high
        g[fate < high + self.dead] = 0.0
        g[fate < high] = g_max
        g[fate < low] = g_min
        return g
