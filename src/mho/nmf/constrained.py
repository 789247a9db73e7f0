"""Factors that are held, bounded, smooth over a graph or of a given sparseness, by sweeps on the products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks, kernels
from mho.engines import Penalty
from mho.engines.engine import squared_error
from mho.engines.products import cross, gram
from mho.nmf.loop import Iterate
from mho.operands import Matrix

__all__ = ["ConstrainedProblem", "Constraints", "Graph", "held_components", "of_sparseness", "sparseness"]

_SWEEPS = 4


@dataclass(frozen=True, eq=False)
class Graph:
    """A penalty weight / 2 tr(W'L W), L the Laplacian of a graph between rows: neighbours are to be alike (Cai-2011).

    Attributes
    ----------
    affinity : csr_array of shape (m, m)
        Symmetric, >= 0, without a diagonal.
    weight : float
    """

    affinity: sp.csr_array
    weight: float

    @classmethod
    def read(cls, graph: Any, weight: float, m: int) -> Graph:
        """Return the penalty for an affinity matrix (m, m), checked."""
        affinity = sp.csr_array(graph, dtype=np.float64)
        if affinity.shape != (m, m):
            raise ValueError(f"graph must be ({m}, {m}), one row and column for each row of X, got {affinity.shape}")
        checks.check_values(affinity.data, "graph")
        if abs(affinity - affinity.T).max() > 1e-9 * abs(affinity).max():
            raise ValueError("graph must be symmetric: the affinity of i and j is that of j and i")
        affinity.setdiag(0)
        affinity.eliminate_zeros()
        return cls(affinity, checks.nonnegative_number(weight, "graph_weight"))

    @property
    def degrees(self) -> np.ndarray:
        """Row sums of the affinity, (m,)."""
        return np.asarray(self.affinity.sum(axis=1)).ravel()

    def laplacian(self, W: np.ndarray) -> np.ndarray:
        """Return L W."""
        return self.degrees[:, None] * W - self.affinity @ W

    def value(self, W: np.ndarray) -> float:
        """Return the penalty."""
        return self.weight / 2 * float(np.sum(W * self.laplacian(W)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Constraints:
    """Constraints of a factorization.

    Attributes
    ----------
    held : ndarray of bool of shape (k, n), optional
        Entries of H that stay as they begin.
    upper_W, upper_H : float or None
        Largest entry.
    sparseness_W, sparseness_H : float or None
        Hoyer's sparseness of each column of W and row of H, between 0 and 1.
    graph : Graph or None
    """

    held: np.ndarray | None = None
    upper_W: float | None = None
    upper_H: float | None = None
    sparseness_W: float | None = None
    sparseness_H: float | None = None
    graph: Graph | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in vars(self).values())


@dataclass(frozen=True)
class ConstrainedProblem:
    """Least squares in two factors with constraints, for `mho.nmf.loop.alternate`; every entry of X is known.

    Attributes
    ----------
    X : Dense or Sparse of shape (m, n)
    constraints : Constraints
    penalty_W, penalty_H : Penalty
    """

    X: Matrix
    constraints: Constraints
    penalty_W: Penalty
    penalty_H: Penalty

    def norm(self, error: float) -> float:
        """Return |X - W H| from |X - W H| / |X|."""
        return error * float(np.sqrt(self.X.square))

    def update_W(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return W (m, k) after some sweeps."""
        limits = self.constraints
        G, C = _equations(np.ascontiguousarray(H.T), self.X.T, self.penalty_W)
        if limits.graph is not None and limits.graph.weight > 0:
            # The penalty lies below a parabola of the Laplacian's largest curvature that touches it at W.
            curvature = 2 * limits.graph.weight * float(limits.graph.degrees.max(initial=0))
            G = G + curvature * np.eye(len(G), dtype=G.dtype)
            C = (C + curvature * W - limits.graph.weight * limits.graph.laplacian(W)).astype(W.dtype)
        W = _swept(G, C, W, limits.upper_W, None)
        return W if limits.sparseness_W is None else of_sparseness(W.T, limits.sparseness_W).T

    def update_H(self, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate after some sweeps of H (k, n)."""
        limits = self.constraints
        G, C = _equations(W, self.X, self.penalty_H)
        held = None if limits.held is None else limits.held.T
        H = np.ascontiguousarray(_swept(G, C, H.T, limits.upper_H, held).T)
        if limits.sparseness_H is not None:
            H = of_sparseness(H, limits.sparseness_H)
        if self.X.square == 0:
            return Iterate(W, H, 0.0, 0.0)
        square = squared_error(W, self.X, H)
        price = self.penalty_W.value(self.X.T, W.T) + self.penalty_H.value(self.X, H)
        if limits.graph is not None:
            price += limits.graph.value(W)
        whole = self.X.square
        return Iterate(W, H, float(np.sqrt(square / whole)), float(np.sqrt(max(0.0, square + 2 * price) / whole)))


def _equations(A: np.ndarray, B: Matrix, penalty: Penalty) -> tuple[np.ndarray, np.ndarray]:
    """Gram matrix (k, k) and cross products (n, k), the penalty counted in."""
    l2, pull = penalty.all_known(A.shape[1], len(A), A.dtype)
    return gram(A) + np.diag(l2), cross(A, B) + pull


def _swept(G: np.ndarray, C: np.ndarray, Y: np.ndarray, upper: float | None, held: np.ndarray | None) -> np.ndarray:
    """Return Y (n, k) after coordinate sweeps; entries of `held` (n, k) stay."""
    Y = np.array(Y, G.dtype, order="C")
    if upper is None and held is None:
        kernels.sweep(G, np.ascontiguousarray(C), Y, _SWEEPS, kernels.thread_count())
        return Y
    if upper is None and held is not None and (held == held[0]).all():
        free = np.flatnonzero(~held[0])
        if len(free):
            part = np.array(Y[:, free], order="C")
            left = C[:, free] - Y[:, held[0]] @ G[np.ix_(held[0], ~held[0])]
            inner = np.ascontiguousarray(G[np.ix_(free, free)]), np.ascontiguousarray(left)
            kernels.sweep(*inner, part, _SWEEPS, kernels.thread_count())
            Y[:, free] = part
        return Y
    for _ in range(_SWEEPS):
        for j in np.flatnonzero(G.diagonal() > 0):
            new = np.clip(Y[:, j] + (C[:, j] - Y @ G[:, j]) / G[j, j], 0, upper)
            Y[:, j] = new if held is None else np.where(held[:, j], Y[:, j], new)
    return Y


def sparseness(rows: np.ndarray) -> np.ndarray:
    """Return Hoyer's sparseness of each row (k,): 0 where all entries are alike, 1 where one is not zero."""
    n = rows.shape[1]
    ratio = np.abs(rows).sum(axis=1) / np.maximum(np.linalg.norm(rows, axis=1), np.finfo(float).tiny)
    return (np.sqrt(n) - ratio) / (np.sqrt(n) - 1)


def of_sparseness(rows: np.ndarray, wanted: float) -> np.ndarray:
    """Return the nearest non-negative rows (k, n) of the same lengths and a given sparseness (Hoyer-2004)."""
    n = rows.shape[1]
    out = np.empty_like(rows)
    for i, row in enumerate(rows.astype(np.float64)):
        length = float(np.linalg.norm(row))
        out[i] = 0 if length == 0 else _projected(row, length * (np.sqrt(n) - wanted * (np.sqrt(n) - 1)), length)
    return out


def _projected(x: np.ndarray, total: float, length: float) -> np.ndarray:
    """The nearest s >= 0 with sum(s) = total and |s| = length."""
    support = np.ones(len(x), bool)
    s = x + (total - x.sum()) / len(x)
    for _ in range(len(x)):
        middle = np.where(support, total / support.sum(), 0.0)
        away = np.where(support, s - middle, 0.0)
        a, b, c = away @ away, 2 * middle @ away, middle @ middle - length**2
        step = (-b + np.sqrt(max(0.0, b * b - 4 * a * c))) / (2 * a) if a > 0 else 0.0
        s = middle + step * away
        if (s >= 0).all():
            break
        support &= s > 0
        s = np.where(support, s, 0.0)
        s = np.where(support, s - (s.sum() - total) / support.sum(), 0.0)
    return np.maximum(s, 0)


def held_components(components: np.ndarray, free: Any, k: int) -> np.ndarray:
    """Return the mask (k, n) of the entries of H that are held, its first rows being `components`.

    Parameters
    ----------
    components : ndarray of shape (p, n)
        Rows of H, p <= k.
    free : None, sequence of int, or array of bool of shape (p,) or (p, n)
        Components of these that may change, or entries of theirs; None holds them all.
    k : int
        Number of components; those beyond p are free.
    """
    p, n = components.shape
    held = np.zeros((k, n), bool)
    held[:p] = True
    if free is None:
        return held
    free = np.asarray(free)
    if free.dtype == bool:
        if free.shape not in ((p,), (p, n)):
            raise ValueError(f"free must have shape ({p},) or ({p}, {n}), as components has, got {free.shape}")
        held[:p] = ~(free if free.ndim == 2 else free[:, None])
        return held
    if free.ndim != 1 or free.dtype.kind not in "iu":
        raise TypeError(f"free must be numbers of components or an array of bool, got {free!r}")
    missing = [int(j) for j in free if not 0 <= j < p]
    if missing:
        raise ValueError(f"free must name some of the {p} rows of components, 0 to {p - 1}, got {missing[0]}")
    held[free] = False
    return held
