"""Cuts of a sparse matrix into runs of whole columns."""

from __future__ import annotations

import numpy as np

__all__ = ["column_cuts"]


def column_cuts(pointers: np.ndarray, entries: int) -> list[int]:
    """Return the ends of runs of columns with at most `entries` entries each, from 0 on; one that has more is alone.

    Split by entries and not by columns: the slowest block sets the pace.
    """
    ends = [0]
    while ends[-1] < len(pointers) - 1:
        end = int(np.searchsorted(pointers, pointers[ends[-1]] + entries, side="right")) - 1
        ends.append(max(end, ends[-1] + 1))
    return ends
