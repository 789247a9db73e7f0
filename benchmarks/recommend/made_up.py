"""Tables that are drawn: a shop with brands, most of whose items few have chosen, and ratings of jokes from -10 to 10.

They stand for tables of that size that cannot be kept here (a shop's reviews, Jester), with their numbers of users,
items and pairs, and their tails; nothing else is theirs.
"""

from __future__ import annotations

import numpy as np

KINDS = ((900, 0.45), (60, 0.35), (1, 0.2))
"""Brands, categories and all items together, and how often one is chosen by each."""

TRIES = 6
OF_ALL = 30
"""Jokes that nearly everybody rates."""


def of_brands(users: int = 22_363, items: int = 12_101, pairs: int = 198_502, seed: int = 0) -> np.ndarray:
    """Return pairs (n, 2) of users who keep to two brands and two categories, at least four of each user."""
    rng = np.random.default_rng(seed)
    fame = rng.pareto(2.2, items) + 0.25
    lengths = 4 + rng.geometric(1 / 3.9, users)
    lengths = np.maximum(4, np.rint(lengths * pairs / lengths.sum()).astype(int))
    user = np.repeat(np.arange(users), TRIES * lengths)
    kind = rng.choice(len(KINDS), len(user), p=[share for _, share in KINDS])
    item = np.empty(len(user), int)
    for k, (groups, _) in enumerate(KINDS):
        group, own = rng.integers(0, groups, items), rng.integers(0, groups, (users, 2))
        order = np.argsort(group, kind="stable")
        ends = np.append(0.0, np.cumsum(fame[order]))
        begins = ends[np.searchsorted(group[order], np.arange(groups + 1))]
        drawn = np.flatnonzero(kind == k)
        liked = own[user[drawn], rng.integers(0, 2, len(drawn))]
        at = begins[liked] + rng.random(len(drawn)) * (begins[liked + 1] - begins[liked])
        item[drawn] = order[np.clip(np.searchsorted(ends, at, side="right") - 1, 0, items - 1)]
    first = np.sort(np.unique(user * items + item, return_index=True)[1])
    user, item = user[first], item[first]
    place = np.arange(len(user)) - np.searchsorted(user, user)
    return np.column_stack([user, item])[place < lengths[user]]


def of_jokes(users: int = 8_000, items: int = 100, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs (n, 2) and ratings (n,), in hundredths, by five tastes, and of each user a mean and a range."""
    rng = np.random.default_rng(seed)
    tastes = rng.normal(size=(users, 5)) @ (rng.normal(size=(items, 5)) * [2.2, 1.2, 0.9, 0.7, 0.5]).T
    mean, extent = rng.normal(0.7, 2.3, (users, 1)), rng.gamma(8, 1 / 8, (users, 1))
    told = mean + extent * (rng.normal(0, 1.2, items) + tastes) + rng.normal(0, 3.4, (users, items))
    often = np.where(np.arange(items) < OF_ALL, 0.95, 0.95 * rng.random((users, 1)))
    pairs = np.argwhere(rng.random((users, items)) < often)
    return pairs, np.round(np.clip(told[tuple(pairs.T)], -10, 10), 2)
