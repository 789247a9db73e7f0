"""The open loop: a product of matrix and vector."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mho.circuits.circuit import Circuit
from mho.circuits.opamp import OpAmp
from mho.circuits.wires import Wires

__all__ = ["Mvm"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mvm(Circuit):
    """Product of matrix and vector, one transimpedance amplifier for each row (Sun-2022).

    The answer is ``G x / g_feedback`` for input voltages x. Nodes: ``b0`` inputs, ``r0`` rows, ``y0`` outputs.

    Attributes
    ----------
    g : numpy.ndarray of shape (m, k)
        From input j to row i, siemens. A zero is an open cell.
    g_feedback : float
        From the output of each amplifier to its input, siemens.
    opamp : OpAmp
        What every op-amp is; its output goes below zero too.
    offset : numpy.ndarray of shape (m,), optional
        Input offset of each op-amp, volts; by default none.
    wires : Wires
        Resistance between the cells, by default none: a column's wire runs from its input to row 0 and on, a row's from
        its amplifier to column 0 and on. Nodes follow as ``b0_1``, column 0 at row 1, and ``r0_1``, row 0 at column 1.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Mvm, OpAmp, operating_point
    >>> circuit = Mvm(g=np.array([[1e-5, 2e-5]]), g_feedback=1e-5, opamp=OpAmp(gain=1e9, bandwidth=1e8))
    >>> operating_point(circuit, [0.1, 0.05]).round(4)
    array([0.2])
    """

    g: np.ndarray
    g_feedback: float
    opamp: OpAmp
    offset: np.ndarray | None = None
    wires: Wires = field(default_factory=Wires)

    name = "MVM"
    _array = "g"

    def __post_init__(self) -> None:
        self._matrix("g")
        self._positive("g_feedback")
        self._vector("offset", self.shape[0], nonnegative=False)

    @property
    def inputs(self) -> int:
        """k, a voltage for each column."""
        return self.shape[1]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Row outputs ``y0`` on."""
        return tuple(f"y{i}" for i in range(self.shape[0]))

    @property
    def opamps(self) -> int:
        """m, one for each row."""
        return self.shape[0]

    @property
    def cells(self) -> int:
        """The one array."""
        return self.g.size

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each op-amp, siemens, shape (m,)."""
        return self.g.sum(axis=1) + self.g_feedback
