"""The exact ports of a network whose wires have resistance, by elimination of one row after another.

Row i is a chain of resistors (`mho.spice.Wires` states the layout). With G its cells and the compensation as one more
cell to ground, currents ``G (c - h)`` flow from the column nodes c into the row nodes h, and the only way out is the
input conductance, behind a source of v volts:

    h = v 1 + Z G (c - h)          Z_pq = 1/g_in + row_ohms min(p, q)

What flows out of the row into its column nodes is ``J v - Y c``. Rows are joined from the far end of the columns to the
near one: a resistance r in series changes (Y, J) to ``(1 + r Y)^-1 (Y, J)``, the next row adds its own. Every formula
holds at zero ohms. Where there is a reference column k counts it. One 2k x 2k system for each row and for each join:
O(m k^3 + m^2 k^2).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mho.chip.network import Ports
from mho.chip.programming import Conductances
from mho.spice import Wires

__all__ = ["at_the_ends", "each_row", "wired_ports"]


def wired_ports(c: Conductances, wires: Wires, on: np.ndarray | None = None) -> Ports:
    """Reduce a network with wires to its ports.

    Parameters
    ----------
    c : Conductances
    wires : Wires
    on : ndarray of bool of shape (m,), optional
        Rows whose word line is on, by default all. The columns' wires run past the others as well.
    """
    m, k = c.driving.shape
    far_to_near = np.flatnonzero(np.ones(m, bool) if on is None else on)[::-1]
    Y, J, previous = np.zeros((2 * k, 2 * k)), np.zeros((2 * k, 0)), m - 1
    for i, (own, current) in zip(far_to_near, each_row(c, wires, far_to_near), strict=True):
        Y, J = _in_series(Y, J, np.full(2 * k, (previous - i) * wires.column_ohms))
        Y, J, previous = Y + own, np.hstack([current, J]), i
    return at_the_ends(Y, J, wires, previous)


def each_row(
    c: Conductances, wires: Wires, rows: np.ndarray | slice = slice(None)
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield Y (2k, 2k) and J (2k, 1) of one row after another, siemens.

    Parameters
    ----------
    c : Conductances
    wires : Wires
    rows : index, optional
        Which, in order.
    """
    cells = np.column_stack([c.driving, c.sensing, c.comp])
    Z = _row_resistance(cells.shape[1] - 1, 1 / c.g_in, wires.row_ohms)
    yield from (_row(G, Z) for G in cells[rows])


def at_the_ends(Y: np.ndarray, J: np.ndarray, wires: Wires, near: int) -> Ports:
    """Return the ports at the op-amps of columns that are Y and J at row `near`, the first that is on.

    Parameters
    ----------
    Y : ndarray of shape (2 k, 2 k)
    J : ndarray of shape (2 k, rows on)
    wires : Wires
    near : int
    """
    k = len(Y) // 2
    Y, J = _in_series(Y, J, np.repeat([wires.driver_ohms, wires.sense_ohms], k) + near * wires.column_ohms)
    return Ports(drive=-Y[k:, :k], sense=Y[k:, k:], inputs=J[k:], load=Y[:k, :k], feed=J[:k], back=-Y[:k, k:])


def _row_resistance(cells: int, r_in: float, row_ohms: float) -> np.ndarray:
    """Z (cells + 1, cells + 1), ohms: the compensation sits where the last cell does."""
    position = np.minimum(np.arange(cells + 1), cells - 1)
    return r_in + row_ohms * np.minimum.outer(position, position)


def _row(G: np.ndarray, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Y (2k, 2k) and J (2k, 1) of one row from its cells and compensation G (2k + 1,)."""
    ZG = Z * G
    H = np.linalg.solve(np.eye(len(G)) + ZG, np.column_stack([ZG[:, :-1], np.ones(len(G))]))[:-1]
    G = G[:-1]
    return np.diag(G) - G[:, None] * H[:, :-1], G[:, None] * H[:, -1:]


def _in_series(Y: np.ndarray, J: np.ndarray, ohms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put a resistance before every port."""
    if not (ohms.any() and Y.any()):
        return Y, J
    n = len(Y)
    both = np.linalg.solve(np.eye(n) + Y * ohms, np.hstack([Y, J]))
    return both[:, :n], both[:, n:]
