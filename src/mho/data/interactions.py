"""Tables of user, item and rating from CSV and Parquet; a bad row is set aside and told, the others are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.data.coded import Coded
from mho.data.columns import interaction_columns
from mho.data.csv_layout import csv_layout
from mho.data.csv_rows import CsvRows
from mho.data.distinct import Distinct, longest
from mho.data.errors import DataError, check_size
from mho.data.parquet import id_column_parts, id_columns, release_unused

__all__ = ["InteractionTable", "Rejected", "interaction_parts", "read_interactions"]

_ROW_BYTES = 16
"""Two codes and a rating."""
_NO_LIMIT = 2**62
_NONE = np.empty(0, np.int64)


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
        float32 if that holds every one of them exactly, else float64; None where the file has no third column.
    rejected : tuple of Rejected
        By line.
    """

    users: Coded
    items: Coded
    ratings: np.ndarray | None
    rejected: tuple[Rejected, ...]

    def __len__(self) -> int:
        return len(self.users)


def read_interactions(path: Path, *, columns: tuple[str, ...] = (), max_bytes: int = 2**33) -> InteractionTable:
    """Read user, item and, if there is one, rating.

    Parameters
    ----------
    path : Path
        .parquet; anything else is text with commas or tabs between the fields, .gz or not.
    columns : tuple of str
        Names of the two or three columns in the header. By default those of `interaction_columns`. Text whose third
        field is a number in the first line has no header.
    max_bytes : int
        Refuse a table larger than this in memory; the default is 8 GiB. Reading may take twice as much for a moment.

    Raises
    ------
    DataError
        The file is damaged, has no such columns, no row that can be read, or is too large.
    """
    path, max_bytes = Path(path), checks.positive_int(max_bytes, "max_bytes")
    if path.suffix.lower() == ".parquet":
        table = _parquet(path, columns, max_bytes)
        release_unused()
        return _with_rows(path, table)
    rows = _text(path, columns)
    read, others = rows.read(max_bytes)
    raw = list(map(Distinct.of, _given_up(read)))
    between = sorted([row[0] for row in others.no_rows] + others.continued)
    lines = _Lines(1 + rows.header, np.array(between, np.int64), [Rejected(*row) for row in others.no_rows])
    return _with_rows(path, _table(path, raw, lines, max_bytes))


def interaction_parts(path: Path, *, columns: tuple[str, ...] = (), rows: int = 2**20) -> Iterator[InteractionTable]:
    """Read a Parquet file of any size, `rows` rows at a time.

    Each part is what `read_interactions` makes of a file with these rows alone, so ids of a column of text may be
    whole numbers in one part and text in another. A part may have nothing but rejected rows.

    Parameters
    ----------
    path : Path
    columns : tuple of str
        As for `read_interactions`.
    rows : int

    Raises
    ------
    DataError
        The file is damaged or has no such columns.
    """
    path, first = Path(path), 1
    for part in id_column_parts(path, lambda names: _wanted(path, names, columns), rows):
        yield _table(path, [Distinct.of(column) for column in part], _Lines(first, _NONE, []), _NO_LIMIT)
        first += len(part[0])


def _parquet(path: Path, columns: tuple[str, ...], max_bytes: int) -> InteractionTable:
    raw = id_columns(path, lambda names: _wanted(path, names, columns), max_bytes)
    return _table(path, list(map(Distinct.of, raw)), _Lines(1, _NONE, []), max_bytes)


@dataclass(frozen=True)
class _Lines:
    """Where rows begin in a file whose first is in line `first`, what lines are between them, and which are no rows."""

    first: int
    between: np.ndarray
    no_rows: list[Rejected]

    def of(self, rows: np.ndarray) -> np.ndarray:
        gaps = self.between - self.first
        return self.first + rows + np.searchsorted(gaps - np.arange(len(gaps)), rows, "right")


def _wanted(path: Path, names: list[str], columns: tuple[str, ...]) -> list[str]:
    absent = [name for name in columns if name not in names]
    if absent:
        raise DataError(f"{path}: has no column {absent[0]!r}, but {', '.join(map(repr, names[:8]))}")
    if columns:
        return list(columns)
    if len(names) < 2:
        raise DataError(f"{path}: must have the columns user and item, has only {names[0] if names else 'none'!r}")
    return interaction_columns(names)


def _text(path: Path, columns: tuple[str, ...]) -> CsvRows:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ImportError(f"{path}: this needs pyarrow: pip install 'mho[recommend]'") from None
    delimiter, names, header = csv_layout(path, named=bool(columns))
    wanted = tuple(_wanted(path, names, columns))
    return CsvRows(path=path, delimiter=delimiter, names=tuple(names), wanted=wanted, header=header)


def _table(path: Path, raw: list[Distinct], lines: _Lines, max_bytes: int) -> InteractionTable:
    """Make numbers of ratings and ids of ids, and set aside the rows in which one is none; `raw` is used up."""
    faults = [*(column.id_faults() for column in raw[:2]), *(column.rating_faults() for column in raw[2:])]
    bad = np.zeros(len(raw[0].codes), bool)
    for column, fault in zip(raw, faults, strict=True):
        if fault:
            bad |= np.isin(np.arange(len(column.values)), list(fault))[column.codes]
    rows = np.flatnonzero(bad)
    told = zip(rows.tolist(), lines.of(rows).tolist(), strict=True)
    rejected = [*lines.no_rows, *(_rejected(raw, faults, row, line) for row, line in told)]
    rejected.sort(key=lambda row: row.line)
    good = slice(None) if not len(rows) else ~bad
    left = _given_up(raw)
    users, items = (_ids(path, column.rows(good), max_bytes) for column in islice(left, 2))
    ratings = next((_ratings(column.numbers(), column.codes[good]) for column in left), None)
    return InteractionTable(users, items, ratings, tuple(rejected))


def _given_up(columns: list[Any]) -> Iterator[Any]:
    """Take columns out of a list one by one, so that each is forgotten once it is used: they fill the memory."""
    while columns:
        yield columns.pop(0)


def _with_rows(path: Path, table: InteractionTable) -> InteractionTable:
    if len(table):
        return table
    why = f"; line {table.rejected[0].line}: {table.rejected[0].reason}" if table.rejected else ""
    raise DataError(f"{path}: holds no row that can be read{why}")


def _rejected(raw: list[Distinct], faults: list[dict[int, str]], row: int, line: int) -> Rejected:
    codes = [int(column.codes[row]) for column in raw]
    reason = next(fault[code] for fault, code in zip(faults, codes, strict=True) if code in fault)
    return Rejected(line, reason, ",".join(column.text(code) for column, code in zip(raw, codes, strict=True)))


def _ids(path: Path, column: Distinct, max_bytes: int) -> Coded:
    used = np.flatnonzero(np.bincount(column.codes, minlength=len(column.values)))
    found = column.ids(used)
    if str(found.type) != "int64":
        # One long id makes every place of an array of text as long.
        check_size(path, 4 * longest(found) * len(found) + _ROW_BYTES * len(column.codes), max_bytes)
        ids = np.array(found.to_pylist())
    else:
        ids = found.to_numpy()
    order = np.argsort(ids, kind="stable")
    place = np.empty(len(column.values), np.int32)
    place[used[order]] = np.arange(len(used))
    return Coded(ids[order], place[column.codes])


def _ratings(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    used = np.bincount(codes, minlength=len(values)) > 0
    values = np.where(used, values, 0.0)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    return (single if np.array_equal(single, values) else values)[codes]
