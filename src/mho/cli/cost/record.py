"""The bill as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mho.cost import BreakEven, ChipRun, Cost, Estimate, Interval, Verdict

__all__ = ["as_json"]


def as_json(
    run: ChipRun, chip: Estimate, costs: Mapping[str, Cost], even: tuple[BreakEven, ...], verdicts: list[Verdict]
) -> str:
    """Return everything that the tables show, SI, each range as [low, typical, high].

    Parameters
    ----------
    run : ChipRun
        The factorization.
    chip : Estimate
        Bill of the chip.
    costs : mapping of str to Cost
        Of each platform.
    even : tuple of BreakEven
        Against each platform.
    verdicts : list of Verdict
        On a published claim at each end of the assumptions; empty where there is none.
    """
    totals = (
        "seconds",
        "joules",
        "write_seconds",
        "write_joules",
        "solve_seconds",
        "solve_joules",
        "watts",
        "memory_seconds",
    )
    return json.dumps(
        {
            **asdict(run),
            "chip": {name: _list(getattr(chip, name)) for name in (*totals, "square_metres", "output_stages")},
            "parts": {p.name: _cost(p.seconds, p.joules) | {"writing": p.writing} for p in chip.parts},
            "areas": {name: _list(area.value) for name, area in chip.areas},
            "platforms": {name: _cost(cost.seconds, cost.joules) for name, cost in costs.items()},
            "break_even": [asdict(one) for one in even],
            "verdicts": [asdict(verdict) for verdict in verdicts],
        },
        indent=2,
    )


def _cost(seconds: Interval, joules: Interval) -> dict[str, Any]:
    return {"seconds": _list(seconds), "joules": _list(joules)}


def _list(value: Interval) -> list[float]:
    return [value.low, value.typical, value.high]
