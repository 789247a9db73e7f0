"""The transient of one right-hand side, exactly, from one clamp event to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.circuits.circuit import Circuit
from mho.circuits.equations import LoopEquations, equations
from mho.circuits.errors import ChipError
from mho.circuits.mvm import Mvm
from mho.circuits.transient.piecewise import Regime, scratch
from mho.kernels.blas import one_blas_thread
from mho.kernels.motion import between

__all__ = ["Waveform", "transient"]

_EVENTS_PER_OPAMP = 50
"""An op-amp that meets its limits more often than this on average will not come to rest."""

_LOOKS = np.arange(4) / 4
"""Where in a step the outputs are looked at for the last one that is off."""

_COPIES = "a smaller programming error, fewer columns or a ridge would help"


@dataclass(frozen=True, eq=False)
class Waveform:
    """Voltages of a loop's op-amps from zero on, at any time.

    Attributes
    ----------
    starts : ndarray of shape (r,)
        When each linear piece begins, seconds: an op-amp has met or left a limit.
    regimes : tuple of Regime
        The r pieces.
    times : ndarray of shape (p,)
        Seconds, ascending, from 0 on; an event's twice.
    states : ndarray of shape (p, 3, n) or (p, 3, 2 n)
        Voltages z of all op-amps' poles then, volts, with their first two derivatives by time; second poles' follow.
    end : float
        Where the waveform ends, seconds; infinite: it has come to rest.
    """

    starts: np.ndarray
    regimes: tuple[Regime, ...]
    times: np.ndarray
    states: np.ndarray
    end: float

    @property
    def equations(self) -> LoopEquations:
        """The equations of motion."""
        return self.regimes[0].d

    def poles(self, time: Any) -> np.ndarray:
        """Return the voltages z (n, t) of all op-amps' poles, volts; with second poles theirs below, (2 n, t).

        Parameters
        ----------
        time : array_like of shape (t,)
            Seconds, ascending, from 0 to `end`.

        Raises
        ------
        ValueError
            Times that descend or lie outside.
        """
        time = np.asarray(time, np.float64)
        if time.ndim != 1 or (time.size and not (np.all(np.diff(time) >= 0) and 0 <= time[0] and time[-1] <= self.end)):
            raise ValueError(f"time must be a vector that ascends between 0 and {self.end:g} s")
        Z = np.empty((len(time), self.states.shape[2]))
        between(self.times, self.states, np.ascontiguousarray(time), Z)
        return Z.T

    def outputs(self, time: Any) -> np.ndarray:
        """Return the outputs x (k, t) that hold the answer, volts, at times (t,), seconds.

        Parameters
        ----------
        time : array_like of shape (t,)
            As for `poles`.
        """
        return self._shown(self.poles(time))

    def rest(self) -> np.ndarray:
        """Return the outputs x (k,) at rest, volts.

        Raises
        ------
        ChipError
            The waveform ends before the loop rests.
        """
        if np.isfinite(self.end):
            raise ChipError(f"the loop is still on its way at {self.end:g} s: leave the duration out to follow it")
        return self._shown(self.regimes[-1].rest()[:, None])[:, 0]

    def settling_time(self, tolerance: float = 0.01) -> float:
        """Return the time after which no output is off its rest by more than `tolerance` of the largest one, seconds.

        Parameters
        ----------
        tolerance : float
            Fraction of the largest output at rest.

        Raises
        ------
        ChipError
            The waveform ends before the loop rests.
        """
        from scipy.optimize import brentq  # half of what a chip takes to import

        checks.at_least(tolerance, "tolerance", 0, strict=True)
        rest = self.rest()[:, None]

        def excess(time: Any) -> Any:
            """Distance of the farthest output from the band."""
            return np.abs(self.outputs(np.atleast_1d(time)) - rest).max(axis=0) - tolerance * np.abs(rest).max()

        times = np.append(self.times[:-1, None] + np.diff(self.times)[:, None] * _LOOKS, self.times[-1])
        far = np.flatnonzero(excess(times) > 0)
        if not far.size:
            return 0.0
        before, after = times[far[-1]], times[min(far[-1] + 1, len(times) - 1)]
        if excess(after)[0] >= 0:
            return float(after)
        entered: Any = brentq(lambda time: excess(time)[0], before, after)
        return float(entered)

    def _shown(self, Z: np.ndarray) -> np.ndarray:
        d = self.equations
        X = Z if d.outputs == len(Z) else Z[-d.outputs :]
        if d.load is not None:  # pins, which currents through the outputs' resistance move beyond the limits
            return X
        lowest = d.lowest[-1]
        return np.clip(X, lowest, d.opamp.v_max, out=X) if np.isfinite([lowest, d.opamp.v_max]).any() else X


def transient(circuit: Circuit | LoopEquations, volts: Any, *, duration: float | None = None) -> Waveform:
    """Follow a loop from all amplifiers at zero.

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv, GramInv or LoopEquations
        The circuit, as `as_circuit` makes it of a programmed chip; its `equations` save their computation, which takes
        long where wires have resistance.
    volts : array_like of shape (inputs,)
        Right-hand side, volts.
    duration : float, optional
        Seconds; by default until the loop rests.

    Raises
    ------
    TypeError, ValueError
        A wrong argument.
    ChipError
        The loop runs away; without a `duration`, also if it swings for ever.

    Notes
    -----
    States at the ends of steps and times of clamp events are exact but for rounding, some 1e-16 times the ratio of the
    slowest time constant to the fastest. Between two ends a waveform is a polynomial of fifth degree, in the middle of
    the step within 1e-9 of the largest voltage so far. Limits are looked at in the ends and middles of steps: one that
    is met and left again between two such times is missed.
    """
    if duration is not None:
        checks.at_least(duration, "duration", 0, strict=True)
    with one_blas_thread():  # these matrices are too small to share
        d = closed_loop(circuit)
        return follow(d, d.v_rest(input_volts(d, volts)), np.inf if duration is None else duration)


def closed_loop(circuit: Circuit | LoopEquations) -> LoopEquations:
    """Return the equations of motion of a closed loop.

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv, GramInv or LoopEquations
        The circuit, or its equations.

    Raises
    ------
    TypeError
        Another circuit.
    """
    if isinstance(circuit, Mvm) or not isinstance(circuit, Circuit | LoopEquations):
        raise TypeError(
            "circuit must be a closed loop, a CompactGinv, ClassicGinv, GramInv, Inv or Egv, got "
            f"{type(circuit).__name__}"
        )
    return equations(circuit)


def input_volts(d: LoopEquations, volts: Any) -> np.ndarray:
    """Return one right-hand side (m,) or several (m, n), checked.

    Parameters
    ----------
    d : LoopEquations
        Equations of the loop.
    volts : array_like
        At the inputs; right-hand sides by columns.
    """
    given, inputs = np.asarray(volts), d.inputs.shape[1]
    if not inputs and not given.size:
        return np.zeros(0)
    column = given[:, None] if given.ndim == 1 else given
    array = checks.as_matrix(column, "volts", nonnegative=False).astype(np.float64)
    if len(array) != inputs:
        raise ValueError(f"volts must have {inputs} rows, one per input, got shape {given.shape}")
    return array[:, 0] if given.ndim == 1 else array


def follow(d: LoopEquations, v_rest: np.ndarray, duration: float) -> Waveform:
    """Follow the equations of motion from zero, from event to event.

    Parameters
    ----------
    d : LoopEquations
        Equations of the loop.
    v_rest : ndarray of shape (n,)
        Voltages between the inputs while the outputs are at zero, volts.
    duration : float
        Seconds; infinite: until rest.
    """
    regime: Regime | None = Regime.first(d, v_rest)
    regimes, pieces, starts = [], [], []
    z, now, scale, memory = np.zeros(len(d.system)), 0.0, 0.0, scratch(d)
    while regime is not None:
        regimes.append(regime)
        starts.append(now)
        piece, regime = regime.run(z, duration - now, scale, memory)
        pieces.append(piece)
        now += float(piece.times[-1])
        z, scale = piece.end, max(scale, np.abs(piece.end).max())
        if len(regimes) > _EVENTS_PER_OPAMP * len(v_rest) + _EVENTS_PER_OPAMP:
            raise ChipError(
                f"the loop does not settle: after {len(regimes)} clamp events in {now:.3g} s it still swings between "
                f"its limits; {_COPIES}"
            )
        if now >= duration:
            break
    if pieces[-1].endless:
        raise ChipError(_endless(regimes[-1], starts[-1]))
    return Waveform(
        starts=np.array(starts),
        regimes=tuple(regimes),
        times=np.concatenate([start + piece.times for start, piece in zip(starts, pieces, strict=True)]),
        states=np.concatenate([piece.states for piece in pieces]),
        end=duration,
    )


def _endless(regime: Regime, now: float) -> str:
    loop = f"the loop does not settle: with its limits as after {now:.3g} s it"
    if regime.growth < 0:
        return f"{loop} swings too long to be followed, and decays at only {-regime.growth:.3g} per second"
    return (
        f"{loop} runs away at {regime.growth:.3g} per second, because the two arrays of the matrix differ too much for "
        f"how alike its columns are; {_COPIES}"
    )
