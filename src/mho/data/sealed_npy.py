"""Arrays in NumPy's own format with a seal behind their last entry, where every reader of that format stops."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from mho.data.errors import DataError, damaged
from mho.data.output import replacing, reserve
from mho.data.seal import BLANK, check_seal

__all__ = ["array_stream", "read_array", "write_array"]

_HEADER_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def write_array(path: Path, array: np.ndarray, *, durable: bool = True) -> None:
    """Write an array, whole or not at all; `durable` is that of `replacing`.

    Raises
    ------
    ValueError
        It holds Python objects.
    OSError
        The folder is not there, not writable or full.
    """
    with replacing(path, sealed=True, durable=durable) as temporary, temporary.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
        stream.write(BLANK.encode())


@contextmanager
def array_stream(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> Iterator[BinaryIO]:
    """Give a stream for the entries of an array; room for all of them is taken before the first.

    Raises
    ------
    OSError
        The folder is not there, not writable or full.
    """
    with replacing(path, sealed=True) as temporary, temporary.open("wb") as stream:
        about = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(stream, about)
        stream.flush()
        reserve(stream.fileno(), stream.tell() + math.prod(shape) * dtype.itemsize + len(BLANK))
        yield stream
        stream.write(BLANK.encode())
        stream.truncate()


def read_array(path: Path, *, mapped: bool = False) -> np.ndarray:
    """Read what `write_array` has written, or `numpy.save`, which seals nothing.

    Parameters
    ----------
    path : Path
        The file.
    mapped : bool
        Leave the entries on the disk, mapped into memory.

    Raises
    ------
    DataError
        The file is damaged.
    OSError
        It cannot be read.
    """
    seal = len(BLANK) if check_seal(path) else 0
    with path.open("rb") as stream, damaged(path, Exception):  # numpy lets every error of its parser through
        shape, _, dtype = _HEADER_READERS[npy.read_magic(stream)](stream)
        expected = stream.tell() + math.prod(shape) * dtype.itemsize + seal
        if os.fstat(stream.fileno()).st_size != expected:
            raise DataError(f"{path}: is damaged: it must have {expected:,} bytes")
        return np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
