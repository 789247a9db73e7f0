"""The loop at rest where each right-hand side has word lines of its own switched on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import kernels
from mho.circuits.classic_loop import ClassicLoop
from mho.circuits.equilibrium import Follower
from mho.circuits.loop import Loop
from mho.circuits.ports import Ports

__all__ = ["WordLines", "solve_masked"]


@dataclass(frozen=True)
class WordLines:
    """The rows that are on for each of n right-hand sides, and their input volts.

    Attributes
    ----------
    ptr, idx, volts : ndarray
        By right-hand sides as a ``scipy.sparse.csc_array`` keeps its columns: pointers, rows, volts.
    always : slice
        Rows that are on for all.
    always_volts : ndarray
        Input volts of those.
    """

    ptr: np.ndarray
    idx: np.ndarray
    volts: np.ndarray
    always: slice
    always_volts: np.ndarray

    def __len__(self) -> int:
        return len(self.ptr) - 1

    def one(self, j: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows, of so many, that are on for right-hand side `j`, and their input volts, in order."""
        stored = slice(self.ptr[j], self.ptr[j + 1])
        on, volts = np.zeros(rows, bool), np.zeros(rows)
        on[self.idx[stored]], volts[self.idx[stored]] = True, self.volts[stored]
        on[self.always], volts[self.always] = True, self.always_volts
        return on, volts[on]


def solve_masked(follower: Follower, rows: WordLines) -> tuple[np.ndarray, np.ndarray]:
    """Return the outputs at rest X (n, k), and how far from ground any op-amp's is (n,), volts.

    Parameters
    ----------
    follower : Follower
        The loop, its currents and what follows it where an operating point is not found or may not be the only one.
    rows : WordLines
        Rows that are on, for each right-hand side.

    Raises
    ------
    ChipError
        The loop does not come to rest.

    Notes
    -----
    Where one kernel solves for all, because wires are perfect and clamps hold their nodes, the transient is followed
    only for right-hand sides that have no operating point that it finds.
    """
    loop = follower.loop
    classic_offset = isinstance(loop, ClassicLoop) and (loop.offset.any() or np.any(loop.network_of_rows.row_offset))
    if (
        loop.signed
        or loop.opamp.output_ohms
        or loop.passive.wires
        or loop.reference
        or loop.opamp.clamp == "single-supply"
        or classic_offset
    ):
        return _one_by_one(follower, rows)
    X = _together(follower, rows)
    return X, np.maximum(X.max(axis=1), _peak_row_output(loop, rows, X))


def _peak_row_output(loop: Loop, rows: WordLines, X: np.ndarray) -> np.ndarray | float:
    """Largest distance from ground (n,) of an op-amp's output on a row that is on; zero where rows have none."""
    if not isinstance(loop, ClassicLoop):
        return 0.0
    left = np.ascontiguousarray(loop.conductances.left)
    u, largest = np.empty(len(rows.idx)), np.zeros(len(rows) + 1)
    kernels.sddmm(left, X, rows.ptr, rows.idx, u, kernels.thread_count())
    v = np.abs(loop.stored_row_outputs(rows.volts, u, rows.idx))
    some = np.diff(rows.ptr) > 0
    largest[:-1][some] = np.maximum.reduceat(v, rows.ptr[:-1][some]) if len(v) else 0.0
    always = loop.stored_row_outputs(rows.always_volts, X @ left[rows.always].T, rows.always)
    return np.maximum(largest[:-1], np.abs(always).max(axis=1, initial=0.0))


