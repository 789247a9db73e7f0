"""`mho cost WORKLOAD`: the bill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mho.cli.cost.break_even import break_even_table
from mho.cli.cost.headline import headline
from mho.cli.cost.plot import check_plotting
from mho.cli.cost.plot import plot as draw
from mho.cli.cost.question import Question
from mho.cli.cost.record import as_json
from mho.cli.plain import columns, printable

if TYPE_CHECKING:
    from mho.cost import Cost, Estimate

__all__ = ["show"]


def show(
    workload: Annotated[str, Parameter(name="WORKLOAD")],
    /,
    *,
    question: Question | None = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    plot: Path | None = None,
) -> None:
    """Show what a factorization takes: the chip part by part, with and without writing, and digital platforms.

    Where there is a published claim about the workload, it says for which assumptions that holds.

    Parameters
    ----------
    workload
        movielens-100k, netflix, yahoo-music, an image size as 512x512, a .json that `mho factor --ledger` wrote, or a
        file with a matrix, of which the entries that are stored and not NaN are the known ones.
    question
        What is asked.
    json
        Print JSON.
    plot
        SVG file: shares of the parts, what moves the energy most, and time and energy against the length of a write
        pulse, the number of solvers and the bits of the converters.
    """
    from mho.cost import CLAIMS, cases, technology, verdicts

    question = question or Question()
    if plot is not None:
        check_plotting(plot, workload)
    run = question.run(workload)
    chip = question.estimate(run.ledger)
    platforms = question.platforms(run.workload)
    costs = {name: platform.cost(run.work()) for name, platform in platforms.items()}
    even = question.break_even(run, costs)
    claim, most = CLAIMS.get(workload), run.workload.fewest_solves
    counted = cases(run.ledger, technology(question.technology), write=question.write) if claim else ()
    if plot is not None:
        draw(plot, chip, costs, question.tornado(run.ledger), question.curves(run))
    if json:
        found = list(verdicts(claim, counted, costs, most=most)) if claim else []
        print(as_json(run, chip, costs, even, found))
        return
    sections = [
        printable(f"{workload}: {run}"),
        _chip(chip, question),
        _platforms(costs) + f"\nthis CPU: {platforms['this CPU'].source}",
        break_even_table(even, most=most),
    ]
    if claim:
        sections.append(headline(claim, counted, costs, most=most))
    print("\n\n".join(sections))


def _chip(chip: Estimate, question: Question) -> str:
    parts = [(part.name, f"{part.seconds} s", f"{part.joules} J") for part in chip.parts]
    totals = [
        ("without writing", f"{chip.solve_seconds} s", f"{chip.solve_joules} J"),
        ("with writing", f"{chip.seconds} s", f"{chip.joules} J"),
    ]
    rest = [
        ("power without writing", f"{chip.solve_watts} W"),
        ("power with writing", f"{chip.watts} W"),
        *((f"area of {name}", f"{area.value * 1e6} mm²") for name, area in chip.areas),
        ("area", f"{chip.square_metres * 1e6} mm²"),
        ("output stages per column", str(chip.output_stages)),
    ]
    head = (f"chip, {question.technology}, solvers: {question.solvers}", "time, typical (low to high)", "energy")
    return "\n\n".join((columns([head, *parts, *totals]), columns(rest)))


def _platforms(costs: Mapping[str, Cost]) -> str:
    rows = [("platform", "time, typical (low to high)", "energy")]
    return columns(rows + [(name, f"{cost.seconds} s", f"{cost.joules} J") for name, cost in costs.items()])
