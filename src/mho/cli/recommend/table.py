"""The table of a command, and what becomes of its bad rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.settings import WholeNumber

__all__ = ["Reading", "check_out", "read_table", "typed_ids"]

_SHOWN = 5


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a table is read.

    Parameters
    ----------
    columns
        Names of the columns, with commas: USER,ITEM or USER,ITEM,RATING. By default user, item and rating if the
        header has those, else the first three.
    max_bytes
        Refuse a table that takes more memory.
    """

    columns: str = ""
    max_bytes: WholeNumber = 2**33


def read_table(path: Path, how: Reading, out: Path | None = None) -> Any:
    """Read user, item and rating; tell of rows that cannot be read, and write all of them beside `out`."""
    from mho.data import read_interactions

    columns = tuple(how.columns.split(",")) if how.columns else ()
    table = read_interactions(path, columns=columns, max_bytes=how.max_bytes)
    if table.rejected:
        kept = "" if out is None else f"; all of them are in {_write_rejected(out, table.rejected)}"
        count, whole = len(table.rejected), len(table.rejected) + len(table)
        note(f"warning: {path}: {count:,} of {whole:,} rows cannot be read and are left out{kept}")
        for row in table.rejected[:_SHOWN]:
            note(f"warning: {path}: line {row.line}: {row.reason}")
    return table


def _write_rejected(out: Path, rejected: Sequence[Any]) -> Path:
    import csv

    from mho.data import replacing

    path = out.with_name(f"{out.name}.rejected.csv")
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["line", "reason", "text"])
        writer.writerows((row.line, row.reason, row.text) for row in rejected)
    return path


def typed_ids(texts: Sequence[str], known: Any, what: str) -> list[Any]:
    """Return ids as the recommender knows them, numbers or text."""
    if known.dtype.kind != "i":
        return list(texts)
    try:
        return [int(text) for text in texts]
    except ValueError:
        raise ValueError(f"{what} must be whole numbers, as in the table, got {','.join(texts)!r}") from None


def check_out(out: Path) -> None:
    """Refuse before the work what would fail after it."""
    if not (out.parent.is_dir() and os.access(out.parent, os.W_OK)):
        raise ValueError(f"{out}: its folder is not there or not writable")
    if out.exists() and not out.is_file():
        raise ValueError(f"{out}: must be a file, is a folder or a device")
