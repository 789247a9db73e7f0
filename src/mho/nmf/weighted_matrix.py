"""A matrix with a weight for each entry: zero for one that is not known, two for one that was seen twice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.caching import cached_property
from mho.operands import Dense, Sparse

__all__ = ["Weighted", "as_weighted"]


class _Part(NamedTuple):
    """Some columns as kernels take them."""

    columns: slice
    ptr: np.ndarray
    idx: np.ndarray
    val: np.ndarray
    weight: np.ndarray


class Weighted(ABC):
    """A matrix (m, n) with a weight for each entry; made by `as_weighted`."""

    missing = True
    shape: tuple[int, int]
    dtype: np.dtype

    @cached_property
    @abstractmethod
    def T(self) -> Weighted:
        """The transpose."""

    @abstractmethod
    def parts(self) -> Iterator[_Part]:
        """Yield the columns, in order."""

    @cached_property
    def square(self) -> float:
        """The sum of the weighted squares of the entries."""
        return sum(float(np.dot(part.weight, np.square(part.val, dtype=np.float64))) for part in self.parts())

    def known_rows(self) -> np.ndarray:
        """The sum of each column's weights, (n,)."""
        return self._column_sums(lambda part: part.weight)

    @cached_property
    def mean(self) -> float:
        """The weighted mean of the entries."""
        return float(self._column_sums(lambda part: part.weight * part.val).sum() / self.known_rows().sum())

    @cached_property
    def empty_rows(self) -> np.ndarray:
        """Rows that hold nothing but zero where they have a weight, (m,)."""
        return self.T._column_sums(lambda part: (part.weight > 0) & (part.val > 0)) == 0

    def _column_sums(self, of: Callable[[_Part], np.ndarray]) -> np.ndarray:
        sums = np.zeros(self.shape[1])
        for part in self.parts():
            columns = np.repeat(np.arange(len(part.ptr) - 1), np.diff(part.ptr))
            sums[part.columns] = np.bincount(columns, of(part), len(part.ptr) - 1)
        return sums


class _WeightedSparse(Weighted):
    """By columns, with the entries' order by rows found when the transpose is wanted."""

    def __init__(self, shape: tuple[int, int], part: _Part) -> None:
        self.shape, self.dtype, self._part = shape, part.val.dtype, part

    @cached_property
    def T(self) -> Weighted:
        """The transpose: a copy in the other order."""
        _, ptr, idx, val, weight = self._part
        (m, n), numbers = self.shape, sp.csc_array((np.arange(len(val)), idx, ptr), shape=self.shape).tocsr()
        order: np.ndarray = numbers.data
        part = _Part(slice(None), numbers.indptr, numbers.indices, val[order], weight[order])
        other = _WeightedSparse((n, m), part)
        other.T = self
        return other

    def parts(self) -> Iterator[_Part]:
        """Yield all columns at once."""
        yield self._part


class _WeightedDense(Weighted):
    """Two dense arrays, from which kernels are given some columns at a time."""

    def __init__(self, array: np.ndarray, weights: np.ndarray, *, block: int = 1 << 20) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        self._array, self._weights, self._block = array, weights, block

    @cached_property
    def T(self) -> Weighted:
        """The transpose, views of both arrays."""
        other = _WeightedDense(self._array.T, self._weights.T, block=self._block)
        other.T = self
        return other

    def parts(self) -> Iterator[_Part]:
        """Yield columns of about `block` entries, those of no weight among them."""
        m, n = self.shape
        step = min(n, max(1, self._block // m))
        idx, ptr = np.tile(np.arange(m, dtype=np.int64), step), m * np.arange(step + 1)
        for begin in range(0, n, step):
            columns, count = slice(begin, begin + step), min(step, n - begin)
            val, weight = (np.ascontiguousarray(a[:, columns].T).ravel() for a in (self._array, self._weights))
            yield _Part(columns, ptr[: count + 1], idx[: m * count], val, weight.astype(self.dtype, copy=False))


def as_weighted(X: Dense | Sparse, weights: Any, name: str = "weights") -> Weighted:
    """Return X with a weight for each of its entries, without a copy of either where both are dense.

    Parameters
    ----------
    X : Dense or Sparse of shape (m, n)
        What a sparse X does not store has no weight.
    weights : array_like or scipy sparse of shape (m, n)
        Finite and >= 0, not all zero. Sparse exactly if X was, with the same entries stored. For an X that was dense
        with NaN, and is sparse now, dense: what stands beside a NaN takes no part.
    name : str
        What errors call the weights.

    Raises
    ------
    ValueError, TypeError
        The weights are not such numbers, or not of X's shape or pattern.
    """
    checks.no_mask(weights, name)
    if isinstance(X, Dense):
        array = checks.as_matrix(weights, name)
        _check_shape(array, X, name)
        _check_some(array, name)
        return _WeightedDense(X.array, array)
    columns = X.columns
    if sp.issparse(weights):
        stored = Sparse(weights, name=name, nonnegative=True)
        _check_shape(stored, X, name)
        _check_pattern(stored.columns, columns, name)
        weight = stored.columns.data
    else:
        if not X.missing:
            raise TypeError(f"{name} must be sparse where X is, got {type(weights).__name__}")
        array = checks.as_matrix(weights, name)
        _check_shape(array, X, name)
        weight = array[columns.indices, np.repeat(np.arange(X.shape[1]), np.diff(columns.indptr))]
    _check_some(weight, name)
    ptr, idx, val = X.by_column()
    return _WeightedSparse(X.shape, _Part(slice(None), ptr, idx, val, weight.astype(val.dtype, copy=False)))


def _check_shape(weights: Any, X: Dense | Sparse, name: str) -> None:
    if weights.shape != X.shape:
        raise ValueError(f"{name} must have X's shape {X.shape}, got {weights.shape}")


def _check_pattern(weights: sp.csc_array, X: sp.csc_array, name: str) -> None:
    same = np.array_equal(weights.indptr, X.indptr) and np.array_equal(weights.indices, X.indices)
    if not same:
        raise ValueError(
            f"{name} must store the same entries as X, zeros included, "
            f"got {weights.nnz} entries where X has {X.nnz}{' others' if weights.nnz == X.nnz else ''}"
        )


def _check_some(weights: np.ndarray, name: str) -> None:
    if not weights.any():
        raise ValueError(f"{name} must not all be zero")
