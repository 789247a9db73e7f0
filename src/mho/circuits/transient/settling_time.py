"""Settling time of a loop: exact, for many right-hand sides at once, and an upper bound."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import checks
from mho.circuits.circuit import Circuit
from mho.circuits.equations import LoopEquations
from mho.circuits.transient.implicit import implicit_settling_times
from mho.circuits.transient.waveform import closed_loop, follow, input_volts
from mho.kernels.blas import one_blas_thread

__all__ = ["settling_bound", "settling_time"]


def settling_time(circuit: Circuit | LoopEquations, volts: Any, tolerance: float = 0.01) -> Any:
    """Return the time after which no output is off its rest by more than `tolerance` of the largest one, seconds.

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv, GramInv or LoopEquations
        The circuit, or its equations.
    volts : array_like of shape (inputs,) or (inputs, n)
        Right-hand sides, volts. One is followed exactly. Several go together in time steps, and agree with that
        within 3 %, if `settling_bound` is finite; if not, each is followed exactly.
    tolerance : float
        Fraction of the largest output at rest, of each right-hand side.

    Returns
    -------
    float or ndarray of shape (n,)

    Raises
    ------
    TypeError, ValueError
        A wrong argument.
    ChipError
        A loop that does not settle.
    """
    with one_blas_thread():  # these matrices are too small to share
        d = closed_loop(circuit)
        return _settling_time(d, input_volts(d, volts), tolerance)


def _settling_time(d: LoopEquations, b: np.ndarray, tolerance: float) -> Any:
    bound, v_rest = _bound(d, tolerance), d.v_rest(b)
    if b.ndim == 1:
        return follow(d, v_rest, np.inf).settling_time(tolerance)
    seconds = implicit_settling_times(d, v_rest.T, tolerance) if np.isfinite(bound) else np.full(b.shape[1], np.nan)
    for j in np.flatnonzero(np.isnan(seconds)):
        seconds[j] = follow(d, v_rest[:, j], np.inf).settling_time(tolerance)
    return seconds


def settling_bound(circuit: Circuit | LoopEquations, tolerance: float = 0.01) -> float:
    """Return a time by which every right-hand side has settled, seconds; infinite where none can be told.

    Parameters
    ----------
    circuit : CompactGinv, ClassicGinv, GramInv or LoopEquations
        The circuit, or its equations.
    tolerance : float
        Fraction of the largest output at rest.

    Notes
    -----
    With a stiff clamp the outputs obey ``D dx/dt = -w (D P x - q - c)``, where c >= 0 is what the clamps take and
    ``c' x = 0``: D is the sense network with a rectifying clamp and 1 with a single supply, P as in `LoopEquations`.
    The clamps never drive two solutions apart. From zero the distance to rest in the norm of D falls at least as
    ``exp(-w (mu + 1 / gain) t)``, mu the smallest eigenvalue of the symmetric part of ``D^1/2 P D^-1/2``, whatever
    clamps change on the way. For the largest output of k that means

        t <= (ln(1 / tolerance) + ln(k cond D) / 2) / (w (mu + 1 / gain))

    There is no such bound if mu + 1 / gain <= 0, as when two arrays differ too much, none with a slew rate, rails or
    second poles,
    and none in the classic circuit, whose P has nothing on the columns' diagonal. The derivation is this project's own.
    """
    return _bound(closed_loop(circuit), tolerance)


def _bound(d: LoopEquations, tolerance: float) -> float:
    checks.at_least(tolerance, "tolerance", 0, strict=True)
    k = len(d.positive)
    if (
        not d.positive.all()
        or np.isfinite([d.opamp.slew_rate, d.opamp.v_max, d.opamp.second_pole]).any()
        or d.load is not None
    ):
        return np.inf
    D = np.linalg.inv(d.diode) if d.opamp.clamp == "rectifying" else np.eye(k)  # to a factor
    scale, Q = np.linalg.eigh((D + D.T) / 2)
    root = Q * np.sqrt(scale)
    A = root.T @ d.coupling @ (Q / np.sqrt(scale))
    rate = float(np.linalg.eigvalsh((A + A.T) / 2).min()) + 1 / d.opamp.gain
    distance = np.log(1 / tolerance) + np.log(k * scale.max() / scale.min()) / 2
    return float(max(distance, 0.0) / (d.rate * rate)) if rate > 0 else np.inf
