"""Factorization of a matrix that is larger than memory, by blocks of rows."""

from __future__ import annotations

import queue
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks, kernels
from mho.data.errors import DataError
from mho.data.output import replacing
from mho.engines.products import cross, gram
from mho.kernels.blas import one_blas_thread
from mho.nmf.block_cluster import BlocksOnWorkers
from mho.nmf.block_source import AHEAD, BlockSource, NpyFile, block_source, read_into
from mho.nmf.block_step import checked_block, improved_rows, step_here
from mho.nmf.settings import old_generator

__all__ = ["BlockFit", "fit_blocks"]

_BLOCK_BYTES = 1 << 25
_CACHED_BYTES = 1 << 23
"""Of a block that the processor's cache still holds when its rows are read for H, after W."""

_LEAST_ROWS = 64
"""Dense rows, or as many entries, that a block has before it is that small: each block goes over all of H."""

_H_SWEEPS = 8
_COLUMNS = 1 << 16
"""Columns of H that are in memory together where it is on disk."""

_SAMPLE = 500
"""Rows of the first block from which the start has its scale."""


@dataclass(frozen=True, eq=False)
class BlockFit:
    """Factors of a matrix larger than memory.

    Attributes
    ----------
    W : ndarray of shape (m, k), or Path
        In memory, or the ``.npy`` file that was asked for.
    H : ndarray of shape (k, n), or Path
        As W.
    errors : list of float
        |X - W H| / |X| after each pass.
    seconds : list of float
        Of each pass.
    norm : float
        |X|.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> fit = mho.fit_blocks(np.random.default_rng(0).random((50, 8)), 2, max_iter=3, tol=0, random_state=0)
    >>> fit.W.shape, fit.H.shape, len(fit.errors)
    ((50, 2), (2, 8), 3)
    """

    W: Any
    H: Any
    errors: list[float]
    seconds: list[float]
    norm: float


