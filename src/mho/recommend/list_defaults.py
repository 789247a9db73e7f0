"""Ridge and popularity term of an implicit model, by the lists it makes of choices held out inside its own table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.kernels.blas import one_blas_thread
from mho.recommend.model import Side

__all__ = ["HeldOut", "Solve", "choose", "item_shares"]

_SAMPLE, _SAMPLE_SHARE = 100_000, 0.05
"""Choices that are looked at, or the share of all: the users are sampled, so that a large fit takes hardly longer."""

_SPLITS = 4
"""How often a table is parted anew; fewer where that would be more choices than are looked at."""

_TEST = 0.2
_LENGTH = 10
_POOL = 64
"""Leading items by factors, and as many by popularity, among which every mixture of the two has its list."""

_USERS, _SCORES = 1000, 1 << 24
"""Lists, and scores, that are made for one ridge and split."""

_LISTS, _LIST_SCORES = 64, 1 << 19
"""Of these, so many are in memory at a time."""

_ALTERNATIONS = 4
"""For each ridge, from where the next larger one has ended."""

_BLOCK = 1 << 22
"""Choices that are counted at a time."""

_CERTAINTY = 2.0
"""Standard errors by which a gain over popularity is taken to be smaller than it was seen to be."""

Solve = Callable[[float, Side, Any], Side]
"""Solves for the columns of a table (n_fixed, n) with a ridge and the other side (n_fixed, k) as it is."""


def choose(
    known: Any, solve: Solve, start: Side, ridges: Sequence[float], terms: Sequence[float], rng: np.random.Generator
) -> tuple[float, float] | None:
    """Return the ridge and popularity term of the largest sure gain in nDCG@10 over popularity; None if none is sure.

    A gain is sure by its mean over users less two standard errors.

    Parameters
    ----------
    known : csr_array of shape (m, n)
        Strengths.
    solve : callable
        A half-step, as `Solve` has it.
    start : Side
        Items (n, k), scattered.
    ridges : sequence of float
        The largest first.
    terms : sequence of float
        What popularity may weigh, in scores of an item that everybody chose.
    rng : Generator
        Draws users and what is held out.
    """
    some = known[_sampled_users(known, rng)]
    splits = max(1, min(_SPLITS, _SAMPLE // max(1, some.nnz)))
    share = item_shares(known)
    total, count = np.zeros((len(ridges), len(terms), some.shape[0])), np.zeros(some.shape[0])
    for _ in range(splits):
        held_out = HeldOut.of(some, share, known.shape[0], rng)
        if not len(held_out.users):  # of a table of a few choices
            continue
        count[held_out.users] += 1
        for r, (users, items) in enumerate(_alternated(held_out, solve, start, ridges)):
            total[r][:, held_out.users] += held_out.gains(users.rows[held_out.users], items.rows, terms)
    there = count > 0
    if there.sum() < 2:
        return None
    gain = total[..., there] / count[there]
    sure = gain.mean(axis=-1) - _CERTAINTY * gain.std(axis=-1, ddof=1) / np.sqrt(there.sum())
    ridge, term = divmod(int(np.argmax(sure)), len(terms))
    return (float(ridges[ridge]), float(terms[term])) if sure[ridge, term] > 0 else None


def item_shares(known: Any) -> np.ndarray:
    """Return the part (n,) of all users that chose each item of `known`, csr_array (m, n)."""
    m, n = known.shape
    counts = np.zeros(n, np.int64)
    for begin in range(0, known.nnz, _BLOCK):  # bincount copies indices of four bytes
        counts += np.bincount(known.indices[begin : begin + _BLOCK], minlength=n)
    return counts / m


def _alternated(held_out: HeldOut, solve: Solve, items: Side, ridges: Sequence[float]) -> Iterator[tuple[Side, Side]]:
    """Yield users and items fitted to what was not held out, with one ridge after the other."""
    by_user, by_item = held_out.train.T, held_out.train.tocsc()
    with one_blas_thread():
        for l2 in ridges:
            users = solve(l2, items, by_user)
            for _ in range(_ALTERNATIONS - 1):
                items = solve(l2, users, by_item)
                users = solve(l2, items, by_user)
            yield users, items


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Choices of some users, parted.

    Attributes
    ----------
    train : csr_array of shape (m, n)
    users : ndarray of shape (u,)
        Rows of `train` whose lists are scored.
    seen, wanted : ndarray of shape (u, n), bool
        Whether they chose an item: in `train`, and among what was held out.
    share : ndarray of shape (n,)
        Part of all users that chose each item, what was held out aside.
    """

    train: Any
    users: np.ndarray
    seen: np.ndarray
    wanted: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, some: Any, share: np.ndarray, m: int, rng: np.random.Generator) -> HeldOut:
        """Part the choices `some`, csr_array of sampled users, of a table of `m` in which each item has its `share`."""
        out = rng.random(some.nnz) < _TEST
        train, test = _entries(some, ~out), _entries(some, out)
        users = rng.permutation(np.flatnonzero(np.diff(test.indptr)))
        users = np.sort(users[: max(1, min(_USERS, _SCORES // some.shape[1]))])
        seen, wanted = (table[users].astype(bool).toarray() for table in (train, test))
        return cls(train, users, seen, wanted, share - item_shares(test) * len(some.indptr[1:]) / m)

    def gains(self, P: np.ndarray, Q: np.ndarray, terms: Sequence[float]) -> np.ndarray:
        """Return the gain in nDCG over popularity (terms, u) of the lists that users' and items' rows make.

        Parameters
        ----------
        P, Q : ndarray of shape (u, k), (n, k)
            Rows of users and of items.
        terms : sequence of float
            What times the share is added.
        """
        step = max(1, min(_LISTS, _LIST_SCORES // len(Q)))
        parts = [slice(begin, begin + step) for begin in range(0, len(P), step)]
        return np.concatenate([self._gains(part, P[part] @ Q.T, terms) for part in parts], axis=1)

    def _gains(self, part: slice, scores: np.ndarray, terms: Sequence[float]) -> np.ndarray:
        """Return the gains (terms, b) of some users, whose `scores` (b, n) are overwritten."""
        seen, wanted = self.seen[part], self.wanted[part]
        scores[seen] = -np.inf
        leading, popular = _leading(scores), _leading(np.where(seen, -np.inf, self.share))
        among = np.zeros(scores.shape, bool)
        np.put_along_axis(among, leading, True, axis=1)
        pool = np.hstack([leading, popular])
        own, share, hit = np.take_along_axis(scores, pool, axis=1), self.share[pool], _at(wanted, pool)
        own[:, leading.shape[1] :][_at(among, popular)] = -np.inf  # is there already
        relevant = wanted.sum(axis=1)
        lists = [_ndcg(own + term * share, hit, relevant) for term in terms]
        floor = np.where(_at(seen, popular), -np.inf, self.share[popular])
        return np.stack(lists) - _ndcg(floor, _at(wanted, popular), relevant)


def _leading(scores: np.ndarray) -> np.ndarray:
    """Return the columns (b, p) of the largest of each row of `scores` (b, n)."""
    p = min(_POOL, scores.shape[1])
    return np.argpartition(scores, -p, axis=1)[:, -p:]


def _at(table: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.take_along_axis(table, columns, axis=1)


def _ndcg(scores: np.ndarray, hit: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Return the nDCG (b,) of the lists that `scores` (b, p) make, of which `hit` (b, p) are wanted."""
    top = np.argsort(-scores, axis=1, kind="stable")[:, :_LENGTH]
    found = _at(hit & (scores > -np.inf), top)
    discount = 1 / np.log2(2 + np.arange(_LENGTH))
    return found @ discount[: found.shape[1]] / np.cumsum(discount)[np.minimum(relevant, _LENGTH) - 1]


def _sampled_users(known: Any, rng: np.random.Generator) -> np.ndarray:
    """Return rows of `known`, in random order, with together at most so many entries as are looked at."""
    order = rng.permutation(known.shape[0])
    entries = np.cumsum(np.diff(known.indptr)[order], dtype=np.int64)
    limit = max(_SAMPLE, _SAMPLE_SHARE * known.nnz)
    return order[: max(1, int(np.searchsorted(entries, limit, side="right")))]


def _entries(table: Any, kept: np.ndarray) -> Any:
    pointers = np.append(0, np.cumsum(kept))[table.indptr].astype(table.indptr.dtype)
    return sp.csr_array((table.data[kept], table.indices[kept], pointers), shape=table.shape)
