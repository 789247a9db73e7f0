"""The exact ports of a network whose wires have resistance, by elimination of one row after another.

Row i is a chain of resistors (`mho.circuits.Wires` states the layout). With G its cells and the compensation as one
more cell to ground, currents ``G (c - h)`` flow from the column nodes c into the row nodes h, and the only way out is
the input conductance, behind a source of v volts:

    h = v 1 + Z G (c - h)          Z_pq = 1/g_in + row_ohms min(p, q)

What flows out of the row into its column nodes is ``J v - Y c``, what its source delivers ``K v - J' c``. Rows are
joined from the far end of the columns to the near one, the next row adding its own. A resistance r in series makes

    Y -> P Y ,   J -> P J ,   K -> K - J' r P J          P = (1 + r Y)^-1

Tiles of rows are joined likewise: each at its own first row, then along the bus from the farthest tile on.

Every formula holds at zero ohms. Where there is a reference column k counts it. One 2k x 2k system for each row and for
each join: O(m k^3 + m^2 k^2). K is m x m and O(m^3 k), so that it is only formed between groups of sources, from the P.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, cast

import numpy as np

from mho.circuits.conductances import Conductances
from mho.circuits.ports import Ports
from mho.circuits.wires import Wires

__all__ = ["Joined", "JoinedTiles", "WiredRows", "eliminated_rows", "in_series", "ports_at_the_ends"]

_BLOCK = 1 << 18
"""Numbers of the equations of rows that are solved together."""


@dataclass(frozen=True)
class WiredRows:
    """The rows of a network with wires, each reduced to its column nodes.

    Attributes
    ----------
    admittance : ndarray of shape (m, 2 k, 2 k)
        Y of each row, siemens; symmetric.
    source : ndarray of shape (m, 2 k)
        J, siemens.
    own : ndarray of shape (m,)
        K, siemens.
    wires : Wires
    """

    admittance: np.ndarray
    source: np.ndarray
    own: np.ndarray
    wires: Wires

    @classmethod
    def reduce(cls, c: Conductances, wires: Wires) -> Self:
        """Eliminate the wire of every row.

        Parameters
        ----------
        c : Conductances
            Conductances of the programmed arrays.
        wires : Wires
            Resistance of the wires.
        """
        admittance, source, own = zip(*_blocks_of_rows(c, wires), strict=True)
        return cls(np.concatenate(admittance), np.concatenate(source), np.concatenate(own), wires)

    def join(self, on: np.ndarray | None = None) -> Joined | JoinedTiles:
        """Eliminate the wires of the columns.

        Parameters
        ----------
        on : ndarray of bool of shape (m,), optional
            Rows whose word line is on, by default all. The columns' wires run past the others as well.
        """
        if self.wires.tile_rows is not None:
            return JoinedTiles.of(self, np.ones(len(self.own), bool) if on is None else on)
        m, n = self.source.shape
        rows = np.flatnonzero(np.ones(m, bool) if on is None else on)
        Y, J, passed, previous = np.zeros((n, n)), np.zeros((n, 0)), [], m - 1
        for i in rows[::-1]:
            P, Y, J = in_series(Y, J, np.full(n, (previous - i) * self.wires.column_ohms))
            Y, J, previous = Y + self.admittance[i], np.hstack([self.source[i][:, None], J]), i
            passed.append(P)
        ends = self.end_ohms(previous)
        P, Y, J = in_series(Y, J, ends)
        return Joined(self, rows, ports_at_the_ends(Y, J), (*passed, P), ends)

    def end_ohms(self, near: int) -> np.ndarray:
        """Return the resistance from the op-amps to row `near`, the first that is on, in each column (2 k,), ohms."""
        k = self.source.shape[1] // 2
        return np.repeat([self.wires.driver_ohms, self.wires.sense_ohms], k) + near * self.wires.column_ohms


@dataclass(frozen=True)
class Joined:
    """Rows that are on, joined.

    Attributes
    ----------
    all_rows : WiredRows
    on : ndarray of int
        Those that are on, in order.
    ports : Ports
    passed : tuple of ndarray of shape (2 k, 2 k), or None
        P before each row that is on, from the far end, and at the op-amps; None: no resistance.
    end_ohms : ndarray of shape (2 k,)
        See `WiredRows.end_ohms`.
    """

    all_rows: WiredRows
    on: np.ndarray
    ports: Ports
    passed: tuple[np.ndarray | None, ...]
    end_ohms: np.ndarray

    def source_mutual_conductance(self, E: np.ndarray) -> np.ndarray:
        """Return ``E' K E`` (p, p): what p groups of sources deliver to one another, op-amps at zero volts.

        Parameters
        ----------
        E : ndarray of shape (rows on, p)
            How much of each source is in each group.
        """
        rows, source = self.all_rows, self.all_rows.source[self.on]
        K, J = E.T @ (rows.own[self.on][:, None] * E), np.zeros((source.shape[1], E.shape[1]))
        ohms = rows.wires.column_ohms * np.diff(self.on, append=len(rows.own) - 1)
        for i, P in zip(reversed(range(len(E))), self.passed, strict=False):
            if P is not None:
                before, J = J, P @ J
                K -= ohms[i] * (before.T @ J)
            J = J + np.outer(source[i], E[i])
        P = self.passed[-1]
        return K if P is None else K - (self.end_ohms[:, None] * J).T @ P @ J


@dataclass(frozen=True)
class JoinedTiles:
    """Row tiles that are joined along their bus.

    Attributes
    ----------
    tiles : tuple of Joined
        Those with rows that are on, from the near end of the bus.
    ports : Ports
    passed : tuple of ndarray of shape (2 k, 2 k), or None
        P before each of them, from the far end; None: no resistance.
    ohms : tuple of ndarray of shape (2 k,)
        Resistance before each of them, those of the near one to the op-amps, from the far end.
    """

    tiles: tuple[Joined, ...]
    ports: Ports
    passed: tuple[np.ndarray | None, ...]
    ohms: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, rows: WiredRows, on: np.ndarray) -> Self:
        """Join every tile that has a row on, and these along the bus.

        Parameters
        ----------
        rows : WiredRows
            All rows.
        on : ndarray of bool of shape (m,)
            Rows that are on.
        """
        wires, (m, n) = rows.wires, rows.source.shape
        T = wires.tile_rows or m
        numbers = np.unique(np.flatnonzero(on) // T)
        inner = Wires(row_ohms=wires.row_ohms, column_ohms=wires.column_ohms)
        tiles = []
        for tile in numbers:
            part = slice(tile * T, (tile + 1) * T)
            of_tile = WiredRows(rows.admittance[part], rows.source[part], rows.own[part], inner)
            tiles.append(cast(Joined, of_tile.join(on[part])))
        ends = np.repeat([wires.driver_ohms, wires.sense_ohms], n // 2)
        steps = np.diff(numbers, prepend=0)[:, None] * wires.bus_ohms + np.zeros(n)
        if len(steps):
            steps[0] += ends
        Y, J, passed = np.zeros((n, n)), np.zeros((n, 0)), []
        for tile, ohms in zip(reversed(tiles), steps[::-1], strict=True):
            own_Y, own_J = _of_ports(tile.ports)
            P, Y, J = in_series(Y + own_Y, np.hstack([own_J, J]), ohms)
            passed.append(P)
        return cls(tuple(tiles), ports_at_the_ends(Y, J), tuple(passed), tuple(steps[::-1]))

    def source_mutual_conductance(self, E: np.ndarray) -> np.ndarray:
        """Return ``E' K E`` (p, p); see `Joined.source_mutual_conductance`."""
        K, J, end = np.zeros((E.shape[1],) * 2), np.zeros((2 * len(self.ports.drive), E.shape[1])), len(E)
        for tile, P, ohms in zip(reversed(self.tiles), self.passed, self.ohms, strict=True):
            part, end = E[end - len(tile.on) : end], end - len(tile.on)
            K += tile.source_mutual_conductance(part)
            J = J + _of_ports(tile.ports)[1] @ part
            if P is not None:
                before, J = J, P @ J
                K -= (ohms[:, None] * before).T @ J
        return K


