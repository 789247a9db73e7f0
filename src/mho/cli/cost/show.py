"""`mho cost WORKLOAD`: the bill."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mho.cli.cost.headline import headline
from mho.cli.cost.question import Question
from mho.cli.plain import columns

if TYPE_CHECKING:
    from mho.cost import Cost, Estimate

__all__ = ["show"]


def show(
    workload: Annotated[str, Parameter(name="WORKLOAD")],
    /,
    *,
    question: Question | None = None,
) -> None:
    """Show what a factorization takes: the chip part by part, with and without writing, and digital platforms.

    Where there is a published claim about the workload, it says for which assumptions that holds.

    Parameters
    ----------
    workload
        movielens-100k, netflix or yahoo-music.
    question
        What is asked.
    """
    from mho.cost import CLAIMS, cases, technology

    question = question or Question()
    sizes = question.workload(workload)
    ledger = question.ledger(sizes)
    platforms = question.platforms(sizes)
    costs = {name: platform.cost(question.work(sizes)) for name, platform in platforms.items()}
    sections = [
        f"{workload}: {sizes}; iterations: {question.iterations}",
        _chip(question.estimate(ledger), question),
        _platforms(costs) + f"\nthis CPU: {platforms['this CPU'].source}",
    ]
    if workload in CLAIMS:
        counted = cases(ledger, technology(question.technology), write=question.write)
        sections.append(headline(CLAIMS[workload], counted, costs, most=min(sizes.m, sizes.n)))
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
        ("area", f"{chip.square_metres * 1e6} mm²"),
        ("output stages per column", f"{chip.output_stages} for the mean right-hand side"),
    ]
    head = (f"chip, {question.technology}, solvers: {question.solvers}", "time, typical (low to high)", "energy")
    return "\n\n".join((columns([head, *parts, *totals]), columns(rest)))


def _platforms(costs: Mapping[str, Cost]) -> str:
    rows = [("platform", "time, typical (low to high)", "energy")]
    return columns(rows + [(name, f"{cost.seconds} s", f"{cost.joules} J") for name, cost in costs.items()])
