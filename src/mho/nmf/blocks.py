"""Factorization of a matrix that is larger than memory: blocks of rows, read ahead by a thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from mho import checks, kernels
from mho.data.errors import DataError, damaged
from mho.data.npy import check_length, check_matrix, header
from mho.engines import Digital, Penalty
from mho.engines.products import cross, gram
from mho.kernels.blas import one_blas_thread
from mho.nmf.settings import old_generator
from mho.operands import Dense, Matrix, Sparse

__all__ = ["BlockFit", "BlockSource", "block_source", "fit_blocks"]

_BLOCK_BYTES = 1 << 25
_SWEEPS = 4
_H_SWEEPS = 8
_AHEAD = 2
_SAMPLE = 500
"""Rows of the first block from which the start has its scale."""


class BlockSource(Protocol):
    """A matrix (m, n) that gives some rows at a time."""

    shape: tuple[int, int]
    dtype: np.dtype
    name: str

    def rows(self, step: int) -> Iterator[Any]:
        """Yield all rows in order, `step` at a time, dense or sparse; an array may be used again for the next."""
        ...


class _Npy:
    """A file of NumPy's, read into two buffers in turn: pages of a memory map would count as memory in use."""

    shape: tuple[int, int]
    dtype: np.dtype

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path)
        with path.open("rb") as stream:
            found = header(stream, self.name)
            self._offset = stream.tell()
        check_matrix(path, found, 1 << 62)
        check_length(self.name, found, path.stat().st_size)
        if found.dtype not in (np.float32, np.float64):
            raise DataError(f"{path}: must hold float32 or float64 to be read in blocks, got {found.dtype}")
        self.shape, self.dtype = (found.shape[0], found.shape[1]), found.dtype
        with path.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            if read(stream)[1]:
                raise DataError(f"{path}: must be in C order to be read by rows; save np.ascontiguousarray of it")

    def rows(self, step: int) -> Iterator[np.ndarray]:
        m, n = self.shape
        buffers = [np.empty((min(step, m), n), self.dtype) for _ in range(_AHEAD + 2)]
        with self.path.open("rb", buffering=0) as stream:
            stream.seek(self._offset)
            for number, begin in enumerate(range(0, m, step)):
                block = buffers[number % len(buffers)][: min(step, m - begin)]
                view, filled = block.data.cast("B"), 0
                while filled < len(view):
                    got = stream.readinto(view[filled:])
                    if not got:
                        raise DataError(f"{self.path}: cut off in row {begin + filled // (n * self.dtype.itemsize)}")
                    filled += got
                yield block


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

    def rows(self, step: int) -> Iterator[Any]:
        for begin in range(0, self.shape[0], step):
            part = self._matrix[begin : min(begin + step, self.shape[0])]
            part = part.compute() if hasattr(part, "compute") else part
            yield (part if sp.issparse(part) else np.asarray(part)).astype(self.dtype, copy=False)


class _Parquet:
    """A Parquet file whose columns are all numbers."""

    shape: tuple[int, int]
    dtype: np.dtype

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self.path, self.name, self.dtype = path, str(path), np.dtype(np.float64)
        with damaged(path, Exception):
            found = pq.ParquetFile(path)
            self.shape = found.metadata.num_rows, len(found.schema_arrow.names)

    def rows(self, step: int) -> Iterator[np.ndarray]:
        import pyarrow.parquet as pq

        with damaged(self.path, Exception):
            for batch in pq.ParquetFile(self.path).iter_batches(step):
                columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
                yield np.column_stack(columns).astype(np.float64)


def block_source(source: Any) -> BlockSource:
    """Return a matrix as a source of blocks of rows.

    Parameters
    ----------
    source : str, path or array_like of shape (m, n)
        A ``.npy`` or ``.parquet`` file, or what has a shape, a dtype and gives rows by slices: an array, a scipy sparse
        matrix, an HDF5 dataset, a Zarr or dask array, the ``X`` of a backed AnnData.

    Raises
    ------
    DataError
        The file is cut short or is not one of numbers.
    TypeError, ValueError
        It is none of these.
    """
    if isinstance(source, str | Path):
        path = Path(source)
        kinds: dict[str, Callable[[Path], BlockSource]] = {".npy": _Npy, ".parquet": _Parquet}
        if path.suffix not in kinds:
            raise ValueError(
                f"{path}: must end in .npy or .parquet to be read in blocks; open others and give the array"
            )
        return kinds[path.suffix](path)
    if all(hasattr(source, part) for part in ("X", "obs", "var")):
        return block_source(source.X)
    if not all(hasattr(source, part) for part in ("shape", "dtype", "__getitem__")):
        raise TypeError(f"source must be a file or give rows by slices, got {type(source).__name__}")
    return _Sliced(source)


