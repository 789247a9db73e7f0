"""A matrix with the names of its rows and columns, from a table with a header or a first column of names."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.csv_layout import delimiter_of, first_lines
from mho.data.csv_matrix import read_csv
from mho.data.errors import DataError, check_size, damaged
from mho.data.h5ad import read_named_h5ad
from mho.data.matrix import read_matrix
from mho.data.numbers import is_number
from mho.data.numerals import Numerals, notation
from mho.data.output import replacing
from mho.data.parquet import read_named_parquet
from mho.data.text import open_bytes, shown

__all__ = ["NamedMatrix", "read_named_matrix", "write_rows", "write_table"]

_MARKS = (";", "\t", "|")
_SHOWN = 50
"""Lines that show how numbers are written."""

_TABLES = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}


@dataclass(frozen=True, eq=False)
class NamedMatrix:
    """A matrix and what its rows and columns are called.

    Attributes
    ----------
    X : ndarray or scipy sparse of shape (m, n)
    rows, columns : tuple of str
        Names; empty where the file has none.
    decimal_commas : bool
        Whether the file writes 3,5 for 3.5.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.data.named_matrix import NamedMatrix
    >>> NamedMatrix(np.ones((1, 2)), ("a",), ()).rows
    ('a',)
    """

    X: Any
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    decimal_commas: bool = False


def read_named_matrix(path: Path, *, layout: str = "matrix", max_bytes: int = 2**33) -> NamedMatrix:
    """Read a matrix as `read_matrix` does, and of a table the names of its columns and rows.

    Parameters
    ----------
    path : Path
        Beside `read_matrix`'s files ``.tsv`` and ``.tsv.gz``; of ``.csv`` the first line shows whether commas,
        semicolons, tabs or ``|`` part it, and where no comma does, one may part fractions: 3,5. A first line without
        numbers is a header; a first column without numbers, or without a name of its own where the others have one,
        names the rows, in Parquet the index of pandas or text.
    layout, max_bytes
        As for `read_matrix`.

    Raises
    ------
    DataError
        As for `read_matrix`; a name that comes twice among the rows or the columns too.
    """
    name = path.name.lower()
    ending = next((ending for ending in _TABLES if name.endswith(ending)), None)
    if layout == "matrix" and ending is not None:
        return _checked(path, _read_table(path, _separator(path, _TABLES[ending]), max_bytes))
    for ending, read in ((".parquet", read_named_parquet), (".h5ad", read_named_h5ad)):
        if layout == "matrix" and name.endswith(ending):
            return _checked(path, NamedMatrix(*read(path, max_bytes)))
    return NamedMatrix(read_matrix(path, layout=layout, max_bytes=max_bytes))


def write_table(path: Path, values: np.ndarray, rows: tuple[str, ...], columns: tuple[str, ...]) -> None:
    """Write a matrix (m, n) as comma-separated text with names, `path` replaced whole or left as it was.

    Parameters
    ----------
    path : Path
        Usually ends in ``.csv``.
    values : ndarray of shape (m, n)
        Numbers.
    rows : tuple of str
        Names of the rows, m of them, or none.
    columns : tuple of str
        Names of the columns, n of them.
    """
    lines = (list(map(repr, line)) for line in values.tolist())
    if rows:
        write_rows(path, ["", *columns], ([name, *line] for name, line in zip(rows, lines, strict=True)))
    else:
        write_rows(path, columns, lines)


def write_rows(path: Path, header: Iterable[Any], rows: Iterable[Iterable[Any]]) -> None:
    """Write lines of fields as comma-separated text, `path` replaced whole or left as it was.

    Parameters
    ----------
    path : Path
        Usually ends in ``.csv``.
    header : iterable
        Names of the columns.
    rows : iterable of iterable
        Fields of each line, written as `str` has them.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    data = text.getvalue().encode()
    with replacing(path, size=len(data)) as temporary:
        temporary.write_bytes(data)


def _checked(path: Path, found: NamedMatrix) -> NamedMatrix:
    for what, names in (("row", found.rows), ("column", found.columns)):
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"{path}: the {what} {shown(twice)} comes twice")
    return found


def _separator(path: Path, usual: str) -> str:
    """Return the mark between the fields of a table: the usual one, unless its first line has another."""
    lines = first_lines(path) if usual == "," else [""]
    if not any(mark in lines[0] for mark in _MARKS):
        return usual
    found = delimiter_of(path, lines)
    return found if found in _MARKS else usual


