"""Bill of answers: a matrix programmed once, rewritten as its cells drift, and so many answers a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mho import checks
from mho.chip import Ledger
from mho.circuits.errors import ChipError
from mho.cost.arithmetic import NOTHING, Expression, term
from mho.cost.bill import Line
from mho.cost.estimate import Estimate, Part, estimate
from mho.cost.inference import Inference
from mho.cost.interval import Interval
from mho.cost.platforms import Cost
from mho.cost.rewriting import DAY
from mho.cost.technology import Technology, technology

__all__ = ["AnswersBill", "Duty", "answers_bill", "answers_lines", "most_per_day"]

WAKING = term(
    "wake_seconds",
    Interval(1e-7, 1e-6, 1e-5),
    "op-amps are off between answers, and are on so long before one; this project's assumption",
)
OPERATION = term(
    "joules_per_operation",
    Interval(4.6e-12 / 2, 1e-11, 1e-10),
    "low: half of a float32 multiplication and addition at 45 nm (Horowitz-2014, recalled); typical and high: with the "
    "loads and the control of an embedded core, this project's assumption",
)
OPERATION_SECONDS = term(
    "1 / rate", Interval(1 / 8e9, 1 / 1e9, 1 / 8e7), "0.08 to 8 GFLOPS of a core beside the chip, assumed"
)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Load of a chip that answers.

    Attributes
    ----------
    answers_per_day : float
    rewrites : Expression
        Rewrites of all its matrices a day, for drift or for a new model.

    Examples
    --------
    >>> from mho.cost import Duty
    >>> Duty(answers_per_day=2000).rewrites.value.high
    0.0
    """

    answers_per_day: float
    rewrites: Expression = NOTHING

    def __post_init__(self) -> None:
        checks.at_least(self.answers_per_day, "answers_per_day", 0, strict=True)

    @property
    def per_answer(self) -> Expression:
        """Rewrites for one answer."""
        return self.rewrites * term("1 / answers a day", 1 / self.answers_per_day, "given")


@dataclass(frozen=True, kw_only=True)
class AnswersBill:
    """Time, energy and area of a chip that is programmed once and answers.

    Attributes
    ----------
    run : Inference
    duty : Duty
    parts : tuple of Part
        Of one answer, its share of the rewrites included: their seconds and joules add up to the whole.
    programming : Estimate
        One programming of all matrices, read-back and calibration included.
    areas : tuple of (str, Expression)
        Square metres, of all matrices, each as large as the largest.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.cost import Duty, USES, answers_bill
    >>> bill = answers_bill(USES["vibration"].run, Duty(answers_per_day=1000))
    >>> bool(np.isclose(bill.joules.typical, sum(part.joules.typical for part in bill.parts)))
    True
    """

    run: Inference
    duty: Duty
    parts: tuple[Part, ...]
    programming: Estimate
    areas: tuple[tuple[str, Expression], ...]

    @property
    def joules(self) -> Interval:
        """Energy of one answer, its share of rewriting included, J."""
        return _whole(self.parts, "energy").value

    @property
    def answer_joules(self) -> Interval:
        """Energy of one answer without rewriting, J."""
        return _whole(self._answering, "energy").value

    @property
    def latency(self) -> Interval:
        """Time of one answer, s."""
        return _whole(self._answering, "time").value

    @property
    def program_joules(self) -> Interval:
        """Energy of one programming, J."""
        return self.programming.joules

    @property
    def program_seconds(self) -> Interval:
        """Time of one programming, s."""
        return self.programming.seconds

    @property
    def watts(self) -> Interval:
        """Mean power over a day, W; between answers the chip is off."""
        return self.joules * (self.duty.answers_per_day / DAY)

    @property
    def busy(self) -> Interval:
        """Share of a day in which the chip works."""
        return _whole(self.parts, "time").value * (self.duty.answers_per_day / DAY)

    @property
    def square_metres(self) -> Interval:
        """Area, m^2."""
        return sum((area for _, area in self.areas), start=NOTHING).value

    @property
    def _answering(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if not part.writing)


def answers_bill(
    run: Inference,
    duty: Duty,
    technology_: Technology | str = "40nm",
    *,
    chips: int = 1,
    write: str = "row",
    ports: str | None = None,
) -> AnswersBill:
    """Return the bill of one chip that answers.

    Parameters
    ----------
    run : Inference
        What programming and answering take.
    duty : Duty
        Answers and rewrites a day.
    technology_ : Technology or str
        What one event costs.
    chips : int
        Chips that share the answers; each is written as often as one is, and the bill is that of one of them.
    write, ports
        As for `estimate`.

    Raises
    ------
    ChipError
        One chip cannot answer as often.
    """
    t = technology(technology_)
    duty = replace(duty, answers_per_day=duty.answers_per_day / checks.positive_int(chips, "chips"))
    programming, held = (estimate(one, t, write=write, ports=ports) for one in (run.programmed, _held(run)))
    parts, areas = (*_answering(run, t), *_rewriting(programming, duty)), _areas(run, held)
    bill = AnswersBill(run=run, duty=duty, parts=parts, programming=programming, areas=areas)
    _check_rate(bill)
    return bill


