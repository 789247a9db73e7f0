"""Writes every table and every sentence with figures of docs/measured/answers.md, and its picture.

    python scripts/answers_page.py

What stands between `<!-- begin NAME -->` and `<!-- end -->` is made by the function of that name, from what `mho cost`
computes of the five uses; this CPU is left out, since the page is not about one computer.
"""

# ruff: noqa: E501, prose

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from mho.chip import ChipError
from mho.cli.cost.answers import verdict
from mho.cli.cost.answers_options import AnswersOptions, Asked
from mho.cli.cost.answers_plot import plot_answers
from mho.cli.cost.options import CostOptions
from mho.cli.quantity import engineering, engineering_range, plain_range
from mho.cost import (
    ANSWER_PLATFORMS,
    USES,
    AnswersBill,
    AnswersEven,
    Cost,
    Duty,
    answers_bill,
    answers_even,
    battery_of,
    fleet_of_chips,
    fleet_of_platform,
    replaced,
    rewrites,
    technology,
)
from mho.cost.inference import of_numbers

sys.path.insert(0, str(Path(__file__).parent))
import site_pages  # pyright: ignore[reportMissingImports]

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "answers.md"
WIRES = PAGE.with_name("answers-wires.json")
PICTURE = PAGE.parents[1] / "figures" / "answers.svg"
CELLS = ("pku-2025", "cmo-hfox", "neurram", "rram-tech-c")
WIDTH = 120


@cache
def asked(name: str) -> Asked:
    """The question that `mho cost NAME` asks."""
    found = Asked.of(name, AnswersOptions(), CostOptions())
    assert found is not None
    return found


@cache
def bill(name: str) -> AnswersBill:
    """The bill of a use."""
    return asked(name).bill()


@cache
def costs(name: str) -> dict[str, Cost]:
    """Cost of one answer on each platform."""
    return {platform: one.cost(asked(name).run.work) for platform, one in ANSWER_PLATFORMS.items()}


@cache
def even(name: str) -> tuple[AnswersEven, ...]:
    """Break-even of a use with each platform."""
    return answers_even(bill(name), costs(name))


def beside(name: str) -> AnswersEven:
    """Break-even with what would answer otherwise."""
    return next(one for one in even(name) if one.baseline == USES[name].beside)


def _table(rows: Iterable[Sequence[str]]) -> str:
    head, *body = (list(row) for row in rows)
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in [head, ["---"] * len(head), *body])


def _bullets(texts: Iterable[str]) -> str:
    wrap = {"subsequent_indent": "  ", "break_on_hyphens": False, "break_long_words": False}
    return "\n".join(textwrap.fill(f"- {text}", WIDTH, **wrap) for text in texts)


def _sentences() -> str:
    told = {name: verdict(asked(name), bill(name), costs(name), even(name)) for name in USES}
    return _bullets(f"**{name}**{text.removeprefix(name)}" for name, text in told.items())


def _quality() -> str:
    rows = [("", "measure", "CPU", "chips", "of them, made as", "loss borne", "error of cells borne")]
    for name, use in USES.items():
        borne = f"{plain_range(use.borne * 100, '%')}"
        chips = (plain_range(use.quality, ""), f"{use.chips}, `{use.run.design}`")
        rows.append((name, use.metric, f"{use.digital:.4g}", *chips, f"{use.bar:.2g}", borne))
    return _table(rows)


def _wires() -> str:
    head = ("", "answers", "measure", "CPU", "perfect wires", "an answer", "wires", "an answer")
    return _table([head, *(_wired(name, told) for name, told in json.loads(WIRES.read_text()).items())])


def _wired(name: str, told: dict[str, Any]) -> list[str]:
    row = [name, f"{told['answers']:,}", told["measure"], f"{told['digital']:.3g}"]
    for kind in ("perfect wires", "wires"):
        if "refusal" in told[kind]:
            row += ["refused", ""]
            continue
        one = answers_bill(of_numbers(told[kind]["run"]), Duty(answers_per_day=1.0))
        taken = f"{engineering(one.joules.typical, 'J')}, {engineering(one.latency.typical, 's')}"
        row += [f"{told[kind]['value']:.3g}", taken]
    return row


def _answers() -> str:
    rows = [("", "matrix", "right-hand sides", "latency", "energy of an answer", "one programming", "area, mm²")]
    for name in USES:
        one, run = bill(name), asked(name).run
        rows.append(
            (
                name,
                f"{run.m:,} x {run.k:,}" + (f", {run.matrices} of them" if run.matrices > 1 else ""),
                f"{run.solves:,.3g}",
                engineering_range(one.latency, "s"),
                engineering_range(one.joules, "J"),
                f"{engineering(one.program_seconds.typical, 's')}, {engineering(one.program_joules.typical, 'J')}",
                plain_range(one.square_metres * 1e6, ""),
            )
        )
    return _table(rows)


def _platforms() -> str:
    rows: list[Sequence[str]] = [("", "chip", *ANSWER_PLATFORMS)]
    for name in USES:
        energies = [bill(name).joules.typical, *(cost.joules.typical for cost in costs(name).values())]
        rows.append((f"{name}, J", *(engineering(joules, "J") for joules in energies)))
        times = [bill(name).latency.typical, *(cost.seconds.typical for cost in costs(name).values())]
        rows.append((f"{name}, s", *(engineering(seconds, "s") for seconds in times)))
    return _table(rows)


