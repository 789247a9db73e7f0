"""Factors of a matrix of which some entries are not known, by dense steps on one whose gaps the factors fill.

The least over the entries that are not known is zero, where they are what the factors say of them: filling them and
a half-step in turn never raise what is minimised. A step costs as much as one on a matrix without gaps, where gaps of
its own for every row cost a Gram matrix of its own for every row; a few gaps hardly slow the convergence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import kernels
from mho.caching import cached_property
from mho.engines import Digital, Penalty
from mho.nmf.divergence import DivergenceProblem, deviances, reachable
from mho.nmf.level_squares import deviation
from mho.nmf.loop import Alternating, Iterate, alternate, extrapolate, stalled
from mho.nmf.start import starting_factors
from mho.operands import Dense

__all__ = ["Gaps", "best_of_two"]

_SWEEPS = 4
_RACE = 30
"""Iterations after which the better of two starts goes on alone."""

Factors = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Gaps:
    """Matrix whose unknown entries are filled anew before each half-step, for `mho.nmf.loop`.

    Attributes
    ----------
    X : ndarray of shape (m, n)
        Its entries that are not known are written to.
    gaps : tuple of ndarray
        Pointers and row indices of those, by columns, and their places in the flat `X`.
    loss : {"frobenius", "kullback-leibler", "itakura-saito"}
    penalty_W, penalty_H : Penalty
    """

    X: np.ndarray
    gaps: tuple[np.ndarray, np.ndarray, np.ndarray]
    loss: str
    penalty_W: Penalty
    penalty_H: Penalty

    @classmethod
    def of(cls, values: np.ndarray, known: np.ndarray, loss: str, penalties: tuple[Penalty, Penalty]) -> Gaps:
        """Return the problem for a matrix (m, n), a copy in float32, of which some entries are `known` (m, n)."""
        columns, rows = np.nonzero(~known.T)
        ptr = np.concatenate([[0], np.cumsum((~known).sum(axis=0))]).astype(np.int32)
        gaps = ptr, rows.astype(np.int32), rows * known.shape[1] + columns
        return cls(np.array(values, np.float32, order="C"), gaps, loss, *penalties)

    def levelled(self) -> tuple[Gaps, np.ndarray, np.ndarray]:
        """Return a problem of squared errors beside a divergence, and by what its rows and columns were divided.

        Without penalties; see `mho.nmf.level_squares`.
        """
        rows, columns = (deviation(self.X.mean(axis=i, dtype=np.float64), self.loss) for i in (1, 0))
        level = (self.X / rows[:, None] / columns).astype(np.float32)
        return Gaps(level, self.gaps, "frobenius", Penalty(), Penalty()), rows, columns

    def update_W(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return W after a half-step; see `Alternating`."""
        self.fill(W, H)
        whole = Dense.from_checked(self.X)
        if self.loss != "frobenius":
            return DivergenceProblem(whole, self.loss, self.penalty_W, self.penalty_H).update_W(W, H)
        programmed = Digital(sweeps=_SWEEPS).program(Dense.from_checked(H.T), penalty=self.penalty_W)
        return programmed.solve(whole.T, start=W.T).T

    def update_H(self, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate after the other half-step; its error is of the entries that are known."""
        self.fill(W, H)
        whole = Dense.from_checked(self.X)
        if self.loss != "frobenius":
            return self._known_only(DivergenceProblem(whole, self.loss, self.penalty_W, self.penalty_H), W, H)
        H = Digital(sweeps=_SWEEPS).program(Dense.from_checked(W), penalty=self.penalty_H).solve(whole, start=H)
        left = W @ H
        left -= self.X
        places = self.gaps[2]
        np.put(left, places, 0)
        square = float(np.vdot(left, left))
        known = float(np.vdot(self.X, self.X)) - float(np.square(np.take(self.X, places), dtype=np.float64).sum())
        price = self.penalty_W.value(whole.T, W.T) + self.penalty_H.value(whole, H)
        known = known or 1.0
        return Iterate(W, H, float(np.sqrt(square / known)), float(np.sqrt((square + 2 * price) / known)))

    def _known_only(self, problem: DivergenceProblem, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate of a divergence; what is filled in takes no part in its error."""
        H, left = problem.step_H(W, H)
        left -= float(deviances(np.take(self.X, self.gaps[2]), self._said(W, H), self.loss).sum())
        null = self._null or 1.0
        return Iterate(W, H, left / null, (left + problem.price(W, H)) / null)

    @cached_property
    def _null(self) -> float:
        """Divergence of the known entries from their mean."""
        known = np.delete(self.X.ravel(), self.gaps[2])
        return float(deviances(known, known.mean(dtype=np.float64), self.loss).sum())

    def norm(self, error: float) -> float:
        """See `Alternating`."""
        return error * float(np.linalg.norm(self.X))

    def fill(self, W: np.ndarray, H: np.ndarray) -> None:
        """Write what the factors say of the entries that are not known."""
        np.put(self.X, self.gaps[2], np.minimum(self._said(W, H), self._most))

    @cached_property
    def _most(self) -> np.ndarray:
        """Sum of the largest known entries of row and column: what is filled in never exceeds it.

        A component of one row and one column, where they meet in a gap, would grow there without end.
        """
        ptr, rows, places = self.gaps
        known = self.X.copy()
        np.put(known, places, 0)
        columns = np.repeat(np.arange(self.X.shape[1]), np.diff(ptr))
        return known.max(axis=1)[rows] + known.max(axis=0)[columns]

    def _said(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        ptr, rows, _ = self.gaps
        said = np.empty(len(rows), np.float32)
        kernels.sddmm(np.ascontiguousarray(W), np.ascontiguousarray(H.T), ptr, rows, said, kernels.thread_count())
        return said


def best_of_two(problem: Gaps, k: int, seed: int, *, max_iter: int, tol: float) -> Factors:
    """Return factors W (m, k) and H (k, n) from the better of two starts, of the singular vectors and random.

    A fit that is stuck makes more components look needed. Under a divergence both are of squared errors, whose steps
    cost a small part, of X with its rows and columns levelled; the divergence then goes on from the better.

    Parameters
    ----------
    problem : Gaps
        Its gaps hold a guess.
    k : int
        Number of components, at most min(m, n).
    seed : int
        Of the starts.
    max_iter, tol
        As for `mho.NMF`.
    """
    if problem.loss == "frobenius":
        return _raced(problem, k, seed, max_iter, tol)
    squares, rows, columns = problem.levelled()
    W, H = _raced(squares, k, seed, max_iter, tol)
    W, H = (W * rows[:, None]).astype(np.float32), (H * columns).astype(np.float32)
    problem.fill(W, H)
    run = _Run(problem, reachable(Dense.from_checked(problem.X), W, H, problem.loss))
    run.go(max_iter, tol)
    return run.last.W, run.last.H


def _raced(problem: Gaps, k: int, seed: int, max_iter: int, tol: float) -> Factors:
    rng = np.random.RandomState(seed)
    whole = Dense.from_checked(problem.X.copy())
    runs = [_Run(problem, starting_factors(whole, k, init, rng)) for init in ("nndsvdar", "random")]
    for run in runs:
        run.go(min(_RACE, max_iter), tol)
    best = min(runs, key=lambda run: run.last.objective)
    best.go(max_iter, tol)
    return best.last.W, best.last.H


class _Run:
    """One start's iterations so far."""

    def __init__(self, problem: Alternating, start: Factors) -> None:
        step = extrapolate if getattr(problem, "loss", "") == "frobenius" else alternate
        self._iterates = step(problem, *start)
        self._objectives: list[float] = []
        self.last: Iterate = Iterate(*start, np.inf, np.inf)

    def go(self, most: int, tol: float) -> None:
        """Iterate until there are `most` iterations, or nothing is gained."""
        while len(self._objectives) < most and not stalled(self._objectives, tol):
            self.last = next(self._iterates)
            self._objectives.append(self.last.objective)
