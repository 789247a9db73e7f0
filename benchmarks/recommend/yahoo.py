"""Yahoo Music dimensions out of core: two Dask workers of bounded memory, beside what the model of `scale` foretells.

python benchmarks/recommend/yahoo.py [--ratings 50e6] [-k 16]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from mho.recommend.distributed import BlockTable, OutOfCore
from mho.recommend.distributed.block_step import peak_rss
from mho.recommend.distributed.scale import Cluster, Problem, Rates, forecast

USERS, ITEMS = 1_200_000, 137_000
WORKERS, LIMIT = 2, 2**31
BATCH, HELD_OUT = 2**20, 2**18
ITERATIONS = 2
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
        return tuple(rng.exponential(0.5, (n, 4)).astype(np.float32) for n in (self.users, self.items))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=float, default=50e6)
    parser.add_argument("-k", type=int, default=16)
    args = parser.parse_args()
    os.environ["MHO_NUM_THREADS"] = "1"  # of the workers
    from distributed import Client, LocalCluster

    begun = time.perf_counter()
    local = {"n_workers": WORKERS, "threads_per_worker": 1, "dashboard_address": ":0", "memory_limit": LIMIT}
    with tempfile.TemporaryDirectory() as folder, LocalCluster(**local) as cluster, Client(cluster) as client:
        runs = Runs(client, Path(folder), args.k)
        rates = runs.rates(int(args.ratings) // 16)
        print(f"{rates}\n")
        print(f"| {' | '.join(COLUMNS)} |\n" + "| --- " * len(COLUMNS) + "|")
        for share in (4, 2, 1):
            print(runs.row(int(args.ratings) // share, rates), flush=True)
    print(f"\nThis process {peak_rss() / 2**20:.0f} MiB; all of it {time.perf_counter() - begun:.0f} s.")


@dataclass(frozen=True)
class Runs:
    client: object
    folder: Path
    k: int

    def rates(self, count: int) -> Rates:
        """Rates of few ratings in small blocks, at two ranks, when the workers are warm."""
        table = BlockTable.write(
            self.folder / "small", Ratings(USERS, ITEMS, count), (USERS, ITEMS), block_ratings=2**18
        )
        fits = [self.fit(table, k) for k in (self.k // 2, self.k)]
        return Rates.of([work for fit in fits for work in fit.history[-1]["work"]])

    def row(self, count: int, rates: Rates) -> str:
        ratings, begun = Ratings(USERS, ITEMS, count), time.perf_counter()
        table = BlockTable.write(self.folder / f"{count}", ratings, (USERS, ITEMS))
        written = time.perf_counter() - begun
        fit = self.fit(table, self.k)
        last = fit.history[-1]
        busy = sum(work.processor_seconds for work in last["work"])
        problem = Problem(users=USERS, items=ITEMS, ratings=table.n_ratings, n_components=self.k)
        # What is read comes from this machine's own memory, and is counted among processor seconds.
        told = forecast(problem, Cluster(workers=WORKERS, link=1e12, storage=1e12), rates)
        users, items, stars = Ratings(USERS, ITEMS, count, seed=1).batch(0, HELD_OUT)
        held_out = np.sqrt(np.mean((np.clip(fit.predict(users, items), 1, 5) - stars) ** 2))
        peaks = sorted(peak / 2**20 for peak in last["peak_bytes"].values())
        size = sum(block.path.stat().st_size for block in (*table.users, *table.items))
        cells = [
            f"{table.n_ratings:,}",
            f"{written:.0f}",
            f"{size / 2 / table.n_ratings:.2f}",
            *compared(last["seconds"] - fit.history[-2]["seconds"], told.seconds),
            *compared(busy, told.users.processor_seconds + told.items.processor_seconds),
            ", ".join(f"{peak:.0f}" for peak in peaks),
            f"{told.worker_bytes / 2**20:.0f}",
            f"{last['rmse']:.4f}",
            f"{held_out:.4f}",
        ]
        return f"| {' | '.join(cells)} |"

    def fit(self, table: BlockTable, k: int):
        settings = {"client": self.client, "n_components": k, "max_iter": ITERATIONS}
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            return OutOfCore(folder=folder, **settings).fit(table)


def compared(measured: float, told: float) -> tuple[str, str, str]:
    return f"{measured:.1f}", f"{told:.1f}", f"{100 * (told / measured - 1):+.0f} %"


if __name__ == "__main__":
    main()
