"""Time and memory of an iteration out of core, from the sizes of the problem and of the cluster.

A half-step solves n rows of c = 1 + k numbers against N rows of the other side, out of R ratings in T blocks, by W
workers:

C = R (r0 + r2 c^2) + n (s0 + s2 c^2) + T M c f     processor seconds, M = min(N, R / T) rows that a block meets
p = ceil(T / W) / T                                 the part of a half-step that its busiest worker does
compute = p C                                       the last round of blocks keeps some workers waiting
link = p (R b + 2 n 4 c) + N 4 c                    bytes through a worker's link: its solved rows as they were, too
storage = R b + 2 n 4 c + min(W, T) N 4 c           bytes out of and into the shared folder
transfer = max(storage / rate of the folder, link / rate of a link)

The ratings model has a Gram matrix for each row, so no Gram matrices are summed over workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from mho import checks
from mho.recommend.distributed.block_files import DEALT_BYTES
from mho.recommend.distributed.block_step import Work

__all__ = ["Cluster", "Forecast", "HalfForecast", "Problem", "Rates", "forecast"]

_NUMBER_BYTES = 4
"""Of a row, in a file as in a worker."""

_RATING_BYTES = 4.9
"""Of a rating in a Parquet block, b; measured where there are five different ratings."""

_PROGRAMS, _BLOCK_RATING_BYTES = 2.4e8, 60.0
"""Bytes that a worker holds: programs; and of a block, for each rating, while it is read and solved."""

_FIXED_COPIES, _SOLVED_COPIES, _LARGEST = 3, 5, 2
"""How often rows of the other side are held, and those of a block; the block of the rarest has twice its share."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Sizes of a factorization.

    Attributes
    ----------
    users, items, ratings : int
    n_components : int
    """

    users: int
    items: int
    ratings: int
    n_components: int = 16

    def __post_init__(self) -> None:
        for name in ("users", "items", "ratings", "n_components"):
            checks.positive_int(getattr(self, name), name)

    @property
    def numbers(self) -> int:
        """Numbers of a row, c."""
        return 1 + self.n_components


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Sizes and speeds of a cluster.

    Attributes
    ----------
    workers : int
        Each with a processor core and a network link of its own.
    link : float
        Of a worker, in bytes per second.
    storage : float
        Of the shared folder to all workers together, in bytes per second.
    block_ratings : int
        As in `BlockTable.write`.
    """

    workers: int
    link: float = 1.25e9
    storage: float = 1.25e9
    block_ratings: int = 2**22

    def __post_init__(self) -> None:
        checks.positive_int(self.workers, "workers")
        checks.positive_int(self.block_ratings, "block_ratings")
        for name in ("link", "storage"):
            value = getattr(self, name)
            checks.at_least(value, name, 0, strict=True)


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Processor seconds, as measured by ``benchmarks/recommend/yahoo.py`` on one core of a virtual machine.

    Attributes
    ----------
    rating : float
        To read a rating and look its row up, r0.
    product : float
        For one of its c^2 products in a Gram matrix, r2.
    row : float
        To solve a row, whatever its length, s0.
    square : float
        And for one of its c^2 products in each sweep together, s2.
    number : float
        To lay out a number of the other side, for each block, f.
    """

    rating: float = 2.4e-8
    product: float = 2.6e-12
    row: float = 1.3e-7
    square: float = 3.3e-9
    number: float = 1.4e-8

    @classmethod
    def of(cls, work: Sequence[Work]) -> Rates:
        """Return the rates >= 0 nearest to what blocks took, an error of a block that takes long being allowed more.

        The squares of the errors are weighed by the seconds: relative errors would foretell too little, since blocks
        that took little for what they were would count most.
        """
        from scipy.optimize import nnls

        terms = np.array([_terms(w.ratings, w.rows, min(w.fixed, w.ratings), w.numbers) for w in work])
        took = np.sqrt([w.processor_seconds for w in work])
        A = terms / took[:, None]
        scale = np.linalg.norm(A, axis=0)
        rates = nnls(A / scale, took)[0] / scale
        return cls(**dict(zip(cls.__dataclass_fields__, rates.tolist(), strict=True)))

    def seconds(self, ratings: float, rows: float, met: float, numbers: int) -> float:
        """Return C of blocks that have so many `ratings` and `rows` of so many `numbers`, and `met` T M rows."""
        return float(np.dot(astuple(self), _terms(ratings, rows, met, numbers)))


def _terms(ratings: float, rows: float, met: float, numbers: int) -> tuple[float, ...]:
    """In the order of the fields of `Rates`."""
    return ratings, ratings * numbers**2, rows, rows * numbers**2, met * numbers


@dataclass(frozen=True, kw_only=True)
class HalfForecast:
    """One half-step.

    Attributes
    ----------
    blocks : int
        T.
    processor_seconds : float
        C, of all workers together.
    compute_seconds : float
        By the clock.
    ratings_bytes, factors_bytes : float
        Ratings that are read, and rows that are read by all workers and written.
    transfer_seconds : float
    """

    blocks: int
    processor_seconds: float
    compute_seconds: float
    ratings_bytes: float
    factors_bytes: float
    transfer_seconds: float

    @property
    def seconds(self) -> float:
        """By the clock: nothing is read ahead."""
        return self.compute_seconds + self.transfer_seconds


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """An iteration.

    Attributes
    ----------
    users, items : HalfForecast
    worker_bytes : float
        Memory of a worker.
    client_bytes : float
        Rows that the caller gets in the end.
    folder_bytes : float
        Of the shared folder, while the blocks are made.
    """

    users: HalfForecast
    items: HalfForecast
    worker_bytes: float
    client_bytes: float
    folder_bytes: float

    @property
    def seconds(self) -> float:
        """By the clock."""
        return self.users.seconds + self.items.seconds


def forecast(problem: Problem, cluster: Cluster, rates: Rates | None = None) -> Forecast:
    """Return time and memory of an iteration of `problem` on `cluster`, by `rates`, measured ones by default."""
    rates = Rates() if rates is None else rates
    row_bytes = _NUMBER_BYTES * problem.numbers
    halves = (problem.users, problem.items), (problem.items, problem.users)
    users, items = (_half(problem, cluster, rates, rows, fixed) for rows, fixed in halves)
    return Forecast(
        users=users,
        items=items,
        worker_bytes=_PROGRAMS
        + _BLOCK_RATING_BYTES * min(problem.ratings, cluster.block_ratings)
        + row_bytes * max(_rows_held(rows, fixed, users.blocks) for rows, fixed in halves),
        client_bytes=(problem.users + problem.items) * row_bytes,
        folder_bytes=problem.ratings * (DEALT_BYTES + _RATING_BYTES) + 2 * (problem.users + problem.items) * row_bytes,
    )


def _rows_held(rows: int, fixed: int, blocks: int) -> float:
    return _FIXED_COPIES * fixed + _SOLVED_COPIES * min(rows, _LARGEST * rows / blocks)


def _half(problem: Problem, cluster: Cluster, rates: Rates, rows: int, fixed: int) -> HalfForecast:
    blocks = -(-problem.ratings // cluster.block_ratings)
    part = -(-blocks // cluster.workers) / blocks
    met = min(blocks * fixed, problem.ratings)
    busy = rates.seconds(problem.ratings, rows, met, problem.numbers)
    row_bytes = _NUMBER_BYTES * problem.numbers
    ratings_bytes = problem.ratings * _RATING_BYTES
    factors_bytes = (min(cluster.workers, blocks) * fixed + 2 * rows) * row_bytes
    link_bytes = part * (ratings_bytes + 2 * rows * row_bytes) + fixed * row_bytes
    return HalfForecast(
        blocks=blocks,
        processor_seconds=busy,
        compute_seconds=part * busy,
        ratings_bytes=ratings_bytes,
        factors_bytes=factors_bytes,
        transfer_seconds=max((ratings_bytes + factors_bytes) / cluster.storage, link_bytes / cluster.link),
    )
