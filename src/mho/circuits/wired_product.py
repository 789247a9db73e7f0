"""Product of a matrix and vectors through wires with resistance: a source at each column, a virtual ground at each row.

With G the cells, c the columns' nodes and h the rows', Kirchhoff's laws are

    (L_c + G) c - G h = s ,   (L_r + G) h - G c = 0

where L_c and L_r are the wires, a chain of resistors for each column and for each row, and s is what the sources send
in. With the rows eliminated, conjugate gradients solve ``(L_c + G) - G (L_r + G)^-1 G`` for all vectors at once, with
the columns alone for a preconditioner: each step is one pass over tridiagonal chains in either direction.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mho.circuits.errors import ChipError
from mho.circuits.wires import Wires

__all__ = ["wired_currents"]

_LEAST_OHMS = 1e-6
"""Stands for a perfect wire beside others that are not."""

_TOLERANCE = 1e-11
"""Of the sources' currents: what is left of them at the end."""

_STEPS = 500


def wired_currents(g: np.ndarray, wires: Wires, V: np.ndarray) -> np.ndarray:
    """Return the currents into the virtual grounds (m, n), amperes.

    Parameters
    ----------
    g : ndarray of shape (m, k)
        Cells, siemens.
    wires : Wires
        A column's wire runs from its source, behind `driver_ohms`, to row 0 and on; a row's from its ground, behind
        `sense_ohms`, to column 0 and on.
    V : ndarray of shape (k, n)
        At the sources, volts.

    Raises
    ------
    ChipError
        Wires so bad that the currents are not found.
    """
    return g @ V if not wires else _row_end(wires) * _nodes(g, wires, V)[1][:, 0]


def _row_end(wires: Wires) -> float:
    return 1 / max(wires.sense_ohms, _LEAST_OHMS)


def _nodes(g: np.ndarray, wires: Wires, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Voltages of the columns' and of the rows' nodes, each (m, k, n)."""
    m, k, n = *g.shape, V.shape[1]
    column_end = 1 / max(wires.driver_ohms, _LEAST_OHMS)
    rows = _chains(g, _row_end(wires), 1 / max(wires.row_ohms, _LEAST_OHMS))
    columns = _chains(g.T, column_end, 1 / max(wires.column_ohms, _LEAST_OHMS))
    cells = g[:, :, None]

    def of_rows(c: np.ndarray) -> np.ndarray:
        """The rows' nodes for the columns'."""
        return rows((cells * c).reshape(m * k, n)).reshape(m, k, n)

    def precondition(r: np.ndarray) -> np.ndarray:
        turned = np.ascontiguousarray(r.transpose(1, 0, 2)).reshape(m * k, n)
        return columns(turned).reshape(k, m, n).transpose(1, 0, 2)

    # of c = first + x, the rest is solved for: `first` has the rows at ground, where (L_c + G) first = s
    s = np.zeros((m, k, n))
    s[0] = column_end * V
    first = precondition(s)
    scale = np.abs(cells * first).max(axis=(0, 1))
    c = first + _conjugate_gradients(of_rows, precondition, cells, cells * of_rows(first), scale)
    return c, of_rows(c)


def _chains(g: np.ndarray, end: float, between: float) -> Callable[[np.ndarray], np.ndarray]:
    """Solver of ``L + G`` for chains by rows of g, each tied to ground at its first node by `end` siemens."""
    from scipy.linalg.lapack import dpttrf, dpttrs  # pyright: ignore[reportAttributeAccessIssue]

    diagonal = g.copy()
    diagonal[:, 0] += end
    diagonal[:, :-1] += between
    diagonal[:, 1:] += between
    off = np.full(g.shape, -between)
    off[:, -1] = 0.0
    d, e, _ = dpttrf(diagonal.ravel(), off.ravel()[:-1]) if g.size > 1 else (diagonal.ravel(), np.zeros(0), 0)
    if g.size == 1:
        return lambda b: b / d
    return lambda b: dpttrs(d, e, b)[0]


def _conjugate_gradients(
    of_rows: Callable[[np.ndarray], np.ndarray],
    precondition: Callable[[np.ndarray], np.ndarray],
    cells: np.ndarray,
    b: np.ndarray,
    scale: np.ndarray,
) -> np.ndarray:
    """Solve ``P x - G h(x) = b`` for vectors along the last axis, P being what `precondition` inverts."""
    x, r = np.zeros_like(b), b
    z = precondition(r)
    p, Pp, rz = z, r, np.sum(r * z, axis=(0, 1))  # P z = r, so that P p is known without a product
    for _ in range(_STEPS):
        Ap = Pp - cells * of_rows(p)
        pAp = np.sum(p * Ap, axis=(0, 1))
        alpha = np.divide(rz, pAp, out=np.zeros_like(rz), where=pAp > 0)
        x, r = x + alpha * p, r - alpha * Ap
        if np.all(np.abs(r).max(axis=(0, 1)) <= _TOLERANCE * scale):
            return x
        z = precondition(r)
        before, rz = rz, np.sum(r * z, axis=(0, 1))
        beta = np.divide(rz, before, out=np.zeros_like(rz), where=before > 0)
        p, Pp = z + beta * p, r + beta * Pp
    raise ChipError(f"the currents through the wires are not found in {_STEPS} steps: their resistance is too large")
