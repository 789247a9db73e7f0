"""A table of what items are called."""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO, cast

from mho.data.columns import title_columns
from mho.data.csv_layout import delimiter_of, first_lines, split_fields
from mho.data.errors import DataError, damaged
from mho.data.text import open_bytes

__all__ = ["fields_of", "title_rows"]


def title_rows(path: Path, ids: Container[str]) -> Iterator[tuple[int, str, str, list[str]]]:
    """Yield the number of each line, and its item, title and other fields.

    Fields are parted by tabs, ::, semicolons, | or commas. The first line is a header unless it begins with one of the
    `ids`; item and title are then the columns that are called so, else the first two.

    Parameters
    ----------
    path : Path
        The file.
    ids : container of str
        Items that are known.

    Raises
    ------
    DataError
        It is no such table, or a line has another number of fields than the first.
    """
    lines = first_lines(path)
    delimiter = delimiter_of(path, lines)
    first = split_fields(lines[0], delimiter)
    item, title = (0, 1) if first[0] in ids else title_columns(first)
    others = [j for j in range(len(first)) if j not in (item, title)]
    for number, fields in fields_of(path, delimiter):
        if len(fields) != len(first):
            raise DataError(f"{path}: line {number} has {len(fields)} fields, line 1 has {len(first)}")
        yield number, fields[item], fields[title], [fields[j] for j in others]


def fields_of(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line of a delimited text, and its fields."""
    with open_bytes(path) as stream, damaged(path, UnicodeDecodeError):
        text = io.TextIOWrapper(cast("IO[bytes]", stream), encoding="utf-8-sig", newline="")
        if len(delimiter) > 1:
            rows = ((number, line.rstrip("\r\n").split(delimiter)) for number, line in enumerate(text, 1))
            yield from (row for row in rows if row[1] != [""])
            return
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            for fields in reader:
                if fields:
                    yield reader.line_num, fields
        except csv.Error as error:
            raise DataError(f"{path}: line {reader.line_num}: not delimited fields: {error}") from None
