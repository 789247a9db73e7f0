"""A dense matrix as comma-separated numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mho.data.errors import DataError, check_size
from mho.data.numbers import fault, is_number, numbers
from mho.data.text import blocks

__all__ = ["read_csv"]

_LONGEST_NUMBER = 32
"""Bytes: no sensible text of a number is longer, so n bytes hold at least n / 32 numbers."""


def read_csv(path: Path, max_bytes: int) -> np.ndarray:
    """Read a dense matrix, some millions of numbers a second."""
    check_size(path, 8 * (path.stat().st_size // _LONGEST_NUMBER), max_bytes)
    parts: list[np.ndarray] = []
    size = 0
    for number, text in blocks(path):
        if number == 1:
            number, text = _without_header(text)
        if not text:
            continue
        columns = parts[0].shape[1] if parts else text.partition(b"\n")[0].count(b",") + 1
        parts.append(_rows(path, number, _with_nan(text), columns))
        size += parts[-1].nbytes
        check_size(path, size, max_bytes)
    if not parts:
        raise DataError(f"{path}: holds no numbers")
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _without_header(text: bytes) -> tuple[int, bytes]:
    first, _, others = text.partition(b"\n")
    fields = [field for field in first.split(b",") if field.strip()]
    is_header = fields and not any(map(is_number, fields))
    return (2, others) if is_header else (1, text)


def _with_nan(text: bytes) -> bytes:
    """Write nan into empty fields."""
    if b",," in text:  # twice, for each match takes the comma that the next one needs
        text = text.replace(b",,", b",nan,").replace(b",,", b",nan,")
    text = (b"\n" + text + b"\n").replace(b"\n,", b"\nnan,").replace(b",\n", b",nan\n")
    return text[1:-1]


def _rows(path: Path, number: int, text: bytes, columns: int) -> np.ndarray:
    rows = numbers(path, number, text, columns, delimiter=",")
    if len(rows) != text.count(b"\n") + 1:  # a carriage return within a line
        raise fault(path, number, text, columns, ",")
    return rows
