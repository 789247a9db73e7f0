"""Sums of products that remember their factors, so that every result can show how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from mho.cost.interval import Interval

__all__ = ["NOTHING", "Expression", "Term", "term"]


@dataclass(frozen=True, kw_only=True)
class Term:
    """A number with a name.

    Attributes
    ----------
    name : str
    value : Interval
    source : str
        Where it comes from.

    Examples
    --------
    >>> from mho.cost import Term, Interval
    >>> Term(name="pulse", value=Interval(1e-7, 1e-6, 1e-6), source="an assumption").value.typical
    1e-06
    """

    name: str
    value: Interval
    source: str


@dataclass(frozen=True)
class Expression:
    """A sum of products of factors.

    Attributes
    ----------
    products : tuple of tuple of Term

    Examples
    --------
    >>> from mho.cost import Interval
    >>> from mho.cost.arithmetic import term
    >>> pulses = term("pulses", 100, "counted") * term("seconds", Interval(1e-7, 1e-6, 1e-6), "an assumption")
    >>> print(pulses, "=", pulses.value)
    pulses x seconds = 0.0001 (1e-05 to 0.0001)
    """

    products: tuple[tuple[Term, ...], ...] = ()

    @property
    def value(self) -> Interval:
        """Value of the sum; of a factor below zero the ends of a product fall, those of the sum must rise."""
        return Interval(*(self._end(end) for end in ("low", "typical", "high")))

    def _end(self, end: str) -> float:
        return sum((prod(getattr(f.value, end) for f in product) for product in self.products), start=0.0)

    def factors(self) -> tuple[Term, ...]:
        """Return each factor once, in the order of appearance."""
        return tuple(dict.fromkeys(f for product in self.products for f in product))

    def __add__(self, other: Expression) -> Expression:
        return Expression(self.products + other.products)

    def __mul__(self, other: Expression) -> Expression:
        return Expression(tuple(a + b for a in self.products for b in other.products))

    def __str__(self) -> str:
        return " + ".join(" x ".join(f.name for f in product) for product in self.products) or "0"


def term(name: str, value: Interval | float, source: str) -> Expression:
    """Return a single factor, to calculate with.

    Parameters
    ----------
    name : str
        The number's, in a formula.
    value : Interval or float
        The number; a float is exact.
    source : str
        Where it comes from.
    """
    interval = value if isinstance(value, Interval) else Interval.exact(value)
    return Expression(((Term(name=name, value=interval, source=source),),))


NOTHING = Expression()
"""The empty sum."""
