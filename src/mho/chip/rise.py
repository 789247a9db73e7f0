"""What one right-hand side takes while the outputs rise from zero to rest: energy, and charge from the supplies.

With the unclamped columns free from the start the rise is linear (`mho.chip.modes`), and the sense nodes follow as
``s = H (x - x_rest) - x_rest / gain``. Row voltages follow at once [2.4]. A column that is clamped only on the way, or
free only on the way, is not seen, nor is the offset. Clamped sense nodes are taken to be at virtual ground; where they
float instead, the difference is in their cells alone. A reference column is one more output, at minus a share of the
sum of the others, which it follows at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mho.chip.modes import Modes

if TYPE_CHECKING:
    from mho.chip.array import ProgrammedArray

__all__ = ["Delivery", "rise"]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_SHARE = ((_POINTS + 1) / 2) ** 2  # of the whole time: denser at the start, where the fast modes are
_WEIGHT = _WEIGHTS * (_POINTS + 1) / 2


@dataclass(frozen=True)
class Delivery:
    """What sources and outputs deliver to the network, at the fixed scale of the volts.

    Attributes
    ----------
    joules : float
        All of it, which the network turns into heat, J.
    load_joules : float
        From the op-amps' outputs, J.
    load_coulombs, input_coulombs : float
        Charge out of the op-amps' outputs, and through the input drivers in either direction, C.
    peak_amperes : float
        The largest current out of one output at rest, A.
    """

    joules: float
    load_joules: float
    load_coulombs: float
    input_coulombs: float
    peak_amperes: float


def rise(
    array: ProgrammedArray, modes: Modes, on: np.ndarray, V: np.ndarray, x: np.ndarray, seconds: float
) -> Delivery:
    """Integrate over `seconds` from zero.

    Parameters
    ----------
    array : ProgrammedArray
    modes : Modes
        Of the loop with these rows on, free where `x` is above zero.
    on : ndarray of bool of shape (m,)
        Rows whose word line is on.
    V : ndarray of shape (rows on,)
        Input volts; the sources are at -V.
    x : ndarray of shape (k,)
        Outputs at rest, volts.
    seconds : float
    """
    free = x > 0
    drive, total = array.g_left[on], array.loop.total[on]
    sense = array.g_right[on][:, free]
    missing = modes.before_rest(x[free], seconds * _SHARE)
    x_t, s_t = x[free] - missing, -missing @ modes.H.T - x[free] / modes.amplifier.gain
    if array.conductances.reference is not None:
        reference = array.conductances.reference
        drive = np.column_stack([drive, reference.left[on]])
        free, x_t = np.append(free, True), np.column_stack([x_t, -reference.share * x_t.sum(axis=1)])
    # Sums over rows of what their voltage r = (drive x + sense s - g_in V) / S does to outputs and inputs
    scaled = drive / total[:, None]
    from_x, from_s, from_v = scaled.T @ drive[:, free], scaled.T @ sense, array.g_in * (V @ scaled)
    current = from_v - x_t @ from_x.T - s_t @ from_s.T
    current[:, free] += x_t * drive[:, free].sum(axis=0)
    load_watts = np.sum(x_t * current[:, free], axis=1)
    own = 1 - array.g_in / total

    def through_inputs(weight: np.ndarray) -> np.ndarray:
        """Sum over rows of weight times the current g_in (V + r), at each time."""
        lifted = weight / total
        return array.g_in * (weight @ (V * own) + x_t @ (lifted @ drive[:, free]) + s_t @ (lifted @ sense))

    def integral(rate: np.ndarray) -> float:
        return float(seconds * (_WEIGHT @ rate))

    return Delivery(
        joules=integral(load_watts + through_inputs(V)),
        load_joules=integral(load_watts),
        load_coulombs=integral(np.maximum(current, 0).sum(axis=1)),
        input_coulombs=integral(through_inputs(np.sign(V))),
        peak_amperes=float(max(0.0, current[-1].max())),
    )
