"""Heat of the array and charge of the supplies: at the operating point, and while the outputs rise to it.

With outputs x, sense nodes s and sources at -b (`mho.circuits.ports`), a reference column's being the first,

    P = x' (load x - back s + feed b) + s' (sense s - drive x + inputs b) + b' (K b + feed' x + inputs' s)

K, what the sources deliver with everything else at zero volts, is diagonal with perfect wires. Of wires with resistance
it is full, and costs too much for every right-hand side: what the wires of the columns take from one row and give to
another is left out of the power, and so it is of rows that are switched off, whose every set is a network of its own.
The switching energy has all of it, and what it finds for some right-hand sides corrects the rest of their block.

With the unclamped columns free from the start the rise is linear (`mho.circuits.modes`): sense nodes follow as
``s = s_rest - H (x_rest - x)``, row voltages at once. A column that is clamped only on the way, or free only on
the way, is not seen, and clamped sense nodes are taken to stay where they rest. A reference column is one more output,
at minus a share of the sum of the others, which it follows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import kernels
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.modes import Modes
from mho.operands import Matrix, Sparse

__all__ = ["OperatingPoints", "SupplyEnergy"]

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_SHARE = ((_POINTS + 1) / 2) ** 2  # of the whole time: denser at the start, where the fast modes are
_WEIGHT = _WEIGHTS * (_POINTS + 1) / 2


@dataclass(frozen=True)
class SupplyEnergy:
    """Energy and charge that sources and outputs deliver to the network, at the fixed scale of the volts.

    Attributes
    ----------
    joules : float
        All of it, which the network turns into heat, J.
    load_joules : float
        From the op-amps' outputs, J.
    load_coulombs, input_coulombs : float
        Charge out of the op-amps' outputs, and through the input drivers in either direction, C.
    peak_amperes : float
        The largest current out of one output at rest, A.
    """

    joules: float
    load_joules: float
    load_coulombs: float
    input_coulombs: float
    peak_amperes: float


@dataclass(frozen=True, eq=False)
class OperatingPoints:
    """Operating points of a block of n right-hand sides, at the fixed scale of the volts.

    Attributes
    ----------
    array : ProgrammedLoop
        The programmed chip.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    inputs : ndarray
        Input volts, dense (m, n) or the values of the stored entries.
    outputs : ndarray of shape (n, k)
        Outputs, volts.
    constant : ndarray of shape (n, k)
        Currents into the sense nodes that do not come from the rows, amperes.
    weight : ndarray of shape (n, 1)
        See `Loop.rest`.
    """

    array: ProgrammedLoop
    B: Matrix
    inputs: np.ndarray
    outputs: np.ndarray
    constant: np.ndarray
    weight: np.ndarray

    def rows(self, j: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a mask (m,) of the rows that are on for right-hand side `j`, and their input volts."""
        return self.array.inputs.active_row_voltages(self.B, self.inputs, j)

    def power(self) -> np.ndarray:
        """Return watts (n,): with every row on all of it, else with perfect wires and without offset."""
        if self.B.missing:
            return self._masked_power()
        return self.array.loop.power(self._volts, self.outputs, self.constant, self.weight)

    def largest_current(self) -> np.ndarray:
        """Return the largest current out of an op-amp (n,), amperes."""
        return np.concatenate([currents.max(axis=1) for currents in self._each(self.array.loop.output_currents)])

    def pins(self) -> np.ndarray:
        """Return the outputs behind their resistance (n, k), which ADCs read, volts."""
        loop = self.array.loop
        if not loop.opamp.output_ohms:
            return self.outputs
        pins = np.vstack(list(self._each(loop.pins_at_rest)))
        return pins if loop.signed else np.maximum(pins, 0.0)

    def switching_energy(
        self, j: int, rows: tuple[np.ndarray, np.ndarray], modes: Modes, seconds: float, source_power: np.ndarray
    ) -> SupplyEnergy:
        """Integrate one right-hand side's power and currents over `seconds` from zero.

        Parameters
        ----------
        j : int
            Number of the right-hand side.
        rows : tuple of ndarray
            Its `rows`.
        modes : Modes
            Of its loop, free where its outputs are.
        seconds : float
            Length of the solve.
        source_power : ndarray of shape (2,)
            See `PassiveNetwork.source_power`.
        """
        outputs, sensed = self._course(j, rows, modes, seconds)
        flow = self.array.loop.supply(rows, outputs, sensed, float(self.weight[j, 0]), source_power)

        def integral(rate: np.ndarray) -> float:
            return float(seconds * (_WEIGHT @ rate))

        return SupplyEnergy(
            joules=integral(flow.watts),
            load_joules=integral(flow.output_watts),
            load_coulombs=integral(np.maximum(flow.outputs, 0).sum(axis=1)),
            input_coulombs=integral(flow.inputs),
            peak_amperes=float(max(0.0, flow.outputs[-1].max())),
        )

    @property
    def _volts(self) -> Any:
        """Input volts (m, n) with every row on."""
        return self.array.inputs.row_voltages(self.B, self.inputs)

    def _each(self, quantity: Callable[..., np.ndarray]) -> Iterator[np.ndarray]:
        """A quantity of the loop's outputs: of all right-hand sides at once, or of one after the other's own rows."""
        X, constant, weight = self.outputs, self.constant, self.weight
        if not self.B.missing:
            yield quantity(None, self._volts, X, constant, weight)
            return
        for j in range(len(X)):
            on, volts = self.rows(j)
            yield quantity(on, volts[:, None], X[j : j + 1], constant[j : j + 1], weight[j])

    def _masked_power(self) -> np.ndarray:
        """Watts (n,) summed over the rows that are on; a ridge's always are."""
        assert isinstance(self.B, Sparse)
        array, X, V = self.array, self.outputs, self.inputs
        loop, c, rows = array.loop, array.conductances, array.inputs.rows
        ptr, idx, _ = self.B.by_column()
        u, heat = np.empty_like(V), np.empty_like(V)
        threads, driven = kernels.thread_count(), loop.driven
        kernels.sddmm(driven[:rows], X, ptr, idx, u, threads)
        kernels.sddmm(array.g_left[:rows], X**2, ptr, idx, heat, threads)
        if c.reference is not None:
            heat += (c.reference.left * c.reference.share**2)[idx] * np.repeat(X.sum(axis=1) ** 2, np.diff(ptr))
        watts = _per_column(loop.row_heat(V, u, heat, idx), ptr)
        below = slice(rows, None)
        u, heat = X @ driven[below].T, X**2 @ array.g_left[below].T
        return watts + np.sum(loop.row_heat(array.inputs.ridge_volts, u, heat, below), axis=1)

    def _course(
        self, j: int, rows: tuple[np.ndarray, np.ndarray], modes: Modes, seconds: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Outputs and sense nodes of one right-hand side on their way (times, k), volts."""
        loop, x, (on, V) = self.array.loop, self.outputs[j], rows
        free, ports = loop.free(x, on), loop.network(on)
        missing = modes.before_rest(x[free], seconds * _SHARE)
        s = loop.sense_volts(x[None], (ports.inputs @ V + self.constant[j])[None], float(self.weight[j, 0]), ports)
        outputs, sensed = np.tile(x, (len(missing), 1)), np.tile(s, (len(missing), 1))
        outputs[:, free] -= missing
        sensed[:, free] -= missing @ modes.H.T
        return outputs, sensed


def _per_column(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums[ptr[1:]] - sums[ptr[:-1]]
