"""Heat of the array and charge of the supplies: at the operating point, and while the outputs rise to it.

With outputs x, sense nodes s and sources at -b (`mho.circuits.ports`), a reference column's being the first,

    P = x' (load x - back s + feed b) + s' (sense s - drive x + inputs b) + b' (K b + feed' x + inputs' s)

K, what the sources deliver with everything else at zero volts, is diagonal with perfect wires. Of wires with resistance
it is full, and costs too much for every right-hand side: what the wires of the columns take from one row and give to
another is left out of `power`, and so it is of rows that are switched off, whose every set is a network of its own.
`switching_energy` has all of it, and what it finds for some right-hand sides corrects the rest of their block.

With the unclamped columns free from the start the rise is linear (`mho.circuits.modes`): sense nodes follow as
``s = s_rest - H (x_rest - x)``, row voltages at once. A column that is clamped only on the way, or free only on
the way, is not seen, and clamped sense nodes are taken to stay where they rest. A reference column is one more output,
at minus a share of the sum of the others, which it follows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import kernels
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.modes import Modes
from mho.operands import Matrix, Sparse

__all__ = ["SupplyEnergy", "masked_power", "output_currents", "pin_volts", "power", "switching_energy"]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_SHARE = ((_POINTS + 1) / 2) ** 2  # of the whole time: denser at the start, where the fast modes are
_WEIGHT = _WEIGHTS * (_POINTS + 1) / 2


def power(
    array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray, constant: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return watts (n,) at the fixed scale of the volts, with every row on.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    V : ndarray
        Input volts, dense (m, n) or the values of the stored entries.
    X : ndarray of shape (n, k)
        Outputs, volts.
    constant : ndarray of shape (k,) or (n, k)
        Currents into the sense nodes that do not come from the rows, amperes.
    weight : ndarray of shape (n, 1)
        See `Loop.rest`.
    """
    return array.loop.power(array.inputs.row_voltages(B, V), X, constant, weight)


def masked_power(array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return watts (n,) with perfect wires and no offset, summed over the rows that are on; a ridge's always are.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    V : ndarray
        Input volts, the values of the stored entries.
    X : ndarray of shape (n, k)
        Outputs, volts.
    """
    assert isinstance(B, Sparse)
    loop, c, rows = array.loop, array.conductances, array.inputs.rows
    ptr, idx, _ = B.by_column()
    u, heat = np.empty_like(V), np.empty_like(V)
    threads = kernels.thread_count()
    driven = loop.driven
    kernels.sddmm(driven[:rows], X, ptr, idx, u, threads)
    kernels.sddmm(array.g_left[:rows], X**2, ptr, idx, heat, threads)
    if c.reference is not None:
        heat += (c.reference.left * c.reference.share**2)[idx] * np.repeat(X.sum(axis=1) ** 2, np.diff(ptr))
    watts = _per_column(loop.row_heat(V, u, heat, idx), ptr)
    below = slice(rows, None)
    u, heat = X @ driven[below].T, X**2 @ array.g_left[below].T
    return watts + np.sum(loop.row_heat(array.inputs.ridge_volts, u, heat, below), axis=1)


def _per_column(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums[ptr[1:]] - sums[ptr[:-1]]


def output_currents(
    array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray, constant: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the largest current out of an op-amp at rest (n,), amperes at the fixed scale of the volts.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    V : ndarray
        Input volts, dense (m, n) or the values of the stored entries.
    X : ndarray of shape (n, k)
        Outputs at rest, volts.
    constant : ndarray of shape (k,) or (n, k)
        Currents into the sense nodes that do not come from the rows, amperes.
    weight : ndarray of shape (n, 1)
        See `Loop.rest`.
    """
    loop = array.loop
    if not B.missing:
        return loop.output_currents(None, array.inputs.row_voltages(B, V), X, constant, weight).max(axis=1)
    each = np.broadcast_to(constant, X.shape)
    largest = np.empty(len(X))
    for j in range(len(X)):
        on, volts = array.inputs.active_row_voltages(B, V, j)
        largest[j] = loop.output_currents(on, volts[:, None], X[j : j + 1], each[j : j + 1], weight[j]).max()
    return largest


def pin_volts(
    array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray, constant: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the outputs behind their resistance (n, k), which ADCs read, volts at the fixed scale.

    Parameters
    ----------
    array, B, V, X, constant, weight
        As for `output_currents`.
    """
    loop = array.loop
    if not loop.opamp.output_ohms:
        return X
    if not B.missing:
        pins = loop.pins_at_rest(None, array.inputs.row_voltages(B, V), X, constant, weight)
    else:
        each, pins = np.broadcast_to(constant, X.shape), np.empty(X.shape)
        for j in range(len(X)):
            on, volts = array.inputs.active_row_voltages(B, V, j)
            one = slice(j, j + 1)
            pins[one] = loop.pins_at_rest(on, volts[:, None], X[one], each[one], weight[j])
    return pins if loop.signed else np.maximum(pins, 0.0)


@dataclass(frozen=True)
class SupplyEnergy:
    """Energy and charge that sources and outputs deliver to the network, at the fixed scale of the volts.

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


def switching_energy(
    array: ProgrammedLoop,
    modes: Modes,
    rows: tuple[np.ndarray, np.ndarray],
    x: np.ndarray,
    constant: np.ndarray,
    weight: float,
    seconds: float,
    source_power: np.ndarray,
) -> SupplyEnergy:
    """Integrate over `seconds` from zero.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    modes : Modes
        Of the loop with these rows on, free where `x` is above zero.
    rows : tuple of ndarray
        Which rows are on, bool (m,), and the input volts of those, whose sources are at minus that.
    x : ndarray of shape (k,)
        Outputs at rest, volts.
    constant : ndarray of shape (k,)
        Currents into the sense nodes that do not come from the rows, amperes.
    weight : float
        See `Loop.rest`.
    seconds : float
        Length of the solve.
    source_power : ndarray of shape (2,)
        See `PassiveNetwork.source_power`.
    """
    outputs, sensed = _course(array, modes, rows, x, constant, weight, seconds)
    flow = array.loop.supply(rows, outputs, sensed, weight, source_power)

    def integral(rate: np.ndarray) -> float:
        return float(seconds * (_WEIGHT @ rate))

    return SupplyEnergy(
        joules=integral(flow.watts),
        load_joules=integral(flow.output_watts),
        load_coulombs=integral(np.maximum(flow.outputs, 0).sum(axis=1)),
        input_coulombs=integral(flow.inputs),
        peak_amperes=float(max(0.0, flow.outputs[-1].max())),
    )


def _course(
    array: ProgrammedLoop,
    modes: Modes,
    rows: tuple[np.ndarray, np.ndarray],
    x: np.ndarray,
    constant: np.ndarray,
    weight: float,
    seconds: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs and sense nodes (times, k), volts."""
    loop, (on, V), free = array.loop, rows, array.loop.free(x, rows[0])
    ports = loop.network(on)
    missing = modes.before_rest(x[free], seconds * _SHARE)
    outputs = np.tile(x, (len(missing), 1))
    sensed = np.tile(loop.sense_volts(x[None], (ports.inputs @ V + constant)[None], weight, ports), (len(missing), 1))
    outputs[:, free] -= missing
    sensed[:, free] -= missing @ modes.H.T
    return outputs, sensed
