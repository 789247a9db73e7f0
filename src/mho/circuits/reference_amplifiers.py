"""A reference column in each array, which takes the conductance of the cells' lowest state out of the answer.

Without one, zero is a conductance g_min and both arrays hold ``g_min + (g_max - g_min) a`` in place of ``a``: row i is
given ``g_min sum_j x_j`` too much, and sense node j ``g_min sum_i r_i``. One more column of cells in each array has the
same of its own. Its cells are full, at g_max, and what they carry is taken at the share rho = g_min / g_max, so that
their own errors count by that share. Our derivation, the published compensation of conductances being its model
(Luo-2023):

* in the driving array a summing inverter drives the column at ``y = y_0 - c sum_j x_j``. It has an input of rho times
  its feedback for each of k outputs, so that with ``d = k rho + 1`` and an input offset of n volts
  ``c = rho / (1 + d / A0)`` and ``y_0 = d n / (1 + d / A0)``;
* in the sensing array a transimpedance amplifier with feedback f and an input offset of o volts senses the column at
  its input p, and its output ``t = A0 (o - p)`` feeds every sense node through ``rho f``.

Both columns are columns of the passive network like all others, wires included, and its first port on either side. With
the ports' drive D, sense N and inputs I (`mho.circuits.ports`), Kirchhoff's law at p gives

    p = kappa (D_p X - N_ps s - I_p b + f A0 o) ,   kappa = 1 / (N_pp + f (1 + A0)) ,   X = (y, x)

and the current into sense node j from the network and from t, ``D_j X - N_jp p - N_js s - I_j b + rho f (t - s_j)``, is

    w = T D X - (T N_s + rho f) s - T I b + u o ,   T = [-tau, 1]
    tau_j = kappa (N_jp + rho f A0) ,   u_j = kappa f A0 (rho (N_pp + f) - N_jp)

of which infinite gain makes tau = rho: a share of the reference's current leaves every sense node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.circuits.conductances import Reference
from mho.circuits.ports import Ports

__all__ = ["ReferenceAmplifiers"]


@dataclass(frozen=True)
class ReferenceAmplifiers:
    """The inverter and the transimpedance amplifier of reference columns.

    Attributes
    ----------
    columns : Reference
    gain : float
        A0.
    offset : ndarray of shape (2,)
        n and o, volts.
    """

    columns: Reference
    gain: float
    offset: np.ndarray

    def with_reference_amplifiers(self, network: Ports) -> Ports:
        """Return the ports of the k other columns, with the two amplifiers at the first ones.

        Parameters
        ----------
        network : Ports
            PassiveNetwork, of k + 1 columns in each array.
        """
        connected = network.sense.diagonal()[1:] > 0
        f, rho = self.columns.feedback, self.columns.share
        (c, y_0), o = self._driven(connected), self.offset[1]
        N, inputs, back, y_load = network.sense, network.inputs, network.back[1:], network.load[1:, :1]
        D = network.drive[:, 1:] - c * network.drive[:, :1]
        kappa, held = self._kappa(N), self._held(N)
        tau = (kappa * N[1:, 0] + held * rho * connected)[:, None]
        p = kappa * back[:, :1]
        p_0 = kappa * network.drive[0, 0] * y_0 + held * o
        u = held * (rho * (N[0, 0] + f) * connected - N[1:, 0])
        return Ports(
            drive=D[1:] - tau * D[0],
            sense=N[1:, 1:] - tau * N[0, 1:] + np.diag(rho * f * connected),
            inputs=inputs[1:] - tau * inputs[0],
            load=network.load[1:, 1:] - c * y_load - p * D[0],
            feed=network.feed[1:] + p * inputs[0],
            back=back[:, 1:] - p * N[0, 1:],
            own_sensed=(network.drive[1:, 0] - tau[:, 0] * network.drive[0, 0]) * y_0 + u * o,
            own_delivered=y_load[:, 0] * y_0 - back[:, 0] * p_0,
        )

    def all_port_voltages(
        self, network: Ports, x: np.ndarray, s: np.ndarray, drawn: np.ndarray, weight: np.ndarray | float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (y, x) and (p, s), of shape (n, k + 1).

        Parameters
        ----------
        network : Ports
            As for `with_reference_amplifiers`.
        x, s : ndarray of shape (n, k)
            Outputs and sense nodes of the other columns, volts.
        drawn : ndarray of shape (n,) or float
            ``I_p b``, amperes.
        weight : ndarray of shape (n, 1) or float
            Of the offset; see `mho.circuits.loop.Loop.rest`.
        """
        N = network.sense
        c, y_0 = self._driven(N.diagonal()[1:] > 0)
        X = np.column_stack([weight * y_0 - c * x.sum(axis=1, keepdims=True), x])
        p = self._kappa(N) * (X @ network.drive[0] - s @ N[0, 1:] - drawn)[:, None]
        return X, np.column_stack([p + self._held(N) * weight * self.offset[1], s])

    def peak_output(self, network: Ports, X: np.ndarray, s: np.ndarray, drawn: np.ndarray | float) -> np.ndarray:
        """Return the distance of y or t from ground, the larger (n,), volts.

        Parameters
        ----------
        network : Ports
            As for `with_reference_amplifiers`.
        X, s : ndarray of shape (n, k + 1)
            From `all_port_voltages`.
        drawn : ndarray of shape (n,) or float
            ``I_p b``, amperes.
        """
        into_p = X @ network.drive[0] - s @ network.sense[0] - drawn
        return np.maximum(np.abs(X[:, 0]), np.abs(s[:, 0] - into_p / self.columns.feedback))

    def _driven(self, connected: np.ndarray) -> tuple[float, float]:
        """Coefficients of y: c and y_0."""
        d = connected.sum() * self.columns.share + 1
        return self.columns.share / (1 + d / self.gain), d * self.offset[0] / (1 + d / self.gain)

    def _kappa(self, N: np.ndarray) -> float:
        return 1 / (N[0, 0] + self.columns.feedback * (1 + self.gain))

    def _held(self, N: np.ndarray) -> float:
        """``kappa f A0``, which infinite gain makes one."""
        f = self.columns.feedback
        return f / (f + (N[0, 0] + f) / self.gain)
