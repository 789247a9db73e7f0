"""A sparse matrix from its entries, each with the id of a row and of a column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["entries_to_csr", "first_repeated", "ranks"]


def ranks(ids: list[Any]) -> np.ndarray:
    """Return the place of each distinct id in ascending order: by value if all are whole numbers, else as text."""
    keys = _whole_numbers(ids) or [str(i) for i in ids]
    order = sorted(range(len(ids)), key=keys.__getitem__)
    places = np.empty(len(ids), np.int64)
    places[order] = np.arange(len(ids))
    return places


def _whole_numbers(ids: list[Any]) -> list[int] | None:
    try:
        keys = [int(i) for i in ids]
    except (ValueError, TypeError):
        return None
    return keys if len(set(keys)) == len(ids) else None  # 1 and 01 are different ids, if not different numbers


def entries_to_csr(rows: np.ndarray, columns: np.ndarray, values: np.ndarray, fault: Callable[[int], Exception]) -> Any:
    """Build the matrix; `fault` makes the error of the position of an entry that was given before."""
    import scipy.sparse as sp

    repeated = first_repeated(rows, columns)
    if repeated is not None:
        raise fault(repeated)
    return sp.csr_array((values, (rows, columns)), shape=(int(rows.max()) + 1, int(columns.max()) + 1))


def first_repeated(rows: np.ndarray, columns: np.ndarray) -> int | None:
    """Position of the first entry at a place that an earlier entry has."""
    places = rows * (columns.max() + 1) + columns
    order = np.argsort(places, kind="stable")
    again = order[1:][places[order[1:]] == places[order[:-1]]]
    return int(again.min()) if again.size else None
