"""The ratings of a Parquet file of any size, with numbers for ids."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mho.caching import cached_property
from mho.data import Categorical, Columns, DataError, InteractionTable, TableFormat, interaction_parts, parquet_columns
from mho.data.parquet import parquet_rows
from mho.recommend.distributed.block_files import Batch

__all__ = ["ParquetRatings"]


@dataclass(frozen=True)
class ParquetRatings:
    """The batches of a Parquet file with ids of any kind; needs the memory of a batch and of all distinct ids.

    Attributes
    ----------
    path : path
    how : TableFormat
        As for `mho.data.read_interactions`, as is what becomes of rows that cannot be read: they are left out.
    batch_rows : int
        Rows that are in memory at a time.
    follow : callable, optional
        Called with each `mho.data.InteractionTable` as it is read, every time that the file is gone through.
    lowest : float
        What ratings are counted from; that of the model that will be fitted.
    choices : bool
        Whether rows are choices, of strength 1 where there is no column of ratings.
    """

    path: str | os.PathLike[str]
    how: TableFormat = field(default_factory=TableFormat)
    batch_rows: int = 2**20
    follow: Callable[[InteractionTable], Any] | None = None
    lowest: float = 0.0
    choices: bool = False

    @property
    def rows(self) -> int:
        """Rows of the file, those that cannot be read included."""
        return parquet_rows(Path(self.path))

    @property
    def columns(self) -> Columns:
        """Columns of user, item and rating."""
        return parquet_columns(Path(self.path), self.how)

    @cached_property
    def ids(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct ids of users and of items, ascending: whole numbers if every one of a column is, else text."""
        users, items = np.empty(0, np.int64), np.empty(0, np.int64)
        for part in self._parts():
            users, items = _union(users, part.users.ids), _union(items, part.items.ids)
        return users, items

    @property
    def shape(self) -> tuple[int, int]:
        """Number of distinct users and items."""
        users, items = self.ids
        return len(users), len(items)

    def __iter__(self) -> Iterator[Batch]:
        users, items = self.ids
        for part in self._parts():
            values = np.ones(len(part), np.float32) if part.ratings is None else part.ratings - self.lowest
            yield _numbers(users, part.users), _numbers(items, part.items), values

    def _parts(self) -> Iterator[InteractionTable]:
        for part in interaction_parts(Path(self.path), self.how, rows=self.batch_rows):
            if self.follow is not None:
                self.follow(part)
            if part.ratings is None and not self.choices:
                raise DataError(f"{self.path}: has no column of ratings")
            yield part


def _union(known: np.ndarray, more: np.ndarray) -> np.ndarray:
    if known.dtype.kind != more.dtype.kind:
        known, more = known.astype(str), more.astype(str)  # loses nothing: 01 is no whole number
    return np.union1d(known, more)


def _numbers(known: np.ndarray, column: Categorical) -> np.ndarray:
    return np.searchsorted(known, column.ids.astype(known.dtype)).astype(np.int32)[column.codes]
