"""Iterative refinement of non-negative least squares: exact gradients, corrections by an approximate inverse.

With G = A'A and q = A'b, one step takes the gradient ``g = q - G x`` of the answer so far, has it corrected, ``d ~
G_FF^-1 g_F`` on the set F of entries that are above zero or want to be, makes d conjugate to the directions before it
(flexible conjugate gradients, Notay-2000), goes along it as far as the squared error falls, and cuts what is below
zero. The error after a step is the size of the next correction, which the ratio of the last ones foretells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mho import kernels
from mho.engines.products import cross, entries
from mho.operands import Sparse

__all__ = ["KnownSystem", "MaskedSystem", "Refinement", "System", "refine"]

_SAFETY = 3.0
"""The error is taken to be this many times the estimate."""

_SLACK = 0.1
"""Of the tolerance: what an entry at zero would gain at least before it is set free."""

_DIRECTIONS = 16
"""Directions that are kept."""

_DEPENDENT = 1e-4
"""Share of a direction that is left where it depends on the others."""

_STAGNANT = 0.5
"""Ratio of successive corrections above which directions are begun anew."""

_RISES = 3
"""Times that cutting may raise the squared error, or that a correction may not shrink, before a run ends."""

Correct = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, dict[int, str]]]
"""From gradients (p, k), free entries (p, k), sizes expected (p,) and numbers (p,) of right-hand sides to corrections,
and what failed."""

_GUESS = (0.5, 3.0)
"""Size expected of the largest entry of a correction: the first, over that of the answer; others, over what the last
one lets expect."""


class System(Protocol):
    """Normal equations of n right-hand sides.

    Attributes
    ----------
    Q : ndarray of shape (n, k)
        ``A'b``.
    diagonal : ndarray of shape (1, k) or (n, k)
        That of G.
    product_operations : ndarray of shape (n,)
        Multiplications and additions of one product by G.
    """

    Q: np.ndarray
    diagonal: np.ndarray
    product_operations: np.ndarray

    def product(self, D: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return G d for directions D (p, k) of the right-hand sides numbered `j` (p,)."""
        ...


class KnownSystem:
    """Normal equations where every entry is known: one Gram matrix for all; attributes as of `System`.

    Parameters
    ----------
    G : ndarray of shape (k, k)
        Gram matrix, a ridge included.
    Q : ndarray of shape (n, k)
        ``A'b`` of each right-hand side.
    """

    def __init__(self, G: np.ndarray, Q: np.ndarray) -> None:
        self.G, self.Q, self.diagonal = G, Q, G.diagonal()[None]
        self.product_operations = np.full(len(Q), 2.0 * len(G) ** 2)

    def product(self, D: np.ndarray, j: np.ndarray) -> np.ndarray:
        """See `System.product`."""
        return D @ self.G


class MaskedSystem:
    """Normal equations of right-hand sides with rows of their own; attributes as of `System`.

    Parameters
    ----------
    A : ndarray of shape (m, k)
        The matrix, float64 and C-contiguous.
    l2 : ndarray of shape (k,)
        Ridge.
    linear : ndarray of shape (k,)
        Term added to ``A'b``.
    B : Sparse of shape (m, n)
        Right-hand sides with missing entries.
    """

    def __init__(self, A: np.ndarray, l2: np.ndarray, linear: np.ndarray, B: Sparse) -> None:
        self.A, self.l2, self.B = A, l2, B
        self.Q = cross(A, B) + linear
        self.diagonal = cross(A**2, B.with_values(np.ones(len(B.values)))) + l2
        self.product_operations = 4.0 * B.known_rows() * A.shape[1]

    def product(self, D: np.ndarray, j: np.ndarray) -> np.ndarray:
        """See `System.product`; by the known rows, forward and back."""
        rows = self.take(j)
        ptr, idx, _ = entries(rows, self.A.dtype)
        fitted, back = np.empty(len(idx)), np.empty(D.shape)
        kernels.sddmm(self.A, np.ascontiguousarray(D), ptr, idx, fitted, kernels.thread_count())
        kernels.cross(self.A, ptr, idx, fitted, back, kernels.thread_count())
        return back + self.l2 * D

    def take(self, j: np.ndarray) -> Sparse:
        """Return the right-hand sides numbered `j` (p,)."""
        if len(j) == self.B.shape[1]:
            return self.B
        return Sparse.from_checked(self.B.columns[:, j], missing=True)


@dataclass(frozen=True, eq=False)
class Refinement:
    """Answers and their making, one entry for each right-hand side.

    Attributes
    ----------
    X : ndarray of shape (k, n)
        Answers.
    steps : ndarray of int of shape (n,)
        Corrections, each one solve of the chip after the first.
    contraction : ndarray of shape (n,)
        Estimated ratio of the error after a step to that before it, the mean over the steps; 0 without a step.
    operations : ndarray of shape (n,)
        Digital multiplications and additions, each right-hand side's share of the Gram matrix included.
    fallback : tuple of str
        Why the answer is the digital engine's; "" where it is the chip's.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> refined = mho.Refined("pku-2025-4bit", seed=0).program(A).refine(A @ np.array([[2.0], [3.0]]))
    >>> bool(refined.steps[0] < 12), refined.fallback
    (True, ('',))
    """

    X: np.ndarray
    steps: np.ndarray
    contraction: np.ndarray
    operations: np.ndarray
    fallback: tuple[str, ...]


