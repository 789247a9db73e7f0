"""A memory cell: its conductances, how far from its target it comes to lie, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from mho import checks
from mho.chip.devices.faults import Faults
from mho.chip.devices.read_noise import ReadNoise
from mho.chip.devices.relaxation import Relaxation
from mho.chip.devices.retention import Retention
from mho.chip.devices.temperature import TemperatureCoefficient
from mho.chip.devices.write_verify import WriteVerify
from mho.units import SIEMENS

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
        Zero where there is a `relaxation`, whose first time has it.
    sigma_cell : float
        Standard deviation of an error that belongs to each cell and survives rewriting, as a share of `g_max`.
    pulses : float
        Mean write pulses per cell, each followed by a verify read, where `verify` does not count them.
    verify : WriteVerify
        Writing in a closed loop, whose outcome then replaces `sigma`.
    relaxation : Relaxation or None
        Error of writing, and what time adds to it; None: a cell stays as it was written.
    retention : Retention or None
        How heat speeds that up; None: not at all.
    temperature : TemperatureCoefficient
        Conductance while warm.
    noise : ReadNoise
        From one read to the next.
    faults : Faults
        Cells that cannot be written.

    Examples
    --------
    >>> from mho.chip import Device
    >>> cell = Device(g_min=1e-6, g_max=40e-6, levels=16, sigma=0.02)
    >>> round(cell.g_max / cell.g_min, 6)
    40.0
    """

    g_min: float = field(metadata=SIEMENS)
    g_max: float = field(metadata=SIEMENS)
    levels: int | None = None
    sigma: float = 0.0
    sigma_cell: float = 0.0
    pulses: float = 1.0
    verify: WriteVerify = field(default_factory=WriteVerify)
    relaxation: Relaxation | None = None
    retention: Retention | None = None
    temperature: TemperatureCoefficient = field(default_factory=TemperatureCoefficient)
    noise: ReadNoise = field(default_factory=ReadNoise)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        for name in ("g_min", "g_max", "sigma", "sigma_cell", "pulses"):
            checks.nonnegative_number(getattr(self, name), name)
        checks.at_least(self.g_max, "g_max", self.g_min, strict=True)
        checks.at_least(self.pulses, "pulses", 1)
        if self.levels is not None and checks.positive_int(self.levels, "levels") < 2:
            raise ValueError("levels must be at least 2, got 1")
        for name, kind in (("relaxation", Relaxation), ("retention", Retention)):
            if not isinstance(getattr(self, name), kind | None):
                raise TypeError(f"{name} must be a {kind.__name__} or None, got {type(getattr(self, name)).__name__}")
        if self.relaxation is not None:
            self._check_relaxation(self.relaxation)

    @property
    def exact(self) -> bool:
        """Whether a cell holds any number, zero included, without an error of any kind."""
        errs = (self.g_min, self.levels, self.sigma, self.sigma_cell, self.verify, self.relaxation)
        return not any((*errs, self.noise, self.faults))

    @property
    def half_way(self) -> float:
        """State nearest to the middle of a cell's range, siemens."""
        return float(self.nearest(np.array((self.g_min + self.g_max) / 2)))

    def nearest(self, G: np.ndarray) -> np.ndarray:
        """Return the states of a cell, or of several in parallel, nearest to conductances G, siemens."""
        if self.levels is None:
            return np.maximum(G, self.g_min)
        step = self.g_max / (self.levels - 1)
        below, above = (np.maximum(edge(G / step) * step, self.g_min) for edge in (np.floor, np.ceil))
        return np.where(G - below < above - G, below, above)

    def _check_relaxation(self, law: Relaxation) -> None:
        if self.sigma:
            raise ValueError(f"sigma must be 0 where relaxation has the error of writing, got {self.sigma}")
        if self.g_min < law.levels[0] * (1 - 1e-9) or self.g_max > law.levels[-1] * (1 + 1e-9):
            raise ValueError(
                f"g_min and g_max must lie within the measured levels, {law.levels[0]:g} to {law.levels[-1]:g} S, got "
                f"{self.g_min:g} and {self.g_max:g}"
            )

    @classmethod
    def fit(
        cls,
        table: Any,
        *,
        level: str = "level",
        time: str = "time",
        conductance: str = "conductance",
        target: str | None = None,
        least: int = 8,
    ) -> Self:
        """Describe your own cells: a device whose relaxation is that of a table of reads.

        Parameters
        ----------
        table : DataFrame, Arrow table, structured array or mapping of str to array_like of shape (reads,)
            One read a row, in any order. Rows in which anything is missing or infinite are left out.
        level : str
            Column that says which level a cell was written to: numbers, names, or its target in siemens (a column of
            floats, the highest within a factor of two of the mean of its reads).
        time : str
            Column of seconds since writing. Where few reads share level and time, those within half an octave do.
        conductance : str
            Column of conductances, siemens. Reads below zero, which noise makes, count as they are.
        target : str, optional
            Column of targets, siemens. Without it, and where levels are not targets themselves, the target of a level
            is the mean of its cells at the first time that has `least` reads of it. Levels of the same target are one.
        least : int
            Reads that make a mean and a spread. A level with fewer at a time is interpolated, or follows its
            neighbours; levels and times with fewer everywhere are left out.

        Raises
        ------
        TypeError, ValueError
            What came is no table, a column is missing, of another length or without numbers, times or targets are
            negative, conductances or targets cannot be in siemens, or less than two levels are left.
        """
        from mho.chip.devices.fit import fit_relaxation

        law = fit_relaxation(table, level=level, time=time, conductance=conductance, target=target, least=least)
        return cls(g_min=law.levels[0], g_max=law.levels[-1], relaxation=law)
