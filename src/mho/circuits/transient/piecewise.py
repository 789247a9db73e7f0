"""Between two clamp events a loop is linear: which op-amps are at their limits, how they move, and for how long."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mho.caching import cached_property
from mho.circuits.equations import LoopEquations
from mho.circuits.opamp import RAIL
from mho.kernels import motion

__all__ = ["Limits", "Piece", "Regime", "scratch"]

_NOISE = 1e-10
"""Of the voltages that drive a loop: as far beyond a limit nothing has happened yet."""

_TOLERANCE = 1e-9
"""Of the largest voltage so far: how far a waveform between two of its exact states may be off."""


class Limits(NamedTuple):
    """Limits that each of n op-amps is at.

    Attributes
    ----------
    low, high : ndarray of bool of shape (n,)
        At the lower and upper end of their outputs.
    falling, rising : ndarray of bool of shape (n,)
        At their slew rate.
    """

    low: np.ndarray
    high: np.ndarray
    falling: np.ndarray
    rising: np.ndarray

    @classmethod
    def none(cls, n: int) -> Limits:
        """Return limits that none of n op-amps has met."""
        return cls(*np.zeros((4, n), bool))


class Piece(NamedTuple):
    """The motion in one regime.

    Attributes
    ----------
    times : ndarray of shape (p,)
        Seconds since it began.
    states : ndarray of shape (p, 3, n)
        The poles' voltages, volts, with their first two derivatives by time.
    end : ndarray of shape (n,)
        Voltages of the poles at its end, volts.
    endless : bool
        The motion runs away or swings on.
    """

    times: np.ndarray
    states: np.ndarray
    end: np.ndarray
    endless: bool


def scratch(d: LoopEquations) -> np.ndarray:
    """Return memory for all regimes of a transient: the system gives new one only slowly.

    Parameters
    ----------
    d : LoopEquations
        Equations of the loop.
    """
    return np.empty(motion.follow_scratch(len(d.system), int(d.limited.sum()) * len(d.positive)))


class Regime:
    """One linear piece of a transient, ``dz/dt = F z + f``; of second poles the outputs u follow in z.

    Parameters
    ----------
    d : LoopEquations
        Equations of the loop.
    v_rest : ndarray of shape (n,)
        See `LoopEquations`, volts; with pins (2 n,).
    limits : Limits
        Op-amps at their limits.

    Attributes
    ----------
    F : ndarray of shape (n + s, n + s)
        1/s; s states follow the poles (`Lag`).
    f : ndarray of shape (n + s,)
        V/s.
    """

    def __init__(self, d: LoopEquations, v_rest: np.ndarray, limits: Limits) -> None:
        self.d, self.v_rest, self.limits = d, v_rest, limits
        n = len(limits.low)
        self.F, self.f, self._v_0 = d.system.copy(), np.zeros(len(d.system)), v_rest[:n]
        np.copyto(self.F[:, :n], d.limited_columns[0], where=limits.low)
        self.f[:n] = d.rate * self._v_0
        if d.load is not None:
            self.f[n:] = d.pin_drift(v_rest)
        if not d.zero_alone:
            self._limit()

    def _limit(self) -> None:
        """Count rails and slew rates in."""
        d, n, (low, high, falling, rising) = self.d, len(self._v_0), self.limits
        np.copyto(self.F[:, :n], d.limited_columns[1], where=high)
        ends = np.where(low, d.lowest, np.where(high, d.opamp.v_max, 0.0))
        if d.lag is None:
            self._v_0 = self._v_0 - d.coupling @ ends
        else:
            self.f[n:] += d.lag.given @ ends
        self.f[:n] = d.rate * self._v_0
        self._slew(np.flatnonzero(falling | rising))
        self.f[:n] += self._stiffness * ends

    def _slew(self, which: np.ndarray) -> None:
        """Let the poles `which` move at their slew rate, whatever their inputs are."""
        d = self.d
        self.F[which], self.f[which] = 0.0, d.opamp.slew_rate * np.where(self.limits.rising, 1.0, -1.0)[which]
        self.F[which, which] -= d.rate / d.opamp.gain + self._stiffness[which]

    @property
    def _stiffness(self) -> np.ndarray:
        """Stiffness of the limits that op-amps are at (n,), 1/s."""
        return self.d.rate * (self.d.lower_rail * self.limits.low + RAIL * self.limits.high)

    @classmethod
    def first(cls, d: LoopEquations, v_rest: np.ndarray) -> Regime:
        """Return the regime of all amplifiers at zero: an output there is free if it is on its way up."""
        n = len(d.positive)
        regime = cls(d, v_rest, Limits.none(n))
        regime = regime._after(regime._beyond[1] > 0)
        return cls(d, v_rest, regime.limits._replace(low=(d.lowest == 0) & (regime.f[:n] < 0)))

    def run(self, z: np.ndarray, longest: float, scale: float, scratch: np.ndarray) -> tuple[Piece, Regime | None]:
        """Return the motion from the poles' voltages `z` (n,) on, and the regime that follows if one does.

        Parameters
        ----------
        z : ndarray of shape (n,)
            Volts.
        longest : float
            Seconds that are looked at.
        scale : float
            The largest voltage so far.
        scratch : ndarray
            Memory, as `scratch` makes it.
        """
        B, c = self._beyond
        end, crossed = np.empty(len(z)), np.empty(len(c), np.uint8)
        times, states, how = motion.follow(
            self.F, self.f, z, B, c, float(longest), float(scale), _TOLERANCE, end, crossed, scratch
        )
        following = self._after(crossed.view(bool)) if how == motion.CROSSED else None
        return Piece(times, states, end, how == motion.ENDLESS), following

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues of F, 1/s."""
        return np.linalg.eigvals(self.F)

    @property
    def growth(self) -> float:
        """The largest real part of an eigenvalue, 1/s; below zero where the motion comes to rest."""
        return float(np.real(self.eigenvalues).max())

    def rest(self) -> np.ndarray:
        """Return the end of the motion if no limit were met (n,), volts."""
        return -np.linalg.solve(self.F, self.f)

    @property
    def _beyond(self) -> tuple[np.ndarray, np.ndarray]:
        """B (q n, n) and c (q n,): B z + c is how far op-amps are beyond where the q kinds of limits change, volts.

        One is met or left only beyond the noise.
        """
        d = self.d
        (B, c), noise = d.ends, _NOISE * np.abs(self.v_rest[: len(d.positive)]).max()
        if d.zero_alone:
            sign = 1.0 - 2.0 * self.limits.low
            return sign[:, None] * B, sign * c - noise
        if np.isfinite(d.v_slew):
            B = np.concatenate([B, self._path, -self._path])
            c = np.concatenate([c, -self._v_0 - d.v_slew, self._v_0 - d.v_slew])
        sign = 1.0 - 2.0 * np.array(self.limits)[d.limited].ravel()
        return sign[:, None] * B, sign * c - noise

    @property
    def _path(self) -> np.ndarray:
        """Part that the states take of the voltage between the inputs (n, n + s), volts per volt."""
        d, (low, high, *_) = self.d, self.limits
        path = np.where(low, d.diode, d.coupling * ~high if d.lag is None else 0.0)
        return path if d.lag is None else np.hstack([path, d.coupling @ d.lag.shown])

    def _after(self, crossed: np.ndarray) -> Regime:
        """The regime after the limits of `crossed` (q n,) have been met or left."""
        if self.d.zero_alone:
            return Regime(self.d, self.v_rest, self.limits._replace(low=self.limits.low ^ crossed))
        limits = np.array(self.limits)
        limits[self.d.limited] ^= crossed.reshape(-1, limits.shape[1])
        return Regime(self.d, self.v_rest, Limits(*limits))
