"""What items are called, from a table with a header."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from mho.data import DataError
from mho.data.errors import damaged
from mho.data.text import open_bytes, shown

__all__ = ["read_titles"]


def read_titles(path: str | os.PathLike[str], ids: Iterable[object]) -> tuple[list[str], list[str]]:
    """Return the titles (n,) and details (n,) of items; what is not in the file is called by its id.

    Parameters
    ----------
    path : path
        Comma-separated UTF-8 text, gzipped if its name ends in .gz. Its first line names the columns: first the id,
        then the title, then any that become the detail, joined; ``a|b`` in them is a list.
    ids : iterable of length n
        Ids of the items, compared as text.

    Raises
    ------
    DataError
        Not such a file, or an id of an item twice; the message has the line.
    """
    wanted = [str(item) for item in ids]
    found: dict[str, tuple[str, str]] = dict.fromkeys(wanted, ("", ""))
    for line, (item, title, *details) in _lines(Path(path)):
        if item not in found:
            continue
        if found[item][0]:
            raise DataError(f"{path}: line {line} names {shown(item)} again")
        found[item] = title or item, ", ".join(detail.replace("|", ", ") for detail in details if detail)
    return [found[item][0] or item for item in wanted], [found[item][1] for item in wanted]


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the fields of each line after the header."""
    with open_bytes(path) as stream, damaged(path, UnicodeDecodeError):
        text = io.TextIOWrapper(cast("IO[bytes]", stream), encoding="utf-8-sig", newline="")
        reader = csv.reader(text, strict=True)
        try:
            width = len(next(reader, []))
            if width < 2:
                raise DataError(f"{path}: line 1 must name an id and a title, separated by a comma")
            for fields in reader:
                if len(fields) not in (0, width):
                    raise DataError(f"{path}: line {reader.line_num} has {len(fields)} fields, line 1 has {width}")
                if fields:
                    yield reader.line_num, fields
        except csv.Error as error:
            raise DataError(f"{path}: line {reader.line_num}: not comma-separated fields: {error}") from None