def _conditions() -> str:
    head = ("", "beside", "saving", "from so many answers", "rewrites a day at most", "standby at most", "quality")
    return _table([head, *map(_condition, USES)])


def _condition(name: str) -> tuple[str, ...]:
    one, use, chip = beside(name), USES[name], bill(name)
    spare = (costs(name)[use.beside].joules.typical - chip.answer_joules.typical) * use.answers_per_day
    return (
        name,
        one.baseline,
        plain_range(one.saving, ""),
        "none" if one.typical is None else f"{max(1, one.typical):,.0f}",
        "none" if spare <= 0 else f"{spare / chip.program_joules.typical:,.3g}",
        engineering(one.standby_watts, "W") if one.standby_watts else "none",
        "met" if USES[name].is_met else "not met",
    )


def _deciding() -> str:
    shares = ", ".join(f"{100 * _share(name, 'memory'):.0f} % of a {_ONE[name]}" for name in USES)
    wins = [name for name in USES if beside(name).standby_watts and USES[name].is_met]
    wide = [name for name in wins if beside(name).saving.typical > _NARROW]
    narrow = [name for name in wins if name not in wide]
    watts = technology("40nm").amplifier_joules_per_cycle.value.typical * technology("40nm").bandwidth.value.typical
    spare = max(beside(name).standby_watts for name in wins)
    following = [
        name for name in USES if costs(name)["next edge accelerator"].joules.typical < bill(name).joules.typical
    ]
    return _bullets(
        (
            f"**Memory.** Moving bytes from and to LPDDR4 takes {shares}. The visitor's chip reads every film that was not "
            "chosen as a zero, with its row's address; a chip whose rows are at zero by default would save most of that.",
            f"**Op-amps off between answers.** Kept on, a single one draws {engineering(watts, 'W')}; the win of "
            f"{', '.join(wins)} leaves at most {engineering(spare, 'W')} for a whole chip.",
            "**Numbers of 32 bits.** The digital side counts float32, finer than the chip's answers are. In 8 bits it would move a "
            "quarter of the bytes and take about a quarter of the energy; "
            + (f"{', '.join(wide)} would still win at typical values" if wide else "no use would still win")
            + (f", {', '.join(narrow)} would not." if narrow else "."),
            "**No accelerator of the next kind.** 512e9 operations/s at 6 mW is a design target, not a measurement; one that "
            f"could factorise would take less energy than the chip for {', '.join(following)}.",
        )
    )


_NARROW = 4
"""Bytes of a float32 over those of a number of 8 bits."""


def _share(name: str, part: str) -> float:
    one = bill(name)
    return next(p.joules.typical for p in one.parts if p.name == part) / one.joules.typical


_ONE = {"visitor": "visitor's list", "photo": "photo", "vibration": "window", "camera": "frame", "topics": "document"}


def _drift() -> str:
    rows = [("rewrites a day for drift", *CELLS)]
    return _table([*rows, *((name, *(_rewrites(name, cells) for cells in CELLS)) for name in USES)])


def _rewrites(name: str, cells: str) -> str:
    try:
        often = rewrites(cells, USES[name].borne).value
    except ChipError:
        return "never good enough"
    return plain_range(often, "")


def _replaced() -> str:
    rows = [("one settling replaces", "instructions", "bytes")]
    for name in USES:
        run = asked(name).run
        found = replaced(run.work, solves=run.solves)
        rows.append((name, plain_range(found.instructions, ""), plain_range(found.bytes, "")))
    return _table(rows)


def _scale() -> str:
    head = (
        "",
        "answers a day",
        "of a 15 Wh battery a day: chip",
        "what is beside it",
        "1e9 answers a day: chips, power",
    )
    rows: list[Sequence[str]] = [(*head, "what is beside it")]
    for name, use in USES.items():
        chip, other = bill(name), costs(name)[use.beside]
        per_day = use.answers_per_day
        shares = [
            battery_of(joules, watt_hours=15.0, answers_per_day=per_day).share.typical * 100
            for joules in (chip.joules, other.joules)
        ]
        fleet, _ = fleet_of_chips(asked(name).run, _of_fleet(name), "40nm", pue=1.3)
        theirs = fleet_of_platform(other, answers_per_day=1e9, pue=1.3)
        powers = [f"{one.machines:,}, {engineering(one.watts.typical, 'W')}" for one in (fleet, theirs)]
        rows.append((name, f"{per_day:,g}", *(f"{share:.2g} %" for share in shares), *powers))
    return _table(rows)


def _of_fleet(name: str) -> Duty:
    return replace(bill(name).duty, answers_per_day=1e9)


BLOCKS: dict[str, Callable[[], str]] = {
    function.__name__[1:].replace("_", "-"): function
    for function in (
        _sentences,
        _quality,
        _wires,
        _answers,
        _platforms,
        _conditions,
        _drift,
        _deciding,
        _replaced,
        _scale,
    )
}


def made_anew(page: str) -> str:
    """Return the page with every block made again."""
    return site_pages.made_anew(page, BLOCKS)


if __name__ == "__main__":
    site_pages.write_blocks(PAGE, BLOCKS)
    plot_answers(PICTURE, {name: (bill(name), costs(name)) for name in USES})
