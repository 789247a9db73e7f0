"""Physical quantities as text: engineering prefixes, three digits."""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mho.cost import Interval

__all__ = ["engineering", "engineering_range", "plain_range"]

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_LEAST, _MOST = 0.01, 1000.0
"""An end that would not lie between these has a prefix of its own."""


def engineering(value: float, unit: str) -> str:
    """Return a quantity as `42.6 uJ`.

    Parameters
    ----------
    value : float
        The number.
    unit : str
        SI, without prefix.
    """
    return f"{_digits(value, _exponent(value))} {_prefixed(value, unit)}"


def engineering_range(value: Interval, unit: str) -> str:
    """Return a range as `42.6 uJ (3.1 to 98)`, or with a unit for each end where they lie far apart.

    Parameters
    ----------
    value : Interval
        The number, with its ends.
    unit : str
        SI, without prefix.
    """
    typical = engineering(value.typical, unit)
    if value.low == value.high:
        return typical
    scale = 10.0 ** _exponent(value.typical)
    if value.low < _LEAST * scale or value.high >= _MOST * scale:
        return f"{typical} ({engineering(value.low, unit)} to {engineering(value.high, unit)})"
    low, high = (_digits(end, _exponent(value.typical)) for end in (value.low, value.high))
    return f"{typical} ({low} to {high})"


def plain_range(value: Interval, unit: str) -> str:
    """Return a range in a unit that takes no prefix, as `1.18 mm² (0.393 to 2,950)`.

    Parameters
    ----------
    value : Interval
        The number, with its ends.
    unit : str
        SI symbol.
    """
    ends = "" if value.low == value.high else f" ({_digits(value.low, 0)} to {_digits(value.high, 0)})"
    return f"{_digits(value.typical, 0)} {unit}".rstrip() + ends


def _prefixed(value: float, unit: str) -> str:
    return _PREFIXES[_exponent(value)] + unit


def _exponent(value: float) -> int:
    """The power of a thousand that leaves three digits between 1 and 999."""
    if not value or not isfinite(value):
        return 0
    rounded = abs(float(f"{value:.3g}"))
    return min(max(3 * floor(log10(rounded) / 3 + 1e-12), min(_PREFIXES)), max(_PREFIXES))


def _digits(value: float, exponent: int) -> str:
    scaled = float(f"{value / 10.0**exponent:.3g}")
    return f"{scaled:,.0f}" if abs(scaled) >= 1000 else f"{scaled:g}"
