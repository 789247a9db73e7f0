"""Non-negative weights between items: each item's column as a sum of the columns nearest to it by cosine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import kernels
from mho.caching import cached_property
from mho.engines import Digital, Engine, Penalty
from mho.kernels.blas import one_blas_thread
from mho.operands import index_dtype

__all__ = ["ItemTable", "ItemWeights", "Neighbourhood", "fitted_weights", "statements"]

_GRAMS = 1 << 28
"""Numbers of Gram matrices that are in memory at a time: a GiB."""

_ENTRIES = 1 << 22
"""Entries of a table that are looked at at a time: it may be on disk."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Some items, those nearest to each, and the least-squares problems between them.

    Attributes
    ----------
    targets : ndarray of shape (t,), int32
    nearest : ndarray of shape (t, cap), int32
        Items, ascending; -1 at the end of a row where fewer than `cap` have anything in common with the target.
    products : ndarray of shape (t, cap), float32
        Products of the columns of these with that of the target.
    grams : ndarray of shape (t, cap, cap), float32
        Products of their columns with each other.
    """

    targets: np.ndarray
    nearest: np.ndarray
    products: np.ndarray
    grams: np.ndarray

    def explained(self, weights: np.ndarray) -> float:
        """Return the part of the sum of |x|^2 of the targets that `weights` (t, cap) explain."""
        inner = np.einsum("tp,tpq,tq->t", weights, self.grams, weights, optimize=True)
        return float(2 * np.vdot(self.products, weights) - inner.sum())

    def solved(self, l2: float, start: np.ndarray | None = None, *, relative: float = 0.0) -> np.ndarray:
        """Return the weights (t, cap) >= 0 that minimise |x - A w|^2 + sum_j (l2 + relative |a_j|^2) w_j^2."""
        weights = np.zeros_like(self.products) if start is None else start.copy()
        failed = np.zeros(len(self.targets), np.uint8)
        ridge = float(l2), float(relative)
        kernels.descend_own(self.grams, self.products, self.nearest, *ridge, weights, failed, kernels.thread_count())
        for t in np.flatnonzero(failed):
            weights[t] = self._pivoted(int(t), *ridge)
        return weights

    def _pivoted(self, t: int, l2: float, relative: float) -> np.ndarray:
        """Solve one problem by pivoting, where coordinate descent takes too long."""
        M = self.grams[t].astype(np.float64)
        M[np.diag_indices_from(M)] *= 1 + relative
        M[np.diag_indices_from(M)] += l2
        answer, failed = np.zeros((1, len(M))), np.zeros(1, np.uint8)
        kernels.lcp(M, None, self.products[t : t + 1].astype(np.float64), kernels.DEGENERATE, answer, failed, 1)
        if failed.any():
            raise FloatingPointError(f"non-negative least squares did not converge for item {self.targets[t]}")
        return answer[0].astype(np.float32)


@dataclass(frozen=True, eq=False)
class ItemWeights:
    """Weights between items.

    Attributes
    ----------
    matrix : csr_array of shape (n_items, n_items), >= 0
        In column j the weights of the items that speak for j.
    left : float
        Share of the sum of squares of what was fitted that they leave.
    """

    matrix: Any
    left: float


class ItemTable:
    """A table of users and items, by both, and each item's nearest ones.

    Parameters
    ----------
    values : csr_array of shape (n_users, n_items)
        What is stored of each user.
    by_item : csc_array of shape (n_users, n_items), float32, optional
        The same by item, where it is at hand; the arrays of both may be mapped from disk.
    """

    def __init__(self, values: Any, by_item: Any = None) -> None:
        self.by_user: Any = sp.csr_array(values, dtype=np.float32)
        self.by_item: Any = self.by_user.tocsc() if by_item is None else by_item

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.by_user.shape[1]

    @cached_property
    def lengths(self) -> np.ndarray:
        """Euclidean length (n_items,) of each item's column."""
        squares, table = np.zeros(self.n_items), self.by_user
        for begin in range(0, table.nnz, _ENTRIES):
            some = slice(begin, begin + _ENTRIES)
            squares += np.bincount(table.indices[some], table.data[some].astype(np.float64) ** 2, self.n_items)
        return np.sqrt(squares)

    def neighbourhoods(self, targets: np.ndarray, cap: int, *, own_rows: bool = False) -> Iterator[Neighbourhood]:
        """Yield the neighbourhoods of `targets` (t,), some at a time.

        Parameters
        ----------
        targets : ndarray of shape (t,)
            Items.
        cap : int
            Neighbours of each, at most.
        own_rows : bool
            Whether only the users that have the target take part in its problem.
        """
        step = max(1, _GRAMS // cap**2)
        for begin in range(0, len(targets), step):
            some = targets[begin : begin + step].astype(np.int32)
            nearest, products = self.nearest(some, cap)
            cap_here = max(1, int((nearest >= 0).sum(axis=1).max(initial=0)))
            nearest, products = (np.ascontiguousarray(x[:, :cap_here]) for x in (nearest, products))
            if own_rows:
                grams = np.empty((len(some), cap_here, cap_here), np.float32)
                self._run(kernels.gram_of_own_rows, some, nearest, products, grams)
            else:
                grams = self.grams(nearest)
            yield Neighbourhood(some, nearest, products, grams)

    def nearest(self, targets: np.ndarray, cap: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the nearest items (t, cap) of `targets` (t,) int32 by cosine, and the products with those."""
        inverse = np.divide(1.0, self.lengths, out=np.zeros(self.n_items), where=self.lengths > 0).astype(np.float32)
        nearest, products = np.empty((len(targets), cap), np.int32), np.empty((len(targets), cap), np.float32)
        self._run(kernels.nearest_columns, inverse, targets, nearest, products)
        return nearest, products

    def grams(self, nearest: np.ndarray) -> np.ndarray:
        """Return the Gram matrices (t, cap, cap) of the items in each row of `nearest` (t, cap) int32; see there."""
        grams = np.empty((*nearest.shape, nearest.shape[1]), np.float32)
        flat = nearest.ravel()
        order = np.argsort(flat, kind="stable")
        slots = order[np.searchsorted(flat[order], 0) :].astype(np.int64)
        rows, begins = np.unique(flat[slots], return_index=True)
        pointers = np.append(begins, len(slots)).astype(np.int64)
        self._run(kernels.gram_of_nearest, rows, pointers, slots, nearest, grams)
        return grams

    def _run(self, kernel: Any, *rest: np.ndarray) -> None:
        """Call a kernel with the table in both orders."""
        kernel(*self._arrays, *rest, kernels.thread_count())

    @cached_property
    def _arrays(self) -> Any:
        whole = index_dtype(max(self.by_user.nnz, *self.by_user.shape))
        found = []
        for matrix in (self.by_item, self.by_user):
            found += [matrix.indptr.astype(whole, copy=False), matrix.indices.astype(whole, copy=False), matrix.data]
        return tuple(found)


def statements(spoken: Any, weight: np.ndarray | None) -> ItemTable:
    """Return the table of statements of users, csr_array (m, n), each user's times its `weight` (m,), if it has one."""
    if weight is None:
        return ItemTable(spoken)
    data = spoken.data * np.repeat(weight, np.diff(spoken.indptr))
    return ItemTable(sp.csr_array((data, spoken.indices, spoken.indptr), shape=spoken.shape))


def fitted_weights(
    table: ItemTable,
    ridges: Sequence[float],
    cap: int,
    *,
    relative: float = 0.0,
    engine: Engine | None = None,
    targets: np.ndarray | None = None,
    own_rows: bool = False,
) -> list[ItemWeights]:
    """Return the weights for each ridge.

    Parameters
    ----------
    table : ItemTable
        What is known.
    ridges : sequence of float
        On the weights, > 0; one after the other starts where the one before has ended.
    cap : int
        Neighbours of each item, at most.
    relative : float
        What is added to a ridge for each neighbour, in squares of the length of its column.
    engine : Engine, optional
        Solver; by default this CPU.
    targets : ndarray of shape (t,), optional
        The only items whose columns are wanted.
    own_rows : bool
        As in `ItemTable.neighbourhoods`.
    """
    n = table.n_items
    targets = np.arange(n) if targets is None else targets
    solve = _on_engine(engine, table, relative) if engine not in (None, Digital()) else None
    parts: list[list[Any]] = [[] for _ in ridges]
    explained = np.zeros(len(ridges))
    for some in table.neighbourhoods(targets, min(cap, max(1, n - 1)), own_rows=own_rows):
        weights = None
        for r, l2 in enumerate(ridges):
            weights = some.solved(l2, weights, relative=relative) if solve is None else solve(some, l2)
            parts[r].append(_triplets(some, weights))
            explained[r] += some.explained(weights)
    total = float(np.sum(table.lengths[targets] ** 2))
    left = np.maximum(0, 1 - explained / total) if total else np.zeros(len(ridges))
    return [ItemWeights(_matrix(part, n), float(share)) for part, share in zip(parts, left, strict=True)]


def _on_engine(engine: Engine, table: ItemTable, relative: float) -> Any:
    """Return a solver of neighbourhoods on an engine, which holds each item's nearest columns in turn."""

    def solve(some: Neighbourhood, l2: float) -> np.ndarray:
        weights = np.zeros_like(some.products)
        with one_blas_thread():
            for t, (target, near) in enumerate(zip(some.targets, some.nearest, strict=True)):
                near = near[near >= 0]
                if len(near):
                    ridge = l2 + relative * table.lengths[near] ** 2
                    weights[t, : len(near)] = _solved_column(engine, table.by_item, near, target, ridge)
        return weights

    return solve


def _solved_column(engine: Engine, by_item: Any, near: np.ndarray, target: int, l2: np.ndarray) -> np.ndarray:
    """Return the weights (c,) of items `near` (c,), with a ridge `l2` (c,), for one target.

    Users who have none of those tell nothing.
    """
    A = by_item[:, near]
    users = np.unique(A.indices)
    b = by_item[:, [int(target)]].toarray()[users]
    return engine.program(A.toarray()[users].astype(np.float64), penalty=Penalty(l2=l2)).solve(b)[:, 0]


def _triplets(some: Neighbourhood, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t, p = np.nonzero(weights > 0)
    return some.nearest[t, p], some.targets[t], weights[t, p]


def _matrix(parts: Sequence[tuple[np.ndarray, ...]], n: int) -> Any:
    rows, columns, values = (np.concatenate(x) for x in zip(*parts, strict=True))
    return sp.coo_array((values, (rows, columns)), shape=(n, n)).tocsr()
