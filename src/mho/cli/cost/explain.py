"""`mho cost explain`: the arithmetic of the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mho.cli.cost.options import CostOptions
from mho.cli.plain import printable, wrapped

if TYPE_CHECKING:
    from mho.cost import ChipRun, Line

__all__ = ["explain"]


def explain(
    workload: Annotated[str, Parameter(name="WORKLOAD")],
    part: Annotated[str | None, Parameter(name="PART")] = None,
    /,
    *,
    options: CostOptions | None = None,
) -> None:
    """Print the arithmetic of every number of the bill: its formula, each factor, its range and its source.

    Parameters
    ----------
    workload
        As for `mho cost`.
    part
        A part of the chip ("write pulses", "cells"), a total ("with writing", "without writing", "area") or a platform
        ("H100", "this CPU"); by default all of them.
    options
        What is asked.
    """
    from mho import checks
    from mho.cost import bill

    options = options or CostOptions()
    run = options.run(workload)
    platforms = options.platforms(run.workload)

    def lines(asked: CostOptions, run: ChipRun) -> list[Line]:
        costs = {name: platform.cost(run.work()) for name, platform in platforms.items()}
        found = bill(asked.estimate(run.ledger), costs)
        names = tuple(dict.fromkeys(line.name for line in found))
        wanted = names if part is None else (checks.one_of(part, "PART", names),)
        return [line for line in found if line.name in wanted]

    print("\n\n".join(_arithmetic(line) for line in lines(options, run)))
    options.tell_unused(workload, run, lines)


def _arithmetic(line: Line) -> str:
    """A factor and its value in one line, its source below."""
    factors = line.sum.factors()
    width = max(len(f.name) for f in factors)
    rows = [f"  {printable(f.name).ljust(width)}  {f.value}\n{wrapped(f.source, indent=6)}" for f in factors]
    return "\n".join(
        (
            wrapped(f"{line.name}, {line.quantity} = {line.sum}", later=4),
            *rows,
            f"  = {line.sum.value} {line.unit}",
        )
    )
