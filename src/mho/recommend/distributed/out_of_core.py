"""Alternations over ratings that no process holds: blocks on disk, factors on disk, one block in a worker at a time."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.recommend.distributed.block_step import HalfStep, Work, read_rows, solve_block, write_rows
from mho.recommend.distributed.block_table import BlockTable
from mho.recommend.distributed.blocks import RETRIES, Block
from mho.recommend.model import Side
from mho.recommend.rating_model import RatingModel

__all__ = ["BlockFit", "OutOfCore"]


@dataclass(frozen=True, eq=False)
class BlockFit:
    """Factors of ratings that are on disk.

    Attributes
    ----------
    model : RatingModel
    users, items : Side
        Rows (n_users, 1 + k) and (n_items, 1 + k): an offset, then the factors, in units of the mean rating.
    unit : float
        The mean rating.
    history : tuple of dict
        Per iteration "iteration", "seconds" (so far), "rmse" on the ratings, "work" (a `Work` for each block of both
        half-steps) and "peak_bytes" (of each worker, by process, so far).
    """

    model: RatingModel
    users: Side
    items: Side
    unit: float
    history: tuple[dict[str, Any], ...]

    def predict(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return ratings (n,) of the pairs of numbers `users` and `items` (n,), not cut to the range of those known."""
        return self.unit * self.model.pairs(self.users.rows[users], self.items.rows[items])


@dataclass(frozen=True, kw_only=True)
class OutOfCore:
    """Fit ratings by the workers of a Dask cluster; memory does not depend on how many ratings there are.

    A worker holds one block, the rows of the other side and, while it solves, a copy of those. The process that calls
    `fit` holds no ratings, and both sides' rows in the end. The numbers are those of `mho.Recommender` but for
    rounding. Only digital: a chip would be programmed anew for each block.

    Attributes
    ----------
    client : distributed.Client
        Its workers have mho installed and one thread each.
    folder : path
        Seen under this name here and by every worker, as the folder of the table is: for rows on their way.
    n_components : int
    model : RatingModel
    max_iter : int
    random_state : int or None
        Seed of the starting factors.
    callback : callable, optional
        Called with each record of the history; a true answer stops.
    """

    client: Any
    folder: str | os.PathLike[str]
    n_components: int = 16
    model: RatingModel = field(default_factory=RatingModel)
    max_iter: int = 20
    random_state: int | None = 0
    callback: Callable[[dict[str, Any]], Any] | None = None

    def __post_init__(self) -> None:
        checks.positive_int(self.n_components, "n_components")
        checks.positive_int(self.max_iter, "max_iter")
        if not Path(self.folder).is_dir():
            raise ValueError(f"folder must be one that is there, got {os.fspath(self.folder)!r}")

    def fit(self, table: BlockTable) -> BlockFit:
        """Fit `table` from the beginning."""
        start = self.model.start(table.n_items, self.n_components, np.random.default_rng(self.random_state))
        with tempfile.TemporaryDirectory(prefix="mho-", dir=Path(self.folder).resolve()) as scratch:
            return self._alternate(table, start, Path(scratch))

    def _alternate(self, table: BlockTable, start: Side, scratch: Path) -> BlockFit:
        users, items = scratch / "users-0", scratch / "items-0"
        items.mkdir()
        write_rows(items, 0, start.rows)
        history: list[dict[str, Any]] = []
        begun, peaks = time.perf_counter(), {}
        for iteration in range(1, self.max_iter + 1):
            before = users, items
            users, items = (scratch / f"{side}-{iteration}" for side in ("users", "items"))
            work = self._solve(table.users, HalfStep(self.model, table.mean, before[1], users))
            work += self._solve(table.items, HalfStep(self.model, table.mean, users, items))
            for folder in before:
                shutil.rmtree(folder, ignore_errors=True)
            peaks |= {block.worker: block.peak_bytes for block in work}
            error = sum(block.error for block in work[len(table.users) :])
            history.append(
                {
                    "iteration": iteration,
                    "seconds": time.perf_counter() - begun,
                    "rmse": table.mean * float(np.sqrt(error / table.n_ratings)),
                    "work": tuple(work),
                    "peak_bytes": dict(peaks),
                }
            )
            if self.callback is not None and self.callback(history[-1]):
                break
        return BlockFit(self.model, Side(read_rows(users)), Side(read_rows(items)), table.mean, tuple(history))

    def _solve(self, blocks: tuple[Block, ...], step: HalfStep) -> list[Work]:
        step.solved.mkdir()
        # Dask takes tasks of equal keys for the same task: the folder's name is of this half-step alone.
        futures = [
            self.client.submit(solve_block, step, block, key=f"{step.solved}:{block.path}", retries=RETRIES)
            for block in blocks
        ]
        return self.client.gather(futures)
