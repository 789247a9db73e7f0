"""A reference column in each copy, which takes the conductance of the cells' lowest state out of the answer.

Without one, zero is a conductance g_min and both copies hold ``g_min + (g_max - g_min) a`` in place of ``a``: row i is
given ``g_min sum_j x_j`` too much, and sense node j ``g_min sum_i r_i``. One more column of cells in each copy has the
same of its own. Its cells are full, at g_max, and what they carry is taken at the share rho = g_min / g_max, so that
their own errors count by that share. Our derivation, the published compensation of conductances being its model [2.4]:

* in the driving copy a summing inverter drives the column at ``y = -c sum_j x_j``. It has an input of rho times its
  feedback for each of k outputs, so that ``c = rho / (1 + (k rho + 1) / A0)``;
* in the sensing copy a transimpedance amplifier with feedback f senses the column at its input p, and its output
  ``t = -A0 p`` feeds every sense node through ``rho f``.

Both columns are columns of the passive network like all others, wires included, and its first port on either side. With
the ports' drive D, sense N and inputs I (`mho.chip.network`), Kirchhoff's law at p gives

    p = kappa (D_p X - N_ps s - I_p b) ,   kappa = 1 / (N_pp + f (1 + A0)) ,   X = (y, x)

and the current into sense node j from the network and from t, ``D_j X - N_jp p - N_js s - I_j b + rho f (t - s_j)``, is

    w = T D X - (T N_s + rho f) s - T I b ,   T = [-tau, 1] ,   tau_j = kappa (N_jp + rho f A0)

of which endless gain makes tau = rho: a share of the reference's current leaves every sense node. The offset of the two
op-amps is not modelled, and y and t may swing as far as they like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.chip.network import Ports

__all__ = ["Reference"]


@dataclass(frozen=True)
class Reference:
    """The reference columns of both copies.

    Attributes
    ----------
    left, right : ndarray of shape (m,)
        In the driving and in the sensing copy, siemens; zero in the rows of a ridge, whose open cells are none.
    feedback : float
        f, siemens.
    share : float
        rho.
    """

    left: np.ndarray
    right: np.ndarray
    feedback: float
    share: float

    def closed(self, network: Ports, gain: float) -> Ports:
        """Return what the k other columns see, with the two amplifiers at the first ones.

        Parameters
        ----------
        network : Ports
            Passive, of k + 1 columns in each copy.
        gain : float
            A0.
        """
        connected = network.sense.diagonal()[1:] > 0
        D, N, inputs = network.drive @ self._outputs(connected, gain), network.sense, network.inputs
        T = np.column_stack([-self._taken(N, connected, gain), np.eye(len(connected))])
        load, back = network.load[1:], network.back[1:]
        p = self._kappa(N, gain) * back[:, :1]
        return Ports(
            drive=T @ D,
            sense=T @ N[:, 1:] + np.diag(self.share * self.feedback * connected),
            inputs=T @ inputs,
            load=load @ self._outputs(connected, gain) - p * D[0],
            feed=network.feed[1:] + p * inputs[0],
            back=back[:, 1:] - p * N[0, 1:],
        )

    def every_port(
        self, network: Ports, x: np.ndarray, s: np.ndarray, drawn: np.ndarray, gain: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return (y, x) and (p, s), of shape (n, k + 1).

        Parameters
        ----------
        network : Ports
            As for `closed`.
        x, s : ndarray of shape (n, k)
            Outputs and sense nodes of the other columns, volts.
        drawn : ndarray of shape (n, k + 1) or (k + 1,)
            ``(inputs b)'``, amperes.
        gain : float
            A0.
        """
        N, connected = network.sense, network.sense.diagonal()[1:] > 0
        outputs = x @ self._outputs(connected, gain).T
        p = self._kappa(N, gain) * (outputs @ network.drive[0] - s @ N[0, 1:] - drawn[..., 0])
        return outputs, np.column_stack([p, s])

    def _outputs(self, connected: np.ndarray, gain: float) -> np.ndarray:
        """From x to (y, x)."""
        summed = connected.sum() * self.share + 1
        return np.vstack([np.full(len(connected), -self.share / (1 + summed / gain)), np.eye(len(connected))])

    def _taken(self, N: np.ndarray, connected: np.ndarray, gain: float) -> np.ndarray:
        """The shares tau (k,) of the reference's current that leave the sense nodes."""
        if np.isinf(gain):
            return self.share * connected
        return self._kappa(N, gain) * (N[1:, 0] + self.share * self.feedback * gain * connected)

    def _kappa(self, N: np.ndarray, gain: float) -> float:
        return 1 / (N[0, 0] + self.feedback * (1 + gain))
