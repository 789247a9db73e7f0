"""Fits of tables that no process holds: blocks on disk, factors and weights on disk, a block in a worker at a time."""

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
from mho.nmf.workers import RETRIES, check_versions, finished
from mho.recommend.distributed.block_step import HalfStep, Work, solve_block, write_rows
from mho.recommend.distributed.block_table import BlockTable
from mho.recommend.distributed.blocks import Block
from mho.recommend.distributed.fit_folder import sides
from mho.recommend.distributed.fit_state import FitState, table_name
from mho.recommend.distributed.weight_step import WeightStep, solve_weights, write_statements
from mho.recommend.model import Model, Side
from mho.recommend.rating_model import RatingModel
from mho.recommend.stored_models import fitted_model

__all__ = ["BlockFit", "OutOfCore"]


@dataclass(frozen=True, eq=False)
class BlockFit:
    """Model of a table that is on disk.

    Attributes
    ----------
    model : Model
    users, items : Side
        Rows of both: offsets if the model has them, then the factors, of ratings in units of the mean one.
    unit : float
        The mean rating; of choices 1.
    history : tuple of dict
        Per iteration "iteration", "seconds" (so far, in all runs together) and the quality on what is known, such as
        "rmse"; of iterations that this run did also "work" (a `Work` for each block of both half-steps) and
        "peak_bytes" (of each worker, by process, so far).
    """

    model: Model
    users: Side
    items: Side
    unit: float
    history: tuple[dict[str, Any], ...]

    def predict(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return ratings (n,) of the pairs of numbers `users` and `items` (n,), not cut to the range of those known.

        Weights between items take no part: ``mho.Recommender.load(folder).predict`` has both.
        """
        return self.unit * self.model.pairs(self.users.rows[users], self.items.rows[items])


@dataclass(frozen=True, kw_only=True)
class OutOfCore:
    """Fit a table by the workers of a Dask cluster; memory does not depend on how many ratings there are.

    A worker holds one block, the rows of the other side and, while it solves, a copy of those. The process that calls
    `fit` holds no ratings, and both sides' rows in the end; but where a model chooses its settings, a sample of the
    table, as `mho.Recommender` takes it. Weights between items are solved by blocks of items, with what users say
    mapped from disk in both orders. The numbers are those of `mho.Recommender` but for rounding. Only digital: a chip
    would be programmed anew for each block.

    Attributes
    ----------
    client : distributed.Client
        Its workers have mho installed and one thread each.
    folder : path
        Of this fit alone, and seen under this name here and by every worker, as the folder of the table is. Rows are
        kept there: a fit that was interrupted goes on from its last complete half-step when it is called again, and
        `mho.Recommender.load` reads what there is.
    n_components : int or None
        None: as many as `mho.Recommender` takes.
    model : Model
        Of the `duplicates` that the table was written with.
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
    n_components: int | None = None
    model: Model = field(default_factory=RatingModel)
    max_iter: int = 20
    random_state: int | None = 0
    callback: Callable[[dict[str, Any]], Any] | None = None
    follow: Callable[[Work], Any] | None = None

    def __post_init__(self) -> None:
        if self.n_components is not None:
            checks.positive_int(self.n_components, "n_components")
        checks.positive_int(self.max_iter, "max_iter")
        if not Path(self.folder).is_dir():
            raise ValueError(f"folder must be one that is there, got {os.fspath(self.folder)!r}")

    def fit(self, table: BlockTable) -> BlockFit:
        """Fit `table`, from the beginning or from where the fit in the folder is.

        Raises
        ------
        ValueError
            The folder holds the fit of another table, or one with other settings; or another process is in it; or the
            table has the last rating of a pair where the model takes the sum, or the other way round.
        OSError
            A worker has another version of mho or none; or there is no worker left.
        """
        folder = Path(self.folder).resolve()
        with lock_folder(folder):
            check_versions(self.client)
            remove_abandoned(folder)
            state = self._state(table, folder)
            before, model = state.history, self._settled(state, folder)
            state, history = self._alternate(table, model, state, folder) if model.has_factors else (state, [])
            state = self._relate(table, model, state, folder) if model.has_weights else state
            users, items = sides(state, folder, table)
        history = history if model.has_factors else list(state.history[len(before) :])
        return BlockFit(model, users, items, _unit(model, table), (*before, *history))

    def _settled(self, state: FitState, folder: Path) -> Model:
        """Return the model as the table has settled it; a `RatingModel` alternates as it is asked for."""
        return fitted_model(folder, state.kind, state.settled) if state.settled else self.model

    def _state(self, table: BlockTable, folder: Path) -> FitState:
        components = self.model.components(self.n_components, table.n_items, table.n_ratings)
        new = FitState(
            table=table_name(table.folder, folder),
            n_components=components,
            random_state=self.random_state,
            model=asdict(self.model),  # pyright: ignore[reportArgumentType]
            kind=type(self.model).__name__,
            rows="",
        )
        if FitState.there(folder):
            state = FitState.read(folder)
            for difference in state.differences(new):
                raise ValueError(f"folder {os.fspath(self.folder)!r} holds a fit with {difference}; take another")
            return state
        self._check(table)
        rng = np.random.default_rng(self.random_state)
        choosing, model = rng.spawn(1)[0], self.model  # as `Fitted.start` does
        if not isinstance(self.model, RatingModel):
            k = components if self.model.has_factors else 0
            model = self.model.settled(table.known(), k, choosing)
            new = replace(new, settled=asdict(model))  # pyright: ignore[reportArgumentType]
        state = new.begun(folder)
        if self.model.has_factors:
            start = model.start(table.n_items, components, rng)
            state.path(folder, "items").mkdir()
            for block in table.items:
                write_rows(state.path(folder, "items"), block.begin, start.rows[block.begin : block.end])
        state.write(folder)
        return state

    def _check(self, table: BlockTable) -> None:
        kept, wanted = table.duplicates, self.model.duplicates
        if kept != wanted:
            kind = type(self.model).__name__
            raise ValueError(f"table must be written with duplicates={wanted!r} for a {kind}, was with {kept!r}")
        if self.model.choices:
            self.model.check(table.known().data)

    def _alternate(
        self, table: BlockTable, model: Model, state: FitState, folder: Path
    ) -> tuple[FitState, list[dict[str, Any]]]:
        """Return the state after the last iteration and the records of those that were done here."""
        unit = _unit(model, table)
        history: list[dict[str, Any]] = []
        peaks: dict[int, int] = {}
        begun = time.perf_counter() - (state.history[-1]["seconds"] if state.history else 0.0)
        while state.items < self.max_iter:
            work: list[Work] = []
            if state.users == state.items:
                before = state.path(folder, "users") if state.users else None
                fixed, solved = state.path(folder, "items"), state.path(folder, "users", 1)
                work += self._solve(table.users, HalfStep(model, unit, fixed, solved, before), solve_block)
                state = replace(state, users=state.users + 1)
                state.write(folder)
            fixed, solved = state.path(folder, "users"), state.path(folder, "items", 1)
            before = state.path(folder, "items")
            by_item = self._solve(table.items, HalfStep(model, unit, fixed, solved, before), solve_block)
            work += by_item
            record = {
                "iteration": state.items + 1,
                "seconds": time.perf_counter() - begun,
                model.quality: unit * _quality(by_item),
            }
            state = replace(state, items=state.items + 1, history=(*state.history, record))
            state.write(folder)
            peaks |= {block.worker: block.peak_bytes for block in work}
            history.append(record | {"work": tuple(work), "peak_bytes": dict(peaks)})
            if self.callback is not None and self.callback(history[-1]):
                break
        return state, history

    def _relate(self, table: BlockTable, model: Model, state: FitState, folder: Path) -> FitState:
        """Return the state with weights between items, of the last iteration if there are factors."""
        whole = max(1, state.items)
        if state.weights == whole:
            return state
        begun = time.perf_counter()
        statements = folder / state.rows / "statements"
        write_statements(statements, table, model, sides(state, folder, table), _unit(model, table))
        solved = state.path(folder, "weights", whole - state.weights)
        work = self._solve(table.items, WeightStep(model, table.folder, statements, solved), solve_weights)
        state = replace(state, weights=whole)
        if not model.has_factors:
            record = {"iteration": 1, "seconds": time.perf_counter() - begun, model.quality: _quality(work)}
            state = replace(state, history=(record,))
        state.write(folder)
        if state.history and not model.has_factors and self.callback is not None:
            self.callback(state.history[-1])
        return state

    def _solve(self, blocks: tuple[Block, ...], step: Any, solve: Callable[[Any, Block], Work]) -> list[Work]:
        step.solved.mkdir(exist_ok=True)  # what a run that was interrupted has solved, or still does, is the same
        futures = [self.client.submit(solve, step, block, pure=False, retries=RETRIES) for block in blocks]
        place = {future.key: number for number, future in enumerate(futures)}
        done = {}
        for future in finished(self.client, futures):
            work = done[place[future.key]] = future.result()
            future.release()  # else it would be done again if the worker that has done it were lost
            if self.follow is not None:
                self.follow(work)
        return [done[number] for number in range(len(blocks))]


def _unit(model: Model, table: BlockTable) -> float:
    """Return the model's unit in the values of the table."""
    return 1.0 if model.choices else table.mean


def _quality(work: list[Work]) -> float:
    """Return the root of the error's share of its norm, of all blocks of one side."""
    return float(np.sqrt(sum(block.error for block in work) / sum(block.norm for block in work)))
