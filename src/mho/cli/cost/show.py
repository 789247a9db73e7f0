"""`mho cost WORKLOAD`: the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mho.cli.cost.question import Question
from mho.cli.plain import columns

if TYPE_CHECKING:
    from mho.cost import Estimate, Work

__all__ = ["show"]


def show(
    workload: Annotated[str, Parameter(name="WORKLOAD")],
    /,
    *,
    question: Question | None = None,
) -> None:
    """Show what a factorization takes: the chip part by part, with and without writing, and digital platforms.

    Parameters
    ----------
    workload
        movielens-100k, netflix or yahoo-music.
    question
        What is asked.
    """
    question = question or Question()
    sizes = question.workload(workload)
    chip = question.estimate(question.ledger(sizes))
    print(f"{workload}: {sizes}; iterations: {question.iterations}\n")
    print(_chip(chip, question), end="\n\n")
    print(_platforms(question.work(sizes)))


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


def _platforms(work: Work) -> str:
    from mho.cost import PLATFORMS

    rows = [("platform, roofline", "time, typical (low to high)", "energy")]
    for name, platform in PLATFORMS.items():
        cost = platform.sweep(work)
        rows.append((name, f"{cost.seconds} s", f"{cost.joules} J"))
    return columns(rows)
