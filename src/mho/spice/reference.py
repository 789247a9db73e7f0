"""Reference columns of the compact circuit, whose cells stand for the lowest state of all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mho.spice import text
from mho.spice.opamp import OpAmp, instance, subcircuit

__all__ = ["ReferenceColumns"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceColumns:
    """One more column in each copy, and the two op-amps that take what it carries out of the others.

    In the driving copy a summing inverter, nodes ``n`` and ``y``, drives it at minus a share of the sum of the outputs.
    In the sensing copy a transimpedance amplifier, nodes ``p`` and ``t``, holds it at virtual ground and takes the same
    share of its current from every sense node.

    Attributes
    ----------
    g_left, g_right : numpy.ndarray of shape (m,)
        Cells in the driving and in the sensing copy, siemens.
    g_feedback : float
        Of the transimpedance amplifier, siemens; `share` times as much lies between its output and every sense node.
    g_sum : float
        Of the inverter, siemens; `share` times as much lies between every output and its input.
    share : float
        Lowest conductance of the other cells over that of the reference's.
    offset : tuple of float
        Input offset of the inverter and of the transimpedance amplifier, volts.
    """

    g_left: np.ndarray
    g_right: np.ndarray
    g_feedback: float
    g_sum: float
    share: float
    offset: tuple[float, float] = (0.0, 0.0)

    def taken(self, columns: int) -> np.ndarray:
        """Return what joins ``t`` with the reference's input and with each of the `columns`' sense nodes, siemens."""
        return self.g_feedback * np.r_[1.0, np.full(columns, self.share)]

    def elements(self, rows: np.ndarray, columns: int, ends: Callable[[str, int], str], opamp: OpAmp) -> Iterator[str]:
        """Yield the lines of a netlist.

        Parameters
        ----------
        rows : ndarray of int
            Those that are on.
        columns : int
            How many columns there are besides.
        ends : callable
            From a column, ``"y"`` or ``"p"``, and a row to the two nodes of a cell.
        opamp : OpAmp
            What its two op-amps are.
        """
        taken = text.number(1 / (self.share * self.g_feedback))
        yield from text.heading("Reference column of the driving array: minus a share of the sum of the outputs, ohms")
        yield from (f"Rsum{j} x{j} n {text.number(1 / (self.share * self.g_sum))}" for j in range(columns))
        yield f"Rsumf n y {text.number(1 / self.g_sum)}"
        yield from text.array("lref", self.g_left[:, None], lambda i, _: ends("y", i), rows)
        yield from text.heading(
            "Reference column of the sensing array: a share of its current leaves every sense node, ohms"
        )
        yield from text.array("rref", self.g_right[:, None], lambda i, _: ends("p", i), rows)
        yield f"Rtf p t {text.number(1 / self.g_feedback)}"
        yield from (f"Rtaken{j} t s{j} {taken}" for j in range(columns))
        yield from text.heading("Their op-amps: one pole, of either sign")
        yield from subcircuit(opamp, bipolar=True)
        yield from instance("_sum", ("0", "n", "y"), self.offset[0], bipolar=True)
        yield from instance("_taken", ("0", "p", "t"), self.offset[1], bipolar=True)
