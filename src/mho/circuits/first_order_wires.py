"""Ports of a network with wires to first order, for many sets of rows.

A row with its wire sends ``J v - Y c`` into its column nodes (`mho.circuits.wire_elimination`), whichever other
rows are on. With perfect columns the rows that are on, i = 1 ... p from the near end, simply add:

    Y_0 = sum_i Y_i ,   J_0 = [J_1 ... J_p]

A segment of r_i ohms a column before row i carries what all rows from i on take, ``T_i c`` with T_i = sum_{q >= i} Y_q,
less ``J_q v_q`` of each of them. By Tellegen's theorem these currents are all that a first order in r needs:

    Y = Y_0 - D + O(r^2) ,   D = sum_i r_i T_i' T_i
    J = J_0 - E + O(r^2) ,   column q of E = (sum_{i <= q} r_i T_i) J_q

The ports are taken as Thevenin equivalents, ``Y^-1`` and ``Y^-1 J`` to first order, because resistances add there and a
sense node is nearly open:

    L = D Y_0^-1 ,   Y = (1 + L)^-1 Y_0 ,   J = (1 + L)^-1 (J_0 + L J_0 - E)

Of a long uniform column, ``tanh(z) / z``, this leaves an error of z^4 / 45 in place of 2 z^4 / 15. Rows are exact, as
is the resistance between the op-amps and the first row that is on.
"""

from __future__ import annotations

import numpy as np

from mho.circuits.ports import Ports
from mho.circuits.wire_elimination import WiredRows, in_series, ports_at_the_ends

__all__ = ["first_order_ports"]


def first_order_ports(reduced: WiredRows, on: np.ndarray) -> Ports:
    """Return the ports with only some rows switched on, to first order in the resistance of the columns.

    Parameters
    ----------
    reduced : WiredRows
        The network without its inner nodes.
    on : ndarray of bool of shape (m,)
        Rows whose word line is on.
    """
    rows = np.flatnonzero(on)
    n = reduced.source.shape[1]
    if not rows.size:
        return ports_at_the_ends(np.zeros((n, n)), np.zeros((n, 0)))
    ohms = reduced.wires.column_ohms * np.diff(rows, prepend=rows[0])[:, None, None]
    T = np.cumsum(reduced.admittance[rows[::-1]], axis=0)[::-1]
    Y, J = T[0], reduced.source[rows].T
    D = (ohms * T).reshape(-1, n).T @ T.reshape(-1, n)
    E = (np.cumsum(ohms * T, axis=0) @ J.T[:, :, None])[:, :, 0].T
    unconnected = np.diag(Y.diagonal() == 0)
    L = D @ np.linalg.inv(Y + unconnected)
    both = np.linalg.solve(np.eye(n) + L, np.hstack([Y, J + L @ J - E]))
    _, Y, J = in_series(both[:, :n], both[:, n:], reduced.end_ohms(rows[0]))
    return ports_at_the_ends(Y, J)
