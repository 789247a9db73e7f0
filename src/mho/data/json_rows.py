"""JSON lines: one object a line, its members being the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from mho.data.csv_rows import Lines
from mho.data.errors import DataError, check_size
from mho.data.text import blocks, shown

__all__ = ["JsonRows", "is_json", "json_names"]

_ROW_BYTES = 4


def is_json(line: str) -> bool:
    """Return whether a line looks like an object."""
    return line.lstrip().startswith("{")


def json_names(path: Path, lines: list[str]) -> list[str]:
    """Return the names of all members in `lines`, in the order in which they come.

    Raises
    ------
    DataError
        None of the lines is an object.
    """
    found = [row for row in map(_object, lines) if row is not None]
    if not found:
        raise DataError(f"{path}: line 1 is no JSON object, is {shown(lines[0])}")
    return list(dict.fromkeys(chain.from_iterable(found)))


@dataclass(frozen=True, kw_only=True)
class JsonRows:
    """A text of JSON lines.

    Attributes
    ----------
    path : Path
    wanted : tuple of str
        Of the members to read.
    """

    path: Path
    wanted: tuple[str, ...]

    def read(self, max_bytes: int) -> tuple[list[Any], Lines]:
        """Return each wanted member as a chunked array of dictionary<int32, binary>, and the lines that are no row."""
        import pyarrow as pa

        columns: list[list[Any]] = [[] for _ in self.wanted]
        lines, size = Lines(), 0
        for number, text in blocks(self.path, empty_lines=True):
            rows = list(self._rows(number, text, lines))
            for j, column in enumerate(columns):
                column.append(pa.array([row[j] for row in rows], pa.binary()).dictionary_encode())
                size += _ROW_BYTES * len(rows) + column[-1].dictionary.nbytes
            check_size(self.path, size, max_bytes)
        kind = pa.dictionary(pa.int32(), pa.binary())
        return [pa.chunked_array(column, type=kind) for column in columns], lines

    def _rows(self, first: int, text: bytes, lines: Lines) -> Iterator[list[bytes]]:
        for number, line in enumerate(text.split(b"\n"), first):
            row = _object(line)
            values = None if row is None else [_text(row.get(name)) for name in self.wanted]
            if values is None or None in values:
                fault = "is no JSON object" if values is None else "has a list or an object in one of the columns"
                lines.no_rows.append((number, fault, line.decode(errors="replace")))
            else:
                yield [value for value in values if value is not None]


def _object(line: str | bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _text(value: Any) -> bytes | None:
    """Return a number, text or truth as text; a missing one is empty, a list or object none."""
    if isinstance(value, list | dict):
        return None
    if isinstance(value, bool):
        return b"true" if value else b"false"
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    return text.encode(errors="surrogatepass")