def _areas(run: Inference, held: Estimate) -> tuple[tuple[str, Expression], ...]:
    """Areas of all matrices that are held at once, of that of one."""
    matrices = term("matrices", run.matrices, "held at once, each counted as large as the largest")
    return tuple((name, matrices * area) for name, area in held.areas)


def most_per_day(bill: AnswersBill) -> float:
    """Return the most answers a day that one chip finds beside its rewriting, every number typical.

    Parameters
    ----------
    bill : AnswersBill
        Of the matrix and its rewrites.

    Raises
    ------
    ChipError
        Rewriting leaves no time.
    """
    written = bill.duty.rewrites.value.typical
    left = DAY - written * bill.program_seconds.typical
    if left <= 0:
        raise ChipError(
            f"cells cannot be rewritten {written:,.3g} times a day: one programming takes "
            f"{bill.program_seconds.typical:.3g} s, so that no time to answer is left; take cells that hold longer, or "
            "a bar that is less strict"
        )
    return left / bill.latency.typical


def answers_lines(bill: AnswersBill, costs: Mapping[str, Cost]) -> tuple[Line, ...]:
    """Return every number that is not nothing, with its arithmetic: parts, areas, totals, then digital platforms.

    Parameters
    ----------
    bill : AnswersBill
        Of the chip.
    costs : mapping of str to Cost
        Of one answer, of each platform.
    """
    lines = [line for part in bill.parts for line in _time_and_energy(part.name, part)]
    lines += [Line(name=name, quantity="area", unit="m²", sum=area) for name, area in bill.areas]
    lines += _time_and_energy("programming", bill.programming)
    whole = Part(name="an answer", time=_whole(bill.parts, "time"), energy=_whole(bill.parts, "energy"))
    lines += _time_and_energy(whole.name, whole)
    lines += [line for name, cost in costs.items() for line in _time_and_energy(name, cost)]
    return tuple(line for line in lines if line.sum.products)


def _time_and_energy(name: str, cost: Part | Cost | Estimate) -> Iterator[Line]:
    yield Line(name=name, quantity="time", unit="s", sum=cost.time)
    yield Line(name=name, quantity="energy", unit="J", sum=cost.energy)


def _answering(run: Inference, t: Technology) -> tuple[Part, ...]:
    """The parts of one answer: those of its events, waking, and what is computed beside the chip."""
    events = estimate(run.answered, t)
    opamps = term("op-amps", run.matrices * _opamps(run), "counted by the ledger")
    bias = opamps * t.term("amplifier_joules_per_cycle")
    operations = term("operations", run.answered.operations, "digital, beside the chip: probes")
    parts = (
        *(part for part in events.parts if not part.writing),
        Part(name="waking", time=WAKING, energy=bias * t.term("bandwidth") * WAKING),
        Part(name="digital operations", time=operations * OPERATION_SECONDS, energy=operations * OPERATION)
        if run.answered.operations
        else Part(name="digital operations"),
    )
    return parts


def _rewriting(programming: Estimate, duty: Duty) -> Iterator[Part]:
    """An answer's share of writing, and of reading back and calibrating what was written."""
    if not duty.rewrites.value.high:
        return
    for name, writing in (("rewriting", True), ("calibration", False)):
        parts = [part for part in programming.parts if part.writing is writing]
        time, energy = (_whole(parts, quantity) for quantity in ("time", "energy"))
        yield Part(name=name, time=time * duty.per_answer, energy=energy * duty.per_answer, writing=True)


def _check_rate(bill: AnswersBill) -> None:
    most = most_per_day(bill)
    if bill.duty.answers_per_day > most:
        raise ChipError(
            f"one chip cannot answer {bill.duty.answers_per_day:,.3g} times a day: an answer takes it "
            f"{bill.latency.typical:.3g} s, settling, converters and memory, and all rewrites "
            f"{bill.duty.rewrites.value.typical * bill.program_seconds.typical:.3g} s a day, so that it answers at "
            f"most {most:,.3g} times; share the answers between more chips"
        )


def _held(run: Inference) -> Ledger:
    """Sizes of what is there at once: written arrays, and the op-amps and currents of solving."""
    held = run.programmed.copy()
    held.add(run.answered)
    return held


def _opamps(run: Inference) -> float:
    return max(run.answered.opamps, run.answered.columns)


def _whole(parts: tuple[Part, ...] | list[Part], quantity: str) -> Expression:
    return sum((getattr(part, quantity) for part in parts), start=NOTHING)
