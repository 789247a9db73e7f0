"""What an iteration out of core takes, from the sizes of the problem and of the cluster.

A half-step solves n rows of c = 1 + k numbers against N rows of the other side, out of R ratings in T blocks, by W
workers:

C = R (r0 + r2 c^2) + n (s0 + s3 c^3) + T N c f     processor seconds
compute = C / T ceil(T / W)                         the last round of blocks keeps some workers waiting
storage = R b + (W N + n) 8 c                       bytes out of and into the shared folder
transfer = max(storage / rate of the folder, storage / W / rate of a link)

The ratings model has a Gram matrix for each row, so no Gram matrices are summed over workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from mho import checks
from mho.recommend.distributed.block_step import Work

__all__ = ["Cluster", "Forecast", "HalfForecast", "Problem", "Rates", "forecast"]

_NUMBER_BYTES = 8

_LANES = 8

_RATING_BYTES = 4.9
"""Of a rating in a Parquet block, b; measured where there are five different ratings."""

_WORKER_BYTES, _BLOCK_RATING_BYTES = 2.0e8, 60.0
"""What a worker holds: programs; and of a block, for each rating, while it is read and solved."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is factorized.

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
    """Who does it.

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
    cube : float
        And for c^3, s3.
    number : float
        To lay out a number of the other side, for each block, f.
    """

    rating: float = 2.5e-7
    product: float = 2.2e-10
    row: float = 4.4e-7
    cube: float = 2.5e-10
    number: float = 5.3e-9

    @classmethod
    def of(cls, work: Sequence[Work]) -> Rates:
        """Return the rates >= 0 nearest to what blocks took, all blocks alike in relative error."""
        from scipy.optimize import nnls

        terms = np.array([_terms(w.ratings, w.rows, w.fixed, w.numbers) for w in work])
        took = np.array([w.processor_seconds for w in work])
        A = terms / took[:, None]
        scale = np.linalg.norm(A, axis=0)
        rates = nnls(A / scale, np.ones(len(work)))[0] / scale
        return cls(**dict(zip(cls.__dataclass_fields__, rates.tolist(), strict=True)))

    def seconds(self, ratings: float, rows: float, fixed: float, numbers: int) -> float:
        """Return C of blocks that have so many `ratings` and `rows` of so many `numbers`, and meet `fixed` rows."""
        return float(np.dot(astuple(self), _terms(ratings, rows, fixed, numbers)))


def _terms(ratings: float, rows: float, fixed: float, numbers: int) -> tuple[float, ...]:
    """In the order of the fields of `Rates`."""
    return ratings, ratings * numbers**2, rows, rows * numbers**3, fixed * numbers


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
    """Return what an iteration of `problem` takes on `cluster`, by `rates`, measured ones by default."""
    rates = Rates() if rates is None else rates
    row_bytes = _NUMBER_BYTES * problem.numbers
    most = min(problem.ratings, cluster.block_ratings)
    return Forecast(
        users=_half(problem, cluster, rates, problem.users, problem.items),
        items=_half(problem, cluster, rates, problem.items, problem.users),
        worker_bytes=_WORKER_BYTES
        + _NUMBER_BYTES * max(problem.users, problem.items) * _copied_numbers(problem.numbers)
        + _BLOCK_RATING_BYTES * most,
        client_bytes=(problem.users + problem.items) * row_bytes,
        folder_bytes=problem.ratings * (24 + _RATING_BYTES) + 2 * (problem.users + problem.items) * row_bytes,
    )


def _copied_numbers(c: int) -> int:
    """Rows of the other side: as read, as solved against, and twice with c rounded up to the lanes of a vector."""
    return 2 * c + 2 * (-(-c // _LANES) * _LANES)


def _half(problem: Problem, cluster: Cluster, rates: Rates, rows: int, fixed: int) -> HalfForecast:
    blocks = -(-problem.ratings // cluster.block_ratings)
    busy = rates.seconds(problem.ratings, rows, blocks * fixed, problem.numbers)
    ratings_bytes = problem.ratings * _RATING_BYTES
    factors_bytes = (cluster.workers * fixed + rows) * _NUMBER_BYTES * problem.numbers
    storage = ratings_bytes + factors_bytes
    return HalfForecast(
        blocks=blocks,
        processor_seconds=busy,
        compute_seconds=busy / blocks * -(-blocks // cluster.workers),
        ratings_bytes=ratings_bytes,
        factors_bytes=factors_bytes,
        transfer_seconds=max(storage / cluster.storage, storage / cluster.workers / cluster.link),
    )
