"""Ratings with the public marginals of the Netflix prize: how many, by whom, of what, and how often each star.

Which user rated which film, and how, is not public any more. Here pairs are independent given how much a user rates
and how often a film is rated, and a rating is a film's level, a user's level, a product of factors and noise, cut where
the stars have their public frequencies. The held-out error that can be reached is that of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

__all__ = ["PRIZE", "Prize"]

_BLOCK = 1 << 22
_BINS = 400
_ROUNDS = 300


@dataclass(frozen=True)
class Counts:
    """How often each of `n` users rates, or each film is rated: the least, the quartiles and the most."""

    n: int
    quartiles: tuple[float, ...]

    def at(self, z: np.ndarray, mean: float) -> np.ndarray:
        """Return the counts (bins,) at the normal scores `z` (n,), whose mean over all `n` is `mean`.

        Their logarithm is linear in the normal score between the quartiles, as if the middle were log-normal; above the
        third it is bent to give the mean.
        """
        end = norm.isf(0.5 / self.n)
        nodes, logs = np.array([-end, *norm.ppf([0.25, 0.5, 0.75]), end]), np.log(self.quartiles)

        def bent(z: np.ndarray, power: float) -> np.ndarray:
            x = np.clip((z - nodes[3]) / (end - nodes[3]), 0, 1)
            return np.exp(np.where(z < nodes[3], np.interp(z, nodes, logs), logs[3] + (logs[4] - logs[3]) * x**power))

        everybody = self.scores()
        return bent(z, float(brentq(lambda power: bent(everybody, power).mean() - mean, 0.1, 10)))  # pyright: ignore[reportArgumentType]

    def scores(self) -> np.ndarray:
        """Return the normal scores (n,) of everybody, ascending."""
        return norm.ppf((np.arange(self.n) + 0.5) / self.n)

    def bins(self) -> tuple[np.ndarray, np.ndarray]:
        """Return normal scores from the least to the most, and how many of all are near each."""
        end = norm.isf(0.5 / self.n)
        z = np.linspace(-end, end, _BINS)
        share = norm.pdf(z)
        return z, self.n * share / share.sum()


@dataclass(frozen=True)
class Prize:
    """What is public of such a set.

    Attributes
    ----------
    users, films : Counts
    stars : tuple of int
        How many ratings have 1, 2 ... stars.
    probe : int
        How many of all are held out, drawn at random; those of a user or film without others stay.
    """

    users: Counts
    films: Counts
    stars: tuple[int, ...]
    probe: int

    def ratings(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return users, films (int32), stars (float32) and which are held out, ordered by film as the set came."""
        rng = np.random.default_rng(seed)
        keys = self._pairs(rng)
        films, users = np.empty(len(keys), np.int32), np.empty(len(keys), np.int32)
        np.floor_divide(keys, self.users.n, out=films, casting="unsafe")
        np.remainder(keys, self.users.n, out=users, casting="unsafe")
        del keys
        stars = self._cut(_scores(users, films, (self.users.n, self.films.n), rng))
        held = np.zeros(len(users), bool)
        held[rng.choice(len(users), self.probe, replace=False, shuffle=False)] = True
        for column in (users, films):  # nobody is asked about whom nothing is known
            held &= np.bincount(column[~held], minlength=int(column.max()) + 1)[column] > 0
        return users, films, stars, held

    def _pairs(self, rng: np.random.Generator) -> np.ndarray:
        """Return different pairs as film * users + user, in order."""
        total = sum(self.stars)
        user_weight, film_weight = _weights(self.users, self.films, total)
        drawn = rng.poisson(user_weight.sum() * film_weight.sum())
        keys = np.empty(drawn, np.int64)
        for begin in range(0, drawn, _BLOCK):
            part = keys[begin : begin + _BLOCK]
            part[:] = _drawn(film_weight, len(part), rng)
            part *= self.users.n
            part += _drawn(user_weight, len(part), rng)
        keys.sort()
        new = np.append(True, keys[1:] != keys[:-1])
        keys = keys[new]
        surplus = len(keys) - total
        return np.delete(keys, rng.choice(len(keys), surplus, replace=False)) if surplus > 0 else keys

    def _cut(self, scores: np.ndarray) -> np.ndarray:
        sample = np.sort(scores[:: max(1, len(scores) // 1_000_000)])
        share = np.cumsum(self.stars)[:-1] / sum(self.stars)
        limits = sample[(share * len(sample)).astype(int)]
        for begin in range(0, len(scores), _BLOCK):
            part = scores[begin : begin + _BLOCK]
            part[:] = 1 + np.searchsorted(limits, part)
        return scores


def _weights(users: Counts, films: Counts, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a and b such that pairs of probability 1 - exp(-a_u b_i) give everybody his count, in the mean.

    A heavy user meets a film that everybody saw once and not as often as the product of their counts would have it.
    """
    (z_u, share_u), (z_i, share_i) = users.bins(), films.bins()
    want_u, want_i = users.at(z_u, total / users.n), films.at(z_i, total / films.n)
    a, b = want_u / np.sqrt(total), want_i / np.sqrt(total)
    for _ in range(_ROUNDS):
        a *= want_u / (-np.expm1(-np.outer(a, b)) @ share_i)
        b *= want_i / (share_u @ -np.expm1(-np.outer(a, b)))
    return np.exp(np.interp(users.scores(), z_u, np.log(a))), np.exp(np.interp(films.scores(), z_i, np.log(b)))


def _drawn(weight: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.searchsorted(np.cumsum(weight / weight.sum()), rng.random(n) * (1 - 1e-12))


def _scores(users: np.ndarray, films: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Levels with deviations of .4, factors of rank 20 with .45 together, noise with .9."""
    k = 20
    level_u, level_i = (0.4 * rng.standard_normal(n, np.float32) for n in shape)
    P, Q = (rng.standard_normal((n, k), np.float32) * np.float32((0.45 / np.sqrt(k)) ** 0.5) for n in shape)
    scores = np.empty(len(users), np.float32)
    for begin in range(0, len(users), _BLOCK):
        u, i = users[begin : begin + _BLOCK], films[begin : begin + _BLOCK]
        part = 0.9 * rng.standard_normal(len(u), np.float32)
        part += level_u[u] + level_i[i] + np.einsum("ek,ek->e", P[u], Q[i])
        scores[begin : begin + _BLOCK] = part
    return scores


PRIZE = Prize(
    users=Counts(480_189, (1, 39, 96, 259, 17_653)),
    films=Counts(17_770, (3, 192, 561, 2_668, 232_944)),
    stars=(4_617_990, 10_132_080, 28_811_247, 33_750_958, 23_168_232),
    probe=1_408_395,
)
"""Sizes by Bennett-2007; the other counts are those often tabulated for the training set."""
