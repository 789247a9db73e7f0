"""Table of break-even points."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mho.cli.quantity import engineering
from mho.cli.tables import columns, wrapped

if TYPE_CHECKING:
    from mho.cost import BreakEven

__all__ = ["break_even_rows", "break_even_table"]

_HEAD = ("break-even", "pulse, time", "solvers, time", "no writing", "pulse, energy", "solvers, energy")


def break_even_table(found: Iterable[BreakEven], *, most: int) -> str:
    """Return the table of break-even points with each platform.

    Parameters
    ----------
    found : iterable of BreakEven
        One for each platform.
    most : int
        Solvers that have work.
    """
    about = (
        "Typical values. Time: the longest write pulse of one solver, the fewest solvers, and the fewest were writing "
        "left out, that are as fast. Energy: the longest pulse and the most solvers that take no more. Pulses keep "
        f"their power; {most:,} solvers have work; none: at no number."
    )
    return f"{columns(break_even_rows(found))}\n{wrapped(about)}"


def break_even_rows(found: Iterable[BreakEven]) -> list[tuple[str, ...]]:
    """Return the cells of that table, a header first.

    Parameters
    ----------
    found : iterable of BreakEven
        One for each platform.
    """
    return [
        _HEAD,
        *(
            (
                even.baseline,
                _pulse(even.pulse_as_fast),
                _solvers(even.solvers_as_fast),
                _solvers(even.unwritten_as_fast),
                _pulse(even.pulse_as_frugal),
                _solvers(even.solvers_as_frugal),
            )
            for even in found
        ),
    ]


def _pulse(seconds: float | None) -> str:
    return "none" if seconds is None else engineering(seconds, "s")


def _solvers(count: int | None) -> str:
    return "none" if count is None else f"{count:,}"
