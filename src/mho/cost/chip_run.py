"""Events of a chip in one factorization, in memory and as a file for another day."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from typing import Any

from mho import checks
from mho.chip import Ledger
from mho.cost.ledger_file import check_names, ledger_of, read_record, whole_number, write_record
from mho.cost.work import Work
from mho.cost.workload import Workload

__all__ = ["ChipRun", "read_run", "run_of_record", "write_run"]

_FORMAT, _VERSION, _UNSEALED = "mho chip run", 3, (1, 2)
_SINCE_2 = {"tile_pulses", "tiles", "row_extras"}
"""Counts that version 1 does not have."""

_TILE_ROWS_1 = 128
_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class ChipRun:
    """A factorization on a chip: its sizes, and the events that it took.

    Attributes
    ----------
    workload : Workload
    iterations : int
        Updates of both factors by the chip; digital ones that follow are not among them.
    design : str
        Name of the chip's design.
    ledger : Ledger
        Of all iterations.

    Examples
    --------
    >>> from mho.chip import Ledger
    >>> from mho.cost import ChipRun, Workload
    >>> run = ChipRun(workload=Workload(m=100, n=80, k=5), iterations=10, design="ideal", ledger=Ledger())
    >>> run.work().flops == 10 * run.workload.work().flops
    True
    """

    workload: Workload
    iterations: int
    design: str
    ledger: Ledger

    def work(self) -> Work:
        """Return the digital arithmetic of as many iterations."""
        return self.workload.work().times(self.iterations)

    def __str__(self) -> str:
        return f"{self.workload}; chip: {self.design}; iterations: {self.iterations}"


def write_run(path: str | os.PathLike[str], run: ChipRun) -> None:
    """Write a run as JSON, SI; `path` is replaced whole or left as it was.

    Parameters
    ----------
    path : str or path
        The file.
    run : ChipRun
        The factorization.

    Raises
    ------
    OSError
        The folder is not there, not writable or full.
    """
    record = {
        "format": _FORMAT,
        "version": _VERSION,
        "design": run.design,
        "iterations": run.iterations,
        "workload": asdict(run.workload),
        "ledger": {name: float(count) for name, count in asdict(run.ledger).items()},
    }
    write_record(path, record)


def read_run(path: str | os.PathLike[str]) -> ChipRun:
    """Read what `write_run` has written.

    Parameters
    ----------
    path : str or path
        The file.

    Raises
    ------
    DataError
        The file is damaged, larger than 64 KiB, of another version, or something in it is not what it must be.
    OSError
        The file cannot be opened.
    """
    return read_record(path, run_of_record)


def run_of_record(record: Any, *, sealed: bool) -> ChipRun:
    """Return the run that a file tells of, checked."""
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise ValueError(f"is no run of a chip: its format is not {_FORMAT!r}")
    version = checks.one_of(record.get("version"), "version", (*_UNSEALED, _VERSION))
    if sealed != (version == _VERSION):
        raise ValueError("is damaged: its checksum is gone")
    names = {"format", "version", "design", "iterations", "workload", "ledger"}
    check_names(record, "the file", names | {"seal"} if sealed else names)
    design = record["design"]
    if not isinstance(design, str) or not 0 < len(design) <= _LONGEST_NAME:
        raise ValueError(f"design must be a name of at most {_LONGEST_NAME} characters")
    workload = _workload(record["workload"])
    return ChipRun(
        workload=workload,
        iterations=whole_number(record, "iterations"),
        design=design,
        ledger=_ledger_1(record["ledger"], workload) if version == 1 else _ledger(record["ledger"]),
    )


def _workload(record: Any) -> Workload:
    check_names(record, "workload", {f.name for f in fields(Workload)})
    known = None if record["known"] is None else whole_number(record, "known")
    m, n, k = (whole_number(record, name) for name in ("m", "n", "k"))
    return Workload(m=m, n=n, known=known, k=k, missing=checks.one_of(record["missing"], "missing", (True, False)))


def _ledger_1(record: Any, w: Workload) -> Ledger:
    """Tiles follow from the sizes: every array that version 1 wrote about had 128 rows, and no more is known of it."""
    ledger = _ledger(record, without=_SINCE_2)
    ledger.tile_pulses = ledger.row_pulses * sum(min(size, _TILE_ROWS_1) for size in (w.m, w.n)) / (w.m + w.n)
    return ledger


def _ledger(record: Any, *, without: Collection[str] = ()) -> Ledger:
    return ledger_of(record, "ledger", positive=("pulses", "row_pulses", "solves", "settle_seconds"), without=without)
