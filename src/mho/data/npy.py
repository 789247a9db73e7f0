"""NumPy's own format, with every claim of the header checked before any memory is taken."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as npy

from mho.data.errors import DataError, check_size, damaged

__all__ = ["Header", "as_float", "check_matrix", "header", "read_npy"]

_HEADER_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Header(NamedTuple):
    """Header of an array in a file."""

    shape: tuple[int, ...]
    dtype: np.dtype
    stored_bytes: int
    """Length of header and entries together."""


def read_npy(path: Path, max_bytes: int) -> np.ndarray:
    """Read one 2-D array."""
    with path.open("rb") as stream:
        found = header(stream, str(path))
        check_matrix(path, found, max_bytes)
        check_length(str(path), found, path.stat().st_size)
        stream.seek(0)
        with damaged(path, ValueError, EOFError):
            return as_float(npy.read_array(stream, allow_pickle=False))


def header(stream: IO[bytes], what: str) -> Header:
    """Read the header of an array of numbers.

    Raises
    ------
    DataError
        `what` is not an array of real numbers.
    """
    try:
        version = npy.read_magic(stream)
        shape, _, dtype = _HEADER_READERS[version](stream)
    except OSError:
        raise
    except Exception:  # the header is parsed as Python, and numpy lets every error of that parser through
        raise DataError(f"{what}: byte 0: not the header of a NumPy array of numbers") from None
    if dtype.hasobject:
        raise DataError(f"{what}: holds pickled Python objects, which are never loaded; save an array of numbers")
    if dtype.kind not in "biuf":
        raise DataError(f"{what}: must hold real numbers, got dtype {dtype}")
    if any(length < 0 for length in shape):
        raise DataError(f"{what}: has an impossible shape {shape}")
    return Header(shape, dtype, stream.tell() + math.prod(shape) * dtype.itemsize)


def check_matrix(path: Path, found: Header, max_bytes: int) -> None:
    """Refuse what is not a matrix or does not fit."""
    if len(found.shape) != 2:
        raise DataError(f"{path}: must hold a matrix (2 dimensions), got shape {found.shape}")
    item = 4 if found.dtype == np.float32 else max(8, found.dtype.itemsize)
    check_size(path, math.prod(found.shape) * item, max_bytes)


def check_length(what: str, found: Header, length: int) -> None:
    """Refuse a file that is shorter or longer than its header says."""
    if length != found.stored_bytes:
        fault = "cut off" if length < found.stored_bytes else "followed by something else"
        raise DataError(
            f"{what}: {fault} at byte {min(length, found.stored_bytes)}: shape {found.shape} of {found.dtype}"
            f" takes {found.stored_bytes} bytes, there are {length}"
        )


def as_float(array: np.ndarray) -> np.ndarray:
    """Return float32 as it is and every other type as float64."""
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)