def _read_table(path: Path, sep: str, max_bytes: int) -> NamedMatrix:
    """Read a table: one without names of rows by the quick reader."""
    written = _notation(path, sep)
    first = list(itertools.islice(_records(path, sep, written), 3))
    indexed = bool(first) and _is_pandas_header(first[0])
    has_header = bool(first) and not any(is_number(field.strip().encode()) for field in first[0] if field.strip())
    has_header = indexed or (has_header and (len(first) > 1 or not any(first[0])))
    data = first[1 if has_header else 0 :]
    # A column that alone has no name is an index: pandas leaves its name empty, R has no field for it.
    nameless = has_header and data and (indexed or len(first[0]) == len(data[0]) - 1 or _is_nameless(first[0]))
    named = bool(nameless) or any(record and record[0].strip() and not _is_value(record[0]) for record in data)
    if not named and sep == ",":
        columns = tuple(first[0]) if has_header else ()
        X = read_csv(path, max_bytes)
        return NamedMatrix(X, (), columns if len(columns) == X.shape[1] else ())
    found = _slowly(path, _records(path, sep, written), max_bytes, has_header=has_header, named=named)
    if named and not nameless:
        _check_names(path, found.rows)
    return replace(found, decimal_commas=written is not None)


def _notation(path: Path, sep: str) -> Numerals | None:
    """Return the notation of a table's numbers, by its first lines; None where it is that of Python."""
    if sep == ",":
        return None
    try:
        return notation(list(itertools.chain(*itertools.islice(_records(path, sep, None), _SHOWN))))
    except ValueError as error:
        raise DataError(f"{path}: {error}; write them with a decimal point") from None


def _is_nameless(header: list[str]) -> bool:
    """Whether the first column, and no other, has no name."""
    return len(header) > 1 and not header[0].strip() and all(field.strip() for field in header[1:])


def _is_pandas_header(header: list[str]) -> bool:
    """Whether the columns are numbered from zero beside an index, as pandas writes a table without names."""
    return len(header) > 1 and not header[0].strip() and header[1:] == [str(j) for j in range(len(header) - 1)]


def _records(path: Path, sep: str, written: Numerals | None) -> Iterator[list[str]]:
    """Yield the fields of each line, numbers as Python writes them."""
    with _text(path) as stream:
        for record in csv.reader(stream, delimiter=sep):
            yield record if written is None else [_plain(field, written) for field in record]


def _plain(field: str, written: Numerals) -> str:
    plain = written.plain(field)
    if is_number(plain.encode()):
        return plain
    return f"{field} among decimal commas" if is_number(field.encode()) else field


@contextmanager
def _text(path: Path) -> Iterator[io.TextIOWrapper]:
    with open_bytes(path) as stream, damaged(path, csv.Error):
        yield io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")  # pyright: ignore[reportArgumentType]


def _is_value(field: str) -> bool:
    return is_number(field.strip().encode()) or field.strip().lower() == "nan"


def _slowly(path: Path, records: Iterator[list[str]], max_bytes: int, *, has_header: bool, named: bool) -> NamedMatrix:
    rows, lines, header, width = [], [], [], 0
    skipped = int(named)
    for number, record in enumerate(records, 1):
        if number == 1 and has_header:
            header = record
            continue
        if not record:
            continue
        width = width or len(record)
        if len(record) != width:
            raise DataError(f"{path}: line {number}: has {len(record)} fields, others {width}")
        rows.append(record[0])
        lines.append(_values(path, number, record[skipped:]))
        check_size(path, 8 * len(lines) * width, max_bytes)
    if not lines or width <= skipped:
        raise DataError(f"{path}: holds no numbers")
    return NamedMatrix(np.stack(lines), tuple(rows) if named else (), _header(header, width - skipped))


def _check_names(path: Path, names: tuple[str, ...]) -> None:
    """Refuse a first column of both: with one slip in a column of numbers all of it would be names."""
    number = next((name for name in names if name.strip() and _is_value(name)), None)
    if number is not None:
        text = next(name for name in names if name.strip() and not _is_value(name))
        raise DataError(
            f"{path}: the first column must hold numbers, or names of the rows that are none, got {shown(text)} and "
            f"{shown(number)}"
        )


def _header(header: list[str], columns: int) -> tuple[str, ...]:
    """Names of the columns: R leaves out the name of the column of names, others write one."""
    return tuple(header[-columns:]) if len(header) in (columns, columns + 1) else ()


def _values(path: Path, number: int, fields: list[str]) -> np.ndarray:
    together = "".join(fields)
    try:
        if "_" in together or not together.isascii():  # 1_000 and digits of any script, which NumPy takes
            raise ValueError
        return np.array([field if field.strip() else "nan" for field in fields], np.float64)
    except ValueError:
        wrong = next((field for field in fields if field.strip() and not _is_value(field)), together)
        raise DataError(f"{path}: line {number}: must hold numbers after the name, got {shown(wrong)}") from None