def _one_by_one(follower: Follower, rows: WordLines) -> tuple[np.ndarray, np.ndarray]:
    """Every set of rows is a network of its own, to be reduced anew."""
    loop, each = follower.loop, follower.constant
    X, swing = np.empty(each.shape), np.empty(len(rows))
    for j, one in enumerate(follower.weight):
        on, volts = rows.one(j, len(loop.conductances.comp))
        network = loop.passive.ports(on)
        ports = loop.with_reference_amplifiers(network)
        currents = (ports.inputs @ volts + each[j])[None]
        if follower.free is None:
            x, doubtful = loop.rest(currents, one, ports)
            if doubtful[0]:
                x = follower.rest(j, on, volts)[None]
        else:
            x = loop.rest_held(follower.free[j : j + 1], currents, one, ports, on)
        s = loop.sense_volts(x, currents, one, ports)
        of_rows = np.abs(loop.row_outputs(volts[:, None], x, one, on)).max(initial=0.0)
        X[j] = x[0]
        swing[j] = max(loop.peak_output(network, x, s, network.inputs[:1] @ volts, one)[0], of_rows)
    return X, swing


def _together(follower: Follower, rows: WordLines) -> np.ndarray:
    """M and q are sums over the rows that are on, which one kernel forms and solves.

    ``M = sum_i left_i' right_i`` and a diagonal, ``left = G_R / S`` being what a row's current does to the sense nodes.
    """
    loop, constant, weight = follower.loop, follower.constant, follower.weight
    gain, c = loop.opamp.gain, loop.conductances
    left, right, base = _of_rows(loop, rows)
    n, k = len(rows), constant.shape[-1]
    ptr, idx, currents = rows.ptr, rows.idx, c.g_in * rows.volts
    extra = c.right / gain if np.isfinite(gain) else None
    if loop.offset.any() or follower.differs:
        always = weight * (base.sense @ loop.offset) + constant
        ptr, idx, currents = _with_pseudo_rows(loop, rows, currents, always, weight)
        constant = np.zeros((1, k))
        left, right = np.vstack([left, np.eye(k)]), np.vstack([right, np.zeros((k, k))])
        extra = None if extra is None else np.vstack([extra, np.zeros((k, k))])
    ridge = np.stack([np.zeros(k), base.inputs @ rows.always_volts + constant[0], np.zeros(k)])
    X, failed = np.zeros((n, k)), np.zeros(n, np.uint8)
    matrix = base.drive + base.sense / gain
    kernels.masked_lcp(left, right, extra, matrix, ridge, ptr, idx, currents, X, failed, kernels.thread_count())
    for j in np.flatnonzero(failed).tolist():
        X[j] = follower.rest(j, *rows.one(j, len(c.comp)))
    return X


def _of_rows(loop: Loop, rows: WordLines) -> tuple[np.ndarray, np.ndarray, Ports]:
    """Gain from a row's current to the sense nodes, from outputs to it (m, k), and ports of the rows always on."""
    c = loop.conductances
    if isinstance(loop, ClassicLoop):
        network = loop.network_of_rows
        return c.right / network.feedback[:, None], c.left, network.reduce(rows.always)
    return c.right / c.total[:, None], c.left - c.right / loop.opamp.gain, Ports.reduce(c, rows.always)


def _with_pseudo_rows(
    loop: Loop, rows: WordLines, currents: np.ndarray, always: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give each right-hand side k more rows that feed its sense nodes the currents of the offset and its own.

    ``sense v_os`` is a sum over the rows that are on, so it differs for each right-hand side; that of the rows that are
    `always` on is given, (n, k).
    """
    c, (m, k) = loop.conductances, loop.conductances.right.shape
    of_row = c.right * (loop.offset - (c.right @ loop.offset / c.total)[:, None])
    sums = np.empty((len(rows), k))
    kernels.cross(of_row, rows.ptr, rows.idx, np.ones(len(rows.idx)), sums, kernels.thread_count())
    given = sp.csr_array((currents, rows.idx, rows.ptr), shape=(len(rows), m))
    fed = weight * sums + always
    pseudo = sp.csr_array((fed.ravel(), np.tile(np.arange(k), len(rows)), k * np.arange(len(rows) + 1)))
    both: Any = sp.hstack([given, pseudo], format="csr")
    return both.indptr.astype(rows.ptr.dtype), both.indices.astype(rows.idx.dtype), both.data
