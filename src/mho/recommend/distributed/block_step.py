"""Half-step of a worker out of core: one block against the factors of the other side, from files to a file."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mho.data.sealed_npy import read_array, write_array
from mho.engines import Digital
from mho.kernels.blas import one_blas_thread
from mho.recommend.distributed.blocks import Block
from mho.recommend.model import Model, Side

__all__ = ["HalfStep", "Work", "peak_rss", "read_rows", "solve_block", "write_rows"]


@dataclass(frozen=True)
class HalfStep:
    """One side against the other.

    Attributes
    ----------
    model : Model
    unit : float
        Of the model, in that of the ratings.
    fixed, solved : Path
        Folders with the rows of the side that stays and of the one that is solved, a file for each block.
    before : Path or None
        The same of the side that is solved as it was; None: where nothing is known.
    """

    model: Model
    unit: float
    fixed: Path
    solved: Path
    before: Path | None


@dataclass(frozen=True, kw_only=True)
class Work:
    """Sizes of a block, and time and memory that its half-step took.

    Attributes
    ----------
    worker : int
        Its process.
    ratings, rows, fixed, numbers : int
        Known entries, rows that were solved, rows of the other side, numbers in each.
    error, norm : float
        Sum of the squared errors, in the model's units, and what it is told as the root of a share of.
    seconds, processor_seconds : float
    peak_bytes : int
        Most memory that the worker has had resident until now.
    """

    worker: int
    ratings: int
    rows: int
    fixed: int
    numbers: int
    error: float
    norm: float
    seconds: float
    processor_seconds: float
    peak_bytes: int


def solve_block(step: HalfStep, block: Block) -> Work:
    """Solve the columns of `block` and write their rows: a function of files, so it can be done again elsewhere."""
    begun, busy = time.perf_counter(), time.process_time()
    fixed = Side(_fixed(step.fixed))
    known, start = block.read(), _start(step, block, fixed)
    with one_blas_thread():
        half = step.model.solve(step.model.alternating(Digital()), fixed, known, step.unit, start)
    write_rows(step.solved, block.begin, half.side.rows)
    return Work(
        worker=os.getpid(),
        ratings=known.nnz,
        rows=known.shape[1],
        fixed=known.shape[0],
        numbers=half.side.rows.shape[1],
        error=half.error,
        norm=step.model.norm_of(known),
        seconds=time.perf_counter() - begun,
        processor_seconds=time.process_time() - busy,
        peak_bytes=peak_rss(),
    )


def write_rows(folder: Path, begin: int, rows: np.ndarray) -> None:
    """Write rows (n, c) from number `begin` on, in float32 as ratings are; whole or not at all."""
    write_array(folder / _name(begin), rows.astype(np.float32, copy=False))


def read_rows(folder: Path) -> np.ndarray:
    """Return all rows in `folder`, (n, c), float32.

    Raises
    ------
    DataError
        A file is damaged.
    """
    parts = [read_array(path, mapped=True) for path in sorted(folder.glob("*.npy"))]
    return np.concatenate(parts, dtype=np.float32)


def peak_rss() -> int:
    """Return the most bytes that this process has had in memory."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource  # counts what a parent had before the process was made, but other systems have nothing else

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return 1024 * int(found[1]) if found else 0


_kept: dict[Path, np.ndarray] = {}


def _fixed(folder: Path) -> np.ndarray:
    """Read a side once for all blocks of a half-step."""
    rows = _kept.get(folder)
    if rows is None:
        _kept.clear()  # before the next is read: a worker has room for one
        rows = _kept[folder] = read_rows(folder)
    return rows


def _start(step: HalfStep, block: Block, fixed: Side) -> Side:
    """Return the rows of `block` as they were."""
    if step.before is None:
        k = step.model.components_of(fixed.rows.shape[1])
        return Side(np.tile(step.model.prior(k), (block.end - block.begin, 1)))
    return Side(read_array(step.before / _name(block.begin)))


def _name(begin: int) -> str:
    return f"{begin:010d}.npy"
