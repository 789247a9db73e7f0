"""The transient of one right-hand side, exactly, from one clamp event to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.chip.errors import ChipError
from mho.chip.transient.dynamics import Dynamics, dynamics
from mho.chip.transient.linear import crossing
from mho.chip.transient.regime import Regime
from mho.kernels.blas import one_blas_thread
from mho.spice import Circuit

__all__ = ["Waveform", "transient"]

_EVENTS_PER_OPAMP = 50
"""An op-amp that meets its limits more often than this on average will not come to rest."""

_COPIES = "a smaller programming error, fewer columns or a ridge would help"


@dataclass(frozen=True, eq=False)
class Waveform:
    """What the op-amps of a loop do from zero on, at any time.

    Attributes
    ----------
    starts : ndarray of shape (r,)
        When each linear piece begins, seconds: an op-amp has met or left a limit.
    regimes : tuple of Regime
        The r pieces.
    end : float
        Where the waveform ends, seconds; infinite: it has come to rest.
    """

    starts: np.ndarray
    regimes: tuple[Regime, ...]
    end: float

    @property
    def dynamics(self) -> Dynamics:
        """The equations of motion."""
        return self.regimes[0].d

    def poles(self, time: Any) -> np.ndarray:
        """Return the voltages z (n, t) of all op-amps' poles, volts.

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
        parts = np.split(time, np.searchsorted(time, self.starts[1:]))
        pieces = zip(self.regimes, self.starts, parts, strict=True)
        return np.hstack([regime.at(part - start) for regime, start, part in pieces])

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
        checks.at_least(tolerance, "tolerance", 0, strict=True)
        rest = self.rest()[:, None]
        ends = np.append(self.starts[1:], np.inf)
        for regime, start, end in zip(self.regimes[::-1], self.starts[::-1], ends[::-1], strict=True):

            def excess(time: Any, regime: Regime = regime) -> Any:
                """How far off the band the farthest output is."""
                return np.abs(self._shown(regime.at(np.atleast_1d(time))) - rest).max(axis=0) - tolerance * rest.max()

            times = regime.times(end - start)
            far = np.flatnonzero(excess(times) > 0)
            if far.size and far[-1] + 1 < len(times):
                return float(start) + crossing(lambda t, f=excess: f(t)[0], *times[far[-1] : far[-1] + 2])
            if far.size:
                return float(start + times[-1])
        return 0.0

    def _shown(self, Z: np.ndarray) -> np.ndarray:
        positive = self.dynamics.positive
        return np.clip(Z[positive], 0.0, self.dynamics.opamp.v_max)


def transient(circuit: Circuit, volts: Any, *, duration: float | None = None) -> Waveform:
    """Follow a loop from all amplifiers at zero.

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv or GramInv
        The circuit, as `as_circuit` makes it of a programmed chip.
    volts : array_like of shape (inputs,)
        Right-hand side, volts.
    duration : float, optional
        Seconds; by default until the loop rests.

    Raises
    ------
    TypeError, ValueError
        A wrong argument.
    ChipError
        Without a `duration`: the loop runs away or swings for ever.

    Notes
    -----
    Exact but for two things. The times of the clamp events are found to 2e-9 of how long each linear piece lasts. And
    limits are looked at at times each 1.1 times the one before, counted from the start of the piece, and 0.3 radians
    apart while a mode swings: one that is met and left again between two such times is missed.
    """
    if duration is not None:
        checks.at_least(duration, "duration", 0, strict=True)
    with one_blas_thread():  # these matrices are too small to share
        d = dynamics(circuit)
        return follow(d, d.v_rest(input_volts(circuit, volts)), np.inf if duration is None else duration)


def input_volts(circuit: Circuit, volts: Any) -> np.ndarray:
    """Return one right-hand side (inputs,) or several (inputs, n), checked.

    Parameters
    ----------
    circuit : Circuit
    volts : array_like
    """
    given = np.asarray(volts)
    column = given[:, None] if given.ndim == 1 else given
    array = checks.as_matrix(column, "volts", nonnegative=False).astype(np.float64)
    if len(array) != circuit.inputs:
        raise ValueError(f"volts must have {circuit.inputs} rows, one per input, got shape {given.shape}")
    return array[:, 0] if given.ndim == 1 else array


def follow(d: Dynamics, v_rest: np.ndarray, duration: float) -> Waveform:
    """Follow the equations of motion from zero, from event to event.

    Parameters
    ----------
    d : Dynamics
    v_rest : ndarray of shape (n,)
        Voltages between the inputs while the outputs are at zero, volts.
    duration : float
        Seconds; infinite: until rest.
    """
    regime, now = Regime.first(d, v_rest), 0.0
    regimes, starts = [regime], [now]
    while (step := regime.next(duration - now)) is not None:
        lasted, regime = step
        now += lasted
        regimes.append(regime)
        starts.append(now)
        if len(regimes) > _EVENTS_PER_OPAMP * len(v_rest) + _EVENTS_PER_OPAMP:
            raise ChipError(
                f"the loop does not settle: after {len(regimes)} clamp events in {now:.3g} s it still swings between "
                f"its limits; {_COPIES}"
            )
    if np.isinf(duration) and regime.growth >= 0:
        raise ChipError(
            f"the loop does not settle: with its limits as after {now:.3g} s it runs away at {regime.growth:.3g} per "
            f"second, because the two copies of the matrix differ too much for how alike its columns are; {_COPIES}"
        )
    return Waveform(starts=np.array(starts), regimes=tuple(regimes), end=duration)
