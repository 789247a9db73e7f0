"""Bills for the page: sweeps of a factorization, and uses that program a matrix once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mho import checks, chip, cost
from mho.lab.requests import part

__all__ = ["ARRAY_ROWS", "CELLS", "bill_of_sweeps", "bill_of_use"]

ARRAY_ROWS = (32, 64, 128, 256, 512, 1024)
"""Rows of one array that the page offers."""

CELLS = ("cmo-hfox", "neurram", "rram-tech-c", "rram-tech-a", "pku-2025")
"""Presets whose drift the page offers: those that were measured, and one of which nothing is published."""

_BOTH = ("seconds", "joules")


def bill_of_sweeps(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return time, energy and area of a factorization on the chip, and time and energy on digital platforms.

    Parameters
    ----------
    request : mapping
        workload, array_rows, technology, solvers, iterations, write, ports, numbers.

    Raises
    ------
    TypeError, ValueError
        A bad request.
    """
    workloads = {**cost.WORKLOADS, "512x512 image": cost.Workload(m=512, n=512, k=16)}
    w = workloads[checks.one_of(part(request, "workload"), "workload", tuple(workloads))]
    sweeps = checks.positive_int(part(request, "iterations"), "iterations", limit=10**6)
    rows = checks.one_of(part(request, "array_rows"), "array_rows", ARRAY_ROWS)
    found = cost.estimate(
        cost.sweep_ledger(w, chip.preset("pku-2025").with_(rows=rows)),
        _technology(request),
        solvers=part(request, "solvers"),
        **_writing(request),
    )
    costs = {name: platform.cost(w.work()) for name, platform in cost.PLATFORMS.items()}
    return {
        "parts": _parts(found.parts, sweeps),
        "areas": _areas(found.areas),
        "platforms": _named(costs, _BOTH, sweeps),
    }


def bill_of_use(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return time, energy and area of the answers of a use on the chip, and on digital platforms.

    Parameters
    ----------
    request : mapping
        use, technology, numbers, write, ports, cells, answers_per_day, watt_hours, fleet_per_day, pue.

    Raises
    ------
    TypeError, ValueError
        A bad request.
    ChipError
        The cells never meet the bar, or the chip cannot answer as often.
    """
    use = cost.USES[checks.one_of(part(request, "use"), "use", tuple(cost.USES))]
    cells = checks.one_of(part(request, "cells"), "cells", CELLS)
    often = cost.drift_or_update(cells, use.kept_within, updates=use.updates_per_day)
    duty = cost.Duty(answers_per_day=_positive(request, "answers_per_day"), rewrites=often)
    bill = cost.answers_bill(use.run, duty, _technology(request), **_writing(request))
    costs = {name: platform.cost(use.run.work) for name, platform in cost.ANSWER_PLATFORMS.items()}
    return {
        **_chip(bill),
        "replaced": _intervals(cost.replaced(use.run.work, solves=use.run.solves), ("instructions", "bytes")),
        "platforms": _named(costs, _BOTH),
        "even": [
            {"name": e.baseline, "fewest": e.typical, "standby_watts": e.standby_watts}
            for e in cost.answers_even(bill, costs)
        ],
        "batteries": _batteries(request, bill, costs),
        "fleets": _fleets(request, use.run, duty, costs),
    }


def _batteries(request: Any, bill: cost.AnswersBill, costs: Mapping[str, cost.Cost]) -> list[dict[str, Any]]:
    held, per_day = _positive(request, "watt_hours"), bill.duty.answers_per_day
    joules = {"chip": bill.joules, **{name: c.joules for name, c in costs.items()}}
    found = {n: cost.battery_of(j, watt_hours=held, answers_per_day=per_day) for n, j in joules.items()}
    return _named(found, ("hours", "share"))


def _fleets(request: Any, run: cost.Inference, duty: cost.Duty, costs: Mapping[str, cost.Cost]) -> list[dict[str, Any]]:
    per_day, pue = _positive(request, "fleet_per_day"), part(request, "pue")
    together = replace(duty, answers_per_day=per_day)
    chips, _ = cost.fleet_of_chips(run, together, _technology(request), pue=pue, **_writing(request))
    others = {n: cost.fleet_of_platform(c, answers_per_day=per_day, pue=pue) for n, c in costs.items()}
    return [
        {"name": name, "machines": fleet.machines, **_intervals(fleet, ("watts", "megawatt_hours"))}
        for name, fleet in {"chip": chips, **others}.items()
    ]


def _positive(request: Any, name: str) -> float:
    return checks.positive_number(part(request, name), name)


def _technology(request: Mapping[str, Any]) -> cost.Technology:
    """Return the technology of a request, with its numbers in place of those that were assumed."""
    name = checks.one_of(part(request, "technology"), "technology", cost.technologies())
    numbers = part(request, "numbers")
    if not isinstance(numbers, Mapping):
        raise TypeError(f"numbers must be an object, got {type(numbers).__name__}")
    return cost.technology(name).with_(**{key: checks.nonnegative_number(v, key) for key, v in numbers.items()})


def _writing(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part(request, name) for name in ("write", "ports")}


def _chip(bill: cost.AnswersBill) -> dict[str, Any]:
    return {
        "parts": _parts(bill.parts),
        "areas": _areas(bill.areas),
        "programming": _intervals(bill.programming, _BOTH),
        "most_per_day": cost.most_per_day(bill),
        "rewrites_per_day": _ends(bill.duty.rewrites.value),
        "watts": _ends(bill.watts),
    }


def _parts(parts: Sequence[cost.Part], times: float = 1.0) -> list[dict[str, Any]]:
    return [{"name": p.name, "writing": p.writing, **_intervals(p, _BOTH, times)} for p in parts]


def _areas(areas: Sequence[tuple[str, cost.Expression]]) -> list[dict[str, Any]]:
    return [{"name": name, "square_metres": _ends(area.value)} for name, area in areas]


def _named(things: Mapping[str, Any], names: Sequence[str], times: float = 1.0) -> list[dict[str, Any]]:
    return [{"name": name, **_intervals(thing, names, times)} for name, thing in things.items()]


def _intervals(of: Any, names: Sequence[str], times: float = 1.0) -> dict[str, list[float]]:
    """Quantities by name, each low, typical and high."""
    return {name: [times * end for end in _ends(getattr(of, name))] for name in names}


def _ends(value: cost.Interval) -> list[float]:
    return [float(value.low), float(value.typical), float(value.high)]
