"""False-alarm rates: what an operator asks for, and what healthy data can support."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mho import checks
from mho.units import IN_SECONDS

__all__ = ["RateError", "WantedRate", "parse_rate", "parse_seconds", "spoken_seconds"]

_SECONDS = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": 2_629_746.0,
    "year": 31_556_952.0,
}
_NEEDED = 0.3
"""Unseen windows that a rate needs, times the rate: the fitted tail carries the rest."""


class RateError(ValueError):
    """A false-alarm rate that the healthy data cannot support; the message says what would."""


@dataclass(frozen=True)
class WantedRate:
    """A false-alarm rate.

    Attributes
    ----------
    text : str
        As it was asked for.
    windows : float or None
        Share of the windows, or None.
    per_second : float or None
        Episodes a second, or None. With neither, the strongest that the data show by themselves is taken.
    """

    text: str
    windows: float | None = None
    per_second: float | None = None

    def limit(self, hop: float, disjoint: float) -> float:
        """Return the joint probability, which counts all streams, below which a window of one alarms.

        Parameters
        ----------
        hop : float
            Seconds from one window to the next.
        disjoint : float
            Unseen windows that do not overlap.
        """
        if self.windows is not None:
            return self.windows
        if self.per_second is not None:
            return min(0.5, self.per_second * hop)
        return min(0.5, 1 / disjoint)

    def needed(self, seconds: float) -> float:
        """Return the unseen windows of so many seconds that it needs."""
        if self.windows is not None:
            return _NEEDED / self.windows
        return _NEEDED / (self.per_second * seconds) if self.per_second is not None else 0.0

    def keepable(self, disjoint: float, seconds: float) -> str:
        """Return the lowest rate of this kind that so many windows can keep, in words."""
        if self.per_second is not None:
            return f"one in {spoken_seconds(disjoint * seconds / _NEEDED)}"
        return f"{100 * _NEEDED / disjoint:.2g} % of windows"


def parse_rate(value: Any) -> WantedRate:
    """Return the rate that is meant by "auto", "1/month", "2/day", "1%" or a probability.

    Raises
    ------
    ValueError, TypeError
        None is.
    """
    taken = 'false_alarms must be "auto", a share of windows such as 0.01 or "1%", or episodes such as "1/month"'
    if isinstance(value, str):
        if value == "auto":
            return WantedRate("auto")
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?/ ?([a-z]+)", value)
        if found and found[2] in _SECONDS and float(found[1]) > 0:
            return WantedRate(value, per_second=float(found[1]) / _SECONDS[found[2]])
        try:
            value = float(value[:-1]) / 100 if value.endswith("%") else float(value)
        except ValueError:
            raise ValueError(f"{taken}, got {value!r}") from None
    share = checks.positive_number(value, "false_alarms")
    if not share < 1:
        raise ValueError(f"{taken}, got {value!r}")
    return WantedRate(f"{100 * share:.4g} % of windows", windows=share)


def parse_seconds(value: Any, name: str) -> float:
    """Return seconds of a number or of text such as "300 s", "5 min" or "2 h".

    Raises
    ------
    ValueError, TypeError
        It is neither.
    """
    if isinstance(value, str):
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([a-z]*)", value)
        if not found or (found[2] and found[2] not in IN_SECONDS):
            raise ValueError(f"{name} must be seconds, or a number with one of {', '.join(IN_SECONDS)}, got {value!r}")
        value = float(found[1]) * IN_SECONDS.get(found[2], 1.0)
    return checks.positive_number(value, name)


def spoken_seconds(seconds: float) -> str:
    """Return a duration in the largest fitting unit."""
    for unit in ("year", "month", "week", "day", "hour", "minute"):
        if seconds >= 2 * _SECONDS[unit]:
            return f"{seconds / _SECONDS[unit]:.3g} {unit}s"
    return f"{seconds:.3g} seconds"
