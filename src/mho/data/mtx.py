"""Matrix Market files: https://math.nist.gov/MatrixMarket/formats.html.

Not by scipy's reader, which is faster but can crash the process on a damaged file (seen with scipy 1.17).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mho.data.errors import DataError, check_size
from mho.data.numbers import numbers
from mho.data.text import blocks, open_bytes

__all__ = ["read_mtx"]

_FIELDS = {"real": 3, "double": 3, "integer": 3, "pattern": 2}
"""Numbers on the line of an entry of a sparse matrix."""
_SYMMETRIES = ("general", "symmetric")
_LINE_BYTES = 4096
_DIGITS = 20


class _Header(NamedTuple):
    layout: str
    field: str
    symmetric: bool
    shape: tuple[int, int]
    entries: int
    """As many as the file must list."""
    line: int
    """Where the size stands."""

    @property
    def columns(self) -> int:
        """Numbers on a line."""
        return 1 if self.layout == "array" else _FIELDS[self.field]

    @property
    def nbytes(self) -> int:
        """Memory of the matrix."""
        if self.layout == "array":
            return 8 * self.shape[0] * self.shape[1]
        return 16 * self.entries * (1 + self.symmetric) + 8 * sum(self.shape)


def read_mtx(path: Path, max_bytes: int) -> Any:
    """Read a dense or sparse matrix; entries given more than once are summed."""
    header = _header(path)
    check_size(path, header.nbytes, max_bytes)
    listed = _listed(path, header)
    return _dense(header, listed[:, 0]) if header.layout == "array" else _sparse(header, listed)


def _header(path: Path) -> _Header:
    with open_bytes(path) as stream:
        banner = stream.readline(_LINE_BYTES).decode("latin-1").lower().split()
        number, line = 2, stream.readline(_LINE_BYTES)
        while line.startswith(b"%") or line.isspace():
            number, line = number + 1, stream.readline(_LINE_BYTES)
    if len(banner) != 5 or banner[:2] != ["%%matrixmarket", "matrix"] or banner[2] not in ("coordinate", "array"):
        raise DataError(f"{path}: line 1 must be '%%MatrixMarket matrix coordinate|array <type> <symmetry>'")
    layout, field, symmetry = banner[2:]
    if field not in _FIELDS or symmetry not in _SYMMETRIES:
        raise DataError(
            f"{path}: line 1: the matrix must be one of {', '.join(_FIELDS)} and one of {', '.join(_SYMMETRIES)}"
        )
    sizes = [int(size) for size in line.split() if size.isdigit() and len(size) < _DIGITS]
    if len(sizes) != len(line.split()) or len(sizes) != (3 if layout == "coordinate" else 2):
        raise DataError(f"{path}: line {number} must give the size of the matrix in whole numbers")
    return _checked(path, _Header(layout, field, symmetry == "symmetric", (sizes[0], sizes[1]), sizes[-1], number))


def _checked(path: Path, header: _Header) -> _Header:
    m, n = header.shape
    if 0 in header.shape:
        raise DataError(f"{path}: line {header.line}: the matrix must not be empty, is {m} x {n}")
    if header.symmetric and m != n:
        raise DataError(f"{path}: line {header.line}: a symmetric matrix must be square, is {m} x {n}")
    if header.layout == "array":
        return header._replace(entries=n * (n + 1) // 2 if header.symmetric else m * n)
    return header


def _listed(path: Path, header: _Header) -> np.ndarray:
    """Every line after the size, (entries, columns)."""
    parts, count = [np.empty((0, header.columns))], 0
    for number, text in blocks(path, skip=header.line, empty_lines=True):
        part = numbers(path, number, text, header.columns, delimiter=None)
        if header.layout == "coordinate":
            _check_places(path, number, text, part[:, :2], header.shape)
        parts.append(part)
        count += len(part)
        if count > header.entries:
            raise DataError(f"{path}: goes on after the {header.entries:,} entries that line {header.line} promises")
    if count < header.entries:
        raise DataError(f"{path}: ends after {count:,} of the {header.entries:,} entries line {header.line} promises")
    return np.concatenate(parts)


def _check_places(path: Path, number: int, text: bytes, places: np.ndarray, shape: tuple[int, int]) -> None:
    inside = ((places >= 1) & (places <= shape) & (places == np.floor(places))).all(axis=1)
    if inside.all():
        return
    lines = [line for line, content in enumerate(text.split(b"\n"), number) if content.strip()]
    outside = int(np.argmin(inside))
    i, j = places[outside]
    raise DataError(f"{path}: line {lines[outside]}: ({i:g}, {j:g}) is not in a matrix of {shape[0]} x {shape[1]}")


def _sparse(header: _Header, listed: np.ndarray) -> Any:
    import scipy.sparse as sp

    i, j = listed[:, 0].astype(np.int64) - 1, listed[:, 1].astype(np.int64) - 1
    values = listed[:, 2] if header.columns == 3 else np.ones(len(listed))
    if header.symmetric:
        mirrored = i != j
        i, j, values = (np.r_[i, j[mirrored]], np.r_[j, i[mirrored]], np.r_[values, values[mirrored]])
    return sp.csr_array((values, (i, j)), shape=header.shape)


def _dense(header: _Header, values: np.ndarray) -> np.ndarray:
    """Put together the columns; of a symmetric matrix they are listed from the diagonal down."""
    if not header.symmetric:
        return values.reshape(header.shape, order="F")
    matrix = np.empty(header.shape)
    j, i = np.triu_indices(header.shape[0])
    matrix[i, j] = matrix[j, i] = values
    return matrix
