"""Layout of a text table of users and items, from its first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mho.data.columns import are_names
from mho.data.dictionary_column import is_number
from mho.data.errors import DataError
from mho.data.table_format import NAMELESS
from mho.data.text import open_bytes, shown

__all__ = ["CsvLayout", "csv_layout", "delimiter_of", "first_lines", "split_fields"]

_FOREIGN = {
    b"\x1f\x8b": "is gzipped; its name must then end in .gz",
    b"\xff\xfe": "is UTF-16 text; it must be UTF-8",
    b"\xfe\xff": "is UTF-16 text; it must be UTF-8",
    b"PAR1": "is Parquet; its name must then end in .parquet",
    b"PK\x03\x04": "is a .zip archive or a spreadsheet; save the sheet as .csv",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet; save the sheet as .csv",
    b"BZh": "is packed by bzip2; unpack it first",
    b"\xfd7zXZ": "is packed by xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "is packed by zstd; unpack it first",
    b"%%MatrixMarket": "is a Matrix Market file, which mho factor takes",
    b"<": "is HTML or XML, no table",
    b"[": "is a JSON array; of JSON one object a line is taken",
}
"""How files begin that are no text for us."""

_WORDS = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|", "bar": "|"}
_SAMPLE_BYTES, _SAMPLE_LINES = 2**16, 50
_FIRST_BYTES = 2**20
_EVEN = 0.8
"""Share of lines that must have equally many fields if a character parts them."""
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_ARTICLE = re.compile(r"B0[0-9A-Z]{8}|[0-9]{9}[0-9X]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_WITHOUT_NAMES = 4
_ADVICE = "say which by columns=USER,ITEM,RATING, in numbers from 1"


@dataclass(frozen=True, kw_only=True)
class CsvLayout:
    """Layout of a text table: delimiter, names, header.

    Attributes
    ----------
    delimiter : str
        Of one character or more.
    names : tuple of str
        A name for each field of a line, "field 1" on where the text has none.
    header : bool
        Whether the first line has the names.
    first : tuple of str
        Fields of the first line.
    """

    delimiter: str
    names: tuple[str, ...]
    header: bool
    first: tuple[str, ...]


def csv_layout(path: Path, lines: list[str], *, sep: str = "", columns: Sequence[str] = ()) -> CsvLayout:
    """Return the layout of a text by its `first_lines`; `sep` and `columns` are what the caller says of it.

    Raises
    ------
    DataError
        It is no such text, or does not show which fields are user and item.
    """
    delimiter = _WORDS.get(sep, sep) or delimiter_of(path, lines)
    first, *others = [split_fields(line, delimiter) for line in lines]
    if len(first) < 2:
        raise DataError(f"{path}: line 1 has no {delimiter!r} in it, as sep={sep} says, is {shown(lines[0])}")
    width = Counter(map(len, others)).most_common(1)[0][0] if others else len(first)
    header = _is_header(first, [row for row in others if len(row) >= len(first)], columns)
    if not header:
        _check_fields(path, [first, *others], columns)
        return CsvLayout(delimiter=delimiter, names=_numbered(len(first)), header=False, first=tuple(first))
    names = [name.strip() for name in first]
    if width == len(names) + 1 and "" not in names:  # as R writes names of rows
        names.insert(0, "row name")
    if len(set(names)) < len(names):
        raise DataError(f"{path}: the names of its columns must differ")
    return CsvLayout(delimiter=delimiter, names=tuple(names), header=True, first=tuple(first))


def first_lines(path: Path) -> list[str]:
    """Return the first lines of a text that are not empty, at least one.

    Raises
    ------
    DataError
        It is no text in UTF-8 with lines that end in a line feed.
    """
    with open_bytes(path) as stream:
        start = stream.read(_SAMPLE_BYTES)
        if b"\n" not in start:
            start += stream.readline(_FIRST_BYTES)
    if not start:
        raise DataError(f"{path}: is empty")
    whole, _, rest = start.rpartition(b"\n")
    text = whole or rest
    for mark, fault in _FOREIGN.items():
        if text.startswith(mark):
            raise DataError(f"{path}: {fault}")
    first, *others = text.split(b"\n")
    first = first.rstrip(b"\r")
    if b"\r" in first:
        raise DataError(f"{path}: has a carriage return within line 1; lines must end in a line feed")
    lines = [first, *(line.rstrip(b"\r") for line in others[: _SAMPLE_LINES - 1])]
    return [line.decode("utf-8-sig", "replace") for number, line in enumerate(lines) if line or number == 0]


def delimiter_of(path: Path, lines: list[str]) -> str:
    """Return the delimiter of the fields of a text by its `first_lines`; DataError if they do not show it."""
    first = lines[0]
    if "\t" in first:
        return "\t\t" if all(line.count("\t") == 2 * line.count("\t\t") for line in lines) else "\t"
    found = [mark for mark in ("::", ";", "|", ",") if mark in first]
    if not found:
        what = "line 1 must have fields parted by commas, semicolons, tabs, | or ::, is"
        raise DataError(f"{path}: {what} {shown(first)}; anything else is taken by sep=")
    if len(found) == 1 or found[0] == "::":
        return found[0]
    parted = {mark: [split_fields(line, mark) for line in lines] for mark in found}
    for fits in (_are_even, lambda rows: are_names(rows[0]), _have_decimal_commas):
        fitting = [mark for mark in found if fits(parted[mark])]
        found = fitting or found
        if len(found) == 1:
            return found[0]
    marks = " or ".join(f"sep={mark}" for mark in found)
    raise DataError(f"{path}: line 1 may be parted in several ways, is {shown(first)}; say {marks}")


def _are_even(rows: list[list[str]]) -> bool:
    widths = Counter(map(len, rows))
    return len(rows[0]) > 1 and widths[len(rows[0])] >= _EVEN * len(rows)


def _have_decimal_commas(rows: list[list[str]]) -> bool:
    """Whether all commas are within numbers."""
    commas = [field for row in rows for field in row if "," in field]
    return bool(commas) and all(map(_DECIMAL_COMMA.fullmatch, commas))


def split_fields(line: str, delimiter: str) -> list[str]:
    """Return the fields of one line; of one that cannot be parted the whole."""
    if len(delimiter) > 1:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a carriage return within it, or an endless field: reading tells of it, looking does not
        return [line]


def _is_header(first: list[str], others: list[list[str]], columns: Sequence[str]) -> bool:
    """Whether the first line has names: it is like no other."""
    if columns and not all(map(str.isdecimal, columns)):
        return True
    if are_names(first) or (not first[0].strip() and _are_counted(others)):
        return True
    if any(map(_is_value, first)) or any(map(_DATE.match, first)) or not all(field.strip() for field in first[1:]):
        return False
    if any(name == field for row in others for name, field in zip(first, row, strict=False)):
        return False
    return len(first) > 2 or any(all(_is_value(row[j]) for row in others) for j in range(len(first)) if others)


def _are_counted(rows: list[list[str]]) -> bool:
    """Whether the first field is the number of the row."""
    return bool(rows) and [row[0] for row in rows] in ([str(j + begin) for j in range(len(rows))] for begin in (0, 1))


def _is_value(field: str) -> bool:
    """Whether a field is a rating, however it may be written."""
    text = field.strip()
    return is_number(text) or _DECIMAL_COMMA.fullmatch(text) is not None or text.lower() in ("true", "false")


def _check_fields(path: Path, rows: list[list[str]], columns: Sequence[str]) -> None:
    """Refuse lines without names that are not user, item and rating in this order, with a time at the most."""
    if columns:
        return
    first = rows[0]
    fault = None
    if len(first) > _MOST_WITHOUT_NAMES:
        fault = f"{len(first)} fields"
    elif len(first) > 2 and not any(len(row) > 2 and _is_value(row[2]) for row in rows):
        fault = f"no number in its third field, {shown(first[2])}"
    elif any(_DATE.match(field) for field in first[:2]):
        fault = "a date where user and item should be"
    elif all(_ARTICLE.fullmatch(row[0]) for row in rows if row) and not all(row[0].isdecimal() for row in rows if row):
        fault = f"numbers of articles in its first field, {shown(first[0])}"
    if fault is not None:
        raise DataError(f"{path}: has no header, and {fault}, so that it does not show user and item; {_ADVICE}")


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"{NAMELESS}{j}" for j in range(1, count + 1))
