"""Where the chip breaks even, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mho.cli.plain import columns

if TYPE_CHECKING:
    from mho.cost import BreakEven

__all__ = ["break_even_table"]


def break_even_table(found: Iterable[BreakEven], *, most: int) -> str:
    """Return where the chip breaks even with each platform.

    Parameters
    ----------
    found : iterable of BreakEven
    most : int
        Solvers that have work.
    """
    head = (
        "break-even, typical values",
        "as fast: pulses up to",
        "solvers from",
        "writing left out",
        "no more energy: pulses up to",
        "solvers up to",
    )
    rows = [
        (
            even.baseline,
            _pulse(even.pulse_as_fast),
            _solvers(even.solvers_as_fast),
            _solvers(even.unwritten_as_fast),
            _pulse(even.pulse_as_frugal),
            _solvers(even.solvers_as_frugal),
        )
        for even in found
    ]
    about = f"pulses: for one solver, at the power they have; solvers: of {most:,} that have work; none: at no number"
    return f"{columns([head, *rows])}\n{about}"


def _pulse(seconds: float | None) -> str:
    return "none" if seconds is None else f"{seconds:.3g} s"


def _solvers(count: int | None) -> str:
    return "none" if count is None else f"{count:,}"
