"""The closed loop at rest: the passive network reduced to its column nodes (docs/chip.md derives it).

Row node i floats at ``r_i = (sum_j G_L x_j + sum_j G_R s_j - g_in b_i) / S_i``. A rectifying op-amp j holds its sense
node at ``s_j = -x_j / gain``, clamped or not, and the current that the clamp has to take is
``w_j = sum_i G_R (r_i - s_j)``. So at rest

    x >= 0 ,  w = M x - q >= 0 ,  x' w = 0
    M = G_R' S^-1 (G_L - G_R / gain) + diag(G_R' 1) / gain ,   q = G_R' S^-1 g_in b - i_bias

All entries of M but for the 1/gain terms are non-negative and its diagonal is positive, so M is strictly copositive and
a rest state exists for every input; it is unique if M is a P-matrix, which it is when both copies are equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import kernels
from mho.chip.design import Amplifier
from mho.chip.errors import ChipError
from mho.chip.programming import Conductances

__all__ = ["Loop"]


@dataclass(frozen=True)
class Loop:
    """The reduced network of one programmed chip.

    Attributes
    ----------
    left : ndarray of shape (m, k)
        G_R / S: how much a row voltage times S moves the sense current of each column.
    right : ndarray of shape (m, k)
        G_L - G_R / gain, siemens.
    extra : ndarray of shape (m, k) or None
        G_R / gain, siemens: what each row adds to the diagonal of M; None at infinite gain.
    total : ndarray of shape (m,)
        S, siemens: everything that is connected to a row.
    """

    left: np.ndarray
    right: np.ndarray
    extra: np.ndarray | None
    total: np.ndarray
    conductances: Conductances
    amplifier: Amplifier

    @classmethod
    def reduce(cls, c: Conductances, amplifier: Amplifier) -> Loop:
        """Reduce the network to its ports."""
        total = c.left.sum(axis=1) + c.right.sum(axis=1) + c.g_in + c.comp
        finite = np.isfinite(amplifier.gain)
        return cls(
            left=np.ascontiguousarray(c.right / total[:, None]),
            right=np.ascontiguousarray(c.left - c.right / amplifier.gain),
            extra=c.right / amplifier.gain if finite else None,
            total=total,
            conductances=c,
            amplifier=amplifier,
        )

    def matrix(self, rows: slice = slice(None)) -> np.ndarray:
        """M (k, k), siemens, with only `rows` switched on."""
        M = self.left[rows].T @ self.right[rows]
        if self.extra is not None:
            M[np.diag_indices_from(M)] += self.extra[rows].sum(axis=0)
        return M

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
        """
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

        From the eigenvalues of H = (C - G_R' S^-1 G_R)^-1 G_R' S^-1 G_L restricted to the unclamped columns [2.4], and
        the amplifier's own pole. Negative: that state of the loop is not stable. Infinite if nothing is active.
        """
        if not active.any() or not on.any():
            return np.inf
        L = self.left[on][:, active]
        R, G = self.conductances.right[on][:, active], self.conductances.left[on][:, active]
        sense = np.diag(R.sum(axis=0)) - L.T @ R
        slowest = np.linalg.eigvals(np.linalg.solve(sense, L.T @ G)).real.min() + 1 / self.amplifier.gain
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
