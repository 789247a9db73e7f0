"""Files of a chip's events: sealed JSON of at most 64 KiB, checked name by name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from mho import checks
from mho.chip import Ledger
from mho.data import DataError, replacing
from mho.data.errors import damaged
from mho.data.seal import BLANK, check_seal

__all__ = ["check_names", "ledger_of", "read_record", "whole_number", "write_record"]

_MOST_BYTES = 2**16
_LARGEST = 2**48

_OPTIONAL = {"followed": 0.0, "operations": 0.0, "opamps": 0.0}
"""Counts that older files lack, and what they stand for there: as many op-amps as columns."""

Read = TypeVar("Read")


def write_record(path: str | os.PathLike[str], record: dict[str, Any]) -> None:
    """Write a record with a checksum; `path` is replaced whole or left as it was."""
    with replacing(path, sealed=True) as temporary:
        temporary.write_text(json.dumps(record | {"seal": BLANK}, indent=2) + "\n", encoding="utf-8")


def read_record(path: str | os.PathLike[str], read: Callable[..., Read]) -> Read:
    """Return the record of a file, read by `read`, which is told whether it is sealed.

    Raises
    ------
    DataError
        The file is damaged, larger than 64 KiB, or something in it is not what it must be.
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
        return read(json.loads(text), sealed=sealed)


def ledger_of(record: Any, where: str, *, positive: Collection[str], without: Collection[str] = ()) -> Ledger:
    """Return the ledger of a record, checked.

    Parameters
    ----------
    record : object
        What stands in the file.
    where : str
        Its name there.
    positive : collection of str
        Counts that must be above 0.
    without : collection of str
        Counts that the version of the file does not have.
    """
    names = {f.name for f in fields(Ledger)} - set(without)
    if isinstance(record, dict):
        record = _OPTIONAL | record
    check_names(record, where, names)
    ledger = Ledger(**{name: checks.nonnegative_number(record[name], f"{where}: {name}") for name in names})
    for name in positive:
        checks.at_least(getattr(ledger, name), f"{where}: {name}", 0, strict=True)
    return ledger


def whole_number(record: dict[str, Any], name: str) -> int:
    """Return a whole number above 0."""
    return checks.positive_int(record[name], name, limit=_LARGEST)


def check_names(record: Any, where: str, names: set[str]) -> None:
    """Refuse what is no object with these names and no others."""
    if not isinstance(record, dict):
        raise TypeError(f"{where} must be an object with names, got {type(record).__name__}")
    for problem, found in (("lacks", names - set(record)), ("must not hold", set(record) - names)):
        if found:
            raise ValueError(f"{where} {problem} {min(found)!r}")
