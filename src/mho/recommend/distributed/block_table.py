"""Ratings on disk in Parquet blocks, by user and by item, made without ever holding all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.data import DataError, replacing
from mho.recommend.cuts import column_cuts
from mho.recommend.distributed.blocks import Block, write_entries

__all__ = ["BlockTable", "ParquetRatings"]

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Users, items and ratings, (n,) each."""

_ENTRY = np.dtype([("row", np.int32), ("column", np.int32), ("value", np.float32)])
_SIDES = "users", "items"
_FACTS = "table.json"


@dataclass(frozen=True)
class ParquetRatings:
    """The batches of a Parquet file with the columns user and item, whole numbers from 0 on, and rating.

    Attributes
    ----------
    path : path
    batch_rows : int
        Rows that are in memory at a time.
    """

    path: str | os.PathLike[str]
    batch_rows: int = 2**20

    def __iter__(self) -> Iterator[Batch]:
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(self.batch_rows, columns=["user", "item", "rating"]):
                user, item, rating = (batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names)
                yield user, item, rating


@dataclass(frozen=True)
class BlockTable:
    """What is known of `n_users` users and `n_items` items: of a pair that was rated twice the last rating.

    Attributes
    ----------
    n_users, n_items, n_ratings : int
    mean : float
        Of the ratings.
    users, items : tuple of Block
        All ratings, by user and by item; the columns of a block are its users, or its items.
    """

    n_users: int
    n_items: int
    n_ratings: int
    mean: float
    users: tuple[Block, ...]
    items: tuple[Block, ...]

    @classmethod
    def write(
        cls,
        folder: str | os.PathLike[str],
        batches: Iterable[Batch],
        shape: tuple[int, int],
        *,
        block_ratings: int = 2**22,
    ) -> BlockTable:
        """Write ratings to a new `folder` and return the table; needs the memory of one batch and of one block.

        Parameters
        ----------
        folder : path
            It takes about 24 bytes a rating while the blocks are made, and a third of that in the end.
        batches : iterable of (users, items, ratings)
            Gone through twice: whole numbers below `shape`, and ratings >= 0.
        shape : (n_users, n_items)
        block_ratings : int
            Most ratings of a block, unless one user or item has more.

        Raises
        ------
        ValueError
            A number of a user or item is out of range, or a rating not finite or below zero.
        """
        folder = Path(folder)
        folder.mkdir()
        most = checks.positive_int(block_ratings, "block_ratings")
        cuts = [column_cuts(np.append(0, np.cumsum(count)), most) for count in _counts(batches, shape)]
        for side, side_cuts in zip(_SIDES, cuts, strict=True):
            (folder / side).mkdir()
            for begin in side_cuts[:-1]:
                (folder / side / f"{begin:010d}.raw").touch()
        for users, items, ratings in batches:
            _scatter(folder / "users", cuts[0], items, users, ratings)
            _scatter(folder / "items", cuts[1], users, items, ratings)
        n_ratings, total = 0, 0.0
        for begin, end in pairwise(cuts[0]):
            count, ratings_sum = _sort(folder / "users", begin, end)
            n_ratings, total = n_ratings + count, total + ratings_sum
        for begin, end in pairwise(cuts[1]):
            _sort(folder / "items", begin, end)
        facts = {"n_users": shape[0], "n_items": shape[1], "n_ratings": n_ratings, "mean": total / n_ratings}
        with replacing(folder / _FACTS) as temporary:
            temporary.write_text(json.dumps(facts | dict(zip(_SIDES, cuts, strict=True))))
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> BlockTable:
        """Return what `write` wrote to `folder`.

        Raises
        ------
        DataError
            There is no whole table.
        """
        folder = Path(folder).resolve()
        try:
            facts = json.loads((folder / _FACTS).read_text())
            shape = facts["n_users"], facts["n_items"]
            users, items = (
                tuple(
                    Block(folder / side / f"{begin:010d}.parquet", begin, end, rows)
                    for begin, end in pairwise(facts.pop(side))
                )
                for side, rows in zip(_SIDES, shape[::-1], strict=True)
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{folder}: holds no whole table of ratings: {error}") from None
        return cls(**facts, users=users, items=items)


def _counts(batches: Iterable[Batch], shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the ratings of each user and of each item."""
    by_user, by_item = (np.zeros(n, np.int64) for n in shape)
    for users, items, ratings in batches:
        for name, ids, n in (("users", users, shape[0]), ("items", items, shape[1])):
            if len(ids) and not 0 <= ids.min() <= ids.max() < n:
                raise ValueError(f"{name} must be whole numbers from 0 to {n - 1}, got {ids.min()} to {ids.max()}")
        checks.check_values(ratings, "ratings")
        by_user += np.bincount(users, minlength=shape[0])
        by_item += np.bincount(items, minlength=shape[1])
    if not by_user.any():
        raise ValueError("ratings must be at least one, got none")
    return by_user, by_item


def _scatter(folder: Path, cuts: list[int], rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> None:
    """Append a batch to the blocks of its columns, in its order."""
    block = np.searchsorted(cuts, columns, side="right") - 1
    order = np.argsort(block, kind="stable")
    entries = np.empty(len(order), _ENTRY)
    entries["row"], entries["column"], entries["value"] = rows[order], columns[order], values[order]
    ends = np.searchsorted(block[order], np.arange(len(cuts)))
    for begin, (first, last) in zip(cuts, pairwise(ends), strict=False):
        if last > first:
            with (folder / f"{begin:010d}.raw").open("ab") as stream:
                stream.write(entries[first:last].tobytes())


def _sort(folder: Path, begin: int, end: int) -> tuple[int, float]:
    """Make a Parquet block of what was scattered; return how many ratings it has and their sum."""
    raw = folder / f"{begin:010d}.raw"
    entries: Any = np.fromfile(raw, _ENTRY)
    place = (entries["column"].astype(np.int64) << 32) | entries["row"]
    order = np.argsort(place, kind="stable")
    place = place[order]
    entries = entries[order[np.append(place[1:] != place[:-1], True)[: len(order)]]]
    write_entries(raw.with_suffix(".parquet"), entries["row"], entries["column"], entries["value"])
    raw.unlink()
    return len(entries), float(entries["value"].sum(dtype=np.float64))
