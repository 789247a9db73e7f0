"""Reference columns of the compact circuit, whose cells stand for the lowest state of all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["ReferenceColumns"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceColumns:
    """One more column in each array, and the two op-amps that take what it carries out of the others.

    In the driving array a summing inverter, nodes ``n`` and ``y``, drives it at minus a share of the sum of the
    outputs. In the sensing array a transimpedance amplifier, nodes ``p`` and ``t``, holds it at virtual ground and
    takes the same share of its current from every sense node.

    Attributes
    ----------
    g_left, g_right : numpy.ndarray of shape (m,)
        Cells in the driving and in the sensing array, siemens.
    g_feedback : float
        Of the transimpedance amplifier, siemens; `share` times as much lies between its output and every sense node.
    g_sum : float
        Of the inverter, siemens; `share` times as much lies between every output and its input.
    share : float
        Lowest conductance of the other cells over that of the reference's.
    offset : tuple of float
        Input offset of the inverter and of the transimpedance amplifier, volts.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import ReferenceColumns
    >>> column = np.full(3, 35e-6)
    >>> ReferenceColumns(g_left=column, g_right=column, g_feedback=35e-6, g_sum=35e-6, share=1 / 70).offset
    (0.0, 0.0)
    """

    g_left: np.ndarray
    g_right: np.ndarray
    g_feedback: float
    g_sum: float
    share: float
    offset: tuple[float, float] = (0.0, 0.0)

    def taken(self, columns: int) -> np.ndarray:
        """Return the conductances from ``t`` to the reference's input and each of `columns` sense nodes, siemens."""
        return self.g_feedback * np.r_[1.0, np.full(columns, self.share)]
