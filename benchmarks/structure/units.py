"""Units of a measurement: one method with one seed, kept as it is found, so that a run may end and go on."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import mho
from mho.chip import ChipDesign, preset

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, few, machine, smoke, write

__all__ = ["CHIP", "Row", "Unit", "chips", "kept", "run", "seeded", "summaries", "timed"]

RESULTS = ROOT / "docs" / "measured" / "structure.json"
CHIP = preset("pku-2025-4bit").with_(off_state="circuit")
"""Cells of 4 bits, written to 2 %, with columns of reference cells for what an open cell conducts."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Unit:
    """What one method finds from one seed: `key` names case and method, `measure` returns the figures."""

    key: dict[str, str]
    seed: int
    measure: Callable[[], Row]

    @property
    def name(self) -> Row:
        """Key and seed."""
        return {**self.key, "seed": self.seed}


def chips(*, readback: bool = False) -> dict[str, tuple[Callable[[int], Any], int]]:
    """Return engines on the chip from a seed and how many seeds they are worth, by their names.

    Those that leave something out show what it does.
    """

    def analog(design: ChipDesign) -> Callable[[int], Any]:
        return lambda seed: mho.Analog(design, seed=seed, readback=readback)

    return {
        "chip": (analog(CHIP), 5),
        "chip then CPU": (lambda seed: mho.Hybrid(CHIP, seed=seed, readback=readback), 3),
        "chip, without reference columns": (analog(CHIP.with_(off_state="none")), 3),
        "chip, no error of writing": (analog(CHIP.with_(sigma=0.0)), 3),
        "chip, levels without end": (analog(CHIP.with_(levels=None)), 3),
        "chip, exact cells": (analog(CHIP.with_(sigma=0.0, levels=None)), 3),
    }


def timed(call: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what a call returns, with its seconds and its seconds of processor, which other work does not lengthen."""
    begun, used = time.perf_counter(), time.process_time()
    result = call()
    return result, {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - used}


def seeded(key: dict[str, str], seeds: int, measure: Callable[[int], Row]) -> list[Unit]:
    """Return the units of a method from seeds 0, 1, ..."""
    return [Unit(key, seed, lambda seed=seed: measure(seed)) for seed in range(seeds)]


def run(name: str, units: Iterable[Unit], *, resume: bool, minutes: float, only: str) -> None:
    """Measure units in whose name the pattern `only` is found, and none that are kept on `resume`, for some minutes."""
    begun, rows = time.perf_counter(), list(kept().get(name, {}).get("rows", [])) if resume else []
    if smoke():
        units = few(unit for unit in units if unit.seed == 0)
    for unit in units:
        if not re.search(only, " ".join(unit.key.values())) or any(unit.name.items() <= row.items() for row in rows):
            continue
        if time.perf_counter() - begun > 60 * minutes:
            print("the time is up: go on with --resume")
            return
        where = {key: value for key, value in machine().items() if key in ("date", "commit")}
        row = {**unit.name, **unit.measure(), **where, "load": round(os.getloadavg()[0], 1)}
        _keep(name, row, anew=not (resume or rows))
        rows.append(row)
        print(row, flush=True)


def kept() -> dict[str, Any]:
    """Return all that is kept."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def summaries(rows: list[Row], main: str) -> list[Row]:
    """Return a row for each method: medians of the seeds, the least and most of the `main` figure, how many seeds."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(value for value in row.values() if isinstance(value, str))[:-2], []).append(row)
    return [_summary(group, main) for group in groups.values()]


def _summary(rows: list[Row], main: str) -> Row:
    found = [row[main] for row in rows]
    numbers = {key: median(row[key] for row in rows) for key, value in rows[0].items() if isinstance(value, float)}
    return {**rows[0], **numbers, "low": min(found), "high": max(found), "seeds": len(rows)}


def _keep(name: str, row: Row, *, anew: bool) -> None:
    """Keep one more row of a command, or the first of its rows anew; other runs wait for their turn."""
    with RESULTS.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        _keep_locked(name, row, anew=anew)


def _keep_locked(name: str, row: Row, *, anew: bool) -> None:
    all_ = kept()
    rows = [] if anew else all_.get(name, {}).get("rows", [])
    where = {key: value for key, value in machine().items() if key not in ("date", "commit")}
    all_[name] = {"command": f"python benchmarks/structure/run.py {name}", **where, "rows": [*rows, row]}
    blocks = []
    for one, made in all_.items():
        head = {key: value for key, value in made.items() if key != "rows"}
        lines = ",\n".join(f"   {json.dumps(row)}" for row in made["rows"])
        blocks.append(f' "{one}": {json.dumps(head)[:-1]}, "rows": [\n{lines}\n ]}}')
    write(RESULTS, "{\n" + ",\n".join(blocks) + "\n}\n")
