"""`--out-of-core`: a table that no memory holds, its fit in a folder that every worker sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mho.cli.errors import note
from mho.cli.progress import Progress, progress
from mho.cli.recommend.blocks import TABLE, block_table
from mho.cli.recommend.dask import Workers, dask_client
from mho.cli.recommend.run import quality
from mho.cli.recommend.table import TableOptions
from mho.cli.report import as_json
from mho.cli.tables import table as laid_out

__all__ = ["BlockRun", "resume_blocks"]


@dataclass(frozen=True, kw_only=True)
class BlockRun:
    """A fit in a folder.

    Attributes
    ----------
    out : Path
        It has the table and the fit; all workers see it.
    workers : Workers
    settings : dict
        Of `OutOfCore`.
    quiet : bool
    """

    out: Path
    workers: Workers
    settings: dict[str, Any]
    quiet: bool
    json: bool = False

    def __post_init__(self) -> None:
        if not self.workers.dask:
            raise ValueError("blocks need --dask ADDRESS; on this machine: dask scheduler & dask worker ADDRESS &")
        if self.workers.shared is not None:
            raise ValueError("--shared does not go with blocks: all workers see the folder of the fit itself")

    def fit(self, source: Path, reading: TableOptions) -> None:
        """Cut `source` into blocks, unless an earlier run did, and fit them."""
        self.out.mkdir(exist_ok=True)
        with self._alone(), dask_client(self.workers.dask, self.out) as client:
            choices = self.settings["model"].choices
            self._alternate(client, block_table(source, self.out, reading, choices=choices, quiet=self.quiet))

    def resume(self) -> None:
        """Go on with the fit that is there."""
        from mho.recommend.distributed import BlockTable

        with self._alone(), dask_client(self.workers.dask, self.out) as client:
            self._alternate(client, BlockTable.open(self.out / TABLE))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other runs out of the folder, and remove what killed ones left half written."""
        from mho.data import lock_folder
        from mho.data.output import remove_abandoned

        with lock_folder(self.out):
            remove_abandoned(self.out)
            yield

    def _alternate(self, client: Any, table: Any) -> None:
        from mho.recommend.distributed import OutOfCore

        with progress(quiet=self.quiet, unit="block") as shown, self._kept():
            blocks = len(table.users) + len(table.items)
            shown.stage(f"learning from {table.n_ratings:,} ratings in {blocks} blocks")
            follow = _Follow(shown, blocks * self.settings["max_iter"], blocks)
            calls = {"callback": follow.iteration, "follow": follow.block}
            fit = OutOfCore(client=client, folder=self.out, **self.settings, **calls).fit(table)
        if self.json:
            print(as_json(_figures(self.out, table, fit)))
        elif not self.quiet:
            print(_summary(self.out, table, fit))

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Say what an interrupt leaves."""
        try:
            yield
        except KeyboardInterrupt as interrupt:
            done = _iterations(self.out)
            kept = f"iteration {done} is kept in {self.out}; go on with the same command or mho recommend resume"
            raise type(interrupt)(kept if done else f"{self.out} keeps what was done; give the same command") from None


def resume_blocks(folder: Path, max_iter: int, workers: Workers, *, quiet: bool, json: bool) -> None:
    """Go on with a fit in blocks up to `max_iter` iterations."""
    from mho.recommend.distributed.fit_state import FitState
    from mho.recommend.stored_models import model_of

    state = FitState.read(folder)
    if state.items >= max_iter:
        note(f"{folder} already has {state.items} iterations; raise --max-iter to go on")
        return
    settings = {name: getattr(state, name) for name in ("n_components", "random_state")}
    settings |= {"model": model_of(state.kind, state.model), "max_iter": max_iter}
    BlockRun(out=folder, workers=workers, settings=settings, quiet=quiet, json=json).resume()


@dataclass
class _Follow:
    shown: Progress
    total: int
    blocks: int
    done: int = 0
    told: str = "first iteration"

    def block(self, work: Any) -> None:
        self.done += 1
        self.shown.iteration(self.done, self.total, self.told)

    def iteration(self, record: dict[str, Any]) -> None:
        self.done = record["iteration"] * self.blocks
        self.told = f"{quality(record)} after {record['iteration']}"


def _iterations(out: Path) -> int:
    from mho.recommend.distributed.fit_state import FitState

    return FitState.read(out).items if FitState.there(out) else 0


def _figures(out: Path, table: Any, fit: Any) -> dict[str, Any]:
    k = _components(fit)
    return {"recommender": out, "users": table.n_users, "items": table.n_items, "components": k} | fit.history[-1]


def _components(fit: Any) -> int:
    return fit.model.components_of(fit.users.rows.shape[1]) if fit.model.has_factors else 0


def _summary(out: Path, table: Any, fit: Any) -> str:
    last = fit.history[-1]
    rows = [
        ("recommender", f"{out}, {table.n_users:,} users x {table.n_items:,} items, k = {_components(fit)}"),
        ("iterations", str(last["iteration"])),
        ("on what is known", quality(last)),
        ("time", f"{last['seconds']:.3g} s"),
    ]
    if "peak_bytes" in last:
        rows.append(("memory of a worker", f"{max(last['peak_bytes'].values()) / 2**20:.0f} MiB at the most"))
    return laid_out(rows)
