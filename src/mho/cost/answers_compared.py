"""Answers of the chip beside a digital platform's: break-even, battery, fleet, and what decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, log

from mho import checks
from mho.cost.arithmetic import term
from mho.cost.inference import Inference
from mho.cost.inference_bill import AnswersBill, Duty, answers_bill, most_per_day
from mho.cost.interval import Interval
from mho.cost.platforms import Cost
from mho.cost.rewriting import DAY
from mho.cost.technology import Technology
from mho.cost.work import Work

__all__ = [
    "AnswersEven",
    "Battery",
    "Decider",
    "Fleet",
    "Replaced",
    "answers_even",
    "battery_of",
    "deciders",
    "fleet_of_chips",
    "fleet_of_platform",
    "replaced",
]

_YEAR = 365.25
_JOULES_PER_HOUR = 3600.0
_LANES = 8
"""Float32 numbers of an AVX2 register."""


@dataclass(frozen=True, kw_only=True)
class AnswersEven:
    """Fewest answers of one programming from which the chip takes less energy than a platform.

    Attributes
    ----------
    baseline : str
        The platform.
    kindest, typical, unkindest : float or None
        At the end of every number that is kindest to the chip, and so on. None: an answer alone takes more.
    saving : Interval
        Energy of the platform's answer over the chip's, its share of rewriting included: unkindest to kindest.
    faster : Interval
        Time of the platform's answer over the chip's.
    standby_watts : float
        Most power between answers with which the chip still takes less, every other number typical; 0: it does not.

    Examples
    --------
    >>> from mho.cost import AnswersEven, Interval
    >>> even = AnswersEven(baseline="x", kindest=10, typical=None, unkindest=None, saving=Interval(0.1, 0.5, 2.0),
    ...     faster=Interval.exact(1.0), standby_watts=0.0)
    >>> even.wins
    'kindest end alone'
    """

    baseline: str
    kindest: float | None
    typical: float | None
    unkindest: float | None
    saving: Interval
    faster: Interval
    standby_watts: float

    @property
    def wins(self) -> str:
        """Ends of the assumptions at which the chip takes less energy."""
        if self.saving.low > 1:
            return "every end"
        if self.saving.typical > 1:
            return "typical values"
        return "kindest end alone" if self.saving.high > 1 else "no end"


def answers_even(bill: AnswersBill, costs: Mapping[str, Cost]) -> tuple[AnswersEven, ...]:
    """Return the break-even of answers with each platform.

    N answers of one programming take ``E_program + N E_answer``, those of the platform N times what one takes.

    Parameters
    ----------
    bill : AnswersBill
        Of the chip.
    costs : mapping of str to Cost
        Of one answer.
    """
    return tuple(_even(bill, name, cost) for name, cost in costs.items())


def _even(bill: AnswersBill, name: str, cost: Cost) -> AnswersEven:
    program, answer, other = bill.program_joules, bill.answer_joules, cost.joules

    def fewest(chip: str, platform: str) -> float | None:
        left = getattr(other, platform) - getattr(answer, chip)
        return getattr(program, chip) / left if left > 0 else None

    spare = (other.typical - bill.joules.typical) * bill.duty.answers_per_day / DAY
    return AnswersEven(
        baseline=name,
        kindest=fewest("low", "high"),
        typical=fewest("typical", "typical"),
        unkindest=fewest("high", "low"),
        saving=other / bill.joules,
        faster=cost.seconds / bill.latency,
        standby_watts=max(0.0, spare),
    )


@dataclass(frozen=True, kw_only=True)
class Battery:
    """Answers from a battery that has nothing else to do.

    Attributes
    ----------
    hours : Interval
        That it lasts.
    share : Interval
        Part of it that a day's answers take.

    Examples
    --------
    >>> from mho.cost import Interval, battery_of
    >>> print(battery_of(Interval.exact(1e-3), watt_hours=15.0, answers_per_day=2000).share)
    3.7e-05
    """

    hours: Interval
    share: Interval


def battery_of(joules: Interval, *, watt_hours: float, answers_per_day: float) -> Battery:
    """Return the share of a battery that answers take, and the time it lasts.

    Parameters
    ----------
    joules : Interval
        Energy of one answer, J.
    watt_hours : float
        Energy of the battery, Wh.
    answers_per_day : float
        Answers a day.
    """
    held = checks.positive_number(watt_hours, "watt_hours") * _JOULES_PER_HOUR
    daily = joules * answers_per_day
    return Battery(hours=Interval.exact(24.0 * held) / daily, share=daily * (1 / held))


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Machines of a data centre that answer at an even rate.

    Attributes
    ----------
    machines : int
        Chips, or platforms, every number typical.
    watts : Interval
        Drawn from the grid, W.
    megawatt_hours : Interval
        A year, MWh.

    Examples
    --------
    >>> from mho.cost import ANSWER_PLATFORMS, answer_work, fleet_of_platform
    >>> cost = ANSWER_PLATFORMS["H100, one"].cost(answer_work(16, 100))
    >>> fleet_of_platform(cost, answers_per_day=1e12, pue=1.3).machines
    116
    """

    machines: int
    watts: Interval

    @property
    def megawatt_hours(self) -> Interval:
        """Energy of a year, MWh."""
        return self.watts * (24 * _YEAR / 1e6)


