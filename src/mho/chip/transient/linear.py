"""Motion under dz/dt = F z + f, exactly, by its modes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import expm

__all__ = ["LinearMotion", "first_time"]

_SPACING = 1.1
"""Of the times that show a motion: ratio of one to the next."""

_SWINGING, _SWINGS = 1.5, 12.0
"""A mode whose imaginary part is this many times its real one is looked at closely until it is down by e^-12."""

_TIME_CONSTANTS = 60
"""After which nothing moves: e^-60 is 1e-26."""

_RUNAWAY = 25
"""Time constants of growth, e^25 is 7e10, after which a motion that has met no limit is a runaway."""

_CANCELLING = 1e6
"""How much larger than their sum modes may be."""

_RESOLUTION = 1e-4
"""How exactly an event is found, times when it happens."""

_PARTS = 32
"""Into which an interval is divided to find an event."""


class _Modes(NamedTuple):
    """Of z(t) = z(0) + Re(parts (exp(values t) - 1)); of a conjugate pair the upper one alone, twice."""

    values: np.ndarray
    parts: np.ndarray


class LinearMotion:
    """Motion from `z` on.

    Parameters
    ----------
    F : ndarray of shape (n, n)
        1/s.
    f : ndarray of shape (n,)
        V/s.
    z : ndarray of shape (n,)
        Volts, at the start.
    """

    def __init__(self, F: np.ndarray, f: np.ndarray, z: np.ndarray) -> None:
        self.F, self.f, self.z = F, f, z

    @cached_property
    def _modes(self) -> _Modes:
        values, V = np.linalg.eig(self.F)
        values = np.where(values == 0, np.finfo(float).tiny, values)
        try:
            share = np.linalg.solve(V, self.F @ self.z + self.f) / values
        except np.linalg.LinAlgError:
            share = np.full(len(V), np.inf)
        upper = np.imag(values) >= 0
        values, parts = values[upper], (V * share)[:, upper]
        return _Modes(values, parts * np.where(np.imag(values) > 0, 2, 1))

    @cached_property
    def _defective(self) -> bool:
        """Whether the modes all but cancel at first, as where an op-amp integrates what another one integrates."""
        values, parts = self._modes
        speeds = np.abs(parts * values).max(initial=0)
        return not speeds <= _CANCELLING * np.abs(self.F @ self.z + self.f).max()

    @property
    def eigenvalues(self) -> np.ndarray:
        """Of F, 1/s; of a conjugate pair the upper one."""
        return self._modes.values

    @property
    def growth(self) -> float:
        """The largest real part of an eigenvalue, 1/s; below zero where the motion comes to rest."""
        return float(np.real(self.eigenvalues).max())

    @property
    def horizon(self) -> float:
        """Seconds after which the motion is at rest or has run away."""
        if self.growth < 0:
            return _TIME_CONSTANTS / -self.growth
        return _RUNAWAY / max(self.growth, 1e-12 * float(np.abs(self.eigenvalues).max()))

    def at(self, time: np.ndarray) -> np.ndarray:
        """Return z (n, t), volts, at times (t,) since the start, seconds."""
        if self._defective:
            return self._by_exponential(time)
        values, parts = self._modes
        return self.z[:, None] + np.real(parts @ np.expm1(np.multiply.outer(values, time)))

    def _by_exponential(self, time: np.ndarray) -> np.ndarray:
        n = len(self.F)
        motion = np.zeros((n + 1, n + 1))
        motion[:n, :n], motion[:n, n] = self.F, self.f
        return (expm(time[:, None, None] * motion) @ np.append(self.z, 1.0))[:, :n].T

    def rest(self) -> np.ndarray:
        """Return where the motion would end (n,), volts."""
        return -np.linalg.solve(self.F, self.f)

    def times(self, longest: float) -> np.ndarray:
        """Return times (t,) that show all that happens before `longest`, seconds; denser while modes swing."""
        values = self.eigenvalues
        first, last = 0.1 / np.abs(values).max(), min(longest, self.horizon)
        times = [first * _SPACING ** np.arange(np.log(max(last / first, 1.0)) / np.log(_SPACING)), [last]]
        for mode in values[np.imag(values) > _SWINGING * np.abs(np.real(values))]:
            times.append(np.arange(0.0, min(last, _SWINGS / abs(mode.real)), 0.3 / mode.imag)[1:])
        return np.unique(np.concatenate(times))


def first_time(holds: Callable[[np.ndarray], np.ndarray], before: float, after: float) -> float:
    """Return when a condition first holds.

    Parameters
    ----------
    holds : callable
        Whether it does at each of the times (t,).
    before, after : float
        Times at which it does not and does.
    """
    while after - before > _RESOLUTION * after:
        inside = np.linspace(before, after, _PARTS + 1)
        found = holds(inside[1:-1])
        first = int(found.argmax()) if found.any() else _PARTS - 1
        before, after = float(inside[first]), float(inside[first + 1])
    return after
