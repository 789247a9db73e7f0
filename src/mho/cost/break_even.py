"""Break-even points: length of a write pulse and number of solvers at which the chip wins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor

from mho.chip import Ledger
from mho.cost.estimate import Estimate, estimate
from mho.cost.platforms import Cost
from mho.cost.technology import Technology

__all__ = ["BreakEven", "break_even"]


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """Break-even points with one platform, every number typical. None: nowhere.

    Attributes
    ----------
    baseline : str
        The platform.
    pulse_as_fast, pulse_as_frugal : float or None
        The longest write pulse, s, at the same power of a pulse, for one solver, with which a run takes no more time,
        no more energy.
    solvers_as_fast, unwritten_as_fast : int or None
        The fewest solvers that take no more time, writing counted and left out.
    solvers_as_frugal : int or None
        The most that take no more energy, writing counted.

    Examples
    --------
    >>> from mho.cost import PLATFORMS, WORKLOADS, break_even, sweep_ledger, technology
    >>> work = WORKLOADS["movielens-100k"]
    >>> costs = {"H100": PLATFORMS["H100"].cost(work.work())}
    >>> [found] = break_even(sweep_ledger(work), technology("40nm"), costs, most=work.fewest_solves)
    >>> found.baseline, found.pulse_as_fast
    ('H100', None)
    """

    baseline: str
    pulse_as_fast: float | None
    pulse_as_frugal: float | None
    solvers_as_fast: int | None
    unwritten_as_fast: int | None
    solvers_as_frugal: int | None


def break_even(
    ledger: Ledger,
    technology: Technology,
    costs: Mapping[str, Cost],
    *,
    most: int,
    write: str = "row",
    ports: str | None = None,
) -> Iterator[BreakEven]:
    """Yield the break-even points with each platform.

    Time and energy of one solver are straight lines in the length of a pulse; P solvers take
    t_write + max(t_solve / P, t_memory) and E_solve + P E_write.

    Parameters
    ----------
    ledger : Ledger
        Events of the chip.
    technology : Technology
        Cost of each event.
    costs : mapping of str to Cost
        The same work on each platform.
    most : int
        Solvers that have work: right-hand sides of the half-sweep that has fewer.
    write, ports
        As for `estimate`.
    """
    chip, pulse = estimate(ledger, technology, write=write, ports=ports), technology.pulse_seconds.value.typical
    for name, cost in costs.items():
        seconds, joules = cost.seconds.typical, cost.joules.typical
        yield BreakEven(
            baseline=name,
            pulse_as_fast=_longest_pulse(chip, "seconds", seconds, pulse),
            pulse_as_frugal=_longest_pulse(chip, "joules", joules, pulse),
            solvers_as_fast=_fewest(chip, seconds - chip.write_seconds.typical, most),
            unwritten_as_fast=_fewest(chip, seconds, most),
            solvers_as_frugal=_most_frugal(chip, joules, most),
        )


def _longest_pulse(chip: Estimate, quantity: str, allowed: float, pulse: float) -> float | None:
    (pulses,) = (getattr(part, quantity).typical for part in chip.parts if part.name == "write pulses")
    left = allowed - (getattr(chip, quantity).typical - pulses)
    return left / pulses * pulse if left > 0 else None


def _fewest(chip: Estimate, left: float, most: int) -> int | None:
    shared, memory = chip.shared_seconds.typical, chip.memory_seconds.typical
    return ceil(shared / left) if left * most >= shared and left >= memory else None


def _most_frugal(chip: Estimate, joules: float, most: int) -> int | None:
    solvers = floor((joules - chip.solve_joules.typical) / chip.write_joules.typical)
    return min(solvers, most) if solvers >= 1 else None
