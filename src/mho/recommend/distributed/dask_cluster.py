"""Half-steps as plain Dask futures: one for each block, a pure function of two files."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.data.sealed_npy import read_array, write_array
from mho.engines import Digital, Engine
from mho.kernels.blas import one_blas_thread
from mho.nmf.workers import RETRIES, check_versions, finished
from mho.recommend.distributed.blocks import Block, write_blocks
from mho.recommend.fitted import Fitted
from mho.recommend.half_steps import HalfSteps
from mho.recommend.model import Half, Model, Side

__all__ = ["DaskCluster"]

_BLOCKS_PER_WORKER = 3
"""Enough for the fast to help the slow; many more would keep the scheduler busy instead of the workers."""


@dataclass(frozen=True)
class DaskCluster:
    """Workers that solve blocks of users and of items, for `mho.Recommender`.

    Ratings and factors go to the workers through files alone and a solve is a function of them, so a worker that
    is lost takes nothing with it: others solve its blocks again, and the result is the same. A worker holds one block
    for each of its threads, and the factors of the other side.

    Attributes
    ----------
    client : distributed.Client
        Its workers have mho installed. Workers with one thread each, because the kernels are parallel themselves.
    folder : path
        Seen under this name here and by every worker, with room for all ratings twice. What is written there is removed
        in the end.
    block_ratings : int
        Most ratings of a block, unless one user or item has more.

    Raises
    ------
    ValueError
        The folder is not there, or the engine is not digital: a chip would be programmed anew for each block.
    """

    client: Any
    folder: str | os.PathLike[str]
    block_ratings: int = 2**22

    def __post_init__(self) -> None:
        checks.positive_int(self.block_ratings, "block_ratings")
        if not Path(self.folder).is_dir():
            raise ValueError(f"folder must be one that is there, got {os.fspath(self.folder)!r}")

    @contextmanager
    def placed(self, fitted: Fitted, stages: Sequence[Engine]) -> Iterator[HalfSteps]:
        """See `Cluster.placed`."""
        for stage in stages:
            if not isinstance(stage, Digital):
                raise ValueError(f"engine must be digital on a cluster, got {type(stage).__name__.lower()}")
        check_versions(self.client)
        with tempfile.TemporaryDirectory(prefix="mho-", dir=Path(self.folder).resolve()) as folder:
            yield self._halves(fitted, Path(folder))

    def _halves(self, fitted: Fitted, folder: Path) -> HalfSteps:
        workers = max(1, len(self.client.scheduler_info(n_workers=-1)["workers"]))
        even = -(-fitted.table.known.nnz // (_BLOCKS_PER_WORKER * workers))
        entries = min(self.block_ratings, even)
        by_user, by_item = fitted.both_orders()
        blocks = write_blocks(folder / "users", by_user, entries), write_blocks(folder / "items", by_item, entries)
        return _OnWorkers(self.client, fitted, folder, *blocks)


class _OnWorkers:
    def __init__(self, client: Any, fitted: Fitted, folder: Path, users: list[Block], items: list[Block]) -> None:
        self.client, self.model, self.unit, self.folder = client, fitted.model, fitted.unit, folder
        self.by_user, self.by_item = users, items
        self.count = itertools.count()

    def users(self, engine: Engine, items: Side, start: Side) -> Half:
        return self._solve(engine, items, start, self.by_user)

    def items(self, engine: Engine, users: Side, start: Side) -> Half:
        return self._solve(engine, users, start, self.by_item)

    def _solve(self, engine: Engine, fixed: Side, start: Side, blocks: list[Block]) -> Half:
        # A scattered factor would be lost with the worker that holds it; a file is not.
        count = next(self.count)
        files = self.folder / f"fixed-{count}.npy", self.folder / f"start-{count}.npy"
        step = _HalfStep(self.model, self.unit, engine, *files)
        write_array(step.fixed, fixed.rows, durable=False)
        write_array(step.start, start.rows, durable=False)
        futures = [
            # Dask takes tasks of equal keys for the same task: the folder's name is of this fit alone.
            self.client.submit(_solve_block, step, block, key=f"{step.fixed}:{block.path}", retries=RETRIES)
            for block in blocks
        ]
        for _ in finished(self.client, futures):  # `gather` alone would wait for ever without workers
            pass
        halves = self.client.gather(futures)
        step.fixed.unlink()
        step.start.unlink()
        return Half(Side(np.concatenate([half.side.rows for half in halves])), sum(half.error for half in halves))


@dataclass(frozen=True)
class _HalfStep:
    """One side against the other, with files of all rows of both: `fixed` as it stays, `start` as it was."""

    model: Model
    unit: float
    engine: Engine
    fixed: Path
    start: Path


def _solve_block(step: _HalfStep, block: Block) -> Half:
    """Solve the columns of `block`; nothing goes in but files, so it can be done again."""
    fixed, start = Side(read_array(step.fixed)), Side(read_array(step.start, mapped=True)[block.begin : block.end])
    with one_blas_thread():
        return step.model.solve(step.engine, fixed, block.read(), step.unit, start)
