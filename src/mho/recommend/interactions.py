"""Validated user-item-value triplets: encoded, and each pair once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.caching import cached_property
from mho.data import interaction_columns
from mho.operands import index_dtype
from mho.recommend.labels import Labels

__all__ = ["Interactions", "as_column", "column_names", "is_table", "same_length"]

Duplicates = Literal["last", "sum"]


@dataclass(frozen=True, eq=False)
class Interactions:
    """Known ratings or strengths of users and items.

    Attributes
    ----------
    users, items : Labels
    known : csr_array of shape (users, items), float32 or float64
        Ratings or strengths; what is not stored is not known. float32 if every number of the type that was given is one
        of float32. Ratings are counted from the model's lowest.
    columns : tuple of str
        Names of the columns of user, item and, if there was one, rating; empty if they had none.
    """

    users: Labels
    items: Labels
    known: Any
    columns: tuple[str, ...] = ()

    @cached_property
    def range(self) -> tuple[float, float]:
        """The least and the largest known value."""
        return float(self.known.data.min()), float(self.known.data.max())

    @classmethod
    def of(
        cls,
        users: Any,
        items: Any,
        values: Any,
        duplicates: Duplicates,
        lowest: float = 0.0,
        columns: Sequence[Any] = (),
    ) -> Interactions:
        """Check and encode `users`, `items` and `values` as `mho.Recommender.fit` takes them.

        Of a pair that occurs more than once the `duplicates` rule keeps the last value, or the sum. Values are counted
        from `lowest`; `columns` of a table are the two or three that are meant, by default as their names say.

        Raises
        ------
        TypeError
            Ids that are missing; values that are not real numbers, or not there where the last one counts.
        ValueError
            Unequal lengths, nothing at all, a value that is not finite or below zero.
        """
        if sp.issparse(users):
            _nothing_else(items, values)
            return _of_matrix(users, lowest)
        if is_table(users):
            _nothing_else(items, values)
            users, items, values, columns = _taken_apart(users, columns)
        elif items is None:
            raise TypeError(f"items are needed beside users, unless those are a table; got {type(users).__name__}")
        user_labels, u = Labels.of(users, "users")
        item_labels, i = Labels.of(items, "items")
        if values is None and duplicates == "last":
            raise TypeError("ratings are needed, one for each pair; pairs alone are choices, for model='implicit'")
        values = _values(values, len(u), lowest)
        same_length({"users": u, "items": i, "ratings": values})
        known = _matrix(u, i, values, (len(user_labels), len(item_labels)), duplicates)
        return cls(user_labels, item_labels, known, tuple(map(str, columns)))

    def merged(self, other: Interactions, duplicates: Duplicates) -> Interactions:
        """Return these and then `other`, ids that are new after the ones that are here; in the precision of these."""
        users, u = self.users.extended(other.users.known)
        items, i = self.items.extended(other.items.known)
        touched = np.sort(u)  # those who are new come last
        old, new = self.known[touched[touched < len(self.users)]].tocoo(), other.known.tocoo()
        rows = np.concatenate([old.coords[0], np.searchsorted(touched, u[new.coords[0]])])
        columns = np.concatenate([old.coords[1], i[new.coords[1]]])
        with np.errstate(over="ignore"):
            added = checks.check_values(new.data.astype(old.dtype), "ratings")
        values = np.concatenate([old.data, added])
        part = _matrix(rows, columns, values, (len(touched), len(items)), duplicates)
        return replace(self, users=users, items=items, known=_with_rows(self.known, touched, part, len(users)))


def _of_matrix(matrix: Any, lowest: float) -> Interactions:
    if matrix.dtype.kind not in "biuf":
        raise TypeError(f"users must be a matrix of real numbers, got dtype {matrix.dtype}")
    known: Any = sp.csr_array(matrix, dtype=_precision(matrix.dtype), copy=True)
    known.data = _checked(known.data, lowest, "users")
    try:
        checks.sparse_format(known)  # scipy trusts indices, and would write wherever they say
    except ValueError as error:
        raise ValueError(f"users is not a sparse matrix: {error}") from None
    if known.nnz == 0:
        raise ValueError(f"users must be a matrix with entries, got one of shape {known.shape} that stores none")
    known.sum_duplicates()
    m, n = known.shape
    return Interactions(Labels(np.arange(m), "users"), Labels(np.arange(n), "items"), known)


def is_table(value: Any) -> bool:
    """Return whether `value` has named columns: a DataFrame, or a table of arrow."""
    return hasattr(value, "columns") or hasattr(value, "column_names")


def column_names(table: Any) -> list[Any]:
    """Return the names of a table's columns, those of an index of pandas with names before the others."""
    if hasattr(table, "column_names"):
        return list(table.column_names)
    index = getattr(getattr(table, "index", None), "names", ())
    return [*(name for name in index if name is not None), *table.columns]


