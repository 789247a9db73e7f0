"""Alternations over ratings that no process holds: blocks on disk, factors on disk, one block in a worker at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.data import lock_folder
from mho.data.output import remove_abandoned
from mho.recommend.distributed.block_step import HalfStep, Work, read_rows, solve_block, write_rows
from mho.recommend.distributed.block_table import BlockTable
from mho.recommend.distributed.blocks import RETRIES, Block
from mho.recommend.distributed.fit_state import FitState, table_name
from mho.recommend.distributed.workers import check_versions, finished
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
        Per iteration "iteration", "seconds" (so far, in all runs together) and "rmse" on the ratings; of iterations
        that this run did also "work" (a `Work` for each block of both half-steps) and "peak_bytes" (of each worker, by
        process, so far).
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
        Of this fit alone, and seen under this name here and by every worker, as the folder of the table is. Rows are
        kept there: a fit that was interrupted goes on from its last complete half-step when it is called again, and
        `mho.Recommender.load` reads what there is.
    n_components : int
    model : RatingModel
    max_iter : int
        Iterations, those that are in the folder already included.
    random_state : int or None
        Seed of the starting factors.
    callback : callable, optional
        Called with each record of the history; a true answer stops.
    follow : callable, optional
        Called with the `Work` of each block as it is done.
    """

    client: Any
    folder: str | os.PathLike[str]
    n_components: int = 16
    model: RatingModel = field(default_factory=RatingModel)
    max_iter: int = 20
    random_state: int | None = 0
    callback: Callable[[dict[str, Any]], Any] | None = None
    follow: Callable[[Work], Any] | None = None

    def __post_init__(self) -> None:
        checks.positive_int(self.n_components, "n_components")
        checks.positive_int(self.max_iter, "max_iter")
        if not Path(self.folder).is_dir():
            raise ValueError(f"folder must be one that is there, got {os.fspath(self.folder)!r}")

    def fit(self, table: BlockTable) -> BlockFit:
        """Fit `table`, from the beginning or from where the fit in the folder is.

        Raises
        ------
        ValueError
            The folder holds the fit of another table, or one with other settings; or another process is in it.
        OSError
            A worker has another version of mho or none; or there is no worker left.
        """
        folder = Path(self.folder).resolve()
        with lock_folder(folder):
            check_versions(self.client)
            remove_abandoned(folder)
            state = self._state(table, folder)
            before = state.history
            state, history = self._alternate(table, state, folder)
            users, items = (Side(read_rows(state.path(folder, side))) for side in ("users", "items"))
        return BlockFit(self.model, users, items, table.mean, (*before, *history))

    def _state(self, table: BlockTable, folder: Path) -> FitState:
        new = FitState(
            table=table_name(table.folder, folder),
            n_components=self.n_components,
            random_state=self.random_state,
            model=asdict(self.model),
            rows="",
        )
        if FitState.there(folder):
            state = FitState.read(folder)
            for difference in state.differences(new):
                raise ValueError(f"folder {os.fspath(self.folder)!r} holds a fit with {difference}; take another")
            return state
        checks.positive_int(self.n_components, "n_components", limit=table.n_items, what="items")
        state = new.begun(folder)
        start = self.model.start(table.n_items, self.n_components, np.random.default_rng(self.random_state))
        state.path(folder, "items").mkdir()
        for block in table.items:
            write_rows(state.path(folder, "items"), block.begin, start.rows[block.begin : block.end])
        state.write(folder)
        return state

    def _alternate(self, table: BlockTable, state: FitState, folder: Path) -> tuple[FitState, list[dict[str, Any]]]:
        """Return the state after the last iteration and the records of those that were done here."""
        history: list[dict[str, Any]] = []
        peaks: dict[int, int] = {}
        begun = time.perf_counter() - (state.history[-1]["seconds"] if state.history else 0.0)
        while state.items < self.max_iter:
            work: list[Work] = []
            if state.users == state.items:
                before = state.path(folder, "users") if state.users else None
                fixed, solved = state.path(folder, "items"), state.path(folder, "users", 1)
                work += self._solve(table.users, HalfStep(self.model, table.mean, fixed, solved, before))
                state = replace(state, users=state.users + 1)
                state.write(folder)
            fixed, solved = state.path(folder, "users"), state.path(folder, "items", 1)
            before = state.path(folder, "items")
            by_item = self._solve(table.items, HalfStep(self.model, table.mean, fixed, solved, before))
            work += by_item
            error = sum(block.error for block in by_item)
            record = {
                "iteration": state.items + 1,
                "seconds": time.perf_counter() - begun,
                "rmse": table.mean * float(np.sqrt(error / table.n_ratings)),
            }
            state = replace(state, items=state.items + 1, history=(*state.history, record))
            state.write(folder)
            peaks |= {block.worker: block.peak_bytes for block in work}
            history.append(record | {"work": tuple(work), "peak_bytes": dict(peaks)})
            if self.callback is not None and self.callback(history[-1]):
                break
        return state, history

    def _solve(self, blocks: tuple[Block, ...], step: HalfStep) -> list[Work]:
        step.solved.mkdir(exist_ok=True)  # what a run that was interrupted has solved, or still does, is the same
        futures = [self.client.submit(solve_block, step, block, pure=False, retries=RETRIES) for block in blocks]
        place = {future.key: number for number, future in enumerate(futures)}
        done = {}
        for future in finished(self.client, futures):
            work = done[place[future.key]] = future.result()
            future.release()  # else it would be done again if the worker that has done it were lost
            if self.follow is not None:
                self.follow(work)
        return [done[number] for number in range(len(blocks))]