@dataclass(frozen=True, eq=False)
class BlockFit:
    """Factors of a matrix larger than memory.

    Attributes
    ----------
    W : ndarray of shape (m, k), or Path
        In memory, or the ``.npy`` file that was asked for.
    H : ndarray of shape (k, n)
    errors : list of float
        |X - W H| / |X| after each pass.
    seconds : list of float
        Of each pass.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> fit = mho.fit_blocks(np.random.default_rng(0).random((50, 8)), 2, max_iter=3, tol=0, random_state=0)
    >>> fit.W.shape, fit.H.shape, len(fit.errors)
    ((50, 2), (2, 8), 3)
    """

    W: Any
    H: np.ndarray
    errors: list[float]
    seconds: list[float]


def fit_blocks(
    source: Any,
    n_components: int,
    *,
    max_iter: int = 20,
    tol: float = 1e-4,
    W: Any = None,
    H: Any = None,
    out: str | Path | None = None,
    block_bytes: int = _BLOCK_BYTES,
    random_state: Any = None,
    callback: Callable[[dict[str, Any]], Any] | None = None,
) -> BlockFit:
    """Factorize a matrix that is larger than memory, one pass over its rows for each iteration.

    A thread reads the next blocks while W of this one is improved; what all rows ask of H is kept in k x k and k x n
    numbers, from which H follows at the end of the pass.

    Parameters
    ----------
    source : str, path or array_like of shape (m, n)
        As `block_source` takes it; non-negative, every entry known.
    n_components : int
        Number k of components.
    max_iter : int
        Passes at the most.
    tol : float
        Stop when the error falls by less than this share of the first in a pass; 0 never stops.
    W, H : ndarray of shape (m, k) and (k, n), or path of W, optional
        Factors to go on from: those of a fit that ended early.
    out : str or path, optional
        A ``.npy`` file for W, which then is never whole in memory.
    block_bytes : int
        Memory of a block; four are held at once.
    random_state : int, RandomState, Generator or None
        For the start.
    callback : callable, optional
        Called after each pass with ``iteration``, ``error``, ``seconds`` and ``seconds_left`` (at the most); a true
        answer stops.

    Raises
    ------
    DataError
        A file is cut short or is not one of numbers.
    ValueError, TypeError
        An argument is not what it must be, or an entry is negative, infinite or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((500, 3)) @ rng.random((3, 20))
    >>> fit = mho.fit_blocks(X, 3, block_bytes=10_000, max_iter=100, tol=0, random_state=0)
    >>> bool(np.linalg.norm(X - fit.W @ fit.H) < 0.03 * np.linalg.norm(X))
    True
    """
    found = block_source(source)
    m, n = found.shape
    k = checks.positive_int(n_components, "n_components", limit=max(m, n), what="the larger side of X")
    checks.positive_int(max_iter, "max_iter")
    checks.nonnegative_number(tol, "tol")
    step = max(1, checks.positive_int(block_bytes, "block_bytes") // (n * found.dtype.itemsize))
    H, level = _start(found, k, H, old_generator(random_state))
    errors: list[float] = []
    seconds: list[float] = []
    with _kept(W, (m, k), found.dtype, level, None if out is None else Path(out)) as rows, one_blas_thread():
        for number in range(max_iter):
            begun = time.perf_counter()
            H, error = _passed(found, H, rows, step)
            errors.append(error)
            seconds.append(time.perf_counter() - begun)
            left = seconds[-1] * (max_iter - number - 1)
            record = {"iteration": number + 1, "error": error, "seconds": seconds[-1], "seconds_left": left}
            if callback is not None and callback(record):
                break
            if number and tol > 0 and errors[-2] - error < tol * errors[0]:
                break
        return BlockFit(rows.result(), H, errors, seconds)


def _start(found: BlockSource, k: int, H: Any, rng: Any) -> tuple[np.ndarray, float]:
    """Components to begin with, random about the level of the first rows, and that level."""
    n = found.shape[1]
    first = next(iter(found.rows(min(_SAMPLE, max(1, _BLOCK_BYTES // (8 * n))))))
    level = float(np.sqrt(max(float(first.mean()), np.finfo(found.dtype).tiny) / k))
    if H is None:
        return (level * rng.uniform(0.5, 1.5, (k, n))).astype(found.dtype), level
    H = checks.as_matrix(H, "H").astype(found.dtype)
    if H.shape != (k, n):
        raise ValueError(f"H must have shape {(k, n)}, got {H.shape}")
    return H, level


def _passed(found: BlockSource, H: np.ndarray, rows: _Rows, step: int) -> tuple[np.ndarray, float]:
    """One pass: all of W, then H, and the relative error of both."""
    k, n = H.shape
    programmed = Digital(sweeps=_SWEEPS).program(Dense.from_checked(np.ascontiguousarray(H.T)), penalty=Penalty())
    G, C, square = np.zeros((k, k)), np.zeros((n, k)), 0.0
    begin = 0
    for block in _ahead(found.rows(step)):
        X = _checked(block, found, begin)
        end = begin + X.shape[0]
        W = np.ascontiguousarray(programmed.solve(X.T, start=rows.read(begin, end).T).T)
        rows.write(begin, W)
        G += gram(W)
        C += cross(W, X)
        square += X.square
        begin = end
    if begin != found.shape[0]:
        raise DataError(f"{found.name}: ended after {begin} of its {found.shape[0]} rows")
    Y = np.array(H.T, np.float64, order="C")
    kernels.sweep(G, C, Y, _H_SWEEPS, kernels.thread_count())
    left = square - 2 * float(np.vdot(C, Y)) + float(np.vdot(G, Y.T @ Y))
    return np.ascontiguousarray(Y.T).astype(H.dtype), float(np.sqrt(max(0.0, left) / square)) if square else 0.0


def _checked(block: Any, found: BlockSource, begin: int) -> Matrix:
    name = f"{found.name}, rows {begin} to {begin + block.shape[0] - 1},"
    if sp.issparse(block):
        return Sparse(block, name=name, nonnegative=True)
    return Dense(block, name=name, nonnegative=True)


def _ahead(blocks: Iterator[Any]) -> Iterator[Any]:
    """Yield blocks that a thread reads ahead; an error of its is raised here."""
    ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(_AHEAD)
    ended = threading.Event()

    def read() -> None:
        fault: BaseException | None = None
        try:
            for block in blocks:
                if not _put(ready, (block, None), ended):
                    return
        except BaseException as error:  # whatever it is, it is the reader's caller who has to know
            fault = error
        _put(ready, (None, fault), ended)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        while True:
            block, fault = ready.get()
            if fault is not None:
                raise fault
            if block is None:
                return
            yield block
    finally:
        ended.set()
        thread.join()


def _put(ready: queue.Queue[Any], item: Any, ended: threading.Event) -> bool:
    while not ended.is_set():
        try:
            ready.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False


class _Rows:
    """W in memory."""

    def __init__(self, W: np.ndarray) -> None:
        self._W = W

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, *of: Any) -> None:
        return None

    def read(self, begin: int, end: int) -> np.ndarray:
        return self._W[begin:end]

    def write(self, begin: int, rows: np.ndarray) -> None:
        self._W[begin : begin + len(rows)] = rows

    def result(self) -> Any:
        return self._W


class _RowsOnDisk(_Rows):
    """W in a .npy file, of which some rows are in memory."""

    def __init__(self, path: Path, shape: tuple[int, int], dtype: np.dtype, level: float, W: Any) -> None:
        self.path, self._shape, self._dtype, self._level = path, shape, dtype, level
        self._begun = W is not None
        if self._begun and Path(W).resolve() != path.resolve():
            raise ValueError(f"W must be the file {path} that `out` names, to go on from it, got {W}")
        if not self._begun:
            with path.open("wb") as stream:
                facts = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(stream, facts)
                self._offset = stream.tell()
                stream.truncate(self._offset + shape[0] * shape[1] * dtype.itemsize)
        else:
            kept = _Npy(path)
            if (kept.shape, kept.dtype) != (shape, dtype):
                raise ValueError(f"{path}: must be {shape} of {dtype}, got {kept.shape} of {kept.dtype}")
            self._offset = kept._offset
        self._stream = path.open("r+b", buffering=0)
        self._done = shape[0] if self._begun else 0

    def __exit__(self, *of: Any) -> None:
        import os

        os.fsync(self._stream.fileno())
        self._stream.close()

    def read(self, begin: int, end: int) -> np.ndarray:
        if begin >= self._done:
            return np.full((end - begin, self._shape[1]), self._level, self._dtype)
        block = np.empty((end - begin, self._shape[1]), self._dtype)
        self._stream.seek(self._place(begin))
        view, filled = block.data.cast("B"), 0
        while filled < len(view):
            got = self._stream.readinto(view[filled:])
            if not got:
                raise DataError(f"{self.path}: cut off in row {begin}")
            filled += got
        return block

    def write(self, begin: int, rows: np.ndarray) -> None:
        self._stream.seek(self._place(begin))
        view, written = np.ascontiguousarray(rows).data.cast("B"), 0
        while written < len(view):
            written += self._stream.write(view[written:])
        self._done = max(self._done, begin + len(rows))

    def _place(self, row: int) -> int:
        return self._offset + row * self._shape[1] * self._dtype.itemsize

    def result(self) -> Any:
        return self.path


def _kept(W: Any, shape: tuple[int, int], dtype: np.dtype, level: float, out: Path | None) -> _Rows:
    if out is not None:
        if out.suffix != ".npy":
            raise ValueError(f"out must end in .npy, got {out}")
        return _RowsOnDisk(out, shape, dtype, level, W)
    if W is None:
        return _Rows(np.full(shape, level, dtype))
    start = checks.as_matrix(np.load(W, allow_pickle=False) if isinstance(W, str | Path) else W, "W")
    if start.shape != shape:
        raise ValueError(f"W must have shape {shape}, got {start.shape}")
    return _Rows(start.astype(dtype))
