"""`mho cost explain`: the arithmetic of the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mho.cli.cost.question import Question
from mho.cli.plain import columns

if TYPE_CHECKING:
    from mho.cost import Line

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
        A part of the chip ("write pulses", "cells"), a total ("with writing", "without writing", "area") or a platform
        ("H100", "this CPU"); by default all of them.
    question
        What is asked.
    """
    from mho import checks
    from mho.cost import bill

    question = question or Question()
    run = question.run(workload)
    costs = {name: platform.cost(run.work()) for name, platform in question.platforms(run.workload).items()}
    lines = bill(question.estimate(run.ledger), costs)
    names = tuple(dict.fromkeys(line.name for line in lines))
    wanted = names if part is None else (checks.one_of(part, "PART", names),)
    print("\n\n".join(_arithmetic(line) for line in lines if line.name in wanted))


def _arithmetic(line: Line) -> str:
    factors = [(f"  {f.name}", str(f.value), f.source) for f in line.sum.factors()]
    return f"{line.name}, {line.quantity} = {line.sum}\n{columns(factors)}\n  = {line.sum.value} {line.unit}"
