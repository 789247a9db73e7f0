"""Matrices that give some rows at a time: files, arrays, what is kept by HDF5, Zarr, dask or AnnData."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import scipy.sparse as sp

from mho.checks import real_matrix
from mho.data.errors import DataError, damaged
from mho.data.h5ad import open_h5ad
from mho.data.npy import check_length, check_matrix, header
from mho.data.parquet import number_columns

__all__ = ["AHEAD", "BlockSource", "NpyFile", "as_rows", "block_source", "read_into"]

AHEAD = 2
"""Blocks that are read before they are asked for."""

_GLANCE = 1000
"""Rows of a sparse matrix whose entries tell how many there are in others."""


class BlockSource(Protocol):
    """A matrix (m, n) that gives some rows at a time."""

    shape: tuple[int, int]
    dtype: np.dtype
    name: str

    def rows(self, step: int, held: int = 1) -> Iterator[Any]:
        """Yield all rows in order, `step` at a time, dense or sparse.

        An array may be used again once `AHEAD` and `held` others have come.
        """
        ...

    def part(self, begin: int, end: int) -> Any:
        """Return the rows from `begin` to before `end`, read or as what a Dask cluster computes."""
        ...

    @property
    def row_bytes(self) -> int:
        """Memory of a row, on average."""
        ...


class NpyFile:
    """A file of NumPy's, read into buffers in turn: pages of a memory map would count as memory in use."""

    shape: tuple[int, int]
    dtype: np.dtype

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)
        with path.open("rb") as stream:
            found = header(stream, self.name)
            self.offset = stream.tell()
        check_matrix(path, found, 1 << 62)
        check_length(self.name, found, path.stat().st_size)
        if 0 in found.shape:
            raise DataError(f"{path}: must not be empty, has shape {found.shape}")
        self.shape, self._stored = (found.shape[0], found.shape[1]), found.dtype
        self.dtype = np.dtype(np.float32 if found.dtype == np.float32 else np.float64)
        with path.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            if read(stream)[1]:
                raise DataError(
                    f"{path}: must be in C order to be read by rows; give np.load({self.name!r}, mmap_mode='r').T, "
                    "whose factors are the transposes H.T and W.T, or save np.ascontiguousarray of it"
                )

    @property
    def row_bytes(self) -> int:
        """See `BlockSource`."""
        return self.shape[1] * self.dtype.itemsize

    def rows(self, step: int, held: int = 1) -> Iterator[np.ndarray]:
        """See `BlockSource`."""
        m, n = self.shape
        buffers = [np.empty((min(step, m), n), self.dtype) for _ in range(AHEAD + 1 + held)]
        for number, begin in enumerate(range(0, m, step)):
            yield self.part_into(buffers[number % len(buffers)][: m - begin], begin)

    def part(self, begin: int, end: int) -> np.ndarray:
        """See `BlockSource`."""
        return self.part_into(np.empty((end - begin, self.shape[1]), self.dtype), begin)

    def part_into(self, block: np.ndarray, begin: int, ahead: int = 0) -> np.ndarray:
        """Return a block filled with the rows from `begin` on.

        Parameters
        ----------
        block : ndarray of shape (b, n)
            Is written.
        begin : int
            First row.
        ahead : int
            The system is told to read as many rows meanwhile, that many rows on: others will ask for them.
        """
        as_stored = block if self._stored == self.dtype else np.empty(block.shape, self._stored)
        with self.path.open("rb", buffering=0) as stream:
            if ahead and hasattr(os, "posix_fadvise"):
                os.posix_fadvise(stream.fileno(), self._place(begin + ahead), as_stored.nbytes, os.POSIX_FADV_WILLNEED)
            stream.seek(self._place(begin))
            read_into(as_stored, stream, f"{self.path}: cut off after row {begin}")
        if as_stored is not block:
            block[...] = as_stored
        return block

    def _place(self, row: int) -> int:
        return self.offset + row * self.shape[1] * self._stored.itemsize


