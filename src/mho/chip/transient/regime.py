"""Between two clamp events a loop is linear: which op-amps are at their limits, how they move, and for how long."""

from __future__ import annotations

from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from mho.chip.transient.dynamics import RAIL, Dynamics
from mho.chip.transient.linear import LinearMotion, crossing

__all__ = ["Limits", "Regime"]

_BLOCK = 96
"""Times looked at together."""

_NOISE = 1e-10
"""Of the voltages that drive a loop: as far beyond a limit nothing has happened yet."""


class Limits(NamedTuple):
    """Which of n op-amps are at their limits.

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


class Regime(LinearMotion):
    """One linear piece of a transient.

    Parameters
    ----------
    d : Dynamics
    v_rest : ndarray of shape (n,)
        See `Dynamics`, volts.
    limits : Limits
    z : ndarray of shape (n,)
        Voltages of the poles at its start, volts.
    """

    def __init__(self, d: Dynamics, v_rest: np.ndarray, limits: Limits, z: np.ndarray) -> None:
        self.d, self.v_rest, self.limits = d, v_rest, limits
        low, high, falling, rising = limits
        ends = np.where(low, d.lowest, 0.0)
        ends[high] = d.opamp.v_max
        self._to_v, self._v_0 = -d.coupling * ~(low | high) - d.diode * low, v_rest - d.coupling @ ends
        stiff = d.lower_rail * low + RAIL * high
        slewing = falling | rising
        F, f = self._to_v.copy(), self._v_0.copy()
        if slewing.any():
            F[slewing], f[slewing] = 0.0, (rising * 1.0 - falling)[slewing] * d.v_slew
        F.flat[:: len(F) + 1] -= 1 / d.opamp.gain + stiff
        super().__init__(d.rate * F, d.rate * (f + stiff * ends), z)

    @classmethod
    def first(cls, d: Dynamics, v_rest: np.ndarray) -> Regime:
        """Return the regime of all amplifiers at zero: an output there is free if it is on its way up."""
        z = np.zeros(len(v_rest))
        regime = cls(d, v_rest, Limits.none(len(z)), z)
        B, c = regime._beyond
        regime = cls(d, v_rest, regime._changed(B @ z + c > 0), z)
        low = (z == d.lowest) & (regime.F @ z + regime.f < 0)
        return cls(d, v_rest, regime.limits._replace(low=low), z)

    def next(self, longest: float) -> tuple[float, Regime] | None:
        """Return how many seconds this regime lasts and the one that follows; None if it outlasts `longest`."""
        times, (B, c) = self.times(longest), self._beyond
        start, moves = B @ self.z + c, B @ self.shares
        for block in range(0, len(times), _BLOCK):
            beyond = start[:, None] + moves @ self.shapes(times[block : block + _BLOCK]) > 0
            if beyond.any():
                at = int(beyond.any(axis=0).argmax())
                rows = np.flatnonzero(beyond[:, at])
                lasted, row = self._first_crossing(start[rows], moves[rows], times[: block + at + 1][-2:])
                z = self.at(np.array([lasted]))[:, 0]
                crossed = B @ z + c > 0
                crossed[rows[row]] = True
                return lasted, type(self)(self.d, self.v_rest, self._changed(crossed), z)
        return None

    def _first_crossing(self, start: np.ndarray, moves: np.ndarray, between: np.ndarray) -> tuple[float, int]:
        """Return when the first of some signals passes zero, which all have by the end of an interval, and its row."""
        if len(between) == 1:
            return 0.0, 0

        def signal(time: float, row: int) -> float:
            return float(start[row] + moves[row] @ self.shapes(np.array([time]))[:, 0])

        return min((crossing(partial(signal, row=row), *between), row) for row in range(len(start)))

    @cached_property
    def _beyond(self) -> tuple[np.ndarray, np.ndarray]:
        """B (q n, n) and c (q n,): B z + c is how far op-amps are beyond where the q kinds of limits change, volts.

        One is met or left only beyond the noise.
        """
        d, one = self.d, np.eye(len(self.z))
        kinds = [(-one, d.lowest)]
        if np.isfinite(d.opamp.v_max):
            kinds.append((one, np.full(len(one), -d.opamp.v_max)))
        if np.isfinite(d.v_slew):
            kinds += [(-self._to_v, -self._v_0 - d.v_slew), (self._to_v, self._v_0 - d.v_slew)]
        B, c = (np.concatenate(parts) for parts in zip(*kinds, strict=True))
        sign = np.where(np.array(self.limits)[d.limited], -1.0, 1.0).ravel()
        return sign[:, None] * B, sign * c - _NOISE * np.abs(self.v_rest).max()

    def _changed(self, crossed: np.ndarray) -> Limits:
        """The limits after those of `crossed` (q n,) have been met or left."""
        limits = np.array(self.limits)
        limits[self.d.limited] ^= crossed.reshape(-1, limits.shape[1])
        return Limits(*limits)
