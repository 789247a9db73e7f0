"""The table of a command, and what becomes of its bad rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mho.cli.errors import note

__all__ = ["check_out", "read_table", "typed_ids"]

_SHOWN = 5


def read_table(path: Path, columns: str, out: Path | None = None) -> Any:
    """Read user, item and rating; tell of rows that cannot be read, and write all of them beside `out`."""
    from mho.data import read_interactions

    table = read_interactions(path, columns=tuple(columns.split(",")) if columns else ())
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
