"""What one right-hand side takes while the outputs rise from zero to rest: energy, and charge from the supplies.

With the unclamped columns free from the start the rise is linear (`mho.chip.modes`): sense nodes follow as
``s = s_rest - H (x_rest - x)``, row voltages at once [2.4]. A column that is clamped only on the way, or free only on
the way, is not seen, and clamped sense nodes are taken to stay where they rest. A reference column is one more output,
at minus a share of the sum of the others, which it follows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.chip.modes import Modes
from mho.chip.programmed import ProgrammedLoop

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
    array: ProgrammedLoop,
    modes: Modes,
    rows: tuple[np.ndarray, np.ndarray],
    x: np.ndarray,
    weight: float,
    seconds: float,
    of_sources: np.ndarray,
) -> Delivery:
    """Integrate over `seconds` from zero.

    Parameters
    ----------
    array : ProgrammedLoop
    modes : Modes
        Of the loop with these rows on, free where `x` is above zero.
    rows : tuple of ndarray
        Which rows are on, bool (m,), and the input volts of those, whose sources are at minus that.
    x : ndarray of shape (k,)
        Outputs at rest, volts.
    weight : float
        See `Loop.rest`.
    seconds : float
    of_sources : ndarray of shape (2,)
        See `Passive.of_sources`.
    """
    loop, (on, V) = array.loop, rows
    network = loop.passive.ports(on)
    fed, drawn = (matrix @ np.column_stack([V, np.sign(V)]) for matrix in (network.feed, network.inputs))
    outputs, sensed = _course(array, modes, rows, x, weight, seconds)
    outputs, sensed = loop.every_port(network, outputs, sensed, drawn[:, 0], weight)
    current = network.delivered(outputs, sensed, fed[:, 0])

    def integral(rate: np.ndarray) -> float:
        return float(seconds * (_WEIGHT @ rate))

    return Delivery(
        joules=integral(network.heat(outputs, sensed, fed[:, 0], drawn[:, 0]) + of_sources[0]),
        load_joules=integral(np.sum(outputs * current, axis=1)),
        load_coulombs=integral(np.maximum(current, 0).sum(axis=1)),
        input_coulombs=integral(outputs @ fed[:, 1] + sensed @ drawn[:, 1] + of_sources[1]),
        peak_amperes=float(max(0.0, current[-1].max())),
    )


def _course(
    array: ProgrammedLoop,
    modes: Modes,
    rows: tuple[np.ndarray, np.ndarray],
    x: np.ndarray,
    weight: float,
    seconds: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs and sense nodes (times, k), volts."""
    loop, (on, V), free = array.loop, rows, x > 0
    ports = loop.network(on)
    missing = modes.before_rest(x[free], seconds * _SHARE)
    outputs = np.tile(x, (len(missing), 1))
    sensed = np.tile(loop.sense_volts(x[None], (ports.inputs @ V - array.bias)[None], weight, ports), (len(missing), 1))
    outputs[:, free] -= missing
    sensed[:, free] -= missing @ modes.H.T
    return outputs, sensed
