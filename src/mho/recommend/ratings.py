"""Known ratings as a table of checked, encoded triplets, and how to split and score them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks

__all__ = ["Labels", "RatingTable", "rmse", "split_random"]


@dataclass(frozen=True)
class Labels:
    """The ids seen in training, in order; the position of an id is its row in the factors.

    Attributes
    ----------
    known : ndarray of shape (n,)
        Whole numbers or text, sorted, each once.
    name : str
        What the caller calls them.
    """

    known: np.ndarray
    name: str

    def __len__(self) -> int:
        return len(self.known)

    def encode(self, ids: Any) -> np.ndarray:
        """Return the position of each id, or ``len(self)`` for an id that was not in training."""
        ids = _as_ids(ids, self.name)
        if (ids.dtype.kind == "U") != (self.known.dtype.kind == "U"):
            raise TypeError(f"{self.name} must be of the same kind as in fit ({self.known.dtype}), got {ids.dtype}")
        position = np.searchsorted(self.known, ids)
        found = self.known[np.minimum(position, len(self) - 1)] == ids
        return np.where(found, position, len(self))


@dataclass(frozen=True)
class Ids:
    """Users and items seen in training."""

    users: Labels
    items: Labels

    def encode(self, users: Any, items: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of users and of items, in pairs."""
        u, i = self.users.encode(users), self.items.encode(items)
        _same_length({"users": u, "items": i})
        return u, i


@dataclass(frozen=True)
class RatingTable:
    """Known ratings.

    Attributes
    ----------
    ids : Ids
        Who and what.
    u, i : ndarray of shape (n,)
        Positions of the user and the item of each rating.
    r : ndarray of shape (n,), float64
        The ratings.
    """

    ids: Ids
    u: np.ndarray
    i: np.ndarray
    r: np.ndarray

    @classmethod
    def of(cls, users: Any, items: Any, ratings: Any) -> RatingTable:
        """Check triplets and encode their ids.

        Raises
        ------
        TypeError
            Ids that are neither whole numbers nor text; ratings that are not real numbers.
        ValueError
            Unequal lengths, no ratings, a rating that is not finite or below zero, one item rated twice by one user.
        """
        ids = _as_ids(users, "users"), _as_ids(items, "items")
        r = _as_ratings(ratings, "ratings")
        checks.check_values(r, "ratings")
        _same_length({"users": ids[0], "items": ids[1], "ratings": r})
        (known_users, u), (known_items, i) = (np.unique(x, return_inverse=True) for x in ids)
        table = cls(Ids(Labels(known_users, "users"), Labels(known_items, "items")), u, i, r)
        repeated = len(r) - table.matrix().nnz
        if repeated:
            raise ValueError(f"ratings must hold each pair of user and item once, got {repeated} more")
        return table

    def matrix(self, unit: float = 1.0) -> sp.csc_array:
        """Return the ratings in units of `unit` as (users, items); what is not stored is not known."""
        shape = len(self.ids.users), len(self.ids.items)
        return sp.csc_array(sp.coo_array((self.r / unit, (self.u, self.i)), shape=shape))

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest rating."""
        return float(self.r.min()), float(self.r.max())


def rmse(truth: Any, predicted: Any) -> float:
    """Return the root of the mean squared difference, in the unit of the ratings.

    Parameters
    ----------
    truth, predicted : array_like of shape (n,)

    Raises
    ------
    ValueError
        Unequal lengths, or nothing to compare.
    """
    truth, predicted = _as_ratings(truth, "truth"), _as_ratings(predicted, "predicted")
    _same_length({"truth": truth, "predicted": predicted})
    return float(np.sqrt(np.mean((truth - predicted) ** 2)))


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
    if not 0 < checks.nonnegative_number(test, "test") < 1:
        raise ValueError(f"test must lie between 0 and 1, got {test}")
    order = np.random.default_rng(seed).permutation(n)
    held_out = min(max(1, round(n * test)), n - 1)
    return order[held_out:], order[:held_out]


def _as_ids(value: Any, name: str) -> np.ndarray:
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind == "O" and all(isinstance(x, str) for x in array.flat):  # text columns of pandas
        array = array.astype(str)
    if array.dtype.kind not in "iuU":
        raise TypeError(f"{name} must hold ids that are whole numbers or text, got dtype {array.dtype}")
    return _flat(array, name)


def _as_ratings(value: Any, name: str) -> np.ndarray:
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return _flat(array, name).astype(np.float64)


def _flat(array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be one column with at least one entry, got shape {array.shape}")
    return array


def _same_length(columns: dict[str, np.ndarray]) -> None:
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
        raise ValueError(f"{' and '.join(columns)} must be of equal length, got {lengths}")
