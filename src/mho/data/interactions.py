"""Tables of user, item and rating from text and Parquet; a bad row is set aside and told, the others are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.data.categorical import Categorical
from mho.data.columns import Columns, interaction_columns
from mho.data.dictionary_column import DictionaryColumn, longest
from mho.data.errors import DataError, check_size
from mho.data.parquet import column_names, id_column_parts, id_columns, release_unused
from mho.data.table_format import TableFormat
from mho.data.table_text import TableText

__all__ = [
    "InteractionTable",
    "Rejected",
    "interaction_parts",
    "parquet_columns",
    "read_interactions",
    "separator",
    "table_names",
]

_ROW_BYTES = 16
"""Two codes and a rating."""
_AS_IT_SAYS = TableFormat()
_NO_LIMIT = 2**62
_NONE = np.empty(0, np.int64)
_EARLIEST = 1e8
"""Seconds from 1970 to 1973: whole numbers all above it are times, no ratings."""


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

    Examples
    --------
    >>> from mho.data import Rejected
    >>> Rejected(line=3, reason="the id is empty", text=",2,5").line
    3
    """

    line: int
    reason: str
    text: str


@dataclass(frozen=True, eq=False)
class InteractionTable:
    r"""Interactions read from a table, in the order of the file, and the rejected rows.

    Attributes
    ----------
    users, items : Categorical
        Whole numbers if every id of the column is one, else text.
    ratings : ndarray of shape (n,) or None
        float32 if that holds every one of them exactly, else float64; None where the file has no third column.
    rejected : tuple of Rejected
        By line.
    columns : Columns
        Names of the two or three columns.
    notes : tuple of str
        What else was understood of a text, in a few words each.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from mho.data import read_interactions
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "stars.csv")
    ...     _ = path.write_text("user,item,rating\n7,1,4\n7,2,five\n8,2,3\n")
    ...     table = read_interactions(path)
    >>> len(table), table.ratings.tolist(), table.rejected[0].line
    (2, [4.0, 3.0], 3)
    """

    users: Categorical
    items: Categorical
    ratings: np.ndarray | None
    rejected: tuple[Rejected, ...]
    columns: Columns
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.users)


def read_interactions(
    path: Path,
    how: TableFormat = _AS_IT_SAYS,
    *,
    max_bytes: int = 2**33,
) -> InteractionTable:
    """Read user, item and, if there is one, rating.

    Parameters
    ----------
    path : Path
        .parquet; anything else is text, .gz or not: JSON lines if the first begins with a brace, else delimited fields.
    how : TableFormat
        What the file itself does not say.
    max_bytes : int
        Refuse a table larger than this in memory; the default is 8 GiB. Reading may take twice as much for a moment.

    Raises
    ------
    DataError
        The file is damaged, does not say which columns are meant, can be read in two ways, has negative ratings though
        no range says so, no row that can be read, or is too large.
    """
    path, max_bytes = Path(path), checks.positive_int(max_bytes, "max_bytes")
    if path.suffix.lower() == ".parquet":
        table = _parquet(path, how, max_bytes)
        release_unused()
    else:
        table = _text(path, how, max_bytes)
    if len(table):
        return table
    why = f"; line {table.rejected[0].line}: {table.rejected[0].reason}" if table.rejected else ""
    raise DataError(f"{path}: holds no row that can be read{why}")


def interaction_parts(
    path: Path,
    how: TableFormat = _AS_IT_SAYS,
    *,
    rows: int = 2**20,
) -> Iterator[InteractionTable]:
    """Read a Parquet file of any size, `rows` rows at a time.

    Each part is what `read_interactions` makes of a file with these rows alone, so ids of a column of text may be
    whole numbers in one part and text in another. A part may have nothing but rejected rows.

    Parameters
    ----------
    path : Path
        The file.
    how : TableFormat
        As for `read_interactions`.
    rows : int
        Rows of one part.

    Raises
    ------
    DataError
        The file is damaged, does not say which columns are meant, or has negative ratings though no range says so.
    """
    path, first = Path(path), 1
    columns = parquet_columns(path, how)
    for part in id_column_parts(path, columns.names, rows):
        raw = _with_decimal([DictionaryColumn.of(column) for column in part], how)
        yield _table(path, raw, _Lines(first, _NONE, []), _Wanted(columns, how))
        first += len(part[0])


@dataclass(frozen=True)
class _Wanted:
    """The columns to read, and what the caller says of them."""

    columns: Columns
    how: TableFormat
    max_bytes: int = _NO_LIMIT


def _text(path: Path, how: TableFormat, max_bytes: int) -> InteractionTable:
    text = TableText.of(path, how)
    read, others = text.rows.read(max_bytes)
    raw = list(map(DictionaryColumn.of, _given_up(read)))
    notes = text.notes
    if len(raw) > 2:
        raw[2] = _numeric(path, raw[2], how, semicolons=text.semicolons)
        notes += () if raw[2].written is None or how.decimal else (str(raw[2].written),)
    between = sorted([row[0] for row in others.no_rows] + others.continued)
    lines = _Lines(text.first_line, np.array(between, np.int64), [Rejected(*row) for row in others.no_rows])
    return replace(_table(path, raw, lines, _Wanted(text.columns, how, max_bytes)), notes=notes)


