"""From batches of ratings in any order to the files of blocks: count, deal out, sort."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.recommend.distributed.blocks import write_entries

__all__ = ["DEALT_BYTES", "Batch", "counts", "deal", "sort"]

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Users, items and ratings, (n,) each."""

_ENTRY = np.dtype([("row", np.int32), ("column", np.int32), ("value", np.float32)])

DEALT_BYTES = 2 * _ENTRY.itemsize
"""Of a rating on disk while it is dealt out, by user and by item."""


def counts(batches: Iterable[Batch], shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
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


def deal(folder: Path, cuts: list[int], rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> None:
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


def sort(folder: Path, begin: int, duplicates: str = "last") -> tuple[int, float]:
    """Make a Parquet block of what was dealt out; return how many ratings it has and their sum.

    Of a pair that is there twice the last value is kept, or with the `duplicates` rule "sum" the sum.
    """
    raw = folder / f"{begin:010d}.raw"
    entries: Any = np.fromfile(raw, _ENTRY)
    place = (entries["column"].astype(np.int64) << 32) | entries["row"]
    order = np.argsort(place, kind="stable")
    place = place[order]
    last = np.append(place[1:] != place[:-1], True)[: len(order)]
    values = entries["value"][order]
    entries = entries[order[last]]
    if duplicates == "sum" and len(entries):
        begins = np.append(0, np.flatnonzero(last)[:-1] + 1)
        entries["value"] = np.add.reduceat(values, begins, dtype=np.float64)
    write_entries(raw.with_suffix(".parquet"), entries["row"], entries["column"], entries["value"])
    raw.unlink()
    return len(entries), float(entries["value"].sum(dtype=np.float64))
