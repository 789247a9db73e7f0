"""Features of items as more rows of the table of users and items, which the weights between items explain as well."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.recommend.item_weights import ItemTable
from mho.recommend.labels import Labels

__all__ = ["aligned", "feature_rows", "features_of", "joined"]


def aligned(given: Any, items: Labels) -> tuple[Any, np.ndarray, Any]:
    """Return features of the known `items`, csr_array (n_items, f), zero where none are given; ids and rows of others.

    Parameters
    ----------
    given : tuple of array_like (n,) and array_like or scipy sparse of shape (n, f)
        Ids, each once, and their features, >= 0.
    items : Labels
        Those that somebody chose.

    Raises
    ------
    TypeError, ValueError
        Naming what is wrong.
    """
    if not isinstance(given, tuple) or len(given) != 2:
        raise TypeError(f"item_features must be a tuple, ids and their features, got {type(given).__name__}")
    ids, matrix = given
    whole, positions = items.extended(ids)
    feature_rows(matrix, "item_features", len(positions), "ids")
    if len(np.unique(positions)) < len(positions):
        raise ValueError("item_features must have each id once")
    rows = features_of(matrix, "item_features")
    n = len(items)
    if rows.shape[1] > n:
        raise ValueError(f"item_features must not be more than there are items, {n}, got {rows.shape[1]}")
    placed = np.zeros(len(whole), np.int64)
    placed[positions] = 1 + np.arange(len(positions))
    found: Any = sp.csr_array(sp.vstack([sp.csr_array((1, rows.shape[1]), dtype=np.float32), rows]))[placed]
    return found[:n], whole.known[n:], found[n:]


def joined(table: ItemTable, features: Any, weight: float | None) -> ItemTable:
    """Return `table` with a row for each of the `features`, csr_array (n_items, f) or None.

    A feature weighs by log(1 + items / items that have it), all of an item together have the length `weight`, in roots
    of the mean square of the length of an item's column.
    """
    if features is None or not weight:
        return table
    counts = np.maximum(1, np.bincount(features.indices, minlength=features.shape[1]))
    rows = sp.csr_array(features @ sp.diags_array(np.log1p(features.shape[0] / counts)))
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    scale = weight * np.sqrt(np.mean(table.lengths**2)) / np.where(lengths > 0, lengths, 1)
    more = sp.csr_array((sp.diags_array(scale) @ rows).T, dtype=np.float32)
    return ItemTable(sp.csr_array(sp.vstack([table.by_user, more])))


def feature_rows(matrix: Any, name: str, wanted: int | None = None, what: str = "") -> None:
    """Refuse features `matrix`, called `name`, without a row, or without one for each of the `wanted` users or items.

    Raises
    ------
    ValueError
        Which of both it is.
    """
    shape = np.shape(matrix)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"{name} must be a matrix with at least one row and column, got shape {shape}")
    if wanted is not None and shape[0] != wanted:
        raise ValueError(f"{name} must have a row for each of {wanted} {what}, got {shape[0]}")


def features_of(matrix: Any, name: str) -> Any:
    """Return features `matrix`, called `name`, checked, as a csr_array of float32."""
    if not sp.issparse(matrix):
        matrix = checks.as_matrix(matrix, name, nonnegative=True)
    found: Any = sp.csr_array(matrix, dtype=np.float32)
    if found.nnz:
        checks.check_values(found.data, name)
    return found