def fleet_of_platform(cost: Cost, *, answers_per_day: float, pue: float) -> Fleet:
    """Return the machines of a platform that answer as often, and their power.

    Parameters
    ----------
    cost : Cost
        Of one answer.
    answers_per_day : float
        Of all together, at an even rate.
    pue : float
        Power of the whole building over that of the machines, at least 1.
    """
    checks.at_least(pue, "pue", 1)
    rate = answers_per_day / DAY
    return Fleet(machines=max(1, ceil(rate * cost.seconds.typical)), watts=cost.joules * (rate * pue))


def fleet_of_chips(
    run: Inference, duty: Duty, technology: Technology | str, *, pue: float, **writing: str | None
) -> tuple[Fleet, AnswersBill]:
    """Return the chips that answer as often, each rewritten as its cells drift, and the bill of one of them.

    Parameters
    ----------
    run : Inference
        What programming and answering take.
    duty : Duty
        Answers a day of all together, rewrites a day of each.
    technology : Technology or str
        What one event costs.
    pue : float
        Power of the whole building over that of the chips, at least 1.
    **writing
        As for `answers_bill`: write and ports.
    """
    checks.at_least(pue, "pue", 1)
    one = answers_bill(run, replace(duty, answers_per_day=1.0), technology, **writing)  # pyright: ignore[reportArgumentType]
    chips = max(1, ceil(duty.answers_per_day / most_per_day(one)))
    bill = answers_bill(run, duty, technology, chips=chips, **writing)  # pyright: ignore[reportArgumentType]
    return Fleet(machines=chips, watts=bill.watts * (chips * pue)), bill


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """Digital work that one settling of the loop stands in for.

    Attributes
    ----------
    instructions : Interval
        Low: fused multiply-adds of eight numbers; typical: of one; high: each with two loads.
    bytes : Interval
        Numbers read and written: right-hand side and answer; high: and the rows of the matrix.

    Examples
    --------
    >>> from mho.cost import answer_work, replaced
    >>> print(replaced(answer_work(16, 100), solves=1).instructions)
    2.54e+03 (317 to 7.62e+03)
    """

    instructions: Interval
    bytes: Interval


def replaced(work: Work, *, solves: float) -> Replaced:
    """Return the instructions and bytes of a platform that one settling replaces.

    Parameters
    ----------
    work : Work
        Of one answer.
    solves : float
        Right-hand sides of an answer.
    """
    fused = work.flops / 2 / solves
    return Replaced(
        instructions=Interval(fused / _LANES, fused, 3 * fused),
        bytes=Interval(work.bytes_cached, work.bytes_cached, work.bytes_uncached) * (1 / solves),
    )


@dataclass(frozen=True, kw_only=True)
class Decider:
    """An assumption, and how far it moves the saving with every other number typical.

    Attributes
    ----------
    name : str
    low, high : float
        Saving with the number at the end that is worse for the chip, and at the better one.

    Examples
    --------
    >>> from mho.cost import Decider
    >>> Decider(name="adc_joules", low=0.8, high=2.0).crosses
    True
    """

    name: str
    low: float
    high: float

    @property
    def crosses(self) -> bool:
        """Whether the winner depends on it."""
        return self.low < 1 < self.high


def deciders(run: Inference, duty: Duty, technology: Technology, cost: Cost, **writing: str | None) -> list[Decider]:
    """Return every assumption, from the one that moves the saving most.

    Parameters
    ----------
    run : Inference
        What programming and answering take.
    duty : Duty
        Answers and rewrites a day.
    technology : Technology
        What one event costs.
    cost : Cost
        Of one answer on the platform that it is compared with.
    **writing
        As for `answers_bill`: write and ports.
    """
    numbers = {name: number.value for name, number in technology.numbers().items()}
    typical = technology.with_(**{name: value.typical for name, value in numbers.items()})

    def saving(**changed: float) -> float:
        bill = answers_bill(run, duty, typical.with_(**changed), **writing)  # pyright: ignore[reportArgumentType]
        return cost.joules.typical / bill.joules.typical

    def rewritten(count: float) -> float:
        changed = replace(duty, rewrites=term("rewrites a day", count, "an end of its range"))
        return cost.joules.typical / answers_bill(run, changed, typical, **writing).joules.typical  # pyright: ignore[reportArgumentType]

    often, ends = duty.rewrites.value, (cost.joules.low, cost.joules.high)
    found = [_decider("energy of the platform", *(saving() * end / cost.joules.typical for end in ends))]
    found += [
        _decider(name, *(saving(**{name: end}) for end in (value.low, value.high))) for name, value in numbers.items()
    ]
    found.append(_decider("rewrites a day", rewritten(often.low), rewritten(often.high)))
    moving = [one for one in found if one.low < one.high]
    return sorted(moving, key=lambda one: -log(one.high / one.low))


def _decider(name: str, one: float, other: float) -> Decider:
    return Decider(name=name, low=min(one, other), high=max(one, other))
