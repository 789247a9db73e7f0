"""Options of a bill of answers: load, cells, battery, fleet."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.cost.options import CostOptions

if TYPE_CHECKING:
    from mho.cost import AnswersBill, Cost, Duty, Inference, Use

__all__ = ["AnswersOptions", "Asked"]

_OF_FACTORIZATIONS = ("k", "iterations", "solvers", "topology", "layout", "measure")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class AnswersOptions:
    """Options of a matrix that is programmed once and answers.

    Parameters
    ----------
    answers_per_day
        Of one chip; each use has its own, a recorded run 1,000.
    updates_per_day
        New matrices, for a new model; each use has its own, a recorded run none.
    cells
        Preset whose drift asks for rewrites; those of pku-2025 drift by nothing that is published.
    kelvin
        Temperature at which they age; by default the one at which their relaxation was measured.
    borne
        Root mean square error of the cells that is borne, as a share of the largest conductance; each use was measured.
    battery
        Energy of a battery, as 15Wh.
    fleet
        Answers of a data centre, as 1e9/day: chips needed, kW, MWh a year.
    pue
        Power of the whole building over that of its machines.
    """

    answers_per_day: float | None = None
    updates_per_day: float | None = None
    cells: Literal["pku-2025", "neurram", "cmo-hfox", "rram-tech-c", "rram-tech-a"] = "cmo-hfox"
    kelvin: float | None = None
    borne: float | None = None
    battery: Annotated[str | None, Parameter(show_default=False)] = None
    fleet: Annotated[str | None, Parameter(show_default=False)] = None
    pue: float = 1.3

    def given(self) -> list[str]:
        """Return the options that differ from their defaults, as they are typed."""
        return [f"--{f.name.replace('_', '-')}" for f in fields(self) if getattr(self, f.name) != f.default]

    @property
    def watt_hours(self) -> float | None:
        """Energy of the battery, Wh."""
        return None if self.battery is None else _quantity(self.battery, "Wh", "--battery")

    @property
    def fleet_per_day(self) -> float | None:
        """Answers a day of a data centre."""
        return None if self.fleet is None else _quantity(self.fleet, "/day", "--fleet")

    def check(self) -> None:
        """Refuse numbers out of range, by the names of their options."""
        from mho import checks

        for name in ("answers_per_day", "borne", "kelvin"):
            if getattr(self, name) is not None:
                checks.positive_number(getattr(self, name), f"--{name.replace('_', '-')}")
        if self.updates_per_day is not None:
            checks.nonnegative_number(self.updates_per_day, "--updates-per-day")
        checks.at_least(self.pue, "--pue", 1)
        if self.pue != 1.3 and self.fleet is None:
            raise ValueError("--pue goes with --fleet, which is not given")
        _ = self.watt_hours, self.fleet_per_day


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question about answers.

    Attributes
    ----------
    run : Inference
    use : Use or None
        None: a run of the user's own, of which no quality is known.
    options : AnswersOptions
    costs : CostOptions
        Technology and writing.
    """

    run: Inference
    use: Use | None
    options: AnswersOptions
    costs: CostOptions

    @classmethod
    def of(cls, name: str, options: AnswersOptions, costs: CostOptions) -> Asked | None:
        """Return the question, or None where a name stands for a factorization.

        Raises
        ------
        ValueError, DataError
            An option that this question does not take, or a file that is damaged.
        """
        from mho.cost import USES

        use = USES[name] if name in USES else None
        run = _recorded(name) if use is None else use.run
        if run is None:
            if options.given():
                raise ValueError(f"{options.given()[0]} goes with {', '.join(USES)}, or a run of answers, got {name!r}")
            return None
        options.check()
        found = cls(run=run, use=use, options=options, costs=costs)
        found._check()
        return replace(found, run=found._tiled())

    def _check(self) -> None:
        from mho import checks
        from mho.cost import WHY_NOT_WIDER

        for field in _OF_FACTORIZATIONS:
            value = getattr(self.costs, field)
            if value != CostOptions.__dataclass_fields__[field].default:
                raise ValueError(f"--{field} goes with a factorization, got {self.run.name!r}; leave it out")
        if self.costs.array is not None:
            columns = self.costs.array_size()[1]
            checks.positive_int(self.run.k, "columns of the matrix", limit=columns, what=f"{WHY_NOT_WIDER}, --array")

    def _tiled(self) -> Inference:
        """The run on arrays of other rows: as many pulses, in more or fewer tiles."""
        from math import ceil

        if self.costs.array is None:
            return self.run
        rows, written = self.costs.array_size()[0], self.run.programmed.copy()
        written.tiles = ceil(written.rows / rows)
        written.tile_pulses = written.row_pulses * min(1.0, rows / written.rows)
        return replace(self.run, programmed=written)

    @property
    def per_day(self) -> float:
        """Answers a day of one chip."""
        own = 1000.0 if self.use is None else self.use.answers_per_day
        return own if self.options.answers_per_day is None else self.options.answers_per_day

    @property
    def updates(self) -> float:
        """New matrices a day."""
        own = 0.0 if self.use is None else self.use.updates_per_day
        return own if self.options.updates_per_day is None else self.options.updates_per_day

    def duty(self) -> Duty:
        """Return answers and rewrites a day.

        Raises
        ------
        ChipError
            The cells do not meet the bar, or nothing is known of them at the temperature.
        """
        from mho.cost import Duty, drift_or_update

        cells, kelvin = self.options.cells, self.options.kelvin
        often = drift_or_update(cells, self._borne, updates=self.updates, kelvin=kelvin)
        return Duty(answers_per_day=self.per_day, rewrites=often)

    @property
    def _borne(self) -> Any:
        from mho.cost import Interval

        if self.options.borne is not None:
            return Interval.exact(self.options.borne)
        return None if self.use is None else self.use.kept_within

    def bill(self) -> AnswersBill:
        """Return the bill of one chip.

        Raises
        ------
        ValueError
            What is asked for is beyond what cells or loops can do; the limit is told.
        """
        from mho.chip import ChipError
        from mho.cost import answers_bill

        try:
            return answers_bill(self.run, self.duty(), self.costs.technology, **self.costs.writing)
        except ChipError as refusal:
            raise ValueError(str(refusal)) from None

    def platforms(self) -> tuple[dict[str, Cost], dict[str, str]]:
        """Return the cost of one answer on each platform, this CPU measured now, and where the numbers are from."""
        from mho.cost import ANSWER_PLATFORMS, measured_answers
        from mho.engines import Digital

        here = measured_answers(Digital(), self.run)
        costs = {name: one.cost(self.run.work) for name, one in {**ANSWER_PLATFORMS, **here}.items()}
        sources = {name: one.platform.source for name, one in ANSWER_PLATFORMS.items()}
        return costs, sources | {name: one.source for name, one in here.items()}


def _recorded(name: str) -> Inference | None:
    """The run of answers in a file; None if it is no such file."""
    from mho.cost import is_inference, read_inference

    path = Path(name)
    return read_inference(path) if path.suffix == ".json" and path.exists() and is_inference(path) else None


def _quantity(text: str, unit: str, option: str) -> float:
    """A number above zero with its unit."""
    found = re.fullmatch(rf"([0-9.]+(?:[eE][+-]?[0-9]+)?) ?{re.escape(unit)}", text.strip())
    try:
        value = float(found[1]) if found else 0.0
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ValueError(f"{option} must be a number above 0 with its unit, as 15{unit}, got {text!r}")
    return value