def _taken_apart(table: Any, chosen: Sequence[Any]) -> tuple[Any, Any, Any, tuple[Any, ...]]:
    """Return the columns of user, item and rating, None if there is none of these, and their names."""
    names = column_names(table)
    try:
        found = interaction_columns(names, chosen).names
        repeated = [name for name in found if names.count(name) > 1]
        if repeated:
            raise ValueError(f"has several columns {repeated[0]!r}")
    except ValueError as error:
        raise ValueError(f"users: the table {error}") from None
    users, items, *values = (_column(table, name) for name in found)
    return users, items, values[0] if values else None, found


def _column(table: Any, name: Any) -> np.ndarray:
    if hasattr(table, "column_names"):
        return np.asarray(table.column(name))
    is_index = name not in table.columns
    return np.asarray(table.index.get_level_values(name) if is_index else table[name])


def _nothing_else(items: Any, values: Any) -> None:
    if items is not None or values is not None:
        raise TypeError("users are a whole table or matrix; items and ratings must then be left out")


def _values(values: Any, n: int, lowest: float) -> np.ndarray:
    column = np.ones(n, np.float32) if values is None else as_column(values, "ratings")
    return _checked(column, lowest, "ratings")


def _checked(values: np.ndarray, lowest: float, name: str) -> np.ndarray:
    """Return values counted from `lowest`, finite and >= 0."""
    counted = values - values.dtype.type(lowest) if lowest else values
    try:
        checks.check_values(counted, name)
    except ValueError as error:
        least = values.min() if values.size else 0.0
        if np.isfinite(least) and least < lowest:
            more = f"; ratings from {least:g} on are taken by model=RatingModel(lowest={least:g})"
            raise ValueError(f"{error}{more}") from None
        raise
    return counted


def as_column(value: Any, name: str) -> np.ndarray:
    """Return real numbers as one column (n,) of float32 or float64; one of those is not copied."""
    checks.no_mask(value, name)
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be one column with at least one entry, got shape {array.shape}")
    return array.astype(_precision(array.dtype), copy=False)


def _precision(dtype: np.dtype) -> type[np.floating]:
    return np.float32 if np.can_cast(dtype, np.float32) else np.float64


def same_length(columns: dict[str, np.ndarray]) -> None:
    """Refuse columns that do not go together."""
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
        raise ValueError(f"{' and '.join(columns)} must be of equal length, got {lengths}")


def _matrix(u: np.ndarray, i: np.ndarray, values: np.ndarray, shape: tuple[int, int], duplicates: Duplicates) -> Any:
    """Sort by counting, by item and then by user: values of one pair come to stand side by side in their old order."""
    whole = index_dtype(max(len(values), *shape))
    entries = sp.coo_array((values, (u.astype(whole, copy=False), i.astype(whole, copy=False))), shape=shape)
    entries.has_canonical_format = True  # else tocsc sums what stands in one place
    known: Any = entries.tocsc().tocsr()
    if not known.has_canonical_format:
        known = _last_of_each(known) if duplicates == "last" else _summed(known)
    return known


def _with_rows(known: Any, positions: np.ndarray, rows: Any, m: int) -> Any:
    """Return the matrix (m, n) with these `rows` at `positions`, ascending, and elsewhere those of `known`."""
    begins, ends = (known.indptr[np.minimum(x, known.shape[0])] for x in (positions, positions + 1))
    kept = [slice(*x) for x in zip([0, *ends], [*begins, known.nnz], strict=True)]
    changed = [*(slice(*x) for x in pairwise(rows.indptr)), slice(0)]

    def joined(old: np.ndarray, new: np.ndarray) -> np.ndarray:
        return np.concatenate([part for k, c in zip(kept, changed, strict=True) for part in (old[k], new[c])])

    lengths = np.zeros(m, np.int64)
    lengths[: known.shape[0]] = np.diff(known.indptr)
    lengths[positions] = np.diff(rows.indptr)
    pointers = np.append(0, np.cumsum(lengths))
    whole = index_dtype(max(pointers[-1], *rows.shape))
    entries = joined(known.data, rows.data), joined(known.indices, rows.indices), pointers.astype(whole)
    return sp.csr_array(entries, shape=(m, rows.shape[1]))


def _summed(known: Any) -> Any:
    known.sum_duplicates()
    return known


def _last_of_each(known: Any) -> Any:
    """Return a matrix with the last of entries that stand in one place, those being side by side."""
    last = np.append(known.indices[1:] != known.indices[:-1], True)
    last[known.indptr[1:][np.diff(known.indptr) > 0] - 1] = True
    pointers = known.indptr - np.searchsorted(np.flatnonzero(~last), known.indptr).astype(known.indptr.dtype)
    return sp.csr_array((known.data[last], known.indices[last], pointers), shape=known.shape)
