"""Circuits of one square matrix, of either sign: its inverse, and the eigenvector of its largest eigenvalue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.circuits.circuit import Circuit
from mho.circuits.opamp import OpAmp

__all__ = ["Egv", "Inv"]


class _SquareCircuit(Circuit):
    """Two square arrays for the positive and the negative entries, and an op-amp and an inverter for each output."""

    g_positive: np.ndarray
    g_negative: np.ndarray
    offset: np.ndarray | None
    _array = "g_positive"

    def _check(self) -> None:
        self._square("g_positive")
        self._matrix("g_negative", like="g_positive")
        self._vector("offset", self.shape[1], each="column", nonnegative=False)

    @property
    def opamps(self) -> int:
        """Two for each output: one of them inverts."""
        return 2 * self.shape[0]

    @property
    def row_conductance(self) -> np.ndarray:
        """All cells that are tied to the input of each op-amp that is no inverter, siemens, shape (k,)."""
        return self.g_positive.sum(axis=1) + self.g_negative.sum(axis=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Inv(_SquareCircuit):
    """Inverse of a square matrix of either sign, with k op-amps and k inverters (Sun-2019).

    The answer is ``(G_+ - G_-)^-1 g_in b``. Nodes: ``b0`` inputs, ``s0`` op-amp inputs, ``x0`` outputs, ``n0`` inputs
    and ``u0`` outputs of the inverters.

    Attributes
    ----------
    g_positive, g_negative : numpy.ndarray of shape (k, k)
        From output j, and from its inverse, to the input of op-amp i, siemens. A zero is an open cell.
    g_in : float
        Input conductance of every row, and both conductances of every inverter, siemens.
    opamp : OpAmp
        What every op-amp is; its output goes below zero too.
    offset : numpy.ndarray of shape (k,), optional
        Input offset of each op-amp that is no inverter, volts; by default none.
    g_ground : numpy.ndarray of shape (k,), optional
        From the input of each op-amp to ground, siemens; by default none. A cell that is driven at a share of an output
        is that share of it, the rest being here.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Inv, OpAmp, operating_point
    >>> A, opamp = np.array([[2.0, -1.0], [0.5, 1.0]]), OpAmp(gain=1e9, bandwidth=1e8)
    >>> cells = dict(g_positive=1e-5 * np.maximum(A, 0), g_negative=1e-5 * np.maximum(-A, 0))
    >>> operating_point(Inv(**cells, g_in=1e-5, opamp=opamp), A @ [0.02, 0.03])[-2:].round(4)
    array([0.02, 0.03])
    """

    g_positive: np.ndarray
    g_negative: np.ndarray
    g_in: float
    opamp: OpAmp
    offset: np.ndarray | None = None
    g_ground: np.ndarray | None = None

    name = "INV"

    def __post_init__(self) -> None:
        self._check()
        self._positive("g_in")
        self._vector("g_ground", self.shape[1])

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each op-amp that is no inverter, siemens, shape (k,)."""
        return self.row_conductance + self.g_in + self.given("g_ground", self.shape[0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Egv(_SquareCircuit):
    """Eigenvector of the largest eigenvalue of a square matrix, with k amplifiers and k inverters (Sun-2019).

    Amplifier i gives ``y = -(G_+ - G_-) x / g_feedback`` and its inverter ``x = -y``: with a feedback a little below
    the largest eigenvalue the loop grows from its offsets along that eigenvector, until an output meets a rail. Nodes:
    ``r0`` rows, ``y0`` outputs of the amplifiers, ``n0`` inputs and ``x0`` outputs of the inverters.

    Attributes
    ----------
    g_positive, g_negative : numpy.ndarray of shape (k, k)
        From inverter j, and from amplifier j, to the input of amplifier i, siemens. A zero is an open cell.
    g_feedback : float
        From the output of each amplifier to its input, and both conductances of every inverter, siemens.
    opamp : OpAmp
        What every op-amp is, with rails; its output goes below zero too.
    offset : numpy.ndarray of shape (k,), optional
        Input offset of each amplifier, volts; by default none, and the loop stays at zero.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.circuits import Egv, OpAmp
    >>> from mho.circuits.transient import transient
    >>> A, opamp = np.array([[2.0, 1.0], [1.0, 2.0]]), OpAmp(gain=1e5, bandwidth=1e8, v_max=0.2)
    >>> cells = dict(g_positive=1e-5 * A, g_negative=np.zeros((2, 2)), g_feedback=0.98 * 3e-5)
    >>> circuit = Egv(**cells, opamp=opamp, offset=np.array([1e-4, -2e-4]))
    >>> np.abs(transient(circuit, []).rest()).round(2)
    array([0.2, 0.2])
    """

    g_positive: np.ndarray
    g_negative: np.ndarray
    g_feedback: float
    opamp: OpAmp
    offset: np.ndarray | None = None

    name = "EGV"

    def __post_init__(self) -> None:
        self._check()
        self._positive("g_feedback")

    @property
    def inputs(self) -> int:
        """None: the loop starts from its offsets."""
        return 0

    @property
    def column_conductance(self) -> np.ndarray:
        """All that is tied to the input of each amplifier, siemens, shape (k,)."""
        return self.row_conductance + self.g_feedback
