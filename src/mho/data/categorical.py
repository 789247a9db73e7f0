"""Ids as codes: what a large table needs instead of a million copies of the same text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Categorical"]


@dataclass(frozen=True, eq=False)
class Categorical:
    """A column of ids.

    Attributes
    ----------
    ids : ndarray of shape (n_distinct,)
        Whole numbers or text, each once.
    codes : ndarray of shape (n,) of integers
        Which of them stands in each row.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.data import Categorical
    >>> column = Categorical(np.array(["tea", "milk", "jam"]), np.array([0, 2, 0], np.int32))
    >>> column.compact().ids.tolist()
    ['jam', 'tea']
    """

    ids: np.ndarray
    codes: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Categorical:
        """Return some rows."""
        return Categorical(self.ids, self.codes[rows])

    def compact(self) -> Categorical:
        """Return the column coded by the ids that occur, ascending, and no others."""
        used = np.flatnonzero(np.bincount(self.codes, minlength=len(self.ids)))
        used = used[np.argsort(self.ids[used], kind="stable")]
        if np.array_equal(used, np.arange(len(self.ids))):
            return self
        place = np.empty(len(self.ids), np.int32)
        place[used] = np.arange(len(used))
        return Categorical(self.ids[used], place[self.codes])
