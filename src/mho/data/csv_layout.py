"""What the first line of a table of users and items says of all lines."""

from __future__ import annotations

import csv
from pathlib import Path

from mho.data.columns import names_say_so
from mho.data.distinct import is_number
from mho.data.errors import DataError
from mho.data.text import open_bytes, shown

__all__ = ["csv_layout"]

_FOREIGN = {
    b"\x1f\x8b": "is gzipped; its name must then end in .gz",
    b"\xff\xfe": "is UTF-16 text; it must be UTF-8",
    b"\xfe\xff": "is UTF-16 text; it must be UTF-8",
}
"""How files begin that are no text for us."""


def csv_layout(path: Path, *, named: bool) -> tuple[str, list[str], bool]:
    """Return the delimiter, a name for each field, and whether the first line is a header, as it is if `named`."""
    first = _first_line(path)
    delimiter = "\t" if "\t" in first else ","
    fields = next(csv.reader([first], delimiter=delimiter))
    header = named or names_say_so(fields) or _names_a_rating(fields)
    if header and len(set(fields)) < len(fields):
        raise DataError(f"{path}: the names of its columns must differ")
    return delimiter, fields if header else [f"field {j}" for j in range(1, len(fields) + 1)], header


def _names_a_rating(fields: list[str]) -> bool:
    """Whether the third field is no number; after two numbers it is a damaged one."""
    return len(fields) > 2 and not is_number(fields[2]) and not (is_number(fields[0]) and is_number(fields[1]))


def _first_line(path: Path) -> str:
    with open_bytes(path) as stream:
        line = stream.readline(2**20).rstrip(b"\r\n")
    for mark, fault in _FOREIGN.items():
        if line.startswith(mark):
            raise DataError(f"{path}: {fault}")
    if b"\r" in line:
        raise DataError(f"{path}: has a carriage return within line 1; lines must end in a line feed")
    if b"," not in line and b"\t" not in line:
        raise DataError(f"{path}: line 1 must have fields parted by commas or tabs, is {shown(line)}")
    return line.decode("utf-8-sig", "replace")
