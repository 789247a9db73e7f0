"""The cells of a programmed chip as they are now, and the loop that they make."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import checks
from mho.chip.crossbar import Crossbar
from mho.chip.design import ChipDesign
from mho.chip.normal_equations import NormalEquations
from mho.chip.programmed_cells import ProgrammedCells
from mho.chip.row_drivers import RowDrivers
from mho.circuits.classic_loop import ClassicLoop, ClassicNetwork, WiredClassicNetwork
from mho.circuits.conductances import Conductances
from mho.circuits.equilibrium import Follower
from mho.circuits.gram_network import GramNetwork
from mho.circuits.loop import Loop
from mho.circuits.passive_network import PassiveNetwork
from mho.circuits.reference_amplifiers import ReferenceAmplifiers
from mho.circuits.word_lines import WordLines, solve_masked
from mho.operands import Matrix, Sparse

__all__ = ["ProgrammedLoop"]


class ProgrammedLoop(ProgrammedCells):
    """A programmed chip but for its converters; its attributes are enough to rebuild the circuit elsewhere.

    The circuit is that of `mho.circuits.loop`; the source at row i drives minus the input volts through `g_in`.

    Parameters
    ----------
    store : Crossbar
        What was written.
    design : ChipDesign
        What the chip is made of.
    inputs : RowDrivers
        What is at its rows.
    l1 : float
        L1 penalty: weight of the sum of the answer.
    offset_volts : ndarray of shape (k + 2,)
        Input offset of each op-amp, those of reference columns last, volts.
    row_offset_volts : ndarray of shape (rows,) or float
        Input offset of op-amps on the rows, volts.
    normal : NormalEquations or None
        Digital part of the Gram circuit.

    Attributes
    ----------
    inputs : RowDrivers
    units_per_volt : ndarray of shape (k,)
        Outputs in volts times this are the numbers asked for.
    trim : ndarray of shape (k,)
        Current into each sense node that cancels the op-amps' offsets, amperes; zero unless they were measured.
    bias : ndarray of shape (k,)
        Constant current into each sense node, amperes; zero unless there is an L1 penalty.
    loop : Loop
        The op-amps and the network, which is reduced to its column nodes when that is first needed.
    """

    def __init__(
        self,
        store: Crossbar,
        design: ChipDesign,
        inputs: RowDrivers,
        *,
        l1: float,
        offset_volts: np.ndarray,
        row_offset_volts: np.ndarray | float = 0.0,
        normal: NormalEquations | None = None,
    ) -> None:
        self.design, self.inputs = design, inputs
        self._l1 = l1
        self._offset_volts, self._row_offset_volts, self._normal = offset_volts, row_offset_volts, normal
        self.trim = np.zeros(len(offset_volts) - 2)
        self.store, self.kelvin = store, design.operation.kelvin
        self._install()

    def _install(self, integration: float | None = None) -> None:
        """See `ProgrammedCells`; the network is reduced anew."""
        c = self.conductances = self.store.conductances(self.kelvin, integration)
        volts_per_unit = self.inputs.volts_per_unit
        self.units_per_volt = c.scale / (c.g_in * volts_per_unit)
        self.loop = self._loop(c)
        self.bias = self._l1 * c.scale * c.g_in * volts_per_unit / self.loop.row_metric

    def _loop(self, c: Conductances) -> Loop:
        """Join the network and the amplifiers of the design."""
        return _LOOPS[self.design.topology](self.design, c, self._offset_volts, self._row_offset_volts)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (m, k) of the matrix that was programmed."""
        return (self.inputs.rows, len(self.units_per_volt)) if self._normal is None else self._normal.A.shape

    @property
    def g_left(self) -> np.ndarray:
        """The driving array (m, k), siemens. A ridge adds rows below those of the matrix."""
        return self.conductances.left

    @property
    def g_right(self) -> np.ndarray:
        """The sensing array (m, k), siemens."""
        return self.conductances.right

    @property
    def g_comp(self) -> np.ndarray:
        """Compensation from each row to ground (m,), siemens."""
        return self.conductances.comp

    @property
    def g_in(self) -> float:
        """From each row to its source, siemens."""
        return self.conductances.g_in

    @property
    def offset_volts(self) -> np.ndarray:
        """Input offset of each of the k op-amps, volts."""
        return self._offset_volts[:-2]

    @property
    def row_offset_volts(self) -> np.ndarray | float:
        """Input offset of the op-amps on the rows, where there are any, volts."""
        return self._row_offset_volts

    def peaks(self, B: Matrix, C: np.ndarray | None) -> np.ndarray:
        """Return the largest entry (n,) of right-hand sides, or what sends as much into a column as their currents.

        Parameters
        ----------
        B : operand of shape (m, n)
            Right-hand sides by columns.
        C : ndarray of shape (n, k) or None
            Currents into the columns, in the units of A'B.
        """
        peaks = self.inputs.peaks(B)
        if C is None:
            return peaks
        sums = self._column_sums
        return np.maximum(peaks, np.divide(np.abs(C), sums, out=np.zeros(C.shape), where=sums > 0).max(axis=1))

    def column_currents(self, C: np.ndarray, peak_in: np.ndarray) -> np.ndarray:
        """Return the currents (n, k) that a DAC at each column makes of C, amperes at the fixed scale.

        Parameters
        ----------
        C : ndarray of shape (n, k)
            In the units of A'B.
        peak_in : ndarray of shape (n,)
            Entry of a right-hand side at full scale; all rows at it send the DACs' full scale into a column.
        """
        columns = self.inputs.rows + np.arange(C.shape[1])
        return self._into_amperes(self.inputs.converters.to_volts(C, peak_in[:, None] * self._column_sums, columns))

    def _into_amperes(self, C: np.ndarray) -> np.ndarray:
        """Currents into the columns, amperes at the fixed scale, from the units of A'B."""
        c = self.conductances
        return C * c.scale * c.g_in * self.inputs.volts_per_unit / self.loop.row_metric

    @property
    def _column_sums(self) -> np.ndarray:
        """Sum of the sizes of each column's entries, as they are written (k,)."""
        scale = self.conductances.scale
        sums = np.abs(self.conductances.written).sum(axis=0)
        return np.divide(sums, scale, out=np.zeros(len(scale)), where=scale > 0)

    def solve_volts(self, V: Any) -> np.ndarray:
        """Return the outputs at rest for input voltages V (m,) or (m, n), volts: the bare circuit, no converters.

        NaN switches the word line of that row off.
        """
        V = np.asarray(V)
        column = checks.as_matrix(V[:, None] if V.ndim == 1 else V, "V", nonnegative=False, missing=True)
        if len(column) != len(self.g_left):
            raise ValueError(f"V must have {len(self.g_left)} rows, one per row of the chip, got shape {V.shape}")
        if np.isnan(column).any():
            none = slice(len(V), None)
            rows = WordLines(*Sparse(column).by_column(), always=none, always_volts=np.zeros(0))
            X, _ = solve_masked(self._follower(len(rows)), rows)
        else:
            X, doubtful = self.loop.rest(column.T @ self.loop.ports.inputs.T - self.bias)
            follower, every = self._follower(len(X)), np.ones(len(column), bool)
            for j in np.flatnonzero(doubtful).tolist():
                X[j] = follower.rest(j, every, column[:, j])
        X = self._pins(column, X)
        return X[0] if V.ndim == 1 else X.T

    def _pins(self, V: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Outputs X (n, k) behind their resistance, for input volts V (m, n), NaN at rows that are off."""
        if not self.loop.opamp.output_ohms:
            return X
        weight, known = np.ones((1, 1)), ~np.isnan(V)
        each = (
            self.loop.pins_at_rest(on, v[on][:, None], x[None], -self.bias, weight)
            for on, v, x in zip(known.T, V.T, X, strict=True)
        )
        return np.vstack(list(each))

    def _follower(self, n: int) -> Follower:
        """For n right-hand sides, at the fixed scale of the volts."""
        return Follower(self.loop, -self.bias, np.ones((n, 1)))


def _compact(design: ChipDesign, c: Conductances, offset: np.ndarray, row_offset: np.ndarray | float) -> Loop:
    amplifier, columns = design.amplifier, c.reference
    return Loop(
        passive=PassiveNetwork(c, design.wires, design.array.switched_wires),
        opamp=amplifier,
        offset=offset[:-2],
        reference=None if columns is None else ReferenceAmplifiers(columns, amplifier.gain, offset[-2:]),
    )


def _classic(design: ChipDesign, c: Conductances, offset: np.ndarray, row_offset: np.ndarray | float) -> Loop:
    kind = WiredClassicNetwork if design.wires else ClassicNetwork
    network = kind(c, design.wires, gain=design.amplifier.gain, row_offset=row_offset)
    return ClassicLoop(passive=network, opamp=design.amplifier, offset=-offset[:-2], reference=None)


def _gram(design: ChipDesign, c: Conductances, offset: np.ndarray, row_offset: np.ndarray | float) -> Loop:
    network = GramNetwork(c, design.wires)
    return Loop(passive=network, opamp=design.amplifier, offset=offset[:-2], reference=None)


_LOOPS = {"compact": _compact, "classic": _classic, "gram": _gram}
