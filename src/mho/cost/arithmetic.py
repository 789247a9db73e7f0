"""Sums of products that remember their factors, so that every result can show how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from mho.cost.range import Range

__all__ = ["NOTHING", "Factor", "Sum", "factor"]


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A number with a name.

    Attributes
    ----------
    name : str
    value : Range
    source : str
        Where it comes from.

    Examples
    --------
    >>> from mho.cost import Factor, Range
    >>> Factor(name="pulse", value=Range(1e-7, 1e-6, 1e-6), source="an assumption").value.typical
    1e-06
    """

    name: str
    value: Range
    source: str


@dataclass(frozen=True)
class Sum:
    """A sum of products of factors.

    Attributes
    ----------
    products : tuple of tuple of Factor

    Examples
    --------
    >>> from mho.cost import Range
    >>> from mho.cost.arithmetic import factor
    >>> pulses = factor("pulses", 100, "counted") * factor("seconds", Range(1e-7, 1e-6, 1e-6), "an assumption")
    >>> print(pulses, "=", pulses.value)
    pulses x seconds = 0.0001 (1e-05 to 0.0001)
    """

    products: tuple[tuple[Factor, ...], ...] = ()

    @property
    def value(self) -> Range:
        """Value of the sum."""
        return sum((prod((f.value for f in product), start=_ONE) for product in self.products), start=_ZERO)

    def factors(self) -> tuple[Factor, ...]:
        """Return each factor once, in the order of appearance."""
        return tuple(dict.fromkeys(f for product in self.products for f in product))

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.products + other.products)

    def __mul__(self, other: Sum) -> Sum:
        return Sum(tuple(a + b for a in self.products for b in other.products))

    def __str__(self) -> str:
        return " + ".join(" x ".join(f.name for f in product) for product in self.products) or "0"


def factor(name: str, value: Range | float, source: str) -> Sum:
    """Return a single factor, to calculate with.

    Parameters
    ----------
    name : str
        The number's, in a formula.
    value : Range or float
        The number; a float is exact.
    source : str
        Where it comes from.
    """
    return Sum(((Factor(name=name, value=value if isinstance(value, Range) else Range.exact(value), source=source),),))


_ZERO, _ONE = Range.exact(0.0), Range.exact(1.0)
NOTHING = Sum()
"""The empty sum."""
