"""Alternating non-negative least squares, whoever solves the half-steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mho.engines import Engine, Penalty
from mho.operands import Operand

__all__ = ["Iterate", "alternate", "objective", "phase_ends", "stalled"]


@dataclass(frozen=True)
class Iterate:
    """The factors after a complete iteration.

    Attributes
    ----------
    W : ndarray of shape (m, k)
    H : ndarray of shape (k, n)
    error : float
        |X - W H| / |X| over the known entries.
    """

    W: np.ndarray
    H: np.ndarray
    error: float


def alternate(
    X: Operand, W: np.ndarray, H: np.ndarray, engine: Engine, penalties: tuple[Penalty, Penalty]
) -> Iterator[Iterate]:
    """Yield the factors after each iteration, for ever: the rows of W from X' ~ H' W', then the columns of H.

    The arrays of an iterate are not written to again, so the last complete iteration survives an interrupt.
    """
    norm = np.sqrt(X.square)
    while True:
        W = engine.program(H.T, penalty=penalties[0]).solve(X.T, start=W.T).T
        programmed = engine.program(W, penalty=penalties[1])
        H = programmed.solve(X, start=H)
        error = np.sqrt(programmed.squared_error(X, H)) / norm if norm > 0 else 0.0
        yield Iterate(W, H, float(error))


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


def objective(iterate: Iterate, X: Operand, penalties: tuple[Penalty, Penalty]) -> float:
    """Return what is minimised, in the units of the relative error: sqrt((|X - W H|^2 + 2 penalties) / |X|^2)."""
    if penalties == (Penalty(), Penalty()) or X.square == 0:
        return iterate.error
    price = penalties[0].value(X.T, iterate.W.T) + penalties[1].value(X, iterate.H)
    return float(np.sqrt(iterate.error**2 + 2 * price / X.square))


def stalled(objectives: list[float], tol: float, window: int = 5) -> bool:
    """Whether the objective fell by less than `tol` of the first one, per iteration, over the last `window`.

    Over several iterations because a noisy engine's error also rises.
    """
    if tol <= 0 or len(objectives) <= window:
        return False
    return objectives[-1 - window] - objectives[-1] < tol * window * objectives[0]
