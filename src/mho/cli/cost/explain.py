"""`mho cost explain`: the arithmetic of the bill."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from mho.cli.cost.answers_options import AnswersOptions, Asked
from mho.cli.cost.options import CostOptions
from mho.cli.report import Json, as_json
from mho.cli.standard_input import file_of
from mho.cli.tables import printable, wrapped

if TYPE_CHECKING:
    from mho.cost import ChipRun, Line

__all__ = ["explain"]


def explain(
    workload: Annotated[str, Parameter(name="WORKLOAD", allow_leading_hyphen=True)],
    part: Annotated[str | None, Parameter(name="PART")] = None,
    /,
    *,
    options: CostOptions | None = None,
    json: Json = False,
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
        Sizes, chip and technology.
    json
        Print JSON, each range as [low, typical, high].
    """
    from mho.cost import answers_lines, bill

    options, workload = options or CostOptions(), str(file_of(Path(workload), braces=".json"))
    if asked := Asked.of(workload, AnswersOptions(), options):
        told = _named(answers_lines(asked.bill(), asked.platforms()[0]), part)
        print(as_json([_figures(line) for line in told]) if json else "\n\n".join(map(_arithmetic, told)))
        return
    run = options.run(workload)
    platforms = options.platforms(run.workload)

    def lines(asked: CostOptions, run: ChipRun) -> list[Line]:
        costs = {name: platform.cost(run.work()) for name, platform in platforms.items()}
        return _named(bill(asked.estimate(run.ledger), costs), part)

    found = lines(options, run)
    print(as_json([_figures(line) for line in found]) if json else "\n\n".join(map(_arithmetic, found)))
    options.tell_unused(workload, run, lines)


def _named(lines: Sequence[Line], part: str | None) -> list[Line]:
    """The lines of a part, or all."""
    from mho import checks

    names = tuple(dict.fromkeys(line.name for line in lines))
    wanted = names if part is None else (checks.one_of(part.removeprefix("area of "), "PART", names),)
    return [line for line in lines if line.name in wanted]


def _figures(line: Line) -> dict[str, Any]:
    def ends(value: Any) -> list[float]:
        return [value.low, value.typical, value.high]

    factors = [{"name": f.name, "value": ends(f.value), "source": f.source} for f in line.sum.factors()]
    head = {"name": line.name, "quantity": line.quantity, "unit": line.unit, "formula": str(line.sum)}
    return head | {"value": ends(line.sum.value), "factors": factors}


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
