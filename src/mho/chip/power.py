"""Power turned into heat in the passive network at rest: what all that is connected to its ports delivers.

With outputs x, sense nodes s and sources at -b (`mho.chip.network`), of either copy's reference column the first ones,

    P = x' (load x - back s + feed b) + s' (sense s - drive x + inputs b) + b' (K b + feed' x + inputs' s)

K, what the sources deliver with everything else at zero volts, is diagonal with perfect wires. Of wires with resistance
it is full, and costs too much for every right-hand side: what the wires of the columns take from one row and give to
another is left out here, and so it is of rows that are switched off, whose every set is a network of its own.
`mho.chip.rise` has all of it, and what it finds for some right-hand sides corrects the rest of their block.
"""

from __future__ import annotations

import numpy as np

from mho import kernels
from mho.chip.programmed import ProgrammedLoop
from mho.operands import Matrix, Sparse

__all__ = ["masked_power", "power"]


def power(array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return watts (n,) at the fixed scale of the volts, with every row on.

    Parameters
    ----------
    array : ProgrammedLoop
    B : operand of shape (m, n)
    V : ndarray
        Input volts, dense (m, n) or the values of the stored entries.
    X : ndarray of shape (n, k)
        Outputs, volts.
    weight : ndarray of shape (n, 1)
        See `Loop.rest`.
    """
    loop, volts = array.loop, array.inputs.at_every_row(B, V)
    network = loop.passive.ports()
    fed, drawn = (network.feed @ volts).T, (network.inputs @ volts).T
    currents = drawn if loop.ports is network else (loop.ports.inputs @ volts).T
    sensed = loop.sense_volts(X, currents - array.bias, weight)
    return network.heat(*loop.every_port(network, X, sensed, drawn, weight), fed, drawn) + loop.passive.own @ volts**2


def masked_power(array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return watts (n,) with perfect wires and no offset, summed over the rows that are on; a ridge's always are.

    Row sources at -V deliver ``g_in V (V + r)`` each, outputs ``sum_j G_L x_j (x_j - r)``, with the row voltage
    ``r = (u - g_in V) / S`` and ``u = sum_j (G_L x_j + G_R s_j)``.

    Parameters
    ----------
    array : ProgrammedLoop
    B : operand of shape (m, n)
    V : ndarray
        Input volts, the values of the stored entries.
    X : ndarray of shape (n, k)
        Outputs, volts.
    """
    assert isinstance(B, Sparse)
    c, g_in, rows = array.conductances, array.g_in, array.shape[0]
    ptr, idx, _ = B.by_column()
    u, heat = np.empty_like(V), np.empty_like(V)
    threads = kernels.thread_count()
    driven, total = c.written - c.right / array.design.amplifier.gain, c.total
    kernels.sampled(driven[:rows], X, ptr, idx, u, threads)
    kernels.sampled(array.g_left[:rows], X**2, ptr, idx, heat, threads)
    if c.reference is not None:
        heat += (c.reference.left * c.reference.share**2)[idx] * np.repeat(X.sum(axis=1) ** 2, np.diff(ptr))
    r = (u - g_in * V) / total[idx]
    watts = _per_column(g_in * V * (V + r) + heat - r * u, ptr)
    ridge = array.inputs.ridge_volts
    u = X @ driven[rows:].T
    r = (u - g_in * ridge) / total[rows:]
    return watts + np.sum(g_in * ridge * (ridge + r) + X**2 @ array.g_left[rows:].T - r * u, axis=1)


def _per_column(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums[ptr[1:]] - sums[ptr[:-1]]