def _of_ports(ports: Ports) -> tuple[np.ndarray, np.ndarray]:
    """Y (2 k, 2 k) and J (2 k, rows on) of columns from their ports."""
    Y = np.block([[ports.load, -ports.back], [-ports.drive, ports.sense]])
    return Y, np.vstack([ports.feed, ports.inputs])


def in_series(Y: np.ndarray, J: np.ndarray, ohms: np.ndarray) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    """Put a resistance before every port; return P, Y and J, P being None where that changes nothing."""
    if not (ohms.any() and Y.any()):
        return None, Y, J
    P = np.linalg.inv(np.eye(len(Y)) + Y * ohms)
    return P, P @ Y, P @ J


def ports_at_the_ends(Y: np.ndarray, J: np.ndarray) -> Ports:
    """Return the ports of columns that are Y (2 k, 2 k) and J (2 k, rows on) at their op-amps."""
    k = len(Y) // 2
    return Ports(drive=-Y[k:, :k], sense=Y[k:, k:], inputs=J[k:], load=Y[:k, :k], feed=J[:k], back=-Y[:k, k:])


def _blocks_of_rows(c: Conductances, wires: Wires) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Y (p, 2k, 2k), J (p, 2k) and K (p,) of some rows after others, siemens."""
    cells = np.column_stack([c.driving, c.sensing, c.comp])
    Z = _row_resistance(cells.shape[1] - 1, 1 / c.g_in, wires.row_ohms)
    step = max(1, _BLOCK // Z.size)
    for i in range(0, len(cells), step):
        Y, J, K = eliminated_rows(cells[i : i + step], Z)
        yield Y[:, :-1, :-1], J[:, :-1], K  # the compensation's column is at ground


def _row_resistance(cells: int, r_in: float, row_ohms: float) -> np.ndarray:
    """Z (cells + 1, cells + 1), ohms: the compensation sits where the last cell does."""
    position = np.minimum(np.arange(cells + 1), cells - 1)
    return r_in + row_ohms * np.minimum.outer(position, position)


def eliminated_rows(G: np.ndarray, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Y (p, c, c), J (p, c) and K (p,) of rows of c cells, siemens.

    Parameters
    ----------
    G : ndarray of shape (p, c)
        Cells, siemens.
    Z : ndarray of shape (c, c) or (p, c, c)
        Resistance that a current into one node has in common with that into another, on its way out, ohms.
    """
    p, c = G.shape
    ZG = Z * G[:, None]
    given = np.concatenate([ZG, np.ones((p, c, 1))], axis=2)
    flows = G[:, :, None] * np.linalg.solve(np.eye(c) + ZG, given)
    Y = -flows[:, :, :c]
    Y[:, range(c), range(c)] += G
    return Y, flows[:, :, c], flows[:, :, c].sum(axis=1)