class _Sliced:
    """Whatever has a shape and gives rows by slices: arrays, sparse matrices, HDF5, Zarr, dask, backed AnnData."""

    shape: tuple[int, int]
    dtype: np.dtype

    def __init__(self, matrix: Any, name: str = "X") -> None:
        self.name, self._matrix = name, matrix.tocsr() if sp.issparse(matrix) else matrix
        if len(matrix.shape) != 2 or 0 in matrix.shape:
            raise ValueError(f"{name} must be a matrix that is not empty, got shape {tuple(matrix.shape)}")
        self.shape = (int(matrix.shape[0]), int(matrix.shape[1]))
        self.dtype = np.dtype(np.float32 if matrix.dtype == np.float32 else np.float64)

    @property
    def row_bytes(self) -> int:
        if not sp.issparse(self._matrix[:1]):
            return self.shape[1] * self.dtype.itemsize
        first = self._matrix[: min(_GLANCE, self.shape[0])]
        return max(1, first.nnz * (self.dtype.itemsize + first.indices.itemsize) // first.shape[0])

    def rows(self, step: int, held: int = 1) -> Iterator[Any]:
        for begin in range(0, self.shape[0], step):
            part = self.part(begin, min(begin + step, self.shape[0]))
            part = part.compute() if hasattr(part, "compute") else part
            yield as_rows(part, self.dtype)

    def part(self, begin: int, end: int) -> Any:
        return self._matrix[begin:end]


class _Parquet:
    """A Parquet file whose columns, but those that name its rows, are all numbers."""

    shape: tuple[int, int]
    dtype: np.dtype

    def __init__(self, path: Path) -> None:
        self.path, self.name, self.dtype = path, str(path), np.dtype(np.float64)
        rows, self._columns = number_columns(path)
        self.shape = rows, len(self._columns)

    @property
    def row_bytes(self) -> int:
        return self.shape[1] * self.dtype.itemsize

    def rows(self, step: int, held: int = 1) -> Iterator[np.ndarray]:
        import pyarrow.parquet as pq

        with damaged(self.path, Exception):
            for batch in pq.ParquetFile(self.path).iter_batches(step, columns=self._columns):
                yield self._matrix([column.to_numpy(zero_copy_only=False) for column in batch.columns])

    def part(self, begin: int, end: int) -> np.ndarray:
        import pyarrow.parquet as pq

        with damaged(self.path, Exception), pq.ParquetFile(self.path) as file:
            sizes = [file.metadata.row_group(g).num_rows for g in range(file.num_row_groups)]
            edges = np.concatenate([[0], np.cumsum(sizes)])
            groups = [g for g in range(len(sizes)) if edges[g] < end and edges[g + 1] > begin]
            table = file.read_row_groups(groups, self._columns).slice(begin - int(edges[groups[0]]), end - begin)
            return self._matrix([column.to_numpy() for column in table.columns])

    def _matrix(self, columns: list[np.ndarray]) -> np.ndarray:
        return np.column_stack(columns).astype(self.dtype)


def _zarr(path: Path) -> BlockSource:
    try:
        import zarr  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ImportError(f"{path}: needs zarr: pip install zarr") from None
    with damaged(path, Exception):
        found = zarr.open(str(path), mode="r")
    return _checked_rows(found, str(path))


def _h5ad(path: Path) -> BlockSource:
    return _checked_rows(open_h5ad(path).X, str(path))


def _checked_rows(source: Any, name: str) -> BlockSource:
    """Return a source of an object that gives rows by slices."""
    if isinstance(source, list | tuple) or hasattr(source, "to_numpy"):
        source = real_matrix(source, name)
    if not all(hasattr(source, part) for part in ("shape", "dtype", "__getitem__")):
        inside = f"; give one of its arrays, such as {name}[...]" if hasattr(source, "keys") else ""
        raise TypeError(f"{name} must be a file or give rows by slices, got {type(source).__name__}{inside}")
    if not sp.issparse(source) and getattr(source, "format", "") == "csc":
        raise ValueError(f"{name} is kept by columns (csc), of which no rows can be read alone; keep it by rows (csr)")
    return _Sliced(source, name)


def block_source(source: Any) -> BlockSource:
    """Return a matrix as a source of blocks of rows.

    Parameters
    ----------
    source : str, path or array_like of shape (m, n)
        A ``.npy`` or ``.parquet`` file, ``.h5ad`` with anndata, ``.zarr`` with zarr, or what has a shape, a dtype and
        gives rows by slices: an array, a scipy sparse matrix, an HDF5 dataset, a Zarr or dask array, a backed AnnData.

    Raises
    ------
    DataError
        The file is cut short or is not one of numbers.
    TypeError, ValueError
        It is none of these.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        kinds: dict[str, Callable[[Path], BlockSource]] = {
            ".npy": NpyFile,
            ".parquet": _Parquet,
            ".h5ad": _h5ad,
            ".zarr": _zarr,
        }
        if path.suffix not in kinds:
            raise ValueError(
                f"{path}: must end in one of {', '.join(kinds)} to be read in blocks; open others and give the array"
            )
        if not path.exists():
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return kinds[path.suffix](path)
    if all(hasattr(source, part) for part in ("X", "obs", "var")):
        return block_source(source.X)
    return _checked_rows(source, "source")


def as_rows(part: Any, dtype: np.dtype) -> Any:
    """Return a block of rows as an array or sparse matrix in the precision asked for."""
    return (part if sp.issparse(part) else np.asarray(part)).astype(dtype, copy=False)


def read_into(block: np.ndarray, stream: IO[bytes], cut_off: str) -> np.ndarray:
    """Return a contiguous block after it was filled from an unbuffered stream.

    Raises
    ------
    DataError
        The stream ends before, said as `cut_off`.
    """
    view, filled = block.data.cast("B"), 0
    while filled < len(view):
        got = stream.readinto(view[filled:])  # pyright: ignore[reportAttributeAccessIssue]
        if not got:
            raise DataError(cut_off)
        filled += got
    return block
