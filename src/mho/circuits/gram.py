"""The inverse circuit on the Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mho.circuits.circuit import Circuit
from mho.circuits.opamp import OpAmp
from mho.circuits.wires import Wires

__all__ = ["GramInv"]


@dataclass(frozen=True, kw_only=True, eq=False)
class GramInv(Circuit):
    """Inverse circuit with a Gram matrix in one array, k op-amps (Sun-2020b).

    Its inputs are A'b, a product that somebody else has formed. Nodes: ``b0`` inputs, ``s0`` op-amp inputs, ``x0``
    outputs. Where a wire has resistance its nodes follow: ``s0_1`` is row 0 at column 1, ``x0_1`` column 0 at row 1.

    Attributes
    ----------
    g_gram : numpy.ndarray of shape (k, k)
        From output j to the input of op-amp i, siemens. A zero is an open cell.
    g_in : float
        Input conductance of every row, siemens.
    opamp : OpAmp
        What every op-amp is.
    offset : numpy.ndarray of shape (k,), optional
        Input offset of each op-amp, volts; by default none.
    wires : Wires
        Resistance between the cells, by default none: wires run from the outputs, behind `driver_ohms`, and from the
        op-amps' inputs, behind `sense_ohms`, to the first cell and on.
    places : numpy.ndarray of bool, optional
        Which places along either wire hold a column and its row, k of them; by default there are no others.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import GramInv, OpAmp, operating_point
    >>> G = np.array([[5.0, 1.0], [1.0, 2.0]])
    >>> circuit = GramInv(g_gram=1e-5 * G, g_in=1e-5, opamp=OpAmp(gain=1e9, bandwidth=1e8))
    >>> operating_point(circuit, G @ [0.02, 0.03]).round(4)
    array([0.02, 0.03])
    """

    g_gram: np.ndarray
    g_in: float
    opamp: OpAmp
    offset: np.ndarray | None = None
    wires: Wires = field(default_factory=Wires)
    places: np.ndarray | None = None

    name = "Gram INV"
    _array = "g_gram"

    def __post_init__(self) -> None:
        self._square("g_gram")
        self._positive("g_in")
        self._vector("offset", self.shape[1], each="column", nonnegative=False)
        self._places("places", self.shape[1], "columns")

    @property
    def opamps(self) -> int:
        """One for each output."""
        return self.shape[0]

    @property
    def cells(self) -> int:
        """The one array."""
        return self.g_gram.size

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each op-amp, siemens, shape (k,)."""
        return self.g_gram.sum(axis=1) + self.g_in
