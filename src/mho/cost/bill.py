"""Every number of a bill, with the sum that it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mho.cost.arithmetic import NOTHING, Expression, term
from mho.cost.estimate import Estimate, Part
from mho.cost.interval import Interval
from mho.cost.platforms import Cost

__all__ = ["Line", "bill"]

_ABOVE = "a line of this bill"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One number.

    Attributes
    ----------
    name : str
        Of a part of the chip, of a total, or of a platform.
    quantity, unit : str
    sum : Expression

    Examples
    --------
    >>> from mho.cost import Line
    >>> from mho.cost.arithmetic import term
    >>> line = Line(name="ADC", quantity="energy", unit="J", sum=term("joules", 2e-11, "assumed"))
    >>> line.sum.value.typical
    2e-11
    """

    name: str
    quantity: str
    unit: str
    sum: Expression


def bill(chip: Estimate, costs: Mapping[str, Cost]) -> tuple[Line, ...]:
    """Return every number that is not nothing: parts, areas and totals of the chip, then digital platforms.

    Parameters
    ----------
    chip : Estimate
        Bill of the chip.
    costs : mapping of str to Cost
        Of each platform.
    """
    lines = [line for part in chip.parts for line in _time_and_energy(part.name, part)]
    lines += [Line(name=name, quantity="area", unit="m²", sum=area) for name, area in chip.areas]
    lines += _totals("without writing", [part for part in chip.parts if not part.writing])
    lines += _totals("with writing", chip.parts)
    whole = _added((f"area of {name}", area.value) for name, area in chip.areas)
    lines.append(Line(name="area", quantity="area", unit="m²", sum=whole))
    lines += [line for name, cost in costs.items() for line in _time_and_energy(name, cost)]
    return tuple(line for line in lines if line.sum.products)


def _time_and_energy(name: str, cost: Part | Cost) -> Iterator[Line]:
    yield Line(name=name, quantity="time", unit="s", sum=cost.time)
    yield Line(name=name, quantity="energy", unit="J", sum=cost.energy)


def _totals(name: str, parts: Iterable[Part]) -> Iterator[Line]:
    parts = tuple(parts)
    time, energy = (_added((p.name, getattr(p, quantity)) for p in parts) for quantity in ("seconds", "joules"))
    yield Line(name=name, quantity="time", unit="s", sum=time)
    yield Line(name=name, quantity="energy", unit="J", sum=energy)
    power = term("energy", energy.value, _ABOVE) * term("1 / time", Interval.exact(1.0) / time.value, _ABOVE)
    yield Line(name=name, quantity="power", unit="W", sum=power)


def _added(values: Iterable[tuple[str, Interval]]) -> Expression:
    return sum((term(name, value, _ABOVE) for name, value in values if value.high), start=NOTHING)
