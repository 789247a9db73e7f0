"""One entry a line: row id, column id, value."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.errors import DataError, check_size
from mho.data.text import blocks, shown
from mho.data.triplets import entries_to_csr, ranks

__all__ = ["read_csv_triplets"]

_ENTRY_BYTES = 24
_ID_BYTES = 100
"""What a distinct id takes besides its text."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def read_csv_triplets(path: Path, max_bytes: int) -> Any:
    """Read entries into a sparse matrix, about half a million a second."""
    rows, columns = _Ids(), _Ids()
    values: list[np.ndarray] = []
    first = size = 0
    for number, lines, delimiter in _line_blocks(path):
        first = first or number
        fields = _fields(path, number, lines, delimiter)
        values.append(_values(path, number, fields))
        rows.extend(line[0] for line in fields)
        columns.extend(line[1] for line in fields)
        size += len(fields)
        check_size(path, _ENTRY_BYTES * size + rows.nbytes + columns.nbytes, max_bytes)
    if not size:
        raise DataError(f"{path}: holds no entries")

    def repeated(position: int) -> DataError:
        return DataError(f"{path}: line {first + position} gives an entry that an earlier line gives")

    return entries_to_csr(rows.indices(), columns.indices(), np.concatenate(values), repeated)


class _Ids:
    """Ids as numbers in order of appearance, until all are known."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.parts: list[np.ndarray] = []
        self.nbytes = 0

    def extend(self, ids: Iterator[str]) -> None:
        codes, before = self.codes, len(self.codes)
        self.parts.append(np.array([codes.setdefault(i, len(codes)) for i in ids], np.int64))
        self.nbytes += sum(_ID_BYTES + len(i) for i in islice(codes, before, None))

    def indices(self) -> np.ndarray:
        return ranks(list(self.codes))[np.concatenate(self.parts)]


def _line_blocks(path: Path) -> Iterator[tuple[int, list[str], str]]:
    delimiter = ","
    for number, block in blocks(path):
        try:
            lines = block.decode().split("\n")
        except UnicodeDecodeError as error:
            line = number + block.count(b"\n", 0, error.start)
            raise DataError(f"{path}: line {line} is not UTF-8 text") from None
        if number == 1:
            delimiter = next((mark for mark in _DELIMITERS if lines[0].count(mark) >= 2), ",")
            if _is_header(lines[0].split(delimiter)):
                number, lines = 2, lines[1:]
        if lines:
            yield number, lines, delimiter


def _is_header(fields: list[str]) -> bool:
    return len(fields) >= 3 and not _is_value(fields[2])


def _fields(path: Path, number: int, lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        fields = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        fields = []
    if len(fields) != len(lines):  # also where a quoted field goes on over the end of its line
        raise _quoting_fault(path, number, lines, delimiter)
    return fields


def _quoting_fault(path: Path, number: int, lines: list[str], delimiter: str) -> DataError:
    for line, text in enumerate(lines, number):
        try:
            list(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error as error:
            return DataError(f"{path}: line {line}: not {_DELIMITERS[delimiter]}-separated fields: {error}")
    raise AssertionError("called for lines without a fault")


def _values(path: Path, number: int, fields: list[list[str]]) -> np.ndarray:
    try:
        values = np.array([float(line[2]) for line in fields])
    except (IndexError, ValueError):
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise _fault(path, number, fields)
    return values


def _fault(path: Path, number: int, fields: list[list[str]]) -> DataError:
    for line, found in enumerate(fields, number):
        if len(found) < 3:
            return DataError(f"{path}: line {line} must be row,column,value, has {len(found)} fields")
        if not _is_value(found[2]) or not math.isfinite(float(found[2])):
            return DataError(f"{path}: line {line}: the value must be a finite number, got {shown(found[2])}")
    raise AssertionError("called for lines without a fault")


def _is_value(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
