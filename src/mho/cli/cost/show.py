"""`mho cost WORKLOAD`: the bill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from mho.cli.cost.answers import show_answers
from mho.cli.cost.answers_options import AnswersOptions, Asked
from mho.cli.cost.break_even import break_even_table
from mho.cli.cost.headline import every_verdict, headline, verdict_sentence
from mho.cli.cost.options import CostOptions
from mho.cli.cost.plot import check_plotting
from mho.cli.cost.plot import plot as draw
from mho.cli.cost.record import as_json
from mho.cli.quantity import engineering, engineering_range, plain_range
from mho.cli.standard_input import file_of
from mho.cli.tables import columns, wrapped

if TYPE_CHECKING:
    from mho.cost import ChipRun, Cost, Estimate

__all__ = ["area_rows", "chip_rows", "platform_rows", "show"]

_COMPARED = "H100"


def show(
    workload: Annotated[str, Parameter(name="WORKLOAD", allow_leading_hyphen=True)],
    /,
    *,
    options: CostOptions | None = None,
    answers: AnswersOptions | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    plot: Path | None = None,
) -> None:
    """Show time, energy and area of a factorization on the chip, part by part, and on digital platforms.

    Or of answers, of a matrix that is programmed once: visitor, photo, vibration, camera, topics, or a .json that
    recommend top, image compress, monitor run or camera run wrote. Where there is a published claim about the workload,
    it says for which assumptions that holds.

    Parameters
    ----------
    workload
        movielens-100k, netflix, yahoo-music, an image size as 512x512, visitor, photo, vibration, camera, topics, a
        .json that --ledger wrote, or a file with a matrix, of which the entries that are stored and not NaN are the
        known ones; - is standard input.
    options
        What is asked.
    answers
        What is asked of answers.
    json
        Print JSON.
    plot
        SVG or PNG file: shares of the parts, what moves time and energy most, and both against the length of a write
        pulse, the rows written at once, the number of solvers and the bits of the converters.
    """
    options, workload = options or CostOptions(), str(file_of(Path(workload), braces=".json"))
    if plot is not None:
        check_plotting(plot, workload)
    if asked := Asked.of(workload, answers or AnswersOptions(), options):
        show_answers(asked, json=json, plot=plot)
        return
    run = options.run(workload)
    chip = options.estimate(run.ledger)
    platforms = options.platforms(run.workload)
    costs = {name: platform.cost(run.work()) for name, platform in platforms.items()}
    even = options.break_even(run, costs)
    claim, found = _claimed(workload, options, run, costs)
    if plot is not None:
        draw(plot, chip, costs, options.tornado(run.ledger), options.curves(run))
    if json:
        print(as_json(run, chip, costs, even, found))
    else:
        sections = [
            wrapped(f"{workload}: {verdict_sentence(claim, found) if claim else _verdict(run, chip, costs, options)}"),
            wrapped(f"{run}"),
            _chip(chip, options),
            columns(platform_rows(costs)) + "\n" + wrapped(f"this CPU: {platforms['this CPU'].source}"),
            break_even_table(even, most=run.workload.fewest_solves),
        ]
        print("\n\n".join(sections + ([headline(claim, found)] if claim else [])))
    options.tell_unused(workload, run, _shown)


def _claimed(workload: str, options: CostOptions, run: ChipRun, costs: Mapping[str, Cost]) -> tuple[Any, list[Any]]:
    """The published claim about a workload, if there is one, and what it says under each set of assumptions."""
    from mho.cost import CLAIMS, cases, technology

    claim = CLAIMS.get(workload)
    if not claim:
        return None, []
    counted = {"classic": options.classic(run), "write": options.write, "ports": options.write_ports}
    ways = cases(run.ledger, technology(options.technology), **counted)
    return claim, every_verdict(claim, ways, costs, most=run.workload.fewest_solves)


def _shown(options: CostOptions, run: ChipRun) -> Any:
    """Everything that the options decide."""
    return run, options.estimate(run.ledger)


def _verdict(run: ChipRun, chip: Estimate, costs: Mapping[str, Cost], options: CostOptions) -> str:
    """The chip beside a GPU and this computer, in one sentence."""
    who = "one solver takes" if options.solvers == 1 else f"{options.solvers:,} solvers take"
    what = "a sweep" if run.iterations == 1 else f"{run.iterations:,} sweeps"
    return (
        f"{who} {engineering(chip.seconds.typical, 's')} and {engineering(chip.joules.typical, 'J')} for {what}, "
        f"writing counted; {_beside(chip, costs, _COMPARED, 'an ')}; {_beside(chip, costs, 'this CPU')}."
    )


def _beside(chip: Estimate, costs: Mapping[str, Cost], name: str, article: str = "") -> str:
    seconds = chip.seconds.typical / costs[name].seconds.typical
    saving = costs[name].joules.typical / chip.joules.typical
    time = f"{_ratio(seconds)} times the time" if seconds >= 1 else f"1/{_ratio(1 / seconds)} of the time"
    energy = f"1/{_ratio(saving)} of the energy" if saving >= 1 else f"{_ratio(1 / saving)} times the energy"
    return f"{time} and {energy} of {article}{name}"


def _ratio(value: float) -> str:
    return f"{float(f'{value:.2g}'):,g}"


def chip_rows(chip: Estimate, title: str) -> list[tuple[str, str, str]]:
    """Return time and energy of each part and of the whole, a header first.

    Parameters
    ----------
    chip : Estimate
        Bill of the chip.
    title : str
        What stands above the names.
    """
    parts = [(part.name, part.seconds, part.joules) for part in chip.parts]
    totals = [
        ("without writing", chip.solve_seconds, chip.solve_joules),
        ("with writing", chip.seconds, chip.joules),
    ]
    rows = [
        (name, engineering_range(seconds, "s") if seconds.high else "", engineering_range(joules, "J"))
        for name, seconds, joules in parts + totals
    ]
    return [(title, "time, typical (low to high)", "energy"), *rows]


def area_rows(chip: Estimate) -> list[tuple[str, str]]:
    """Return power and area, without a header.

    Parameters
    ----------
    chip : Estimate
        Bill of the chip.
    """
    return [
        ("power without writing", engineering_range(chip.solve_watts, "W")),
        ("power while writing", engineering_range(chip.write_joules / chip.write_seconds, "W")),
        ("mean power", engineering_range(chip.watts, "W")),
        *((f"area of {name}", plain_range(area.value * 1e6, "mm²")) for name, area in chip.areas),
        ("area", plain_range(chip.square_metres * 1e6, "mm²")),
        ("output stages per column", plain_range(chip.output_stages, "")),
    ]


def platform_rows(costs: Mapping[str, Cost]) -> list[tuple[str, str, str]]:
    """Return time and energy of each platform, a header first.

    Parameters
    ----------
    costs : mapping of str to Cost
        Of each platform.
    """
    rows = [
        (name, engineering_range(cost.seconds, "s"), engineering_range(cost.joules, "J"))
        for name, cost in costs.items()
    ]
    return [("platform", "time, typical (low to high)", "energy"), *rows]


def _chip(chip: Estimate, options: CostOptions) -> str:
    title = f"chip, {options.technology}, solvers: {options.solvers:,}"
    return "\n\n".join((columns(chip_rows(chip, title)), columns(area_rows(chip))))
