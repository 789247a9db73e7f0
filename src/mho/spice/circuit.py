"""The compact generalised-inverse circuit as plain numbers: conductances, amplifiers, switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mho.checks import as_matrix, one_of
from mho.spice.arguments import positive_number, row_switches, values
from mho.spice.wires import Wires

__all__ = ["CLAMPS", "CompactGinv"]

CLAMPS = ("rectifying", "single-supply")

# Diode path over the largest column conductance. A clamped amplifier that takes the column current w stands at
# -w / g_clamp, so its sense node is lifted to w / (A0 g_clamp) instead of held at 0. Measured at rest (16x4 and 32x8,
# gain 1e5) as a fraction of the largest output: 3e-7 at a ratio of 1, 3e-9 at 100, near what ngspice resolves; at gain
# 1e3 a hundred times that. The clamped loop is faster than the amplifier by the same ratio, which Gear's method bears:
# from 10 to 1000 the time steps grow by a tenth.
_CLAMP_STIFFNESS = 100.0


@dataclass(frozen=True, kw_only=True, eq=False)
class CompactGinv:
    """Compact GINV with conductance compensation: k op-amps, two copies of the matrix, m floating row nodes.

    Attributes
    ----------
    g_left : numpy.ndarray of shape (m, k)
        Driving copy, from column output j to row i, siemens. A zero is an open cell.
    g_right : numpy.ndarray of shape (m, k)
        Sensing copy, from sense node j to row i, siemens. A zero is an open cell.
    g_comp : numpy.ndarray of shape (m,)
        Compensation from row i to ground, siemens.
    g_in : float
        Input conductance of every row, siemens.
    gain : float
        Open-loop gain of the op-amps at zero frequency, volts per volt.
    bandwidth : float
        Gain-bandwidth product of the op-amps, hertz.
    bias : numpy.ndarray of shape (k,), optional
        Constant current into each sense node, amperes; by default none.
    word_lines : numpy.ndarray of bool of shape (m,), optional
        Rows whose cells are connected; by default all.
    offset : numpy.ndarray of shape (k,), optional
        Input offset of each op-amp, volts: what its sense node is held at; by default none.
    wires : Wires
        Resistance between the cells; by default none.
    clamp : {"rectifying", "single-supply"}
        What an op-amp does that would have to go below zero. Rectifying: a diode path holds its sense node at virtual
        ground. Single-supply: it stays at its lower rail and the sense node floats.

    Raises
    ------
    TypeError, ValueError
        A value of the wrong type, shape or sign, or a column without a sensing cell: its amplifier has no input.

    Notes
    -----
    The circuit is a hypothesis: it follows from Kirchhoff's laws and fits every published word about the chip, whose
    inside is not public.
    """

    g_left: np.ndarray
    g_right: np.ndarray
    g_comp: np.ndarray
    g_in: float
    gain: float
    bandwidth: float
    bias: np.ndarray | None = None
    word_lines: np.ndarray | None = None
    offset: np.ndarray | None = None
    wires: Wires = field(default_factory=Wires)
    clamp: str = "rectifying"

    def __post_init__(self) -> None:
        g_left = as_matrix(self.g_left, "g_left").astype(np.float64)
        g_right = as_matrix(self.g_right, "g_right").astype(np.float64)
        if g_right.shape != g_left.shape:
            raise ValueError(f"g_right must have the shape of g_left, {g_left.shape}, got {g_right.shape}")
        rows = g_left.shape[0]
        self._set("g_left", g_left)
        self._set("g_right", g_right)
        self._set("g_comp", values(self.g_comp, "g_comp", rows))
        for name in ("g_in", "gain", "bandwidth"):
            self._set(name, positive_number(getattr(self, name), name))
        for name in ("bias", "offset"):
            if getattr(self, name) is not None:
                value = values(getattr(self, name), name, g_left.shape[1], each="column", nonnegative=False)
                self._set(name, value)
        if self.word_lines is not None:
            self._set("word_lines", row_switches(self.word_lines, "word_lines", rows))
        one_of(self.clamp, "clamp", CLAMPS)
        self._check_sensed()

    def _set(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, name, value)

    def _check_sensed(self) -> None:
        silent = np.flatnonzero(self.column_conductance == 0)
        if silent.size:
            raise ValueError(
                f"g_right must connect every column to a row whose word line is on, got none in column {int(silent[0])}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows m and columns k."""
        rows, columns = self.g_left.shape
        return rows, columns

    @property
    def on(self) -> np.ndarray:
        """Rows whose word line is on, in order, shape (rows on,)."""
        return np.arange(self.shape[0]) if self.word_lines is None else np.flatnonzero(self.word_lines)

    @property
    def row_conductance(self) -> np.ndarray:
        """S, all that is tied to each row that is on, siemens, shape (rows on,)."""
        return (self.g_left + self.g_right).sum(axis=1)[self.on] + self.g_in + self.g_comp[self.on]

    @property
    def column_conductance(self) -> np.ndarray:
        """C, all that is tied to each sense node, siemens, shape (k,)."""
        return self.g_right[self.on].sum(axis=0)

    @property
    def g_clamp(self) -> float:
        """Conductance of the diode path of a rectifying op-amp, siemens."""
        return float(_CLAMP_STIFFNESS * self.column_conductance.max())
