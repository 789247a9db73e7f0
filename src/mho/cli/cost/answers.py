"""Bill of answers in words and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mho.cli.quantity import engineering, engineering_range, plain_range
from mho.cli.report import as_json
from mho.cli.tables import columns, wrapped

if TYPE_CHECKING:
    from mho.cli.cost.answers_options import Asked
    from mho.cost import AnswersBill, AnswersEven, Battery, Cost, Decider, Fleet, Interval

__all__ = ["answer_rows", "even_rows", "show_answers", "verdict"]


def show_answers(asked: Asked, *, json: bool, plot: Path | None) -> None:
    """Print the bill of answers, and draw it.

    Parameters
    ----------
    asked : Asked
        The question.
    json : bool
        Print JSON.
    plot : Path or None
        SVG or PNG file.
    """
    from mho.cost import answers_even

    bill = asked.bill()
    costs, sources = asked.platforms()
    even = answers_even(bill, costs)
    if plot is not None:
        from mho.cli.cost.answers_plot import plot_answers

        plot_answers(plot, {asked.run.name: (bill, costs)})
    if json:
        print(as_json(_figures(asked, bill, costs, even)))
        return
    sections = [
        wrapped(verdict(asked, bill, costs, even)),
        wrapped(str(asked.run)),
        *_quality(asked),
        columns(answer_rows(bill, f"chip, {asked.costs.technology}")),
        columns(_sizes(asked, bill)),
        columns(_platform_rows(costs)),
        wrapped("; ".join(f"{name}: {sources[name]}" for name in sources if name.startswith("this CPU"))),
        columns(even_rows(even)) + "\n" + wrapped(_ABOUT_EVEN),
        *_battery(asked, bill, costs),
        *_fleet(asked, costs),
    ]
    print("\n\n".join(sections))


_ABOUT_EVEN = (
    "Wins at: ends of the assumptions at which the chip takes less energy. Saving: energy of the platform's answer "
    "over the chip's, its share of rewriting included. From: the fewest "
    "answers of one programming with which the chip takes less, at typical values and at the ends that are kindest and "
    "unkindest to it. Standby: what the chip may draw between answers and still take less; here neither draws any."
)


def verdict(asked: Asked, bill: AnswersBill, costs: Mapping[str, Cost], even: tuple[AnswersEven, ...]) -> str:
    """Return whether the chip wins, from how many answers, and the assumption that decides, in a sentence.

    It wins by less energy at typical values with answers that are good enough; of a recorded run, how good they are is
    not known, so that only its energy is told.

    Parameters
    ----------
    asked : Asked
        The question.
    bill : AnswersBill
        Of the chip.
    costs : mapping of str to Cost
        Of one answer, of each platform.
    even : tuple of AnswersEven
        Against each platform.
    """
    from mho.cost import deciders, technology

    beside = "phone, small core" if asked.use is None else asked.use.beside
    one = next(e for e in even if e.baseline == beside)
    t = technology(asked.costs.technology)
    first, other, *_ = deciders(asked.run, bill.duty, t, costs[beside], **asked.costs.writing)
    said = {
        "every end": "takes less energy at every end of the assumptions",
        "typical values": "takes less energy at typical values, and not at the unkindest end",
        "kindest end alone": "takes more energy at typical values, and less at the kindest end alone",
        "no end": "takes more energy at every end of the assumptions",
    }[one.wins]
    saving = one.saving.typical
    ratio = f"1/{_plain(saving)} of" if saving >= 1 else f"{_plain(1 / saving)} times"
    answers = _answers(one.typical)
    return (
        f"{asked.run.name}: beside the {beside} the chip {_outcome(asked, one)}{said}: "
        f"{engineering(bill.joules.typical, 'J')} an answer, {ratio} its energy, in "
        f"{engineering(bill.latency.typical, 's')}; it breaks even at {answers}; what decides is the {_moved(first)}, "
        f"before {_moved(other)}."
    )


def _plain(value: float) -> str:
    return f"{float(f'{value:.2g}'):,g}"


def _moved(one: Decider) -> str:
    """An assumption, and the platform's energy over the chip's at both of its ends."""
    return f"{one.name.replace('_', ' ')} (saving {_plain(one.low)} to {_plain(one.high)} times over its range)"


def _answers(number: float | None) -> str:
    if number is None:
        return "no number of answers"
    return "the first answer" if number <= 1 else f"{number:,.0f} answers of one programming"


def _outcome(asked: Asked, one: AnswersEven) -> str:
    """Whether a use's chip wins: by less energy, with answers that are good enough."""
    use = asked.use
    if use is None:
        return ""
    if use.is_met:
        return "wins: it " if one.saving.typical > 1 else "does not win: it "
    metric = use.metric.split(",")[0]
    return (
        f"does not win, for its {metric} of {use.quality.typical:.3g} is below the CPU's {use.digital:.3g} by more "
        f"than the {use.bar:.2g} that is borne; it "
    )


