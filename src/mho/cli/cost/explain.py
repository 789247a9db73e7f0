"""`mho cost explain`: the arithmetic of the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mho.cli.cost.question import Question
from mho.cli.plain import columns

if TYPE_CHECKING:
    from mho.cost import Estimate, Sum

__all__ = ["explain"]


def explain(
    workload: Annotated[str, Parameter(name="WORKLOAD")],
    part: Annotated[str | None, Parameter(name="PART")] = None,
    /,
    *,
    question: Question | None = None,
) -> None:
    """Print how every number of the bill came about: the formula, each factor, its range and its source.

    Parameters
    ----------
    workload
        As for `mho cost`.
    part
        One line of the table, as "write pulses" or "cells"; by default all of them.
    question
        What is asked.
    """
    from mho import checks

    question = question or Question()
    bill = _bill(question.estimate(question.run(workload).ledger))
    names = tuple(dict.fromkeys(name for name, _, _, _ in bill))
    wanted = names if part is None else (checks.one_of(part, "PART", names),)
    print("\n\n".join(_arithmetic(*line) for line in bill if line[0] in wanted))


def _bill(chip: Estimate) -> list[tuple[str, str, str, Sum]]:
    """Part, quantity, unit and sum of each number that is not zero."""
    lines = [(p.name, *line) for p in chip.parts for line in (("time", "s", p.time), ("energy", "J", p.energy))]
    lines += [(name, "area", "m²", area) for name, area in chip.areas]
    return [line for line in lines if line[-1].products]


def _arithmetic(name: str, quantity: str, unit: str, total: Sum) -> str:
    factors = [(f"  {f.name}", str(f.value), f.source) for f in total.factors()]
    return f"{name}, {quantity} = {total}\n{columns(factors)}\n  = {total.value} {unit}"
