"""Motion under dz/dt = F z + f, exactly, by its modes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import expm, get_lapack_funcs
from scipy.optimize import brentq

__all__ = ["LinearMotion", "crossing"]

_geev, _gesv = get_lapack_funcs(("geev", "gesv"))

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

_RESOLUTION = 1e-9
"""How exactly a crossing is found, times when it happens."""


class _Modes(NamedTuple):
    """Of z(t) = z(0) + shares [e(decays t), Re e(swings t), Im e(swings t)] with e(u) = exp(u) - 1.

    `decays` are the real eigenvalues (r,), `swings` the upper ones of c conjugate pairs; shares is (n, r + 2 c).
    """

    decays: np.ndarray
    swings: np.ndarray
    shares: np.ndarray


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
        real, imag, _, V, _ = _geev(self.F, compute_vl=0)  # V holds the real and imaginary part of a pair's vector
        real[(real == 0) & (imag == 0)] = np.finfo(float).tiny
        _, _, c, singular = _gesv(V, self._speed)
        if singular:
            c = np.full(len(V), np.inf)
        upper = imag.nonzero()[0][::2]
        if not upper.size:
            return _Modes(real, upper * 1j, V * (c / real))
        alone, swings = imag == 0, real[upper] + 1j * imag[upper]
        decays = real[alone]
        pairs = (V[:, upper] + 1j * V[:, upper + 1]) * ((c[upper] - 1j * c[upper + 1]) / swings)
        return _Modes(decays, swings, np.hstack([V[:, alone] * (c[alone] / decays), np.real(pairs), -np.imag(pairs)]))

    @cached_property
    def _speed(self) -> np.ndarray:
        """At the start, volts per second."""
        return self.F @ self.z + self.f

    @cached_property
    def _defective(self) -> bool:
        """Whether the modes all but cancel at first, as where an op-amp integrates what another one integrates."""
        decays, swings, shares = self._modes
        rates = np.concatenate([decays, swings, swings]) if swings.size else decays
        return not np.abs(shares * np.abs(rates)).max() <= _CANCELLING * np.abs(self._speed).max()

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Of F, 1/s; of a conjugate pair the upper one."""
        return np.concatenate([self._modes.decays, self._modes.swings])

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
        return self.z[:, None] + self.shares @ self.shapes(time)

    @property
    def shares(self) -> np.ndarray:
        """What each of m shapes moves (n, m), volts."""
        return np.eye(len(self.z)) if self._defective else self._modes.shares

    def shapes(self, time: np.ndarray) -> np.ndarray:
        """Return how the motion goes (m, t), zero at the start: z = z(0) + shares shapes."""
        if self._defective:
            return self._by_exponential(time) - self.z[:, None]
        shapes = np.expm1(np.multiply.outer(self._modes.decays, time))
        if not self._modes.swings.size:
            return shapes
        swinging = np.expm1(np.multiply.outer(self._modes.swings, time))
        return np.concatenate([shapes, np.real(swinging), np.imag(swinging)])

    def _by_exponential(self, time: np.ndarray) -> np.ndarray:
        n = len(self.F)
        motion = np.zeros((n + 1, n + 1))
        motion[:n, :n], motion[:n, n] = self.F, self.f
        return (expm(time[:, None, None] * motion) @ np.append(self.z, 1.0))[:, :n].T

    def rest(self) -> np.ndarray:
        """Return where the motion would end (n,), volts."""
        return -np.linalg.solve(self.F, self.f)

    def times(self, longest: float) -> np.ndarray:
        """Return times (t,) from 0 to `longest`, seconds: each 1.1 times the one before, denser while modes swing."""
        first, last = 0.1 / np.abs(self.eigenvalues).max(), min(longest, self.horizon)
        growing = np.arange(np.log(max(last / first, 1.0)) / np.log(_SPACING))
        times = [[0.0], first * _SPACING**growing, [last]]
        for mode in self._modes.swings:
            if mode.imag > _SWINGING * abs(mode.real):
                times.append(np.arange(0.0, min(last, _SWINGS / abs(mode.real)), 0.3 / mode.imag)[1:])
        return np.unique(np.concatenate(times)) if len(times) > 3 else np.concatenate(times)


def crossing(signal: Callable[[float], float], before: float, after: float) -> float:
    """Return a time just after a signal passes zero, by less than 2e-9 of `after`.

    Parameters
    ----------
    signal : callable
        Of a time.
    before, after : float
        Times at which its signs differ.
    """
    if signal(before) * signal(after) >= 0:  # by rounding
        return after
    near = _RESOLUTION * after
    root: Any = brentq(signal, before, after, xtol=near)
    return min(root + near, after)