def _quality(asked: Asked) -> list[str]:
    use = asked.use
    if use is None:
        return []
    rows = [
        (f"{use.metric}, CPU", f"{use.digital:.4g}"),
        (f"{use.metric}, chip", f"{plain_range(use.quality, '')}; {use.run.design}, chips: {use.chips}"),
        ("loss that is borne", f"{use.bar:.2g}, with cells that err by {plain_range(use.borne * 100, '%')} of g_max"),
        ("measured", use.source),
    ]
    return [wrapped(use.about) + "\n" + columns(rows)]


def answer_rows(bill: AnswersBill, title: str) -> list[tuple[str, str, str]]:
    """Return time and energy of each part of an answer and of the whole, a header first.

    Parameters
    ----------
    bill : AnswersBill
        Of the chip.
    title : str
        What stands above the names.
    """
    parts = [(part.name, part.seconds, part.joules) for part in bill.parts if part.joules.high]
    totals = [("without rewriting", bill.latency, bill.answer_joules)]
    rows = [
        (name, engineering_range(seconds, "s") if seconds.high else "", engineering_range(joules, "J"))
        for name, seconds, joules in parts + totals
    ]
    whole = ("an answer", "", engineering_range(bill.joules, "J"))
    return [(title, "time, typical (low to high)", "energy"), *rows, whole]


def _sizes(asked: Asked, bill: AnswersBill) -> list[tuple[str, str]]:
    from mho.cost import most_per_day, replaced

    stands_for = replaced(asked.run.work, solves=asked.run.solves)
    return [
        ("answers a day", f"{bill.duty.answers_per_day:,.4g}; one chip finds at most {most_per_day(bill):,.3g}"),
        ("rewrites a day", plain_range(bill.duty.rewrites.value, "")),
        (
            "one programming",
            f"{engineering_range(bill.program_seconds, 's')}, {engineering_range(bill.program_joules, 'J')}",
        ),
        ("mean power", engineering_range(bill.watts, "W")),
        ("area", plain_range(bill.square_metres * 1e6, "mm²")),
        (
            "one settling replaces",
            f"{plain_range(stands_for.instructions, 'instructions')}, {plain_range(stands_for.bytes, 'bytes')}",
        ),
    ]


def _platform_rows(costs: Mapping[str, Cost]) -> list[tuple[str, str, str]]:
    rows = [(n, engineering_range(c.seconds, "s"), engineering_range(c.joules, "J")) for n, c in costs.items()]
    return [("platform, an answer", "time, typical (low to high)", "energy"), *rows]


def even_rows(even: tuple[AnswersEven, ...]) -> list[tuple[str, ...]]:
    """Return a row for each platform, a header first.

    Parameters
    ----------
    even : tuple of AnswersEven
        Against each platform.
    """
    return [
        ("beside", "wins at", "saving", "from", "kindest", "unkindest", "standby"),
        *(
            (
                e.baseline,
                _AT[e.wins],
                plain_range(e.saving, ""),
                *(_count(number) for number in (e.typical, e.kindest, e.unkindest)),
                engineering(e.standby_watts, "W") if e.standby_watts else "none",
            )
            for e in even
        ),
    ]


_AT = {"every end": "all ends", "typical values": "typical", "kindest end alone": "kindest", "no end": "none"}


