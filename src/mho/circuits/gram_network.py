"""The passive network of the Gram circuit: one array from the outputs to the op-amps' inputs, an input to each.

With G its cells and C all that is tied to an input, what flows into the inputs s is ``G x - C s - g_in b``, and what
the outputs deliver ``diag(G' 1) x - G' s``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.caching import cached_property
from mho.circuits.errors import ChipError
from mho.circuits.passive_network import PassiveNetwork
from mho.circuits.ports import Ports

__all__ = ["GramNetwork"]


@dataclass(frozen=True, eq=False)
class GramNetwork(PassiveNetwork):
    """Cells of a square array, which both arrays of its conductances are, and input conductances; perfect wires."""

    def ports(self, on: np.ndarray | None = None) -> Ports:
        """Return the ports; every input is on."""
        if on is not None and not on.all():
            raise ChipError("rows of the Gram circuit cannot be switched off: each is a sum over the matrix's own rows")
        return self._every_row

    @cached_property
    def source_self_conductance(self) -> np.ndarray:
        """Conductance that each source sees, op-amps at zero volts (k,), siemens."""
        return np.full(len(self.conductances.left), self.conductances.g_in)

    @cached_property
    def column_metric(self) -> np.ndarray:
        """Siemens per unit of each column (k,): A'A is symmetric before its columns are scaled to the cells."""
        return self.conductances.scale

    @cached_property
    def _every_row(self) -> Ports:
        G, g_in = self.conductances.left, self.conductances.g_in
        connected = G.sum(axis=0) > 0  # an op-amp whose column has no cells is off
        return Ports(
            drive=G,
            sense=np.diag(np.where(connected, G.sum(axis=1) + g_in, 0.0)),
            inputs=np.diag(np.where(connected, g_in, 0.0)),
            load=np.diag(G.sum(axis=0)),
            feed=np.zeros(G.shape),
            back=G.T,
        )
