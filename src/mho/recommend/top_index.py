"""Exact best items of one user without a look at all of them: non-negative rows, in blocks, bound every score."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.recommend.fitted import Fitted

__all__ = ["TopIndex"]

_BLOCK = 512
_FIRST = 16
"""Blocks that are scored at first; after each round twice as many."""

_SLACK = 1e-5
"""Relative error of a score in single precision: in it the best are looked for, among which exact scores decide."""


class TopIndex:
    """Items in blocks of those that are alike, with bounds of their scores.

    A score is a sum of products of numbers >= 0, so that in a block none is above that of the largest number of each
    column, nor above the product of the largest length in it and that of the query.

    Parameters
    ----------
    fitted : Fitted
        Its items.
    """

    def __init__(self, fitted: Fitted) -> None:
        self.fitted = fitted
        rows, offsets = fitted.items.rows, np.zeros(len(fitted.items))
        for terms in (fitted.added, fitted.ahead):
            offsets = offsets if terms is None else offsets + terms
        self.popular = np.argsort(-offsets, kind="stable")
        self.offsets = offsets
        whole = np.column_stack([offsets, rows]).astype(np.float32)
        length = np.linalg.norm(whole, axis=1)
        self.order = np.lexsort((-length, whole.argmax(axis=1)))
        begins = np.arange(0, len(rows), _BLOCK)
        self.rows = np.zeros((len(begins) * _BLOCK, whole.shape[1]), np.float32)  # whole blocks, with rows of nothing
        self.rows[: len(rows)] = whole[self.order]
        self.places = np.empty(len(rows), np.int64)  # of items in `rows`
        self.places[self.order] = np.arange(len(rows))
        self.tops = np.maximum.reduceat(self.rows, begins, axis=0)
        self.lengths = np.maximum.reduceat(length[self.order], begins)
        self.looked_at = 0

    def best(self, user: int, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions (n,) of the best items of the user at position `user` that it does not have, and scores.

        Parameters
        ----------
        user : int
            Position in the table.
        n : int
            Items wanted.
        """
        fitted, P = self.fitted, self.fitted.users.rows[[user]]
        if fitted.weights is None:
            begin, end = fitted.table.known.indptr[user : user + 2]
            items, merits = self._of_factors(P[0], fitted.table.known.indices[begin:end], n)
        else:
            known = fitted.table.known[[user]]
            items, merits = self._of_all(P, known, n) if self._signed else self._of_both(P, known, n)
        return items, fitted.in_values(fitted.scored(merits, items))

    @property
    def _signed(self) -> bool:
        """Whether what users say of items may be below zero, so that a sum may be below the part of the factors."""
        return not self.fitted.model.choices

    def _of_factors(self, p: np.ndarray, seen: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        query, constant = self.fitted.model.query(p)
        items = self._pruned(np.append(1.0, query).astype(np.float32), n + len(seen))
        items = items[~np.isin(items, seen, assume_unique=True)]
        scores = self.offsets[items] + self.fitted.items.rows[items] @ query + constant
        best = np.lexsort((items, -scores))[:n]
        return items[best], scores[best]

    def _pruned(self, v: np.ndarray, n: int, least: float = -np.inf) -> np.ndarray:
        """Return items with the n of the largest `rows` @ v among them, however rounded, but none below `least`."""
        bounds = np.minimum(self.tops @ v, self.lengths * np.linalg.norm(v)) * (1 + _SLACK)
        blocks = np.argsort(-bounds, kind="stable")
        places, scores = np.empty(0, np.int64), np.empty(0, self.rows.dtype)
        begin, step = 0, _FIRST
        while begin < len(blocks) and bounds[blocks[begin]] >= least:
            some = blocks[begin : begin + step]
            some = some[bounds[some] >= least]
            new_places, new_scores = self._scored(some, v, least)
            places, scores = np.append(places, new_places), np.append(scores, new_scores)
            if len(scores) > n:
                least = max(least, np.partition(scores, -n)[-n] * np.float32(1 - 3 * _SLACK))
                kept = scores >= least
                places, scores = places[kept], scores[kept]
            begin, step = begin + step, 2 * step
        self.looked_at = min(begin, len(blocks)) * _BLOCK
        return self.order[places]

    def _scored(self, blocks: np.ndarray, v: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the places and scores of what is in `blocks` and not below `least`."""
        blocks, begin = np.sort(blocks), 0
        scores = np.empty(len(blocks) * _BLOCK, np.float32)
        for first, last in _runs(blocks):
            end = begin + (last - first) * _BLOCK
            np.dot(self.rows[first * _BLOCK : last * _BLOCK], v, out=scores[begin:end])
            begin = end
        there = np.flatnonzero(scores >= least)
        places = blocks[there // _BLOCK] * _BLOCK + there % _BLOCK
        item = places < len(self.order)
        return places[item], scores[there[item]]

    def _of_both(self, P: np.ndarray, known: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Order what something speaks for, and of all else the best by factors and popularity.

        What the user's items say only adds to a score: of all else no others can be among the best, and of these only
        such as are not below the n best of what something speaks for.
        """
        fitted, most = self.fitted, n + known.nnz
        query, constant = fitted.model.query(P[0])
        v = np.append(1.0, query).astype(np.float32)
        there = np.zeros(len(fitted.items), bool)
        there[known.indices] = True
        product = (fitted.speaking(P, known) @ fitted.weights).tocsr()
        new = ~there[product.indices]
        spoken_for, said = product.indices[new], product.data[new]
        scores = self.rows.take(self.places.take(spoken_for), axis=0) @ v + said
        least = np.partition(scores, -n)[-n] * np.float32(1 - 3 * _SLACK) if len(scores) >= n else -np.inf
        first = self._pruned(v, most, least) if len(query) else self.popular[:most]
        there[spoken_for] = True
        others = first[~there[first]]
        leading = scores >= least
        items = np.append(spoken_for[leading], others)
        merits = self.offsets[items] + fitted.items.rows[items] @ query + constant
        merits[: len(items) - len(others)] += said[leading]
        return self._leading(items, merits, n)

    def _of_all(self, P: np.ndarray, known: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
        merits = self.fitted.merits(P, known)[0]
        merits[known.indices] = -np.inf
        return self._leading(np.arange(len(merits)), merits, n)

    def _leading(self, items: np.ndarray, merits: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        if len(items) > n:
            most = merits >= np.partition(merits, -n)[-n]
            items, merits = items[most], merits[most]
        order = np.lexsort((items, -merits))[:n]
        order = order[merits[order] > -np.inf]
        return items[order], merits[order]


def _runs(blocks: np.ndarray) -> list[tuple[int, int]]:
    """Return the begins and ends of runs of numbers that follow each other, ascending."""
    breaks = np.flatnonzero(np.diff(blocks) > 1) + 1
    parts = np.split(blocks, breaks)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts if len(part)]