def _count(number: float | None) -> str:
    return "none" if number is None else f"{max(1, number):,.0f}"


def _battery(asked: Asked, bill: AnswersBill, costs: Mapping[str, Cost]) -> list[str]:
    found = _batteries(asked, bill, costs)
    if not found:
        return []
    rows = [(n, plain_range(b.share * 100, "%"), f"{b.hours.typical:,.3g} h") for n, b in found.items()]
    return [columns([("battery", "a day's answers take", "it lasts"), *rows])]


def _batteries(asked: Asked, bill: AnswersBill, costs: Mapping[str, Cost]) -> dict[str, Battery]:
    from mho.cost import battery_of

    held = asked.options.watt_hours
    if held is None:
        return {}
    joules = {"chip": bill.joules, **{name: cost.joules for name, cost in costs.items()}}
    return {n: battery_of(j, watt_hours=held, answers_per_day=asked.per_day) for n, j in joules.items()}


def _fleet(asked: Asked, costs: Mapping[str, Cost]) -> list[str]:
    if asked.options.fleet_per_day is None:
        return []
    rows = [(f"{asked.options.fleet_per_day:,.3g} answers a day", "machines", "power", "energy a year")]
    for name, fleet in _fleets(asked, costs).items():
        year = plain_range(fleet.megawatt_hours, "MWh")
        rows.append((name, f"{fleet.machines:,}", engineering_range(fleet.watts, "W"), year))
    return [columns(rows) + f"\nWith the building's share, PUE {asked.options.pue:g}."]


def _fleets(asked: Asked, costs: Mapping[str, Cost]) -> dict[str, Fleet]:
    from dataclasses import replace

    from mho.cost import fleet_of_chips, fleet_of_platform

    per_day, pue = asked.options.fleet_per_day, asked.options.pue
    if per_day is None:
        return {}
    duty = replace(asked.duty(), answers_per_day=per_day)
    chips, _ = fleet_of_chips(asked.run, duty, asked.costs.technology, pue=pue, **asked.costs.writing)
    others = {name: fleet_of_platform(cost, answers_per_day=per_day, pue=pue) for name, cost in costs.items()}
    return {"chip": chips, **others}


def _figures(
    asked: Asked, bill: AnswersBill, costs: Mapping[str, Cost], even: tuple[AnswersEven, ...]
) -> dict[str, Any]:
    from mho.cost import replaced

    names = ("joules", "answer_joules", "latency", "program_joules", "program_seconds", "watts", "square_metres")
    return {
        "run": asdict(asked.run),
        "quality": _quality_figures(asked),
        "answers_per_day": bill.duty.answers_per_day,
        "rewrites_per_day": _ends(bill.duty.rewrites.value),
        "chip": _intervals(bill, names),
        "parts": {p.name: _intervals(p, _BOTH) | {"rewriting": p.writing} for p in bill.parts},
        "areas": {name: _ends(area.value) for name, area in bill.areas},
        "replaced": _intervals(replaced(asked.run.work, solves=asked.run.solves), ("instructions", "bytes")),
        "platforms": {n: _intervals(c, _BOTH) for n, c in costs.items()},
        "break_even": [asdict(e) | _intervals(e, ("saving", "faster")) | {"wins": e.wins} for e in even],
        "battery": {n: _intervals(b, ("hours", "share")) for n, b in _batteries(asked, bill, costs).items()},
        "fleet": {
            n: _intervals(f, ("watts", "megawatt_hours")) | {"machines": f.machines}
            for n, f in _fleets(asked, costs).items()
        },
    }


_BOTH = ("seconds", "joules")


def _ends(value: Interval) -> list[float]:
    return [value.low, value.typical, value.high]


def _intervals(of: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: _ends(getattr(of, name)) for name in names}


def _quality_figures(asked: Asked) -> dict[str, Any] | None:
    use = asked.use
    if use is None:
        return None
    told = {"metric": use.metric, "digital": use.digital, "bar": use.bar, "source": use.source}
    return told | {"chip": _ends(use.quality), "borne": _ends(use.borne)}
