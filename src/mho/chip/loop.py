"""The closed loop at rest: k amplifiers at the ports of a passive network (docs/chip.md derives it).

A rectifying op-amp j holds its sense node at ``s_j = -x_j / gain``, clamped or not, and its clamp has to take the
current w_j that flows out of the network there. So at rest

    x >= 0 ,  w = M x - q >= 0 ,  x' w = 0
    M = drive + sense / gain ,   q = inputs b - i_bias

All entries of M but for the 1/gain terms are non-negative and its diagonal is positive, so M is strictly copositive and
a rest state exists for every input; it is unique if M is a P-matrix, which it is when both copies are equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import kernels
from mho.chip.design import Amplifier
from mho.chip.errors import ChipError
from mho.chip.network import Ports
from mho.chip.programming import Conductances
from mho.chip.wires import wired_ports
from mho.spice import Wires

__all__ = ["Loop"]


@dataclass(frozen=True)
class Loop:
    """The reduced network of one programmed chip, and its rows one by one for where only some are switched on.

    Attributes
    ----------
    ports : Ports
        The network with every row on, its wires included.
    left : ndarray of shape (m, k)
        G_R / S: how much a row voltage times S moves the sense current of each column.
    right : ndarray of shape (m, k)
        G_L - G_R / gain, siemens.
    extra : ndarray of shape (m, k) or None
        G_R / gain, siemens: what each row adds to the diagonal of M; None at infinite gain.
    total : ndarray of shape (m,)
        S, siemens: everything that is connected to a row.
    wires : Wires
        `left`, `right` and the `matrix` of some rows know nothing of them: word lines are not modelled with wires.
    """

    ports: Ports
    left: np.ndarray
    right: np.ndarray
    extra: np.ndarray | None
    total: np.ndarray
    conductances: Conductances
    amplifier: Amplifier
    wires: Wires

    @classmethod
    def reduce(cls, c: Conductances, amplifier: Amplifier, wires: Wires) -> Loop:
        """Reduce the network to its ports."""
        total = c.left.sum(axis=1) + c.right.sum(axis=1) + c.g_in + c.comp
        finite = np.isfinite(amplifier.gain)
        return cls(
            ports=wired_ports(c, wires) if wires else Ports.reduce(c),
            left=np.ascontiguousarray(c.right / total[:, None]),
            right=np.ascontiguousarray(c.left - c.right / amplifier.gain),
            extra=c.right / amplifier.gain if finite else None,
            total=total,
            conductances=c,
            amplifier=amplifier,
            wires=wires,
        )

    def matrix(self, rows: slice = slice(None)) -> np.ndarray:
        """M (k, k), siemens, with only `rows` switched on."""
        ports = self.ports if rows == slice(None) else Ports.reduce(self.conductances, rows)
        return ports.drive + ports.sense / self.amplifier.gain

    def rest(self, Q: np.ndarray) -> np.ndarray:
        """Outputs at rest X (n, k), volts, for the currents Q (n, k) into the sense nodes, every row on."""
        X, failed = np.zeros_like(Q), np.zeros(len(Q), np.uint8)
        M = self.matrix()
        out = (kernels.GENERAL, X, failed, kernels.thread_count())
        kernels.lcp(M, _inverse(M), np.ascontiguousarray(Q), *out)
        _check_rest(failed)
        return X

    def rest_masked(
        self, ptr: np.ndarray, idx: np.ndarray, V: np.ndarray, base: np.ndarray, offset: np.ndarray
    ) -> np.ndarray:
        """Outputs at rest X (n, k), volts, with only the rows on that each right-hand side names.

        Parameters
        ----------
        ptr, idx, V : ndarray
            Input volts by columns: pointers, rows that are on, values.
        base : ndarray of shape (k, k)
            M of the rows that are on for every right-hand side.
        offset : ndarray of shape (k,)
            q of those rows, amperes.

        Raises
        ------
        ChipError
            No state of rest, or wires with resistance.
        """
        if self.wires:
            raise ChipError(
                "word lines cannot be switched off on a chip whose wires have resistance, because then every set of "
                "rows is a network of its own: complete the right-hand sides or leave the wires perfect"
            )
        n, k = len(ptr) - 1, self.left.shape[1]
        X, failed = np.zeros((n, k)), np.zeros(n, np.uint8)
        ridge = np.stack([np.zeros(k), offset, np.zeros(k)])
        currents = self.conductances.g_in * V
        out = (X, failed, kernels.thread_count())
        kernels.masked_lcp(self.left, self.right, self.extra, base, ridge, ptr, idx, currents, *out)
        _check_rest(failed)
        return X

    def settling_rate(self, on: np.ndarray, active: np.ndarray) -> float:
        """The slowest decay rate of the loop, 1/s, with the rows `on` connected and the columns `active` unclamped.

        From the eigenvalues of H = sense^-1 drive, both restricted to the unclamped columns [2.4], and the amplifier's
        own pole. Negative: that state of the loop is not stable. Infinite if nothing is active.
        """
        if not active.any() or not on.any():
            return np.inf
        ports, free = self.ports if on.all() else Ports.reduce(self.conductances, on), np.ix_(active, active)
        H = np.linalg.solve(ports.sense[free], ports.drive[free])
        slowest = np.linalg.eigvals(H).real.min() + 1 / self.amplifier.gain
        return float(2 * np.pi * self.amplifier.bandwidth * slowest)


def _inverse(M: np.ndarray) -> np.ndarray | None:
    """The inverse of M if it has one: a first guess of which outputs are clamped."""
    try:
        return np.linalg.inv(M)
    except np.linalg.LinAlgError:
        return None


def _check_rest(failed: np.ndarray) -> None:
    if failed.any():
        raise ChipError(
            f"{int(failed.sum())} of {len(failed)} right-hand sides have no state of rest: the two copies of the "
            "matrix differ too much for its conditioning; a smaller programming error, fewer columns or a ridge "
            "would help"
        )