def fit_blocks(
    source: Any,
    n_components: int,
    *,
    max_iter: int = 20,
    tol: float = 1e-4,
    W: Any = None,
    H: Any = None,
    out: str | Path | None = None,
    out_H: str | Path | None = None,
    block_bytes: int | None = None,
    cluster: Any = None,
    random_state: Any = None,
    callback: Callable[[dict[str, Any]], Any] | None = None,
) -> BlockFit:
    """Factorize a matrix that is larger than memory, one pass over its rows for each iteration.

    Threads improve W of a block each while the next ones are read; what all rows ask of H is kept in k x k and k x n
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
    W, H : ndarray of shape (m, k) and (k, n), or path, optional
        Factors to go on from: those of a fit that ended early, both of them; W alone says little, for it is improved
        first.
    out, out_H : str or path, optional
        ``.npy`` files for W and for H, which then are never whole in memory where they are large. Both are there after
        each pass: a fit that was interrupted goes on from them.
    block_bytes : int, optional
        Memory of a block; one for each thread of a ``.npy`` file, of others four more. 8 MiB by default; 32 MiB on a
        cluster, and up to that where rows are long.
    cluster : distributed.Client, optional
        Workers of a Dask cluster, with mho installed, that take the blocks: those of a file that all of them see under
        its name, the parts of a dask array, or an array that is sent to them. A step is a function of a block and the
        factors, which stay here: others do again what a lost worker had, to the same bits.
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
    kept_at = _apart(_npy_path(out, "out"), _npy_path(out_H, "out_H"), source)
    m, n = found.shape
    k = checks.positive_int(n_components, "n_components", limit=max(m, n), what="the larger side of X")
    checks.positive_int(max_iter, "max_iter")
    checks.nonnegative_number(tol, "tol")
    step = _step(found, block_bytes, cluster)
    level, start = _start(found, k, old_generator(random_state))
    workers = None if cluster is None else BlocksOnWorkers(cluster, found, step)
    errors: list[float] = []
    seconds: list[float] = []
    square: float | None = None
    with (
        _kept(W, (m, k), found.dtype, level, kept_at[0]) as rows,
        _Columns(start if H is None else _given_H(H, (k, n)), found.dtype, kept_at[1]) as columns,
        one_blas_thread(),
    ):
        for number in range(max_iter):
            begun = time.perf_counter()
            error, square = _passed(found, columns, rows, step, workers, square)
            errors.append(error)
            seconds.append(time.perf_counter() - begun)
            left = seconds[-1] * (max_iter - number - 1)
            record = {"iteration": number + 1, "error": error, "seconds": seconds[-1], "seconds_left": left}
            if callback is not None and callback(record):
                break
            if number and tol > 0 and errors[-2] - error < tol * errors[0]:
                break
        return BlockFit(rows.result(), columns.result(), errors, seconds, float(np.sqrt(square or 0.0)))


def _step(found: BlockSource, block_bytes: int | None, cluster: Any) -> int:
    """Rows of a block."""
    if block_bytes is None:
        wanted = _LEAST_ROWS * found.shape[1] * found.dtype.itemsize
        block_bytes = min(max(_CACHED_BYTES, wanted if cluster is None else _BLOCK_BYTES), _BLOCK_BYTES)
    return max(1, checks.positive_int(block_bytes, "block_bytes") // found.row_bytes)


def _start(found: BlockSource, k: int, rng: Any) -> tuple[float, np.ndarray]:
    """Level of both factors for the mean of the first rows, and components (k, n) at random about it."""
    first = next(iter(found.rows(min(_SAMPLE, max(1, _BLOCK_BYTES // (2 * found.row_bytes))))))
    level = float(np.sqrt(max(float(first.mean()), np.finfo(found.dtype).tiny) / k))
    return level, (level * rng.uniform(0.5, 1.5, (k, found.shape[1]))).astype(found.dtype)


def _given_H(H: Any, shape: tuple[int, int]) -> np.ndarray:
    H = np.load(H, mmap_mode="r", allow_pickle=False) if isinstance(H, str | Path) else checks.as_matrix(H, "H")
    if H.shape != shape:
        raise ValueError(f"H must have shape {shape}, got {H.shape}")
    return H


def _npy_path(path: str | Path | None, name: str) -> Path | None:
    if path is not None and Path(path).suffix != ".npy":
        raise ValueError(f"{name} must end in .npy, got {path}")
    return None if path is None else Path(path)


def _apart(out: Path | None, out_H: Path | None, source: Any) -> tuple[Path | None, Path | None]:
    """Return the files of the factors, none of which is the source or the other."""
    taken = {"the source": getattr(source, "filename", source), "out": out}
    for name, path in (("out", out), ("out_H", out_H)):
        for what, other in taken.items():
            if path and name != what and isinstance(other, str | Path) and path.resolve() == Path(other).resolve():
                raise ValueError(f"{name} must be another file than {what}, got {path} for both")
    return out, out_H


def _passed(
    found: BlockSource,
    columns: _Columns,
    rows: _Rows,
    step: int,
    workers: BlocksOnWorkers | None,
    known: float | None,
) -> tuple[float, float]:
    """One pass: all of W, then H; return the relative error of both, and |X|^2, `known` once entries were checked."""
    k = columns.H.shape[1]
    G, square = np.zeros((k, k)), 0.0
    again = known is not None
    outcomes = None if workers is None else workers.improved(columns.H, rows.read)
    if outcomes is None and columns.small:
        outcomes = _improved(found, columns.H, rows, step, again=again)
    if outcomes is not None:
        for begin, (W, products, part) in outcomes:
            rows.write(begin, W)
            G += gram(W)
            columns.products += products
            square += part
    else:
        for begin, block in _numbered(found, step):
            X = checked_block(block, found.name, begin, again=again)
            W = improved_rows(X, columns.H, rows.read(begin, begin + X.shape[0]))
            rows.write(begin, W)
            G += gram(W)
            columns.add(W, X)
            square += 0.0 if again else X.square
    square = square if known is None else known
    left = square - columns.improve(G)
    return (float(np.sqrt(max(0.0, left) / square)) if square else 0.0), square


def _improved(
    found: BlockSource, H: np.ndarray, rows: _Rows, step: int, *, again: bool
) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray, float]]]:
    """Yield the first row and the outcome of `step_here` for each block, in order.

    Each block is one thread's: threads that shared it would wait for one another.
    """
    threads = kernels.thread_count()
    team = ThreadPoolExecutor(threads, initializer=kernels.single_threaded)
    given: deque[tuple[int, Future[Any]]] = deque()
    H = np.asfortranarray(H)  # as products with rows want it: turned once, not for each block
    try:
        for begin, end, read in _readers(found, step, threads):
            given.append((begin, team.submit(_step_of, read, found.name, begin, H, rows.read(begin, end), again=again)))
            if len(given) > threads:
                yield given[0][0], given.popleft()[1].result()
        while given:
            yield given[0][0], given.popleft()[1].result()
    finally:
        team.shutdown(cancel_futures=True)


def _step_of(read: Callable[[], Any], *of: Any, again: bool) -> tuple[np.ndarray, np.ndarray, float]:
    return step_here(read(), *of, again=again)


def _readers(found: BlockSource, step: int, threads: int) -> Iterator[tuple[int, int, Callable[[], Any]]]:
    """Yield begin and end of each block, and what gives its rows to the thread that is to work on them."""
    if isinstance(found, NpyFile):
        file = _SharedFile(found, step, threads)
        for begin in range(0, found.shape[0], step):
            yield begin, min(begin + step, found.shape[0]), partial(file.read, begin)
        return
    for begin, block in _numbered(found, step, threads + 1):
        yield begin, begin + block.shape[0], partial(_same, block)


def _same(block: Any) -> Any:
    return block


class _SharedFile:
    """A file of which each thread reads the blocks that it works on: they then are in its processor's cache."""

    def __init__(self, found: NpyFile, step: int, threads: int) -> None:
        self._found, self._step, self._ahead = found, step, step * (threads + 1)
        self._held = threading.local()

    def read(self, begin: int) -> np.ndarray:
        m, n = self._found.shape
        if not hasattr(self._held, "block"):
            self._held.block = np.empty((min(self._step, m), n), self._found.dtype)
        return self._found.part_into(self._held.block[: m - begin], begin, self._ahead)


