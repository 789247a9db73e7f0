"""Swept properties that change no answer of a design."""

from __future__ import annotations

from typing import Any

from mho.sweep.plan import Sweep
from mho.sweep.run import try_chip

__all__ = ["unmoved"]


def unmoved(sweep: Sweep) -> tuple[str, ...]:
    """Return the properties that make no difference: the first chip of some points gives the same answers.

    Each property is taken to its first and last value, or the lowest and highest sample of its range, at the first,
    middle and last point of the plan, with the same errors drawn; words are all tried.

    Parameters
    ----------
    sweep : Sweep
        Plan: design, properties and chips.
    """
    points = sweep.points()
    few = [points[i] for i in sorted({0, len(points) // 2, len(points) - 1})]
    ends = {name: _distinct([*values]) for name, values in sweep.values.items()}
    ends |= {name: [min(found), max(found)] for name in sweep.ranges for found in [[p[name] for p in points]]}
    return tuple(name for name, values in ends.items() if len(values) > 1 and _is_unmoved(sweep, few, name, values))


def _distinct(values: list[Any]) -> list[Any]:
    distinct = list(dict.fromkeys(values))
    return distinct if isinstance(distinct[0], str) else [*dict.fromkeys((distinct[0], distinct[-1]))]


def _answers(row: dict[str, Any]) -> tuple[float, float]:
    return row["error"], row["residual"]


def _is_unmoved(sweep: Sweep, points: list[dict[str, Any]], name: str, values: list[Any]) -> bool:
    """A chip that fails says nothing of what its answers would be."""
    for point in points:
        tried = [try_chip(sweep, (0, point | {name: value}, 0)) for value in values]
        if any(row["failure"] or _answers(row) != _answers(tried[0]) for row in tried):
            return False
    return True
