"""Splits of what is known into a training and a held-out part."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import checks
from mho.recommend.labels import Labels, as_ids

__all__ = ["split_by_time", "split_by_user", "split_leave_last", "split_random"]


def split_random(n: int, test: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw which of n ratings are held out.

    Parameters
    ----------
    n : int
        Number of ratings, at least 2.
    test : float
        Share held out, between 0 and 1; at least one rating on either side.
    seed : int
        Of the draw.

    Returns
    -------
    train, test : ndarray of int
        Positions of the ratings, each in random order.
    """
    if checks.positive_int(n, "n") < 2:
        raise ValueError("n must be at least 2, got 1")
    order = checks.generator(seed, "seed").permutation(n)
    held_out = min(max(1, round(n * _share(test))), n - 1)
    return order[held_out:], order[:held_out]


def split_by_time(times: Any, test: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Hold out the last ratings of all: what a recommender in use is asked for.

    Parameters
    ----------
    times : array_like of shape (n,)
        Of each rating; anything that can be ordered. Ratings of equal time stay in their order.
    test : float
        Share held out, between 0 and 1; at least one rating on either side.

    Returns
    -------
    train, test : ndarray of int
        Positions of the ratings, in order of time.
    """
    times = as_ids(times, "times")
    if len(times) < 2:
        raise ValueError("times must be of at least 2 ratings, got 1")
    order = np.argsort(times, kind="stable")
    held_out = min(max(1, round(len(times) * _share(test))), len(times) - 1)
    return order[:-held_out], order[-held_out:]


def split_by_user(users: Any, test: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Hold out a part of each user's ratings, drawn at random, so that nobody is unknown.

    Parameters
    ----------
    users : array_like of shape (n,)
        Ids.
    test : float
        Share held out of each user's, between 0 and 1, rounded down; users with one rating keep it.
    seed : int
        Of the draw.

    Returns
    -------
    train, test : ndarray of int
        Positions of the ratings, ascending.
    """
    labels, u = Labels.of(users, "users")
    counts = np.bincount(u, minlength=len(labels))
    held_out = np.minimum(np.floor(_share(test) * counts), counts - 1)
    if not held_out.any():
        raise ValueError(
            f"test must hold out a rating of some user; of {counts.max()}, the most of any, {test} is none"
        )
    order = np.lexsort((checks.generator(seed, "seed").random(len(u)), u))
    rank = np.empty(len(u), np.int64)
    rank[order] = np.arange(len(u)) - np.repeat(np.cumsum(counts) - counts, counts)
    out = rank < held_out[u]
    return np.flatnonzero(~out), np.flatnonzero(out)


def split_leave_last(users: Any, times: Any) -> tuple[np.ndarray, np.ndarray]:
    """Hold out the last rating of each user who has two or more.

    Parameters
    ----------
    users : array_like of shape (n,)
        Ids.
    times : array_like of shape (n,)
        Of each rating; anything that can be ordered. Of equal times the one that stands later is the last.

    Returns
    -------
    train, test : ndarray of int
        Positions of the ratings, ascending.
    """
    labels, u = Labels.of(users, "users")
    times = as_ids(times, "times")
    if len(times) != len(u):
        raise ValueError(f"users and times must be of equal length, got users {len(u)}, times {len(times)}")
    order = np.lexsort((np.arange(len(u)), np.unique(times, return_inverse=True)[1], u))
    last = order[np.append(u[order][1:] != u[order][:-1], True)]
    last = last[np.bincount(u, minlength=len(labels))[u[last]] > 1]
    if not len(last):
        raise ValueError("users must have some with two ratings, of which the last is held out; there are none")
    out = np.zeros(len(u), bool)
    out[last] = True
    return np.flatnonzero(~out), np.flatnonzero(out)


def _share(test: float) -> float:
    if not 0 < checks.nonnegative_number(test, "test") < 1:
        raise ValueError(f"test must lie between 0 and 1, got {test}")
    return test