def _numbered(found: BlockSource, step: int, held: int = 1) -> Iterator[tuple[int, Any]]:
    """Yield the number of the first row and the rows of each block, of which `held` are in use at once."""
    begin = 0
    for block in _ahead(found.rows(step, held)):
        yield begin, block
        begin += block.shape[0]
    if begin != found.shape[0]:
        raise DataError(f"{found.name}: ended after {begin} of its {found.shape[0]} rows")


def _ahead(blocks: Iterator[Any]) -> Iterator[Any]:
    """Yield blocks that a thread reads ahead; an error of its is raised here."""
    ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(AHEAD)
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


class _Columns:
    """H by columns (n, k), and what all rows of a pass ask of it, (n, k).

    Where there is a path, both are on disk if they are large; else H is written to it after each pass.
    """

    def __init__(self, start: np.ndarray, dtype: np.dtype, path: Path | None) -> None:
        self._path, (k, n) = path, start.shape
        self.small = 8 * n * k <= _BLOCK_BYTES
        self.on_disk = path is not None and not self.small
        if path is None or self.small:
            self.H, self.products = np.array(start.T, dtype, order="C"), np.zeros((n, k))
            return
        kept = np.lib.format.open_memmap(path.with_suffix(".part"), "w+", dtype, (k, n), fortran_order=True)
        for begin, end in self._ranges(n):
            kept[:, begin:end] = start[:, begin:end]
        path.with_suffix(".part").replace(path)
        self._file: Any = kept
        self.H, self._scratch = kept.T, tempfile.TemporaryFile(dir=path.parent)
        self._scratch.truncate(8 * n * k)
        self.products = np.memmap(self._scratch, np.float64, "r+", shape=(n, k))

    def __enter__(self) -> _Columns:
        return self

    def __exit__(self, *of: Any) -> None:
        if self.on_disk:
            self._file.flush()
            self._scratch.close()

    def _ranges(self, n: int) -> Iterator[tuple[int, int]]:
        step = _COLUMNS if self.on_disk else n
        return ((begin, min(begin + step, n)) for begin in range(0, n, step))

    def add(self, W: np.ndarray, X: Any) -> None:
        """Take in what some rows X (b, n) with their W (b, k) ask."""
        for begin, end in self._ranges(X.shape[1]):
            self.products[begin:end] += cross(W, X.column_range(begin, end) if self.on_disk else X)

    def improve(self, G: np.ndarray) -> float:
        """Sweep over H with W'W, forget the rows; return by how much |X|^2 is above |X - W H|^2."""
        gained = 0.0
        for begin, end in self._ranges(len(self.H)):
            C, Y = self.products[begin:end], np.array(self.H[begin:end], np.float64, order="C")
            kernels.sweep(G, C, Y, _H_SWEEPS, kernels.thread_count())
            gained += 2 * float(np.vdot(C, Y)) - float(np.vdot(G, Y.T @ Y))
            self.H[begin:end] = Y
            C[...] = 0
        if self._path is not None and not self.on_disk:
            with replacing(self._path, size=self.H.nbytes) as temporary, temporary.open("wb") as stream:
                np.save(stream, self.H.T)
        return gained

    def result(self) -> Any:
        return np.ascontiguousarray(self.H.T) if self._path is None else self._path


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
            kept = NpyFile(path)
            if (kept.shape, kept.dtype) != (shape, dtype):
                raise ValueError(f"{path}: must be {shape} of {dtype}, got {kept.shape} of {kept.dtype}")
            self._offset = kept.offset
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
        return read_into(block, self._stream, f"{self.path}: cut off after row {begin}")

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
        return _RowsOnDisk(out, shape, dtype, level, W)
    if W is None:
        return _Rows(np.full(shape, level, dtype))
    start = checks.as_matrix(np.load(W, allow_pickle=False) if isinstance(W, str | Path) else W, "W")
    if start.shape != shape:
        raise ValueError(f"W must have shape {shape}, got {start.shape}")
    return _Rows(start.astype(dtype))
