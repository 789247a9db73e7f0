"""The table of a command, and what becomes of its bad rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from mho.cli.recommend.rejected import RejectedRows
from mho.cli.settings import WholeNumber

__all__ = ["Reading", "ids_like", "read_table", "typed_ids"]


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

    def names(self) -> tuple[str, ...]:
        """Return the names that were given."""
        names = tuple(name.strip() for name in self.columns.split(",")) if self.columns else ()
        if names and not (2 <= len(set(names)) == len(names) <= 3):
            raise ValueError(f"--columns must be two or three different names, got {self.columns!r}")
        return names


def read_table(path: Path, how: Reading, out: Path | None = None) -> Any:
    """Read user, item and rating; tell of rows that cannot be read, and write all of them beside `out`."""
    from mho.data import read_interactions

    table = read_interactions(path, columns=how.names(), max_bytes=how.max_bytes)
    with RejectedRows(path, out) as rejected:
        rejected.add(table.rejected)
    rejected.tell(len(table) + len(table.rejected))
    return table


def typed_ids(texts: Sequence[str], known: Any, what: str) -> Any:
    """Return ids as the recommender knows them: numbers, text or times."""
    import numpy as np

    ids = np.array(texts)
    try:
        return ids if known.dtype.kind == "U" else ids.astype(known.dtype)
    except (ValueError, OverflowError):
        like = ", ".join(map(str, known[:3]))
        raise ValueError(f"{what} must be ids such as {like}, got {','.join(texts)!r}") from None


def ids_like(column: Any, known: Any) -> Any:
    """Return a `mho.data.Coded` column as the text that a recommender knows, if its ids are text.

    Those of one file may all be whole numbers where those of another are not.
    """
    from mho.data import Coded

    return Coded(column.ids.astype(str), column.codes) if known.dtype.kind == "U" else column
