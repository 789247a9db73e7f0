"""The passive network of the Gram circuit: one array from the outputs to the op-amps' inputs, an input to each.

With the array as its ends see it (`mho.circuits.crossbar_network`), what flows into the inputs s is
``T x - (Y_r + g_in) s - g_in b``, and what the outputs deliver ``Y_c x - T' s``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.caching import cached_property
from mho.circuits.crossbar_network import CrossbarNetwork
from mho.circuits.errors import ChipError
from mho.circuits.passive_network import SeparateSources
from mho.circuits.ports import Ports

__all__ = ["GramNetwork"]


@dataclass(frozen=True, eq=False)
class GramNetwork(SeparateSources):
    """Cells of a square array, which both arrays of its conductances are, input conductances and wires."""

    def ports(self, on: np.ndarray | None = None) -> Ports:
        """Return the ports; every input is on."""
        if on is not None and not on.all():
            raise ChipError("rows of the Gram circuit cannot be switched off: each is a sum over the matrix's own rows")
        return self._every_row

    @cached_property
    def column_metric(self) -> np.ndarray:
        """Siemens per unit of each column (k,): A'A is symmetric before its columns are scaled to the cells.

        With wires, where nothing bounds the distance of motions in this norm, M is still a P-matrix if its symmetric
        part is positive in it, so that there is one operating point alone.
        """
        return self.conductances.scale

    @cached_property
    def _every_row(self) -> Ports:
        G, g_in = self.conductances.left, self.conductances.g_in
        connected = G.sum(axis=0) > 0  # an op-amp whose column has no cells is off, and so is its input
        used = np.ix_(connected, connected)
        network = CrossbarNetwork.of(G[used], self.wires, (connected, connected))
        drive, sense, load = (np.zeros(G.shape) for _ in range(3))
        drive[used], load[used] = network.through, network.at_columns
        sense[used] = network.at_rows + g_in * np.eye(len(network.at_rows))
        return Ports(
            drive=drive,
            sense=sense,
            inputs=np.diag(np.where(connected, g_in, 0.0)),
            load=load,
            feed=np.zeros(G.shape),
            back=drive.T,
        )
