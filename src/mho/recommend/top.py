"""The best n of many scores, some users at a time, so that memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Top", "best"]

_BLOCK = 1 << 22
"""Scores that are in memory at a time."""


@dataclass(frozen=True, eq=False)
class Top:
    """The best items, user by user, the best first. Somebody who has seen nearly everything gets fewer.

    Attributes
    ----------
    users, items : ndarray of shape (n,)
        Ids.
    scores : ndarray of shape (n,)
        Predicted ratings, which do not order the list alone (`RatingModel.popularity`), or strengths of preference that
        only an order has meaning of.

    Examples
    --------
    >>> import mho
    >>> users, items = ["ann", "ann", "bob", "bob", "cem"], ["tea", "milk", "tea", "jam", "milk"]
    >>> top = mho.Recommender(2, model="implicit").fit(users, items).recommend(["cem"], 2)
    >>> top.users.tolist(), sorted(top.items.tolist())
    (['cem', 'cem'], ['jam', 'tea'])
    """

    users: np.ndarray
    items: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.items)


def best(
    scores: Callable[[slice], np.ndarray], seen: Any, n: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows, columns and scores of the n best columns of each row that are not `seen`, the best first.

    Parameters
    ----------
    scores : callable
        Returns the scores of a range of rows (b, columns), which are then overwritten.
    seen : csr_array of shape (rows, columns)
        What is stored is left out.
    n : int
        Columns for each row, at most.
    """
    m, columns = seen.shape
    n, step = min(n, columns), max(1, _BLOCK // columns)
    for begin in range(0, m, step):
        part = slice(begin, min(begin + step, m))
        block = scores(part)
        out = seen.indptr[part.start : part.stop + 1]
        block[np.repeat(np.arange(len(block)), np.diff(out)), seen.indices[out[0] : out[-1]]] = -np.inf
        chosen = _leading(block, n)
        values = np.take_along_axis(block, chosen, axis=1)
        there = values > -np.inf
        rows = np.broadcast_to(np.arange(part.start, part.stop)[:, None], chosen.shape)
        yield rows[there], chosen[there], values[there]


def _leading(block: np.ndarray, n: int) -> np.ndarray:
    """Return the columns (b, n) of the n largest entries of each row, the largest first; of equals the first."""
    if n < block.shape[1]:
        chosen = np.sort(np.argpartition(block, -n, axis=1)[:, -n:], axis=1)
    else:
        chosen = np.broadcast_to(np.arange(n), block.shape)
    order = np.argsort(-np.take_along_axis(block, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1)
