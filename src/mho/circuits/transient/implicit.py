"""Many right-hand sides in time steps that grow with time: one complementarity problem a stage, one matrix for all.

An implicit step z = z_0 + h f(z) of ``dz/dt = w (v_rest - P x - N min(z, 0) - z / gain)`` reads, with z = x - u,
x >= 0, u >= 0, x' u = 0 and a = 1 / (w h) + 1 / gain,

    (a + N) u = (a + P) x - (v_rest + z_0 / (w h))

Two such stages make the singly diagonally implicit method of second order that damps fast modes out (L-stable).
"""

from __future__ import annotations

import numpy as np

from mho import kernels
from mho.circuits.equations import LoopEquations

__all__ = ["implicit_settling_times"]

_GAMMA = 1 - np.sqrt(0.5)
"""The method's own constant."""

_DECAY = 0.9
"""How far a mode that decays to the tolerance by now does so in the next step, which grows with time: exp(-0.9). The
settling time of such a mode comes out 1 % short."""

_FIRST = 1.0
"""The first step, times the fastest time constant."""

_SLOWEST = 60
"""Time constants of an op-amp in open loop after which a loop does not settle."""

_DONE = 0.1
"""Of the tolerance: a right-hand side that is as near its rest, in all op-amps, is not followed any more."""

_NOTHING = 1e-9
"""The same where no output is above zero, of the largest voltage."""


class _Stage:
    """z = z_0 + h f(z) for one h."""

    def __init__(self, d: LoopEquations, h: float) -> None:
        self.share = 1 / (d.rate * h)
        a = np.eye(len(d.positive)) * (self.share + 1 / d.opamp.gain)
        self._below = np.linalg.inv(a + d.diode + np.diag(d.lower_rail))
        self._M = np.ascontiguousarray(self._below @ (a + d.coupling))

    def __call__(self, v_rest: np.ndarray, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Z (n, k) at the end of the stage, and for which (n,) there is none."""
        Q = np.ascontiguousarray((v_rest + Z * self.share) @ self._below.T)
        X, failed = np.maximum(Z, 0, order="C"), np.zeros(len(Q), np.uint8)  # who is free is the first guess
        kernels.lcp(self._M, None, Q, kernels.GENERAL, X, failed, kernels.thread_count())
        return X - np.maximum(X @ self._M.T - Q, 0), failed > 0


def implicit_settling_times(d: LoopEquations, v_rest: np.ndarray, tolerance: float) -> np.ndarray:
    """Return settling times (n,), seconds; NaN where a loop does not come to the operating point that is looked for.

    Parameters
    ----------
    d : LoopEquations
        All op-amps positive, without slew rate and rails.
    v_rest : ndarray of shape (n, k)
        Voltages between the inputs while the outputs are at zero, volts.
    tolerance : float
        Fraction of the largest output at rest.
    """
    Z = np.zeros(v_rest.shape)
    rest, _ = _Stage(d, np.inf)(v_rest, Z)
    allowed = tolerance * np.maximum(rest, 0).max(axis=1)
    done = np.maximum(_DONE * allowed, _NOTHING * np.abs(rest).max(axis=1))
    settled, resting, way = np.zeros(len(Z)), np.zeros(len(Z), bool), np.arange(len(Z))  # `way`: still on it
    time, step = 0.0, _FIRST / (d.rate * np.linalg.norm(d.coupling, 2))
    growth, off = _DECAY / max(np.log(1 / tolerance), 1.0), _off(Z, rest)
    while way.size and d.rate * time < _SLOWEST * d.opamp.gain:
        stage = _Stage(d, _GAMMA * step)
        middle, lost = stage(v_rest, Z)
        Z, lost_too = stage(v_rest, Z + (1 - _GAMMA) / _GAMMA * (middle - Z))
        before, off = off, _off(Z, rest)
        entered = (before > allowed) & (off <= allowed)
        settled[way[entered]] = time + step * _share(before[entered], off[entered], allowed[entered])
        time += step
        step = growth * time
        near = np.abs(Z - rest).max(axis=1) <= done
        resting[way[near]] = True
        on = ~(near | lost | lost_too)
        way, Z, rest, v_rest, allowed, done, off = (a[on] for a in (way, Z, rest, v_rest, allowed, done, off))
    return np.where(resting, settled, np.nan)


def _off(Z: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Largest distance of an output from its rest (n,), volts."""
    return np.abs(np.maximum(Z, 0) - np.maximum(rest, 0)).max(axis=1)


def _share(before: np.ndarray, after: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """When a distance passes the one allowed, if it falls exponentially: share of the step."""
    tiny = np.finfo(float).tiny
    return np.log(before / np.maximum(allowed, tiny)) / np.log(before / np.maximum(after, tiny))
