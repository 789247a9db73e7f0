"""Events of a chip in one factorization, in memory and as a file for another day."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mho import checks
from mho.chip import Ledger
from mho.cost.work import Work
from mho.cost.workload import Workload
from mho.data import DataError, replacing
from mho.data.errors import damaged
from mho.data.seal import BLANK, check_seal

__all__ = ["ChipRun", "read_run", "write_run"]

_FORMAT, _VERSION, _UNSEALED = "mho chip run", 3, (1, 2)
_SINCE_2 = {"tile_pulses", "tiles", "row_extras"}
"""Counts that version 1 does not have."""
_OPTIONAL = {"followed": 0.0, "operations": 0.0, "opamps": 0.0}
"""Counts that older files lack, and what they stand for there: as many op-amps as columns."""

_TILE_ROWS_1 = 128
_MOST_BYTES = 2**16
_LARGEST = 2**48
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
        "seal": BLANK,
    }
    with replacing(path, sealed=True) as temporary:
        temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


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
    path = Path(path)
    with path.open("rb") as stream:
        text = stream.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise DataError(f"{path}: is no run of a chip, which takes at most {_MOST_BYTES:,} bytes")
    sealed = check_seal(path)
    with damaged(path, ValueError, TypeError, OverflowError, RecursionError):
        return _run(json.loads(text), sealed=sealed)


def _run(record: Any, *, sealed: bool) -> ChipRun:
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise ValueError(f"is no run of a chip: its format is not {_FORMAT!r}")
    version = checks.one_of(record.get("version"), "version", (*_UNSEALED, _VERSION))
    if sealed != (version == _VERSION):
        raise ValueError("is damaged: its checksum is gone")
    names = {"format", "version", "design", "iterations", "workload", "ledger"}
    _check_names(record, "the file", names | {"seal"} if sealed else names)
    design = record["design"]
    if not isinstance(design, str) or not 0 < len(design) <= _LONGEST_NAME:
        raise ValueError(f"design must be a name of at most {_LONGEST_NAME} characters")
    workload = _workload(record["workload"])
    return ChipRun(
        workload=workload,
        iterations=_whole(record, "iterations"),
        design=design,
        ledger=_ledger_1(record["ledger"], workload) if version == 1 else _ledger(record["ledger"]),
    )


def _workload(record: Any) -> Workload:
    _check_names(record, "workload", {f.name for f in fields(Workload)})
    known = None if record["known"] is None else _whole(record, "known")
    m, n, k = (_whole(record, name) for name in ("m", "n", "k"))
    return Workload(m=m, n=n, known=known, k=k, missing=checks.one_of(record["missing"], "missing", (True, False)))


def _ledger_1(record: Any, w: Workload) -> Ledger:
    """Tiles follow from the sizes: every array that version 1 wrote about had 128 rows, and no more is known of it."""
    ledger = _ledger(record, without=_SINCE_2)
    ledger.tile_pulses = ledger.row_pulses * sum(min(size, _TILE_ROWS_1) for size in (w.m, w.n)) / (w.m + w.n)
    return ledger


def _ledger(record: Any, *, without: Collection[str] = ()) -> Ledger:
    names = {f.name for f in fields(Ledger)} - set(without)
    if isinstance(record, dict):
        record = _OPTIONAL | record
    _check_names(record, "ledger", names)
    ledger = Ledger(**{name: checks.nonnegative_number(record[name], f"ledger: {name}") for name in names})
    for name in ("pulses", "row_pulses", "solves", "settle_seconds"):
        checks.at_least(getattr(ledger, name), f"ledger: {name}", 0, strict=True)
    return ledger


def _whole(record: dict[str, Any], name: str) -> int:
    return checks.positive_int(record[name], name, limit=_LARGEST)


def _check_names(record: Any, where: str, names: set[str]) -> None:
    if not isinstance(record, dict):
        raise TypeError(f"{where} must be an object with names, got {type(record).__name__}")
    for problem, found in (("lacks", names - set(record)), ("must not hold", set(record) - names)):
        if found:
            raise ValueError(f"{where} {problem} {min(found)!r}")
