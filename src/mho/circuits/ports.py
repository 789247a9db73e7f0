"""The passive network of a chip, reduced to its ports: outputs x, sense nodes s, inputs b.

docs/learn/chip.md derives it. Row node i floats at ``r_i = (sum_j G_L x_j + sum_j G_R s_j - g_in b_i) / S_i``. What
flows out of the network into the sense nodes is

    w = drive x - sense s - inputs b
    drive = G_R' S^-1 G_L ,   sense = diag(G_R' 1) - G_R' S^-1 G_R ,   inputs = g_in G_R' S^-1

and what the outputs deliver into it is

    i = load x - back s + feed b          back = drive'
    load = diag(G_L' 1) - G_L' S^-1 G_L ,   feed = g_in G_L' S^-1

A reference column is the first of either array. `mho.circuits.reference_amplifiers` has what its amplifiers make of the
ports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mho.circuits.conductances import Conductances

__all__ = ["Ports"]


@dataclass(frozen=True)
class Ports:
    """A network seen from its ports, siemens.

    Attributes
    ----------
    drive : ndarray of shape (k, k)
        From an output's voltage to the currents into the sense nodes.
    sense : ndarray of shape (k, k)
        From the sense nodes' voltages to the currents that they give back. Of a passive network symmetric, and positive
        definite where every column is connected.
    inputs : ndarray of shape (k, m)
        From the input voltages to the currents that they draw out of the sense nodes.
    load : ndarray of shape (k, k)
        From the outputs' voltages to the currents that they deliver.
    feed : ndarray of shape (k, m)
        From the input voltages to the currents that the outputs deliver.
    back : ndarray of shape (k, k)
        From the sense nodes' voltages to the currents that the outputs need not deliver.
    own_sensed, own_delivered : ndarray of shape (k,) or float
        Currents into the sense nodes and out of the outputs that the offset of amplifiers within the network brings
        about, amperes; a passive one has none.
    """

    drive: np.ndarray
    sense: np.ndarray
    inputs: np.ndarray
    load: np.ndarray
    feed: np.ndarray
    back: np.ndarray
    own_sensed: np.ndarray | float = 0.0
    own_delivered: np.ndarray | float = 0.0

    @classmethod
    def reduce(cls, c: Conductances, rows: Any = slice(None)) -> Ports:
        """Eliminate the row nodes of a network without wire resistance.

        Parameters
        ----------
        c : Conductances
            Conductances of the programmed arrays.
        rows : index
            Which rows are switched on; m is how many.
        """
        left, right, total = c.driving[rows], c.sensing[rows], c.total[rows]
        share_left, share = (left / total[:, None]).T, (right / total[:, None]).T
        drive = share @ left
        return cls(
            drive=drive,
            sense=np.diag(right.sum(axis=0)) - share @ right,
            inputs=c.g_in * share,
            load=np.diag(left.sum(axis=0)) - share_left @ left,
            feed=c.g_in * share_left,
            back=drive.T,
        )

    def of_columns(self, columns: np.ndarray) -> Self:
        """Return the ports of some columns of a passive network, the others having no cells.

        Parameters
        ----------
        columns : ndarray of bool of shape (k,)
            Those that are kept.
        """
        block = np.ix_(columns, columns)
        square = {name: getattr(self, name)[block] for name in ("drive", "sense", "load", "back")}
        return type(self)(**square, inputs=self.inputs[columns], feed=self.feed[columns])

    def behind(self, ohms: float) -> Ports:
        """Return the ports of a passive network with a resistance before each output: x is then what drives that.

        Parameters
        ----------
        ohms : float
            Of each output, ohms.
        """
        E = np.linalg.inv(np.eye(len(self.load)) + ohms * self.load)
        drive, back, feed = self.drive @ E, E @ self.back, E @ self.feed
        return type(self)(
            drive=drive,
            sense=self.sense - ohms * drive @ self.back,
            inputs=self.inputs + ohms * drive @ self.feed,
            load=E @ self.load,
            feed=feed,
            back=back,
        )

    def delivered(self, x: np.ndarray, s: np.ndarray, fed: np.ndarray, weight: np.ndarray | float = 1.0) -> np.ndarray:
        """Return the currents out of the outputs (n, k), amperes.

        Parameters
        ----------
        x, s : ndarray of shape (n, k)
            Outputs and sense nodes, volts.
        fed : ndarray of shape (n, k) or (k,)
            ``(feed b)'``, amperes.
        weight : ndarray of shape (n, 1) or float
            Of the offset; see `mho.circuits.loop.Loop.rest`.
        """
        return x @ self.load.T - s @ self.back.T + fed + weight * self.own_delivered

    def heat(self, x: np.ndarray, s: np.ndarray, fed: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Return the heat of a passive network (n,), watts, but for what its inputs deliver by themselves.

        Parameters
        ----------
        x, s : ndarray of shape (n, k)
            Outputs and sense nodes, volts.
        fed, drawn : ndarray of shape (n, k) or (k,)
            ``(feed b)'`` and ``(inputs b)'``, amperes.
        """
        of_outputs = np.einsum("nk,nk->n", x, x @ self.load.T + 2 * (fed - s @ self.back.T))
        return of_outputs + np.einsum("nk,nk->n", s, s @ self.sense.T + 2 * drawn)
