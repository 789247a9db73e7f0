"""A memory cell: its conductances, and how far from its target it comes to lie."""

from __future__ import annotations

from dataclasses import dataclass

from mho import checks

__all__ = ["Device"]


@dataclass(frozen=True, kw_only=True)
class Device:
    """A memory cell.

    Attributes
    ----------
    g_min, g_max : float
        Lowest and highest conductance, siemens. An entry of zero is programmed to `g_min`.
    levels : int or None
        Equally spaced states from 0 to `g_max`, the lowest replaced by `g_min`; None: any conductance.
    sigma : float
        Standard deviation of the programming error of each cell, as a share of `g_max`; drawn afresh at each write.
    pulses : float
        Mean write pulses per cell, each followed by a verify read.
    """

    g_min: float
    g_max: float
    levels: int | None = None
    sigma: float = 0.0
    pulses: float = 1.0

    def __post_init__(self) -> None:
        checks.at_least(self.g_min, "g_min", 0)
        checks.at_least(self.g_max, "g_max", self.g_min, strict=True)
        checks.at_least(self.sigma, "sigma", 0)
        checks.at_least(self.pulses, "pulses", 1)
        if self.levels is not None and checks.positive_int(self.levels, "levels") < 2:
            raise ValueError("levels must be at least 2, got 1")
