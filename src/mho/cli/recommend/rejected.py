"""Rows of a table that cannot be read: told with their line numbers, and kept in a file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mho.cli.errors import note
from mho.cli.target import check_unread

__all__ = ["RejectedRows", "check_rejected"]

_SHOWN = 5


@dataclass(eq=False)
class RejectedRows:
    """Those of one table, as a context in which they come.

    Attributes
    ----------
    source : Path
        The table.
    out : Path or None
        Result of the command; the rows are kept beside it, in OUT.rejected.csv.
    """

    source: Path
    out: Path | None
    _count: int = 0
    _first: list[Any] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _writer: Any = None

    def __enter__(self) -> RejectedRows:
        self._stack.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def add(self, rows: Sequence[Any]) -> None:
        """Keep more rows."""
        self._count += len(rows)
        self._first += rows[: _SHOWN - len(self._first)]
        if rows and self.out is not None:
            if self._writer is None:
                self._writer = self._begun(self.out)
            self._writer.writerows((row.line, row.reason, row.text) for row in rows)

    def tell(self, whole: int) -> None:
        """Say how many of `whole` rows there were, and the first of them."""
        if self._count:
            kept = "" if self.out is None else f"; all of them are in {_path(self.out)}"
            note(f"warning: {self.source}: {self._count:,} of {whole:,} rows cannot be read and are left out{kept}")
        for row in self._first:
            note(f"warning: {self.source}: line {row.line}: {row.reason}")

    def _begun(self, out: Path) -> Any:
        from mho.data import replacing

        temporary = self._stack.enter_context(replacing(_path(out)))
        writer = csv.writer(self._stack.enter_context(temporary.open("w", newline="", encoding="utf-8")))
        writer.writerow(["line", "reason", "text"])
        return writer


def check_rejected(out: Path, *read: Path) -> None:
    """Refuse a result whose file of rejected rows would take the place of a file that is read."""
    check_unread(_path(out), read)


def _path(out: Path) -> Path:
    return out.with_name(f"{out.name}.rejected.csv")
