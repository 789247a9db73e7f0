"""Tables of user, item and rating from CSV and Parquet; a bad row is set aside and told, the others are read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.coded import Coded
from mho.data.errors import DataError, damaged
from mho.data.parquet import coded, id_columns
from mho.data.text import open_bytes

__all__ = ["InteractionTable", "Rejected", "read_interactions"]

_NAMES = ("user", "item", "rating")


@dataclass(frozen=True)
class Rejected:
    """A row that was not read.

    Attributes
    ----------
    line : int
        Its number in the file, from 1; of Parquet the number of the row.
    reason : str
    text : str
        What stands there; of a row that could be taken apart the three fields in question.
    """

    line: int
    reason: str
    text: str


@dataclass(frozen=True, eq=False)
class InteractionTable:
    """What could be read, in the order of the file, and what not.

    Attributes
    ----------
    users, items : Coded
        Whole numbers if every id of the column is one, else text.
    ratings : ndarray of shape (n,) or None
        None where the file has no third column.
    rejected : tuple of Rejected
        By line.
    """

    users: Coded
    items: Coded
    ratings: np.ndarray | None
    rejected: tuple[Rejected, ...]

    def __len__(self) -> int:
        return len(self.users)


def read_interactions(path: Path, *, columns: tuple[str, ...] = ()) -> InteractionTable:
    """Read user, item and, if there is one, rating.

    Parameters
    ----------
    path : Path
        .parquet; anything else is text with commas or tabs between the fields, .gz or not.
    columns : tuple of str
        Names of the two or three columns in the header. By default user, item and rating if the header has these
        names, else the first three columns. Text whose third field is a number in the first line has no header.

    Raises
    ------
    DataError
        The file is damaged, has no such columns, or no row that can be read.
    """
    path = Path(path)
    raw, lines, rejected = _parquet(path, columns) if path.suffix.lower() == ".parquet" else _text(path, columns)
    return _table(path, raw, lines, rejected)


def _parquet(path: Path, columns: tuple[str, ...]) -> tuple[list[Coded], np.ndarray, list[Rejected]]:
    raw = id_columns(path, lambda names: _wanted(path, names, columns))
    return raw, np.arange(1, len(raw[0]) + 1), []


def _wanted(path: Path, names: list[str], columns: tuple[str, ...]) -> list[str]:
    absent = [name for name in columns if name not in names]
    if absent:
        raise DataError(f"{path}: has no column {absent[0]!r}, but {', '.join(map(repr, names[:8]))}")
    if columns:
        return list(columns)
    if len(names) < 2:
        raise DataError(f"{path}: must have the columns user and item, has only {names[0] if names else 'none'!r}")
    return [name for name in _NAMES if name in names] if {"user", "item"} <= set(names) else names[:3]


def _text(path: Path, columns: tuple[str, ...]) -> tuple[list[Coded], np.ndarray, list[Rejected]]:
    try:
        import pyarrow as pa
        import pyarrow.csv as csv
    except ImportError:
        raise ImportError(f"{path}: this needs pyarrow: pip install 'mho[recommend]'") from None
    delimiter, names, header = _layout(path, columns)
    wanted = _wanted(path, names, columns)
    dropped: list[tuple[int, str, int]] = []

    def set_aside(row: Any) -> str:
        dropped.append((row.number, row.text, row.actual_columns))
        return "skip"

    kinds = {name: pa.dictionary(pa.int32(), pa.binary()) for name in wanted}
    with open_bytes(path) as stream, damaged(path, pa.ArrowException):
        table = csv.read_csv(
            stream,
            # Row numbers are told by one thread only.
            read_options=csv.ReadOptions(
                use_threads=False, block_size=2**24, column_names=names, skip_rows=1 if header else 0
            ),
            parse_options=csv.ParseOptions(
                delimiter=delimiter, invalid_row_handler=set_aside, ignore_empty_lines=False
            ),
            convert_options=csv.ConvertOptions(column_types=kinds, include_columns=wanted),
        )
    rejected = [Rejected(n, f"has {found} fields, must have {len(names)}", text) for n, text, found in dropped]
    lines = np.setdiff1d(np.arange(1, len(table) + len(dropped) + header + 1), [n for n, *_ in dropped])[header:]
    return [coded(table.column(name)) for name in wanted], lines, rejected


def _layout(path: Path, columns: tuple[str, ...]) -> tuple[str, list[str], bool]:
    """Return the delimiter, a name for each field, and whether the first line is a header."""
    with open_bytes(path) as stream:
        first = stream.readline(2**20).decode("utf-8-sig", "replace").rstrip("\r\n")
    if not first:
        raise DataError(f"{path}: begins with no line of fields")
    delimiter = "\t" if "\t" in first else ","
    fields = [field.strip('"') for field in first.split(delimiter)]
    header = bool(columns) or {"user", "item"} <= set(fields) or (len(fields) > 2 and not _is_number(fields[2]))
    if header and len(set(fields)) < len(fields):
        raise DataError(f"{path}: the names of its columns must differ")
    return delimiter, fields if header else [f"field {j}" for j in range(1, len(fields) + 1)], header


def _table(path: Path, raw: list[Coded], lines: np.ndarray, rejected: list[Rejected]) -> InteractionTable:
    """Make numbers of ratings and ids of ids, and set aside the rows in which one is none."""
    faults = [*(_id_faults(column) for column in raw[:2]), *(_rating_faults(column) for column in raw[2:])]
    bad = np.zeros(len(lines), bool)
    for column, fault in zip(raw, faults, strict=True):
        bad |= np.array([bool(x) for x in fault])[column.codes]
    for row in np.flatnonzero(bad):
        fields = [column.ids[column.codes[row]] for column in raw]
        reason = next(
            fault[column.codes[row]] for column, fault in zip(raw, faults, strict=True) if fault[column.codes[row]]
        )
        rejected.append(Rejected(int(lines[row]), reason, ",".join(map(_plain, fields))))
    rejected.sort(key=lambda row: row.line)
    if bad.all():
        why = f"; line {rejected[0].line}: {rejected[0].reason}" if rejected else ""
        raise DataError(f"{path}: holds no row that can be read{why}")
    users, items = (_ids(column[~bad]) for column in raw[:2])
    return InteractionTable(users, items, _numbers(raw[2][~bad]) if len(raw) > 2 else None, tuple(rejected))


def _id_faults(column: Coded) -> list[str]:
    return [
        "" if _is_id(x) else "the id is empty" if x in (b"", "", None) else "the id is not UTF-8 text"
        for x in column.ids
    ]


def _rating_faults(column: Coded) -> list[str]:
    return [
        ""
        if _is_number(x) and 0 <= float(x) < math.inf
        else f"the rating must be a finite number >= 0, is {_plain(x)!r}"
        for x in column.ids
    ]


def _is_id(x: Any) -> bool:
    if x is None or len(str(x)) == 0 or x == b"":
        return False
    try:
        return not isinstance(x, bytes) or bool(x.decode())
    except UnicodeDecodeError:
        return False


def _is_number(x: Any) -> bool:
    try:
        float(x)
    except (ValueError, TypeError):
        return False
    return "_" not in _plain(x)  # Python reads 1_000, no other program writes it


def _plain(x: Any) -> str:
    return x.decode(errors="replace") if isinstance(x, bytes) else "" if x is None else str(x)


def _numbers(column: Coded) -> np.ndarray:
    return np.array([float(x) if _is_number(x) else math.nan for x in column.ids])[column.codes]


def _ids(column: Coded) -> Coded:
    """Return whole numbers if all are, written as programs write them: 01 is an id of its own."""
    used = np.unique(column.codes)
    texts = [_plain(x) for x in column.ids[used]]
    place = np.empty(len(column.ids), np.int64)
    place[used] = np.arange(len(used))
    whole = all(x.lstrip("-").isdecimal() and len(x) < 19 and str(int(x)) == x for x in texts)
    ids = np.array(texts, np.int64) if whole else np.array(texts)
    return Coded(ids, place[column.codes]).compact()
