"""Ids of users and items, and their rows in the factors."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from mho import checks
from mho.caching import cached_property
from mho.data import Categorical

__all__ = ["Labels"]

_SORTABLE = "biufUSmM"
_LARGEST_EXACT = 2**53
"""Whole numbers up to here are all float64."""
_KINDS = {"U": "text", "S": "bytes", "M": "times", "m": "durations", "O": "objects"}


@dataclass(frozen=True, eq=False)
class Labels:
    """The ids that are known; the position of an id is its row in the factors.

    Attributes
    ----------
    known : ndarray of shape (n,)
        Each id once.
    name : str
        What the caller calls them.
    """

    known: np.ndarray
    name: str

    @classmethod
    def of(cls, ids: Any, name: str) -> tuple[Labels, np.ndarray]:
        """Return the distinct `ids`, called `name`, and the position of each that was given.

        Raises
        ------
        TypeError
            An id is None, NaN or not hashable.
        """
        if isinstance(ids, Categorical):
            compact = ids.compact()
            return cls(compact.ids, name), compact.codes
        ids = as_ids(ids, name)
        if ids.dtype.kind == "O":
            distinct = dict.fromkeys(ids)
            labels = cls(_objects(list(distinct)), name)
            return labels, labels.encode(ids)
        known, positions = _counted(ids) if _small(ids) else np.unique(ids, return_inverse=True)
        return cls(known, name), positions

    def __len__(self) -> int:
        return len(self.known)

    def encode(self, ids: Any) -> np.ndarray:
        """Return the position of each of `ids`, or ``len(self)`` for one that is not known."""
        if isinstance(ids, Categorical):
            return self.encode(ids.ids)[ids.codes]
        ids = as_ids(ids, self.name)
        if _kind(ids) != _kind(self.known):
            raise TypeError(f"{self.name} must be {_kind(self.known)}, as in fit, got {_kind(ids)}")
        n = len(self)
        if ids.dtype.kind == "O" or not _comparable(ids, self.known):
            return np.fromiter((self._place.get(x, n) for x in ids.tolist()), np.int64, len(ids))
        rank = np.searchsorted(self.known, ids, sorter=self._order)
        position = self._order[np.minimum(rank, n - 1)]
        return np.where(self.known[position] == ids, position, n)

    def require(self, ids: Any) -> np.ndarray:
        """Return the position of each of `ids`; ValueError names one that is not known."""
        positions = self.encode(ids)
        unknown = positions == len(self)
        if unknown.any():
            first = as_ids(ids, self.name)[unknown][0]
            raise ValueError(f"{self.name} must be known, got {first!s}, which was never seen; fold_in takes new ones")
        return positions

    def extended(self, ids: Any) -> tuple[Labels, np.ndarray]:
        """Return these and what is new in `ids` after them, and the positions of `ids`."""
        ids = as_ids(ids, self.name)
        new = self.encode(ids) == len(self)
        if not new.any():
            return self, self.encode(ids)
        added = Labels.of(ids[new], self.name)[0].known
        if not _comparable(added, self.known):
            raise TypeError(f"{self.name} must all be of int64 or all of uint64, where some are 2^63 or above")
        more = Labels(np.concatenate([self.known, added]), self.name)
        return more, more.encode(ids)

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(self.known, kind="stable")

    @cached_property
    def _place(self) -> dict[Any, int]:
        return {x: position for position, x in enumerate(self.known.tolist())}


def as_ids(value: Any, name: str) -> np.ndarray:
    """Return ids as one column: numbers, text or times as they are, anything else as objects.

    Numbers that are all whole become int64, of whatever type they came: pandas makes floats of whole numbers as soon as
    one is missing, and leaves them so when that row is gone.
    """
    checks.no_mask(value, name)
    array = np.atleast_1d(_column(value))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be one column with at least one entry, got shape {array.shape}")
    if array.dtype.kind in "fmM" and (array != array).any():
        raise TypeError(f"{name} must hold an id in every place, got one that is missing (NaN)")
    if array.dtype.kind == "O":
        array = _plain(array)
    if array.dtype.kind not in _SORTABLE:
        _check_objects(array, name)
    return _whole(array)


def _column(value: Any) -> np.ndarray:
    if not isinstance(value, list | tuple):
        return np.asarray(value)
    kinds = {type(x) for x in value}
    if len(kinds) > 1 or tuple in kinds:
        return _objects(value)  # numpy would make text of 1 among text, and two ids of a tuple
    array = np.asarray(value)
    return _objects(value) if kinds == {int} and array.dtype.kind != "i" else array  # it makes 2^63 of 2^63 + 1


def _plain(objects: np.ndarray) -> np.ndarray:
    """Return objects that are all text, or all whole numbers, as such: columns of pandas."""
    if all(isinstance(x, str) for x in objects):
        return objects.astype(str)
    try:
        if all(isinstance(x, Integral) or (isinstance(x, float) and x.is_integer()) for x in objects):
            return np.array([int(x) for x in objects], np.int64)
    except OverflowError:
        pass
    return objects


def _whole(ids: np.ndarray) -> np.ndarray:
    exact = (ids.dtype == np.uint64 and ids.max() < 2**63) or (
        ids.dtype.kind == "f" and np.abs(ids).max() <= _LARGEST_EXACT and np.array_equal(ids, np.rint(ids))
    )
    return ids.astype(np.int64) if exact else ids


def _comparable(ids: np.ndarray, known: np.ndarray) -> bool:
    """Whether numpy compares them without loss: int64 with uint64 it does as float64."""
    return {ids.dtype.kind, known.dtype.kind} != {"i", "u"} or np.result_type(ids, known).kind == "i"


def _small(ids: np.ndarray) -> bool:
    """Whether there is room for a table of all whole numbers up to the largest id."""
    return ids.dtype.kind in "iu" and int(ids.min()) >= 0 and int(ids.max()) < 4 * len(ids)


def _counted(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unique ids and their inverse as of `numpy.unique`, without its sort and in half the memory."""
    place = np.zeros(int(ids.max()) + 1, np.int32)
    place[ids] = 1
    known = np.flatnonzero(place)
    place[known] = np.arange(len(known))
    return known.astype(ids.dtype), place[ids]


def _objects(values: Any) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _check_objects(array: np.ndarray, name: str) -> None:
    for x in array.astype(object):
        try:
            hash(x)
        except TypeError:
            raise TypeError(f"{name} must hold ids that can be hashed, got a {type(x).__name__}") from None
        if x is None or _unlike_itself(x):
            raise TypeError(f"{name} must hold an id in every place, got {x!r}")


def _unlike_itself(x: Any) -> bool:
    """Whether `x` is NaN, or NaT or NA of pandas."""
    try:
        return not x == x
    except TypeError:
        return True


def _kind(ids: np.ndarray) -> str:
    return _KINDS.get(ids.dtype.kind, "numbers")
