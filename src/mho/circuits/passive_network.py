"""The passive network of one programmed chip, whichever rows are switched on and whatever its wires are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mho.caching import cached_property
from mho.circuits.conductances import Conductances
from mho.circuits.first_order_wires import first_order_ports
from mho.circuits.ports import Ports
from mho.circuits.wire_elimination import Joined, JoinedTiles, WiredRows
from mho.circuits.wires import Wires

__all__ = ["PassiveNetwork", "SeparateSources"]

_MOST_KEPT = 1 << 23
"""Numbers of networks of some of the rows that are kept at a time: right-hand sides are solved at several ranges."""


@dataclass(frozen=True, eq=False)
class PassiveNetwork:
    """Cells, input conductances, compensation and wires.

    Attributes
    ----------
    conductances : Conductances
    wires : Wires
    switched_wires : {"exact", "first-order"}
        See `ArrayGeometry`.
    """

    conductances: Conductances
    wires: Wires
    switched_wires: str = "exact"

    def ports(self, on: np.ndarray | None = None) -> Ports:
        """Return the ports.

        Parameters
        ----------
        on : ndarray of bool of shape (m,), optional
            Rows that are switched on; by default all.
        """
        if on is None or on.all():
            return self._every_row
        if not self.wires:
            return Ports.reduce(self.conductances, on)
        if self.switched_wires == "first-order" and self.wires.tile_rows is None:
            return first_order_ports(self.rows, on)
        key, kept = on.tobytes(), self.__dict__.setdefault("_kept", {})
        if key not in kept:
            ports = self._join(on).ports
            if len(kept) * ports.inputs.size > _MOST_KEPT:
                kept.clear()
            kept[key] = ports
        return kept[key]

    def source_power(self, rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """Return power and absolute current drawn from n sets of row sources, outputs and sense nodes at zero (n, 2).

        Watts, and the current through them in either direction, amperes.

        Parameters
        ----------
        rows : sequence of tuple of ndarray
            Which rows are on, bool (m,), and the input volts of those.
        """
        if len(rows) > 1 and all(on.all() for on, _ in rows):  # one network, gone through once for all
            V = np.column_stack([volts for _, volts in rows])
            K = self.source_mutual_conductance(np.hstack([V, np.sign(V)]), rows[0][0])
            return np.column_stack([K.diagonal()[: len(rows)], K.diagonal(len(rows))])
        each = (self.source_mutual_conductance(np.column_stack([V, np.sign(V)]), on) for on, V in rows)
        return np.stack([K[0] for K in each])

    def source_mutual_conductance(self, E: np.ndarray, on: np.ndarray) -> np.ndarray:
        """Return the mutual conductance of p groups of row sources, outputs and sense nodes at zero (p, p).

        Siemens; always exact.

        Parameters
        ----------
        E : ndarray of shape (rows on, p)
            How much of each source is in each group.
        on : ndarray of bool of shape (m,)
            Rows whose word line is on.
        """
        if not self.wires:
            return E.T @ (self.source_self_conductance[on][:, None] * E)
        return (self._joined if on.all() else self._join(on)).source_mutual_conductance(E)

    @cached_property
    def source_self_conductance(self) -> np.ndarray:
        """Conductance that each row's source sees, column nodes at zero volts (m,), siemens."""
        if self.wires:
            return self.rows.own
        c = self.conductances
        return c.g_in * (1 - c.g_in / c.total)

    @cached_property
    def column_metric(self) -> np.ndarray:
        """Weights of the columns (k,) in the norm in which motions come closer (`mho.circuits.equilibrium`)."""
        return np.ones(len(self.conductances.scale))

    def _join(self, on: np.ndarray) -> Joined | JoinedTiles:
        """The rows that are on, joined; the last that were asked for are kept."""
        key, last = on.tobytes(), self.__dict__.get("_last")
        if last is None or last[0] != key:
            last = self.__dict__["_last"] = key, self.rows.join(on)
        return last[1]

    @cached_property
    def rows(self) -> WiredRows:
        """The rows with their wires, one by one."""
        return WiredRows.reduce(self.conductances, self.wires)

    @cached_property
    def _every_row(self) -> Ports:
        return self._joined.ports if self.wires else Ports.reduce(self.conductances)

    @cached_property
    def _joined(self) -> Joined | JoinedTiles:
        return self.rows.join()


@dataclass(frozen=True, eq=False)
class SeparateSources(PassiveNetwork):
    """Network whose sources do not meet: op-amps hold what each drives at zero volts."""

    @cached_property
    def source_self_conductance(self) -> np.ndarray:
        """Conductance that each source sees (m,), siemens."""
        return np.full(len(self.conductances.left), self.conductances.g_in)

    def source_mutual_conductance(self, E: np.ndarray, on: np.ndarray) -> np.ndarray:
        """Return the mutual conductance of groups of sources; see `PassiveNetwork`."""
        return E.T @ (self.source_self_conductance[on][:, None] * E)
