"""Settings and popularity term of a model, by the lists that it makes of pairs held out inside its own table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.kernels.blas import one_blas_thread
from mho.recommend.model import Side

__all__ = ["Candidates", "HeldOut", "Scorer", "alternated", "choose", "entries_at", "item_shares", "sampled_users"]

Scorer = Callable[[slice], Iterable[np.ndarray]]
"""Scores (u, n) of some of the `HeldOut.users` for all items, to be overwritten: an array for each setting of a fit."""

_SAMPLE = 100_000
"""Choices that are looked at: the users are sampled, so that a large fit takes hardly longer."""

_SPLITS = 4
"""How often a table is parted anew; fewer where that would be more choices than are looked at."""

_MOST_SPLITS, _FEW = 16, 80_000
"""A table of few choices is parted more often, until so many have been looked at: what is held out of it is least."""

_TEST = 0.2
_LENGTH = 10
_POOL = 64
"""Leading items by the model, beside the `popular` ones, among which every mixture of the two has its list."""

_USERS, _SCORES = 4000, 1 << 26
"""Lists, and scores, that are made for one ridge and split: settings of a table of short lists differ by little, user
by user."""

_LISTS, _LIST_SCORES = 64, 1 << 19
"""Of these, so many are in memory at a time."""

_ALTERNATIONS = 4
"""For each ridge, from where the next larger one has ended."""

_BLOCK = 1 << 22
"""Choices that are counted at a time."""

_LEAST_USERS = 10
"""Users whose lists are looked at, of fewer of whom a standard error tells nothing."""

_CERTAINTY = 1.5
"""Standard errors by which a gain over popularity is taken to be smaller than it was seen to be."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Fits that are compared.

    Attributes
    ----------
    fits : callable
        Yields a `Scorer` for each fit to what was not held out; together they score all of the settings, in their
        order.
    settings : sequence
        What is compared; of equally good ones the first is taken.
    fame : callable
        Returns what times a popularity term is added to scores (n,), for the share of all users who chose each item;
        it rises with it.
    terms : sequence of float
        Popularity terms.
    popular : int
        Leading items by popularity among which lists are looked for.
    sample : int
        Choices that are looked at, of users drawn at random.
    again, splits : int
        Choices that are looked at in all splits together, the first one aside, and splits at most.
    share : float
        Part of all choices that is looked at if that is more.
    part : float
        Of the choices, what is held out in a split. Of less the lists hang by fewer choices; of more, what is learned
        from the thinner rest is trusted less than that of the whole table should be.
    liked : float or None
        The rating from which on an item is liked. Where it is given, lists are to have what is liked, and no less of
        all that was rated than popularity has.
    nearly : float
        Part of the gain that a later setting, and then that a smaller popularity term, may cost; above 0 the largest
        gain is taken where it is sure, rather than the surest one.
    doubt : float
        Standard errors of what it costs, user by user, that the last setting, or a smaller term, may cost as well.
    """

    fits: Callable[[HeldOut], Iterator[Scorer]]
    settings: Sequence[Any]
    fame: Callable[[np.ndarray], np.ndarray]
    terms: Sequence[float]
    popular: int = _POOL
    sample: int = _SAMPLE
    again: int = _SAMPLE
    splits: int = _SPLITS
    share: float = 0.0
    part: float = _TEST
    liked: float | None = None
    nearly: float = 0.0
    doubt: float = 0.0


def choose(known: Any, candidates: Candidates, rng: np.random.Generator) -> tuple[Any, float] | None:
    """Return the setting and popularity term of the largest sure gain in nDCG@10 over popularity; None if none is sure.

    A gain is sure by its mean over users less one and a half standard errors.

    Parameters
    ----------
    known : csr_array of shape (m, n)
        Strengths, or ratings.
    candidates : Candidates
        What is compared.
    rng : Generator
        Draws users and what is held out.
    """
    some = known[sampled_users(known, max(candidates.sample, candidates.share * known.nnz), rng)]
    splits = _splits(some.nnz, candidates.again, candidates.splits)
    share, terms = item_shares(known), candidates.terms
    total, count = np.zeros((len(candidates.settings), len(terms), 2, some.shape[0])), np.zeros(some.shape[0])
    for _ in range(splits):
        held_out = HeldOut.of(some, share, known.shape[0], rng, candidates)
        if not len(held_out.users) or not held_out.train.nnz:  # of a table of a few choices
            continue
        count[held_out.users] += 1
        total[..., held_out.users] += held_out.gains(candidates)
    there = count > 0
    if there.sum() < _LEAST_USERS:
        return None
    gain = total[..., there] / count[there]
    mean = gain.mean(axis=-1)
    sure = (mean - _CERTAINTY * _error(gain))[..., 1]
    sure[mean[..., 0] < 0] = -np.inf
    setting, term = divmod(int(np.argmax(sure)), len(terms))
    if candidates.nearly:
        setting, term = _of_the_best(gain[:, :, 1], candidates)
    return (candidates.settings[setting], float(terms[term])) if sure[setting, term] > 0 else None


def _splits(choices: int, again: int, most: int) -> int:
    """Return the number of splits, at `most`, of a table of so many choices, of which so many are looked at `again`."""
    return max(1, min(most, again // max(1, choices)), min(_MOST_SPLITS, _FEW // max(1, choices)))


def _error(gain: np.ndarray) -> np.ndarray:
    """Return the standard error of the mean over the users, the last axis."""
    return gain.std(axis=-1, ddof=1) / np.sqrt(gain.shape[-1])


def _of_the_best(gain: np.ndarray, candidates: Candidates) -> tuple[int, int]:
    """Return setting and term of the largest `gain` (settings, terms, u), or the last of nearly that with a small term.

    Lists that are as good with less of it have more of what few chose.
    """
    terms, last = candidates.terms, len(gain) - 1
    best = divmod(int(np.argmax(gain.mean(axis=-1))), len(terms))
    near, unsure = _near(gain, best, candidates)
    setting = last if unsure[last].any() else int(np.flatnonzero(near.any(axis=1))[-1])
    best = setting, int(np.argmax(gain[setting].mean(axis=-1)))
    near, unsure = _near(gain, best, candidates)
    return setting, min(np.flatnonzero(near[setting] | unsure[setting]).tolist(), key=lambda t: terms[t])


def _near(gain: np.ndarray, best: tuple[int, int], candidates: Candidates) -> tuple[np.ndarray, np.ndarray]:
    """Return masks (settings, terms) of gains that are nearly the `best`, and of those that may be as large as it."""
    cost = gain[best] - gain
    mean = cost.mean(axis=-1)
    return mean <= candidates.nearly * abs(float(gain[best].mean())), mean <= candidates.doubt * _error(cost)


def item_shares(known: Any) -> np.ndarray:
    """Return the part (n,) of all users that chose each item of `known`, csr_array (m, n)."""
    m, n = known.shape
    counts = np.zeros(n, np.int64)
    for begin in range(0, known.nnz, _BLOCK):  # bincount copies indices of four bytes
        counts += np.bincount(known.indices[begin : begin + _BLOCK], minlength=n)
    return counts / m


def alternated(
    solve: Callable[[float, Side, Any], Side], ridges: Sequence[float], start: Side
) -> Callable[[HeldOut], Iterator[tuple[Side, Side]]]:
    """Return a function that yields users and items fitted to what was not held out, with one ridge after the other.

    Parameters
    ----------
    solve : callable
        Solves for the columns of a table (n_fixed, n) with a ridge and the other side as it is.
    ridges : sequence of float
        The largest first.
    start : Side
        Items (n, c), scattered.
    """

    def fits(held_out: HeldOut) -> Iterator[tuple[Side, Side]]:
        by_user, by_item, items = held_out.train.T, held_out.train.tocsc(), start
        for l2 in ridges:
            with one_blas_thread():
                users = solve(l2, items, by_user)
                for _ in range(_ALTERNATIONS - 1):
                    items = solve(l2, users, by_item)
                    users = solve(l2, items, by_user)
            yield users, items

    return fits


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Choices of some users, parted.

    Attributes
    ----------
    train, test : csr_array of shape (m, n)
    users : ndarray of shape (u,)
        Rows of both whose lists are scored.
    liked : float or None
        As in `Candidates`.
    share : ndarray of shape (n,)
        Part of all users that chose each item, what was held out aside.
    """

    train: Any
    test: Any
    users: np.ndarray
    liked: float | None
    share: np.ndarray

    @classmethod
    def of(cls, some: Any, share: np.ndarray, m: int, rng: np.random.Generator, told: Candidates) -> HeldOut:
        """Part the choices `some`, csr_array of sampled users, of a table of `m` in which each item has its `share`."""
        out = rng.random(some.nnz) < told.part
        train, test = entries_at(some, ~out), entries_at(some, out)
        users = rng.permutation(np.flatnonzero(np.diff(test.indptr)))
        users = np.sort(users[: max(1, min(_USERS, _SCORES // some.shape[1]))])
        return cls(train, test, users, told.liked, share - item_shares(test) * len(some.indptr[1:]) / m)

    def gains(self, candidates: Candidates) -> np.ndarray:
        """Return the gains in nDCG over popularity (settings, terms, 2, u) of the lists that are compared.

        The first of two is of all that was held out, the second of what was liked.
        """
        step = max(1, min(_LISTS, _LIST_SCORES // self.train.shape[1]))
        parts = [slice(begin, begin + step) for begin in range(0, len(self.users), step)]
        fame = candidates.fame(self.share)
        floors = [_Floor.of(self, part, fame, candidates.popular) for part in parts]
        found = []
        for scores in candidates.fits(self):
            some = [self._gains(scores(part), floor, candidates) for part, floor in zip(parts, floors, strict=True)]
            found.append(np.concatenate(some, axis=-1))
        return np.concatenate(found)

    def _gains(self, scored: Iterable[np.ndarray], floor: _Floor, candidates: Candidates) -> np.ndarray:
        """Return the gains (settings, terms, 2, b) of some users, of scores (b, n) for each setting."""
        wanted = self.wanted(floor.part)
        return np.stack([floor.gains(scores, wanted, candidates.terms) for scores in scored])

    def wanted(self, part: slice) -> np.ndarray:
        """Return masks (2, b, n): whether it was held out, and whether it was and they liked it."""
        test = self.test[self.users[part]]
        wanted = _stored(test)
        return np.stack([wanted, wanted if self.liked is None else wanted & (test.toarray() >= self.liked)])


@dataclass(frozen=True, eq=False)
class _Floor:
    """Some of the users who are scored, and lists of theirs by popularity.

    Attributes
    ----------
    part : slice
        Of the users.
    seen : tuple of ndarray
        Places, in scores (b, n), of what they chose.
    fame : ndarray of shape (n,)
        What times a popularity term is added.
    popular : ndarray of shape (b, p)
        Leading items by it.
    relevant : ndarray of shape (2, b)
        How many were held out, and liked.
    ndcg : ndarray of shape (2, b)
        Of the lists by popularity.
    """

    part: slice
    seen: tuple[np.ndarray, np.ndarray]
    fame: np.ndarray
    popular: np.ndarray
    relevant: np.ndarray
    ndcg: np.ndarray

    @classmethod
    def of(cls, held_out: HeldOut, part: slice, fame: np.ndarray, most: int) -> _Floor:
        """Make lists of at least the `most` popular items, of users of one part."""
        train, wanted = held_out.train[held_out.users[part]], held_out.wanted(part)
        seen = np.repeat(np.arange(train.shape[0]), np.diff(train.indptr)), train.indices
        left = np.tile(fame, (train.shape[0], 1))
        left[seen] = -np.inf
        popular, relevant = _leading(left, most), wanted.sum(axis=2)
        ndcg = _ndcg(_at(left, popular), _at(wanted, popular[None]), relevant)
        return cls(part, seen, fame, popular, relevant, ndcg)

    def gains(self, scores: np.ndarray, wanted: np.ndarray, terms: Sequence[float]) -> np.ndarray:
        """Return the gains (terms, 2, b) of lists by `scores` (b, n), which are overwritten, of what is `wanted`."""
        scores[self.seen] = -np.inf
        leading = _leading(scores, _POOL)
        among = np.zeros(scores.shape, bool)
        np.put_along_axis(among, leading, True, axis=1)
        pool = np.hstack([leading, self.popular])
        own, added, hit = _at(scores, pool), self.fame[pool], _at(wanted, pool[None])
        own[:, leading.shape[1] :][_at(among, self.popular)] = -np.inf  # is there already
        return np.stack([_ndcg(own + term * added, hit, self.relevant) for term in terms]) - self.ndcg


def _leading(scores: np.ndarray, most: int) -> np.ndarray:
    """Return the columns (b, p) of the largest of each row of `scores` (b, n), at most so many."""
    p = min(most, scores.shape[1])
    return np.argpartition(scores, -p, axis=1)[:, -p:]


def _at(table: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.take_along_axis(table, columns, axis=-1)


def _ndcg(scores: np.ndarray, hit: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Return the nDCG (2, b) of the lists that `scores` (b, p) make, of which `hit` (2, b, p) are wanted."""
    top = np.argsort(-scores, axis=1, kind="stable")[:, :_LENGTH]
    found = _at(hit & (scores > -np.inf), top[None])
    discount = 1 / np.log2(2 + np.arange(_LENGTH))
    return found @ discount[: found.shape[-1]] / np.cumsum(discount)[np.clip(relevant, 1, _LENGTH) - 1]


def _stored(table: Any) -> np.ndarray:
    """Return the mask (m, n) of a csr_array's entries, a rating of zero included."""
    there = np.zeros(table.shape, bool)
    there[np.repeat(np.arange(table.shape[0]), np.diff(table.indptr)), table.indices] = True
    return there


def sampled_users(known: Any, limit: float, rng: np.random.Generator) -> np.ndarray:
    """Return rows of `known`, in random order, with together at most so many entries."""
    order = rng.permutation(known.shape[0])
    entries = np.cumsum(np.diff(known.indptr)[order], dtype=np.int64)
    return order[: max(1, int(np.searchsorted(entries, limit, side="right")))]


def entries_at(table: Any, kept: np.ndarray) -> Any:
    """Return a csr_array with some of the entries of another, where the mask `kept` (entries,) says so."""
    pointers = np.append(0, np.cumsum(kept))[table.indptr].astype(table.indptr.dtype)
    return sp.csr_array((table.data[kept], table.indices[kept], pointers), shape=table.shape)
