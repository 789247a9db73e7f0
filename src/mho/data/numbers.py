"""Lines of numbers to an array, and which line is wrong."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from mho.data.errors import DataError
from mho.data.text import shown

__all__ = ["fault", "is_number", "numbers"]


def numbers(path: Path, first: int, text: bytes, columns: int, *, delimiter: str | None) -> np.ndarray:
    """Read lines of `columns` numbers each, (rows, columns) float64; the first line is number `first` of the file."""
    if not text.strip():
        return np.empty((0, columns))
    try:
        values = np.loadtxt(io.BytesIO(text), delimiter=delimiter, comments=None, ndmin=2, encoding="latin-1")
    except ValueError:
        raise fault(path, first, text, columns, delimiter) from None
    if values.shape[1] != columns:
        raise fault(path, first, text, columns, delimiter)
    return values


def fault(path: Path, first: int, text: bytes, columns: int, delimiter: str | None) -> DataError:
    """Find the first line that is not `columns` numbers: slow, and only where reading has failed."""
    separator = delimiter.encode() if delimiter else None
    for line_number, line in enumerate(text.split(b"\n"), first):
        fields = line.split(separator)
        if fields and len(fields) != columns:
            return DataError(f"{path}: line {line_number} has {len(fields)} fields, must have {columns}")
        for position, field in enumerate(fields, 1):
            if not is_number(field):
                return DataError(f"{path}: line {line_number}, field {position}: not a number: {shown(field)}")
    return DataError(f"{path}: line {first} or a later one is not made of {columns} numbers")


def is_number(field: bytes) -> bool:
    """Whether every program would read the field as a number."""
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field  # Python reads 1_000, no other program writes it
