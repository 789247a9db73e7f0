"""Power turned into heat in the passive network at rest: what the sources and the op-amps deliver.

Row sources at -V deliver ``g_in V (V + r)`` each, op-amp outputs ``sum_j G_L x_j (x_j - r)``, with the row voltage
``r = (u - g_in V) / S`` and ``u = sum_j (G_L x_j + G_R s_j)``. Summed over the rows that are switched on. A reference
column is one more output, at minus a share of the sum of the others; the heat of its amplifiers' resistors is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mho import kernels
from mho.operands import Dense, Matrix, Sparse

if TYPE_CHECKING:
    from mho.chip.array import ProgrammedArray

__all__ = ["masked_power", "power"]


def power(array: ProgrammedArray, B: Matrix, V: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return watts (n,) for outputs X (n, k) in volts and inputs V, with every row on."""
    loop, g_in, rows = array.loop, array.g_in, array.shape[0]
    right = _driving(array)
    scaled = right / loop.total[:, None]
    drive = np.diag(array.g_left.sum(axis=0)) + _reference(array).sum() - right.T @ scaled
    share = g_in * (1 - g_in / loop.total)  # of V^2, per row
    ridge = array.ridge_volts
    constant = g_in * (ridge @ scaled[rows:])
    if isinstance(B, Dense):
        C, square = V.T @ scaled[:rows], np.einsum("in,in,i->n", V, V, share[:rows])
    else:
        C, square = _sparse_sums(B, V, scaled[:rows], share[:rows])
    square += ridge**2 @ share[rows:]
    return np.einsum("nk,nk->n", X, X @ drive + 2 * (g_in * C + constant)) + square


def _sparse_sums(B: Sparse, V: np.ndarray, scaled: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ptr, idx, _ = B.by_column()
    C = np.empty((B.shape[1], scaled.shape[1]))
    kernels.cross(np.ascontiguousarray(scaled), ptr, idx, V, C, kernels.thread_count())
    return C, _per_column(V**2 * share[idx], ptr)


def masked_power(array: ProgrammedArray, B: Matrix, V: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return watts (n,) for outputs X (n, k) in volts and inputs V at the rows that are on (ridge rows always)."""
    assert isinstance(B, Sparse)
    loop, g_in, rows = array.loop, array.g_in, array.shape[0]
    ptr, idx, _ = B.by_column()
    u, heat = np.empty_like(V), np.empty_like(V)
    threads = kernels.thread_count()
    right = _driving(array)
    kernels.sampled(right[:rows], X, ptr, idx, u, threads)
    kernels.sampled(array.g_left[:rows], X**2, ptr, idx, heat, threads)
    heat += _reference(array)[idx] * np.repeat(X.sum(axis=1) ** 2, np.diff(ptr))
    r = (u - g_in * V) / loop.total[idx]
    watts = _per_column(g_in * V * (V + r) + heat - r * u, ptr)
    ridge = array.ridge_volts
    u = X @ right[rows:].T
    r = (u - g_in * ridge) / loop.total[rows:]
    return watts + np.sum(g_in * ridge * (ridge + r) + X**2 @ array.g_left[rows:].T - r * u, axis=1)


def _driving(array: ProgrammedArray) -> np.ndarray:
    """What an output's voltage gives the rows (m, k), siemens, its sense node and the reference following it."""
    c = array.conductances
    return c.written - c.right / array.design.amplifier.gain


def _reference(array: ProgrammedArray) -> np.ndarray:
    """The driving copy's reference column (m,), siemens, as seen from the sum of the outputs."""
    reference = array.conductances.reference
    return np.zeros(len(array.g_left)) if reference is None else reference.left * reference.share**2


def _per_column(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums[ptr[1:]] - sums[ptr[:-1]]
