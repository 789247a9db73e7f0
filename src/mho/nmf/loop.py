"""Alternating non-negative least squares, whoever solves the half-steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from mho.engines import Engine, Penalty
from mho.operands import Dense

__all__ = [
    "Alternating",
    "Iterate",
    "LoopState",
    "Momentum",
    "Problem",
    "Stage",
    "alternate",
    "extrapolate",
    "first_iterations",
    "phase_ends",
    "stalled",
    "step_for",
]


_WINDOW = 5
"""Iterations over which a loop must gain something."""

_FIRST_TOL = 5e-4
"""Iterations that belong to the start end when the objective falls by less than this share of itself."""


@dataclass(frozen=True, eq=False)
class Momentum:
    """Extrapolation after a complete iteration, beside its factors.

    Attributes
    ----------
    W : ndarray of shape (m, k)
        Solution of the last half-step for W, before its stride.
    H : ndarray of shape (k, n)
        The other factor with its stride.
    stride, limit : float
        Of the next half-steps: the stride, and the longest that it may become.
    """

    W: np.ndarray
    H: np.ndarray
    stride: float
    limit: float


@dataclass(frozen=True)
class Iterate:
    """The factors after a complete iteration.

    Attributes
    ----------
    W : ndarray of shape (m, k)
    H : ndarray of shape (k, n)
    error : float
        |X - W H| / |X| over the known entries.
    objective : float
        What is minimised, in the same units: sqrt((|X - W H|^2 + 2 penalties) / |X|^2).
    momentum : Momentum or None
        With which an extrapolated loop goes on.
    """

    W: np.ndarray
    H: np.ndarray
    error: float
    objective: float
    momentum: Momentum | None = None


@dataclass(frozen=True, eq=False)
class LoopState:
    """A loop after a complete iteration, from which it goes on as if it had not been interrupted.

    Attributes
    ----------
    last : Iterate
    objectives : tuple of float
        All that `stalled` looks at of those so far, in this stage.
    stage : int
        Stages before this one.
    stage_iterations, iterations : int
        Done in this stage, and in all.
    random_state : dict or None
        Of the engine after the iterate.
    """

    last: Iterate
    objectives: tuple[float, ...]
    stage: int = 0
    stage_iterations: int = 0
    iterations: int = 0
    random_state: dict[str, Any] | None = None

    def after(self, last: Iterate, objectives: list[float], random_state: dict[str, Any] | None) -> LoopState:
        """Return the state one iteration later, `last`, whose objective is the last of `objectives`."""
        kept = objectives if len(objectives) <= _WINDOW + 1 else [objectives[0], *objectives[-_WINDOW - 1 :]]
        done = self.stage_iterations + 1
        return LoopState(last, tuple(kept), self.stage, done, self.iterations + 1, random_state)

    def next_stage(self) -> LoopState:
        """Return the state at the start of the next stage."""
        return LoopState(replace(self.last, momentum=None), (), self.stage + 1, 0, self.iterations, self.random_state)


@dataclass(frozen=True)
class Problem:
    """Factorization problem: matrix, engine, and penalties of the factors.

    Attributes
    ----------
    X : operand of shape (m, n)
        Any that the engine takes.
    engine : Engine
    penalty_W, penalty_H : Penalty
    """

    X: Any
    engine: Engine
    penalty_W: Penalty
    penalty_H: Penalty

    def update_W(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return W after a half-step: the rows of X, each against H."""
        return self.engine.program(Dense.from_checked(H.T), penalty=self.penalty_W).solve(self.X.T, start=W.T).T

    def update_H(self, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate after the other half-step: the columns of X, each against W."""
        programmed = self.engine.program(Dense.from_checked(W), penalty=self.penalty_H)
        H = programmed.solve(self.X, start=H)
        whole = self.X.square
        if whole == 0:
            return Iterate(W, H, 0.0, 0.0)
        square = programmed.squared_error(self.X, H)
        price = self.penalty_W.value(self.X.T, W.T) + self.penalty_H.value(self.X, H)
        return Iterate(W, H, float(np.sqrt(square / whole)), float(np.sqrt((square + 2 * price) / whole)))

    def norm(self, error: float) -> float:
        """Return |X - W H| from |X - W H| / |X|."""
        return error * float(np.sqrt(self.X.square))


class Alternating(Protocol):
    """A problem in two factors that is solved by half-steps."""

    def update_W(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return W after a half-step."""
        ...

    def update_H(self, W: np.ndarray, H: np.ndarray) -> Iterate:
        """Return the iterate after the other."""
        ...

    def norm(self, error: float) -> float:
        """Return scikit-learn's reconstruction error, from an iterate's relative one."""
        ...


Step = Callable[[Alternating, np.ndarray, np.ndarray], Iterator[Iterate]]
"""`alternate` or `extrapolate`."""


@dataclass(frozen=True)
class Stage:
    """Some iterations of one kind.

    Attributes
    ----------
    problem : Alternating
    step : Step
    length : int
        Iterations at the most.
    engine : str
        Whose they are.
    before : tuple of float
        What was minimised before all, where iterations that belong to the start have lowered it: by its first value
        `stalled` measures what is gained.
    """

    problem: Alternating
    step: Step
    length: int
    engine: str
    before: tuple[float, ...] = ()

    def levels_off(self, objectives: Sequence[float]) -> bool:
        """Return whether the engine's errors let it come no further."""
        return isinstance(self.problem, Problem) and self.problem.engine.levels_off(objectives)

    def iterates(self, W: np.ndarray, H: np.ndarray, last: Iterate | None = None) -> Iterator[Iterate]:
        """Return the iterates from W and H on; after `last`, those that would have followed it."""
        if last is None or last.momentum is None:
            return self.step(self.problem, W, H)
        return extrapolate(self.problem, W, H, last)


def alternate(problem: Alternating, W: np.ndarray, H: np.ndarray) -> Iterator[Iterate]:
    """Yield the factors after each iteration, for ever.

    The arrays of an iterate are not written to again, so the last complete iteration survives an interrupt.
    """
    while True:
        iterate = problem.update_H(problem.update_W(W, H), H)
        W, H = iterate.W, iterate.H
        yield iterate


def extrapolate(problem: Alternating, W: np.ndarray, H: np.ndarray, last: Iterate | None = None) -> Iterator[Iterate]:
    """Yield iterates as `alternate`, each half-step followed by a stride along its own change (Ang-2019).

    The stride grows while the objective falls. When it rises, the iterate is thrown away and a plain one made from the
    last, so that the objective never rises. So is one that a stride, clipped at zero, has sent infinitely far, as
    divergences are where the product is zero and X is not. After `last`, whose factors W and H are, it goes on as if it
    had not ended.
    """
    stride, limit = 0.5, 1.0
    far_W, far_H = W, H
    if last is None:
        last = Iterate(W, H, np.inf, np.inf)
    elif last.momentum is not None:
        W, far_H, stride, limit = last.momentum.W, last.momentum.H, last.momentum.stride, last.momentum.limit
    while True:
        near_W = problem.update_W(far_W, far_H)
        iterate = problem.update_H(_beyond(near_W, W, stride), far_H)
        if iterate.objective > last.objective or iterate.objective == np.inf:
            stride, limit = stride / 1.5, stride
            iterate = problem.update_H(problem.update_W(last.W, last.H), last.H)
            W, H = far_W, far_H = iterate.W, iterate.H
        else:
            W, far_W, far_H, H = near_W, iterate.W, _beyond(iterate.H, H, stride), iterate.H
            stride, limit = min(limit, 1.05 * stride), min(1.0, 1.01 * limit)
        last = iterate
        yield replace(iterate, momentum=Momentum(W, far_H, stride, limit))


def _beyond(new: np.ndarray, old: np.ndarray, stride: float) -> np.ndarray:
    """New + stride (new - old), clipped at zero."""
    far = new - old
    far *= stride
    far += new
    return np.maximum(far, 0, out=far)


def first_iterations(problem: Problem, W: np.ndarray, H: np.ndarray, most: int = 100) -> tuple[Iterate, Iterate]:
    """Return the first and the last of the iterates on something cheaper than X, until little is gained."""
    objectives, iterates = [], extrapolate(problem, W, H)
    first = last = next(iterates)
    for last in itertools.chain([first], itertools.islice(iterates, most - 1)):
        objectives.append(last.objective)
        if not last.objective or stalled(objectives, _FIRST_TOL * last.objective / objectives[0]):
            break
    return first, last


def extrapolate_later(problem: Alternating, W: np.ndarray, H: np.ndarray) -> Iterator[Iterate]:
    """Yield one iterate without a stride, which would repeat the errors of W and H, and go on as `extrapolate`."""
    plain = problem.update_H(problem.update_W(W, H), H)
    last = replace(plain, momentum=Momentum(plain.W, plain.H, 0.5, 1.0))
    yield last
    yield from extrapolate(problem, last.W, last.H, last)


def step_for(engine: Engine, *, first: bool = True) -> Step:
    """Return the step of an engine that has no algorithms to choose from; `first`: no other engine went before it."""
    if not engine.extrapolates():
        return alternate
    return extrapolate if first else extrapolate_later


def phase_ends(phases: tuple[tuple[Engine, int | None], ...], max_iter: int) -> list[tuple[Engine, int]]:
    """Give each phase its iterations: those that name a number take it, the open ones share what is left."""
    fixed = [count for _, count in phases if count is not None]
    left = max(0, max_iter - sum(fixed))
    plan, used = [], 0
    for engine, count in phases:
        length = min(max_iter - used, left if count is None else count)
        plan.append((engine, length))
        used += length
    return plan


def stalled(objectives: Sequence[float], tol: float, window: int = _WINDOW) -> bool:
    """Whether the objective fell by less than `tol` of the first one, per iteration, over the last `window`.

    Over several iterations because a noisy engine's error also rises.
    """
    if tol <= 0 or len(objectives) <= window:
        return False
    return objectives[-1 - window] - objectives[-1] < tol * window * objectives[0]
