"""Yahoo Music dimensions out of core: two Dask workers of bounded memory, beside what the model of `scale` foretells.

python benchmarks/recommend/yahoo.py [--ratings 25e6 50e6 100e6] [-k 16] [--iterations 2] [--folder DIR] [--smoke]
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mho.cli.progress import Progress, progress
from mho.recommend.distributed import BlockTable, OutOfCore
from mho.recommend.distributed.block_step import peak_rss
from mho.recommend.distributed.losses import losses
from mho.recommend.distributed.scale import Cluster, Problem, Rates, forecast

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import parser, sized, smoke, timed

USERS, ITEMS = sized((1_200_000, 137_000), (300, 200))
WORKERS, LIMIT = 2, sized(2**31, 0)
BATCH, HELD_OUT = sized((2**20, 2**18), (2**12, 2**8))
RATES_RATINGS, RATES_BLOCK = sized((4_000_000, 2**21), (4_000, 2**11))
COLUMNS = ["ratings", "written, s", "bytes a rating"]
COLUMNS += [f"{what}{of}" for what in ("clock, s", "processor, s") for of in ("", ", foretold", ", error")]
COLUMNS += ["worker MiB", "foretold", "RMSE", "held out"]


@dataclass(frozen=True)
class Ratings:
    """Stars 1 to 5 of offsets, tastes and noise; the fraction q of the users (items) gives q^(1/2) (q^(1/3)) of all."""

    users: int
    items: int
    count: int
    seed: int = 0

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for number in range(-(-self.count // BATCH)):
            yield self.batch(number, min(BATCH, self.count - number * BATCH))

    def batch(self, number: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng([self.seed, number])
        u = (self.users * rng.random(count) ** 2).astype(np.int32)
        i = (self.items * rng.random(count) ** 3).astype(np.int32)
        P, Q = self._truth
        stars = 2.5 + P[u, 0] + Q[i, 0] + np.einsum("nk,nk->n", P[u, 1:], Q[i, 1:]) + 0.8 * rng.standard_normal(count)
        return u, i, np.clip(np.rint(stars), 1, 5).astype(np.float32)

    @cached_property
    def _truth(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(99)
        P, Q = (rng.exponential(0.5, (n, 4)).astype(np.float32) for n in (self.users, self.items))
        return P, Q


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--ratings", type=float, nargs="+", default=sized([25e6, 50e6, 100e6], [8e3]))
    options.add_argument("-k", type=int, default=sized(16, 4))
    options.add_argument("--iterations", type=int, default=2)
    options.add_argument("--folder", default=tempfile.gettempdir())
    args = options.parse_args()
    counts = [int(count) for count in args.ratings]
    check_space(args.folder, max(counts), args.k)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        rates = measured_rates(Path(folder), args.k)
        print(f"{rates}\n")
        print(f"| {' | '.join(COLUMNS)} |\n" + "| --- " * len(COLUMNS) + "|", flush=True)
        with two_workers() as client:
            runs = Runs(client, Path(folder), args.k, args.iterations)
            for count in counts:
                print(runs.row(count, rates), flush=True)
            lost = losses(client)
    print(f"\nThis process {peak_rss() / 2**20:.0f} MiB; all of it {time.perf_counter() - begun:.0f} s.")
    print(f"Workers lost: {', '.join(f'{count} {reason}' for reason, count in lost.items()) or 'none'}.")


def check_space(folder: str, ratings: int, k: int) -> None:
    """Refuse to begin what the disk cannot hold."""
    needed = forecast(problem(ratings, k), Cluster(workers=WORKERS)).folder_bytes
    free = shutil.disk_usage(folder).free
    if free < 1.2 * needed:
        raise SystemExit(f"{folder}: {ratings:,} ratings need {needed / 1e9:.1f} GB, there are {free / 1e9:.1f} GB")


def problem(ratings: int, k: int) -> Problem:
    return Problem(users=USERS, items=ITEMS, ratings=ratings, n_components=k)


@contextmanager
def two_workers() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    if not smoke():
        os.environ["MHO_NUM_THREADS"] = "1"  # of the workers
    local: dict[str, Any] = {
        "n_workers": WORKERS,
        "processes": not smoke(),  # threads of this process begin sooner
        "threads_per_worker": 1,
        "dashboard_address": ":0",
        "memory_limit": LIMIT,
    }
    with LocalCluster(**local) as cluster, Client(cluster, set_as_default=False) as client:
        yield client


def measured_rates(folder: Path, k: int) -> Rates:
    """Rates of few ratings in blocks larger than either side, at three ranks, when the workers are warm."""
    with two_workers() as client:
        runs = Runs(client, folder, k, iterations=3)
        table = runs.table(RATES_RATINGS, RATES_BLOCK)
        fits = [runs.fit(table, rank) for rank in (k // 2, k, 2 * k)]
    shutil.rmtree(table.folder)
    return Rates.of([work for fit in fits for record in fit.history[1:] for work in record["work"]])


@dataclass(frozen=True)
class Shown:
    """Ratings whose batches are counted as they are gone through."""

    ratings: Ratings
    shown: Progress

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for number, batch in enumerate(self.ratings, 1):
            yield batch
            self.shown.iteration(number, -(-self.ratings.count // BATCH), "")


@dataclass(frozen=True)
class Runs:
    client: Any
    folder: Path
    k: int
    iterations: int = 2

    def row(self, count: int, rates: Rates) -> str:
        table, written = timed(lambda: self.table(count))
        fit = self.fit(table, self.k)
        last = fit.history[-1]
        busy = sum(work.processor_seconds for work in last["work"])
        # What is read comes from this machine's own memory, and is counted among processor seconds.
        free = Cluster(workers=WORKERS, link=1e12, storage=1e12)
        told = forecast(problem(table.n_ratings, self.k), free, rates)
        users, items, stars = Ratings(USERS, ITEMS, count, seed=1).batch(0, HELD_OUT)
        held_out = np.sqrt(np.mean((np.clip(fit.predict(users, items), 1, 5) - stars) ** 2))
        peaks = sorted(peak / 2**20 for peak in last["peak_bytes"].values())
        size = sum(block.path.stat().st_size for block in (*table.users, *table.items))
        shutil.rmtree(table.folder)
        cells = [
            f"{table.n_ratings:,}",
            f"{written:.0f}",
            f"{size / 2 / table.n_ratings:.2f}",
            *compared(last_seconds(fit), told.seconds),
            *compared(busy, told.users.processor_seconds + told.items.processor_seconds),
            ", ".join(f"{peak:.0f}" for peak in peaks),
            f"{told.worker_bytes / 2**20:.0f}",
            f"{last['rmse']:.4f}",
            f"{held_out:.4f}",
        ]
        return f"| {' | '.join(cells)} |"

    def table(self, count: int, block_ratings: int = 2**22) -> BlockTable:
        ratings, shape = Ratings(USERS, ITEMS, count), (USERS, ITEMS)
        with progress(quiet=False, unit="batch") as shown:
            shown.stage(f"writing {count:,} ratings, which are drawn twice")
            return BlockTable.write(self.folder / f"{count}", Shown(ratings, shown), shape, block_ratings=block_ratings)

    def fit(self, table: BlockTable, k: int):
        blocks = len(table.users) + len(table.items)
        with progress(quiet=False, unit="block") as shown, tempfile.TemporaryDirectory(dir=self.folder) as folder:
            shown.stage(f"fitting {table.n_ratings:,} ratings, k = {k}")
            count = itertools.count(1)

            def follow(work) -> None:
                shown.iteration(next(count), self.iterations * blocks, f"{work.seconds:.1f} s")

            settings = {"client": self.client, "n_components": k, "max_iter": self.iterations, "follow": follow}
            return OutOfCore(folder=folder, **settings).fit(table)


def last_seconds(fit) -> float:
    """Return what the last iteration took by the clock."""
    seconds = [0.0, *(record["seconds"] for record in fit.history)]
    return seconds[-1] - seconds[-2]


def compared(measured: float, told: float) -> tuple[str, str, str]:
    return f"{measured:.1f}", f"{told:.1f}", f"{100 * (told / measured - 1):+.0f} %"


if __name__ == "__main__":
    main()
