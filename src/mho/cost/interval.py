"""A number that is known only within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

__all__ = ["Interval"]


@dataclass(frozen=True)
class Interval:
    """Low, typical and high value of a quantity.

    Sums and products of non-negative ranges keep every assumption at its low, typical or high end at once, so that
    their ends are bounds and not what is likely.

    Attributes
    ----------
    low, typical, high : float
        In this order.

    Examples
    --------
    >>> from mho.cost import Interval
    >>> print(Interval(1, 2, 4) * 3 + Interval.exact(1))
    7 (4 to 13)
    """

    low: float
    typical: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.typical <= self.high:
            raise ValueError(f"low, typical and high must rise, got {self.low}, {self.typical}, {self.high}")

    @classmethod
    def exact(cls, value: float) -> Self:
        """Return a range without width.

        Parameters
        ----------
        value : float
            The number.
        """
        return cls(value, value, value)

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.typical + other.typical, self.high + other.high)

    def __mul__(self, other: Interval | float) -> Interval:
        factor = other if isinstance(other, Interval) else Interval.exact(other)
        return Interval(self.low * factor.low, self.typical * factor.typical, self.high * factor.high)

    def __truediv__(self, other: Interval | float) -> Interval:
        divisor = other if isinstance(other, Interval) else Interval.exact(other)
        return Interval(
            _ratio(self.low, divisor.high), _ratio(self.typical, divisor.typical), _ratio(self.high, divisor.low)
        )

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.typical:.3g}"
        return f"{self.typical:.3g} ({self.low:.3g} to {self.high:.3g})"


def _ratio(a: float, b: float) -> float:
    """Ratio a / b, 0 where a is."""
    return a / b if a else 0.0