def _parquet(path: Path, how: TableFormat, max_bytes: int) -> InteractionTable:
    columns = parquet_columns(path, how)
    raw = list(map(DictionaryColumn.of, id_columns(path, columns.names, max_bytes)))
    return _table(path, _with_decimal(raw, how), _Lines(1, _NONE, []), _Wanted(columns, how, max_bytes))


def parquet_columns(path: Path, how: TableFormat) -> Columns:
    """Return the columns of user, item and rating of a Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    how : TableFormat
        As for `read_interactions`.

    Raises
    ------
    DataError
        The file does not say which they are.
    """
    names = column_names(path)
    try:
        return interaction_columns(names, how.columns, how.usual)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None


def table_names(path: Path, how: TableFormat = _AS_IT_SAYS) -> tuple[Any, ...]:
    """Return the names of all columns of a table; empty for JSON lines, whose rows may differ.

    Parameters
    ----------
    path : Path
        The file.
    how : TableFormat
        As for `read_interactions`.
    """
    if path.suffix.lower() == ".parquet":
        return tuple(column_names(path))
    return tuple(getattr(TableText.of(path, how).rows, "names", ()))


def separator(path: Path, how: TableFormat = _AS_IT_SAYS) -> str:
    """Return the separator of the fields of a text; empty for JSON lines and Parquet.

    Parameters
    ----------
    path : Path
        The file.
    how : TableFormat
        As for `read_interactions`.
    """
    if path.suffix.lower() == ".parquet":
        return ""
    return str(getattr(TableText.of(path, how).rows, "delimiter", ""))


def _with_decimal(raw: list[DictionaryColumn], how: TableFormat) -> list[DictionaryColumn]:
    """Read text as numbers as the caller says, and in no other way: parts of a file might differ."""
    if how.decimal:
        raw[2:] = [column.with_numerals(how.decimal) for column in raw[2:]]
    return raw


def _numeric(path: Path, column: DictionaryColumn, how: TableFormat, *, semicolons: bool) -> DictionaryColumn:
    try:
        return column.with_numerals(how.decimal, semicolons=semicolons)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None


@dataclass(frozen=True)
class _Lines:
    """Line numbers of the rows of a file: the first one's, the lines between rows, and the lines that are no rows."""

    first: int
    between: np.ndarray
    no_rows: list[Rejected]

    def of(self, rows: np.ndarray) -> np.ndarray:
        gaps = self.between - self.first
        return self.first + rows + np.searchsorted(gaps - np.arange(len(gaps)), rows, "right")


def _table(path: Path, raw: list[DictionaryColumn], lines: _Lines, wanted: _Wanted) -> InteractionTable:
    """Make numbers of ratings and ids of ids, and set aside the rows in which one is none; `raw` is used up."""
    for column in raw[2:]:
        _check_ratings(path, column, wanted)
    ratings_faults = (column.rating_faults(wanted.how.range) for column in raw[2:])
    faults = [*(column.id_faults() for column in raw[:2]), *ratings_faults]
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
    users, items = (_ids(path, column.rows(good), wanted.max_bytes) for column in islice(left, 2))
    ratings = next((_ratings(column.numbers(), column.codes[good]) for column in left), None)
    return InteractionTable(users, items, ratings, tuple(rejected), wanted.columns)


def _check_ratings(path: Path, column: DictionaryColumn, wanted: _Wanted) -> None:
    """Refuse a column of ratings that are negative, unless a range says so, or times."""
    numbers = column.numbers()
    there = np.isfinite(numbers)
    if wanted.how.range is not None or not there.any():
        return
    lowest, highest = numbers[there].min(), numbers[there].max()
    if lowest < 0:
        negative = int(np.isin(column.codes, np.flatnonzero(there & (numbers < 0))).sum())
        both = f"range={lowest:.9g}:{highest:.9g} takes them, range=0:{max(highest, 1):.9g} leaves them out"
        raise DataError(f"{path}: {negative:,} of the ratings are negative, {lowest:.9g} the lowest; {both}")
    if lowest >= _EARLIEST and not wanted.how.columns and np.array_equal(numbers[there], np.rint(numbers[there])):
        name = wanted.columns.names[2]
        raise DataError(f"{path}: the ratings, {name}, look like times; say which by columns=USER,ITEM,RATING")


def _given_up(columns: list[Any]) -> Iterator[Any]:
    """Take columns out of a list one by one, so that each is forgotten once it is used: they fill the memory."""
    while columns:
        yield columns.pop(0)


def _rejected(raw: list[DictionaryColumn], faults: list[dict[int, str]], row: int, line: int) -> Rejected:
    codes = [int(column.codes[row]) for column in raw]
    reason = next(fault[code] for fault, code in zip(faults, codes, strict=True) if code in fault)
    return Rejected(line, reason, ",".join(column.text(code) for column, code in zip(raw, codes, strict=True)))


def _ids(path: Path, column: DictionaryColumn, max_bytes: int) -> Categorical:
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
    return Categorical(ids[order], place[column.codes])


def _ratings(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    used = np.bincount(codes, minlength=len(values)) > 0
    values = np.where(used, values, 0.0)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    return (single if np.array_equal(single, values) else values)[codes]
