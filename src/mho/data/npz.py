"""Zip archives of NumPy arrays: a scipy sparse matrix, or one dense matrix."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from mho import checks
from mho.data.errors import DataError, check_size, damaged
from mho.data.npy import Header, as_float, check_length, check_matrix, header

__all__ = ["read_npz"]

_SPARSE = {
    "csr": ("data", "indices", "indptr", "shape"),
    "csc": ("data", "indices", "indptr", "shape"),
    "coo": ("data", "row", "col", "shape"),
}
_MEMBERS_SHOWN = 6
# Besides its own error, zipfile lets those of seeking, decompressing and encryption through.
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


def read_npz(path: Path, max_bytes: int) -> Any:
    """Read the sparse matrix or the only dense matrix of an archive."""
    with path.open("rb") as stream, damaged(path, *_ZIP_ERRORS):
        with zipfile.ZipFile(stream) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            if "format" in names and "shape" in names:
                return _sparse(path, archive, max_bytes)
            if len(names) != 1:
                raise DataError(f"{path}: must hold one matrix, holds {len(names)} members: {_listed(names)}")
            return as_float(_member(path, archive, names[0], max_bytes, matrix=True))


def _sparse(path: Path, archive: zipfile.ZipFile, max_bytes: int) -> Any:
    import scipy.sparse as sp

    kind = _kind(path, archive)
    arrays = {name: _member(path, archive, name, max_bytes) for name in _SPARSE[kind]}
    shape = _shape(path, arrays["shape"])
    check_size(path, 8 * sum(shape) + sum(a.nbytes for a in arrays.values()), max_bytes)
    _check_whole(path, arrays)
    values = as_float(arrays["data"])
    with damaged(path, ValueError, TypeError, IndexError):
        if kind == "coo":
            return sp.coo_array((values, (arrays["row"], arrays["col"])), shape=shape).tocsr()
        build = sp.csr_array if kind == "csr" else sp.csc_array
        matrix = build((values, arrays["indices"], arrays["indptr"]), shape=shape)
        checks.sparse_format(matrix)  # an index outside the matrix would be followed into foreign memory
        return matrix


def _kind(path: Path, archive: zipfile.ZipFile) -> str:
    """Name of scipy's sparse format: written as a zero-dimensional byte string, which is not an array of numbers."""
    with archive.open("format.npy") as stream:
        stored = stream.read(1024)
    kind = next((kind for kind in _SPARSE if stored.rstrip(b"\0").endswith(kind.encode())), None)
    if kind is None:
        raise DataError(f"{path}: a sparse matrix must have one of the formats {', '.join(_SPARSE)}; use tocsr()")
    return kind


def _member(path: Path, archive: zipfile.ZipFile, name: str, max_bytes: int, *, matrix: bool = False) -> np.ndarray:
    what = f"{path}: {name}"
    try:
        info = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise DataError(f"{path}: must hold NumPy arrays, {name!r} is not there or not one") from None
    with archive.open(info) as stream:
        found = header(stream, what)
        _check_member(path, found, max_bytes, matrix)
        check_length(what, found, info.file_size)
    with archive.open(info) as stream, damaged(path, ValueError):
        return npy.read_array(stream, allow_pickle=False)


def _check_member(path: Path, found: Header, max_bytes: int, matrix: bool) -> None:
    if matrix:
        check_matrix(path, found, max_bytes)
    check_size(path, found.stored_bytes, max_bytes)


def _check_whole(path: Path, arrays: dict[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        if name != "data" and array.dtype.kind not in "iu":  # scipy would cut fractions off
            raise DataError(f"{path}: {name} must hold whole numbers, got dtype {array.dtype}")


def _shape(path: Path, stored: np.ndarray) -> tuple[int, int]:
    if stored.shape != (2,):
        raise DataError(f"{path}: must be a matrix (2 dimensions), its shape is an array of shape {stored.shape}")
    if stored.dtype.kind not in "iu" or stored.min() < 0:
        raise DataError(f"{path}: must be a matrix (2 dimensions), got shape {stored.tolist()}")
    return int(stored[0]), int(stored[1])


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name[:40]) for name in names[:_MEMBERS_SHOWN])
    return shown + (", ..." if len(names) > _MEMBERS_SHOWN else "")
