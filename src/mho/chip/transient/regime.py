"""Between two clamp events a loop is linear: which op-amps are at their limits, how they move, and for how long."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mho.chip.transient.dynamics import RAIL, Dynamics
from mho.chip.transient.linear import LinearMotion, first_time

__all__ = ["Limits", "Regime"]

_BLOCK = 32
"""Times looked at together."""

_NOISE = 1e-10
"""Of the voltages that drive a loop: as far beyond a limit nothing has happened yet."""


class Limits(NamedTuple):
    """Op-amps at their limits, n of them; with a second axis, at each of t times.

    Attributes
    ----------
    low, high : ndarray of bool of shape (n,) or (n, t)
        At the lower and upper end of their outputs.
    falling, rising : ndarray of bool of shape (n,) or (n, t)
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
        F = np.where(slewing[:, None], 0.0, self._to_v) - np.diag(1 / d.opamp.gain + stiff)
        f = np.where(slewing, 0.0, self._v_0) + stiff * ends
        if slewing.any():
            f += (rising * 1.0 - falling) * d.opamp.slew_rate / d.rate
        self._noise = np.where(limits, 1.0, -1.0)[..., None] * _NOISE * np.abs(v_rest).max()
        super().__init__(d.rate * F, d.rate * f, z)

    @classmethod
    def first(cls, d: Dynamics, v_rest: np.ndarray) -> Regime:
        """Return the regime of all amplifiers at zero: an output there is free if it is on its way up."""
        z = np.zeros(len(v_rest))
        regime = cls(d, v_rest, Limits.none(len(z)), z)
        regime = cls(d, v_rest, regime.limits_at(z), z)
        low = (z == d.lowest) & (regime.F @ z + regime.f < 0)
        return cls(d, v_rest, regime.limits._replace(low=low), z)

    def next(self, lasted: float) -> Regime:
        """Return the regime that follows when this one has `lasted` so many seconds."""
        z = self.at(np.array([lasted]))[:, 0]
        return type(self)(self.d, self.v_rest, self.limits_at(z), z)

    def limits_at(self, Z: np.ndarray) -> Limits:
        """Return the limits met at poles Z (n,) or (n, t), volts; one of this regime is left only beyond the noise."""
        d = self.d
        one = Z.ndim == 1
        Z = Z[:, None] if one else Z
        low, high, falling, rising = self._noise
        below, above = Z < d.lowest[:, None] + low, Z > d.opamp.v_max - high
        if np.isinf(d.opamp.slew_rate):
            never = np.zeros(Z.shape, bool)
            found = Limits(below, above, never, never)
        else:
            v, most = self._to_v @ Z + self._v_0[:, None], d.opamp.slew_rate / d.rate
            found = Limits(below, above, -v > most - falling, v > most - rising)
        return Limits(*(met[:, 0] for met in found)) if one else found

    def over(self, time: np.ndarray) -> np.ndarray:
        """Return whether an op-amp has met or left a limit at times (t,) since the start, seconds."""
        found, was = self.limits_at(self.at(time)), self.limits
        changed = (found.low != was.low[:, None]) | (found.high != was.high[:, None])
        if np.isfinite(self.d.opamp.slew_rate):
            changed |= (found.falling != was.falling[:, None]) | (found.rising != was.rising[:, None])
        return changed.any(axis=0)

    def end(self, longest: float) -> float | None:
        """Return when an op-amp meets or leaves a limit, seconds since the start; None if not before `longest`."""
        times = self.times(longest)
        for start in range(0, len(times), _BLOCK):
            over = self.over(times[start : start + _BLOCK])
            if over.any():
                first = start + int(over.argmax())
                return first_time(self.over, float(times[first - 1]) if first else 0.0, float(times[first]))
        return None