def refine(
    system: System, correct: Correct, X: np.ndarray, *, conjugate: bool, tolerance: float, most_steps: int
) -> Refinement:
    """Return answers refined from a start, those with a `fallback` unfinished.

    Parameters
    ----------
    system : System
        The normal equations.
    correct : callable
        Approximate inverse; see `Correct`.
    X : ndarray of shape (n, k)
        Start, not negative, one row for each right-hand side.
    conjugate : bool
        Whether directions are made conjugate, with exact steps along them.
    tolerance : float
        Size of the error over that of the answer, at the end.
    most_steps : int
        Corrections at most.
    """
    run = _Run(system, X, conjugate, tolerance)
    for _ in range(most_steps):
        j = run.unfinished()
        if not len(j):
            break
        run.step(correct, j)
    run.end(most_steps)
    return Refinement(run.x.T, run.steps, run.contraction(), run.operations, tuple(run.reason))


class _Run:
    """State of n refinements."""

    def __init__(self, system: System, X: np.ndarray, conjugate: bool, tolerance: float) -> None:
        n, k = X.shape
        self.system, self.tolerance, self.conjugate = system, tolerance, conjugate
        self.x, every = X.copy(), np.arange(n)
        self.g = system.Q - system.product(X, every)
        self.operations = system.product_operations + k
        self.steps, self.rises = np.zeros(n, int), np.zeros(n, int)
        gradient = np.abs(self.g).max(axis=1)
        most = np.abs(X).max(axis=1)
        self.expected = np.divide(_GUESS[0] * most, gradient, out=np.full(n, np.inf), where=(gradient > 0) & (most > 0))
        self.first = _size(X)
        self.distance = self.first.copy()
        self.ratio, self.live, self.reason = np.zeros(n), np.ones(n, bool), [""] * n
        self.stale = np.zeros(n, bool)
        self.free, self.changed = np.zeros((n, k), bool), np.zeros(n, bool)
        self.directions: list[tuple[np.ndarray, np.ndarray]] = []

    def unfinished(self) -> np.ndarray:
        """Numbers of the right-hand sides that go on; one without a free entry has its answer."""
        j = np.flatnonzero(self.live)
        free = self._free(j)
        self.live[j[~free.any(axis=1)]] = False
        self.changed[j] = np.any(free != self.free[j], axis=1) & (self.steps[j] > 0)
        self.free[j] = free
        self._restrict(j[self.changed[j]])
        return np.flatnonzero(self.live)

    def _free(self, j: np.ndarray) -> np.ndarray:
        diagonal = np.broadcast_to(self.system.diagonal, self.x.shape)[j]
        least = _SLACK * self.tolerance * _size(self.x[j])[:, None] * diagonal
        return ((self.x[j] > 0) | (self.g[j] > least)) & (diagonal > 0)

    def _restrict(self, j: np.ndarray) -> None:
        """Keep of the directions of `j` what lies in their free entries, made conjugate anew."""
        if not len(j):
            return
        self.stale[j] = True
        kept: list[tuple[np.ndarray, np.ndarray]] = []
        for D, V in self.directions:
            d = np.where(self.free[j], D[j], 0.0)
            whole = _size(d)
            for other, image in kept:
                d -= np.sum(image[j] * d, axis=1, keepdims=True) * other[j]
            d[_size(d) < _DEPENDENT * whole] = 0.0
            D[j], V[j] = _scaled(d, self.system.product(d, j))
            self.operations[j] += self.system.product_operations[j] + d.shape[1] * (4 * len(kept) + 4)
            kept.append((D, V))

    def _forget(self, j: np.ndarray) -> None:
        """Begin directions anew for right-hand sides whose old ones do not help."""
        for D, V in self.directions:
            D[j], V[j] = 0.0, 0.0

    def step(self, correct: Correct, j: np.ndarray) -> None:
        """Correct the right-hand sides `j` once."""
        c = np.where(self.free[j], self.g[j], 0.0)
        size = np.abs(c).max(axis=1)
        d, failed = correct(c, self.free[j], size * self.expected[j], j)
        for place, reason in failed.items():
            self._give_up(j[place], reason)
        kept = np.setdiff1d(np.arange(len(j)), list(failed))
        j, d, size = j[kept], d[kept], size[kept]
        self.expected[j] = _GUESS[1] * np.divide(np.abs(d).max(axis=1), size, out=np.zeros(len(j)), where=size > 0)
        self.steps[j] += 1
        distance = _size(d)
        ratio = np.divide(distance, self.distance[j], out=np.zeros(len(j)), where=self.distance[j] > 0)
        before, last = _size(np.where(self.free[j], self.g[j], 0.0)), self.ratio[j]
        self.rises[j] += (ratio >= 1) & ~self.changed[j] & (self.steps[j] > 1)
        self.distance[j], self.ratio[j] = distance, ratio
        self._forget(j[ratio > _STAGNANT])
        cut = self._move(j, *self._along(j, d))
        after = _size(np.where(self.free[j], self.g[j], 0.0))
        fallen = np.divide(after, before, out=np.zeros(len(j)), where=before > 0)  # a step may leave what it is to take
        expected = _SAFETY * np.maximum(np.maximum(ratio, last), fallen) * distance
        bound = self.tolerance * _size(self.x[j])
        arrived = (expected <= bound) & (cut <= bound)
        arrived &= ~np.any(self._free(j) & ~self.free[j], axis=1)
        self.live[j[arrived]] = False
        for i in j[(self.rises[j] > _RISES) & ~arrived].tolist():
            self._give_up(i, _NOT_CONVERGING)

    def _along(self, j: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The step (p, k) along corrections d, and G times it."""
        if not self.conjugate:
            self.operations[j] += self.system.product_operations[j]
            return d, self.system.product(d, j)
        size = _size(d)[:, None]
        d = np.divide(d, size, out=np.zeros(d.shape), where=size > 0)  # so that no product of it under- or overflows
        for D, V in self.directions:
            d = d - np.sum(V[j] * d, axis=1, keepdims=True) * D[j]
        w = self.system.product(d, j)
        d, w = _scaled(d, w)
        self._keep(j, d, w)
        k = d.shape[1]
        self.operations[j] += self.system.product_operations[j] + k * (4 * len(self.directions) + 6)
        move, change = _towards(d, w, self.g[j])
        again = np.flatnonzero(self.stale[j])
        for D, V in self.directions[:-1] if len(again) else ():
            old = j[again]
            more = _towards(D[old], V[old], self.g[old])
            move[again] += more[0]
            change[again] += more[1]
            self.operations[old] += 6 * k
        self.stale[j] = False
        return move, change

    def _keep(self, j: np.ndarray, d: np.ndarray, w: np.ndarray) -> None:
        D, V = np.zeros_like(self.x), np.zeros_like(self.x)
        D[j], V[j] = d, w
        self.directions = [*self.directions[1 - _DIRECTIONS :], (D, V)]

    def _move(self, j: np.ndarray, move: np.ndarray, change: np.ndarray) -> np.ndarray:
        """Go, and cut at zero; return how much was cut (p,)."""
        there = self.x[j] + move
        x = np.maximum(there, 0.0)
        some = np.flatnonzero(np.any(there < 0, axis=1))
        if len(some):
            own, moved = j[some], (x - self.x[j])[some]
            change[some] = self.system.product(moved, own)
            gained = np.sum(moved * (self.g[own] - change[some] / 2), axis=1)
            self.rises[own] += gained < 0
            self.operations[own] += self.system.product_operations[own] + 4 * x.shape[1]
            self.stale[own] = True
        self.x[j] = x
        self.g[j] -= change
        self.operations[j] += 4 * x.shape[1]
        return _size(x - there)

    def _give_up(self, i: int, reason: str) -> None:
        self.live[i], self.reason[i] = False, reason

    def end(self, most_steps: int) -> None:
        """Give up what is not finished."""
        for i in self.unfinished().tolist():
            self._give_up(i, _CYCLES if self.changed[i] else f"{_TOO_SLOW} {most_steps} steps")

    def contraction(self) -> np.ndarray:
        """Mean contraction of a step (n,)."""
        whole = np.divide(self.distance, self.first, out=np.zeros(len(self.first)), where=self.first > 0)
        return whole ** (1 / np.maximum(self.steps, 1)) * (self.steps > 0)


def _size(d: np.ndarray) -> np.ndarray:
    """Euclidean norm of each row (p,), whatever its unit."""
    peak = np.abs(d).max(axis=1)
    unit = np.where(peak > 0, peak, 1.0)
    return unit * np.linalg.norm(d / unit[:, None], axis=1)


def _scaled(d: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (p, k) and G times them, in units of d'G d; zeros where that is not positive."""
    square = np.sum(d * w, axis=1, keepdims=True)
    share = np.divide(1.0, np.sqrt(np.maximum(square, 0.0)), out=np.zeros_like(square), where=square > 0)
    return d * share, w * share


def _towards(d: np.ndarray, w: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The step along d that the gradient g asks for, and G times it."""
    length = np.sum(d * g, axis=1, keepdims=True)
    return d * length, w * length


_NOT_CONVERGING = "corrections do not shrink"
_CYCLES = "the set of entries above zero keeps changing"
_TOO_SLOW = "the tolerance is not reached in"
