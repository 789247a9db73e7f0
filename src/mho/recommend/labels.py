"""Ids of users and items, and their rows in the factors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mho import checks
from mho.data import Coded

__all__ = ["Labels"]

_SORTABLE = "biufUSmM"
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
        if isinstance(ids, Coded):
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
        if isinstance(ids, Coded):
            return self.encode(ids.ids)[ids.codes]
        ids = as_ids(ids, self.name)
        if _kind(ids) != _kind(self.known):
            raise TypeError(f"{self.name} must be {_kind(self.known)}, as in fit, got {_kind(ids)}")
        n = len(self)
        if ids.dtype.kind == "O":
            return np.fromiter((self._place.get(x, n) for x in ids), np.int64, len(ids))
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
        more = Labels(np.concatenate([self.known, Labels.of(ids[new], self.name)[0].known]), self.name)
        return more, more.encode(ids)

    @cached_property
    def _order(self) -> np.ndarray:
        return np.argsort(self.known, kind="stable")

    @cached_property
    def _place(self) -> dict[Any, int]:
        return {x: position for position, x in enumerate(self.known)}


def as_ids(value: Any, name: str) -> np.ndarray:
    """Return ids as one column: numbers, text or times as they are, anything else as objects."""
    checks.no_mask(value, name)
    if isinstance(value, list | tuple) and len({type(x) for x in value}) > 1:
        array = _objects(value)  # numpy would make text of 1 among text
    else:
        array = np.atleast_1d(np.asarray(value))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be one column with at least one entry, got shape {array.shape}")
    if array.dtype.kind == "O" and all(isinstance(x, str) for x in array):  # text columns of pandas
        array = array.astype(str)
    if array.dtype.kind not in _SORTABLE:
        _check_objects(array, name)
    elif array.dtype.kind in "fmM" and (array != array).any():
        raise TypeError(f"{name} must hold an id in every place, got one that is missing (NaN)")
    return array


def _small(ids: np.ndarray) -> bool:
    """Whether there is room for a table of all whole numbers up to the largest id."""
    return ids.dtype.kind in "iu" and int(ids.min()) >= 0 and int(ids.max()) < 4 * len(ids)


def _counted(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What `numpy.unique` returns, without its sort and in half the memory."""
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
        if x is None or x != x:
            raise TypeError(f"{name} must hold an id in every place, got {x!r}")
        try:
            hash(x)
        except TypeError:
            raise TypeError(f"{name} must hold ids that can be hashed, got a {type(x).__name__}") from None


def _kind(ids: np.ndarray) -> str:
    return _KINDS.get(ids.dtype.kind, "numbers")
