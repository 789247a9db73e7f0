"""A square matrix of either sign behind converters: its inverse, or the eigenvector of its largest eigenvalue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mho.caching import cached_property
from mho.chip.converters import ConverterBank
from mho.chip.crossbar import Crossbar
from mho.chip.design import ChipDesign
from mho.chip.events import bits_moved, converted, settle_seconds, settling
from mho.chip.ledger import Ledger
from mho.chip.mapping import ConductanceMap, map_pairs
from mho.chip.programmed_cells import ProgrammedCells, dense_vectors
from mho.chip.square_matrix import check_square, eigenvector_circuit, inverse_circuit, inverse_map
from mho.circuits.equations import LoopEquations, equations
from mho.circuits.errors import ChipError
from mho.circuits.inverse import Egv, Inv
from mho.circuits.transient import transient

__all__ = ["ProgrammedEigenvector", "ProgrammedInverse"]

_ATTEMPTS = 6
"""Times that a right-hand side is solved at most until its answer fits."""


class _ProgrammedSquare(ProgrammedCells):
    """Cells of a square matrix and the converters around them; parameters as `ProgrammedInverse` has them."""

    def __init__(
        self,
        A: np.ndarray,
        design: ChipDesign,
        write: Callable[[ConductanceMap], Crossbar],
        converters: ConverterBank,
        ledger: Ledger,
        offset: Callable[[int], np.ndarray],
    ) -> None:
        check_square(A)
        self.design, self._converters, self._ledger = design, converters, ledger
        self.kelvin, self.shape, self._A = design.operation.kelvin, A.shape, A
        self._offset = offset(len(A))
        self._volts_per_unit = design.converters.v_in / float(np.abs(A).sum(axis=1).max())
        self.store = write(self._layout(A))
        self._install()

    def _layout(self, A: np.ndarray) -> ConductanceMap:
        raise NotImplementedError


class _InverseLoop:
    """Equations of one inverse circuit, its slowest rate and its answers, each computed when first needed."""

    def __init__(self, circuit: Inv) -> None:
        self._circuit = circuit

    @cached_property
    def _equations(self) -> LoopEquations:
        return equations(self._circuit)

    @cached_property
    def rate(self) -> float:
        """The slowest decay rate, 1/s."""
        return float(-np.linalg.eigvals(self._equations.system).real.max())

    @cached_property
    def answers(self) -> tuple[np.ndarray, np.ndarray]:
        """Op-amps' outputs for one volt at each input (2 k, k), and for none (2 k,)."""
        d = self._equations
        if self.rate <= 0:
            raise ChipError(
                "the loop does not settle: an eigenvalue of the matrix, as it is written, has no positive real part, "
                "or the second pole is too low; multiply the equations by the transpose, or write the cells better"
            )
        found = np.linalg.solve(d.F, np.column_stack([d.inputs, d.constant]))
        return found[:, :-1], found[:, -1]


class ProgrammedInverse(_ProgrammedSquare):
    """A square matrix A (k, k) in the topology ``"inv"``, ready for right-hand sides; `Chip.program` makes it.

    Parameters
    ----------
    A : ndarray of shape (k, k)
        The matrix.
    design : ChipDesign
        What the chip is made of.
    write : callable
        Writes a `ConductanceMap` and gives the `Crossbar`.
    converters : ConverterBank
        Those of the chip.
    ledger : Ledger
        Where solving is entered.
    offset : callable
        Gives the input offsets of so many op-amps, volts.

    Attributes
    ----------
    circuit : Inv
        Cells as they are now, and op-amps.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> from mho.chip import preset
    >>> A = np.array([[2.0, -1.0], [0.5, 1.0]])
    >>> Chip(preset("ideal").with_(topology="inv")).program(A).solve(A @ [2.0, 3.0]).round(6)
    array([2., 3.])
    """

    circuit: Inv

    def _layout(self, A: np.ndarray) -> ConductanceMap:
        return inverse_map(A, self.design)

    def _install(self, integration: float | None = None) -> None:
        c = self.conductances = self.store.conductances(self.kelvin, integration)
        self.circuit = inverse_circuit(c, self.design, self._offset)
        self.units_per_volt = c.scale / (c.g_in * self._volts_per_unit)
        self._loop = _InverseLoop(self.circuit)

    def solve(self, B: Any) -> np.ndarray:
        """Return X (k, n) with ``A X = B``, or x (k,) for one right-hand side (k,), through converters and loop.

        Parameters
        ----------
        B : array_like of shape (k, n) or (k,)
            Right-hand sides of either sign.

        Raises
        ------
        ChipError
            The loop does not settle, or an answer leaves the range of the outputs however small the inputs are; or
            right-hand sides that are sparse or incomplete.
        TypeError, ValueError
            Others that are none.

        Notes
        -----
        Not repeatable where the device has read noise or the converters have noise.
        """
        given = dense_vectors(B, "B", "inv", self.shape[0], "row")
        if self.design.device.noise:
            self._install(self.design.operation.integration)
        Z, range_ = self._in_range(given)
        X = self._converters.to_digital(Z[len(Z) // 2 :].T * range_[:, None], signed=True) / range_[:, None]
        found = (X * self.units_per_volt).T
        return found[:, 0] if np.ndim(B) == 1 else found

    def _in_range(self, B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Outputs (2 k, n) at the fixed scale, and the range of each."""
        own, constant = self._loop.answers
        peak, v_out = np.abs(B).max(axis=0), self.design.converters.v_out
        for attempt in range(_ATTEMPTS):
            full = np.where(peak > 0, peak, 1.0) * self._volts_per_unit
            range_ = self._converters.v_in / full
            V = self._converters.to_volts(B, peak, np.arange(len(B))[:, None]) * self._volts_per_unit
            Z = own @ V + constant[:, None] / range_
            excess = np.abs(Z).max(axis=0) * range_ / v_out
            self._enter(V * range_, Z * range_, clipped=int(np.count_nonzero(excess > 1)))
            if excess.max() <= 1:
                return Z, range_
            peak = np.where(excess > 1, np.where(peak > 0, peak, 1.0) * (1 + 0.001 * 4**attempt) * excess, peak)
        raise ChipError(
            f"an output stays above the full scale of {v_out:g} V however small the inputs are: the op-amps' offset is "
            "too large for the condition of the matrix"
        )

    def _enter(self, V: np.ndarray, Z: np.ndarray, clipped: int) -> None:
        """Enter solves by volts V (k, n) that rest at Z (2 k, n) in the ledger."""
        circuit, (k, n) = self.circuit, V.shape
        seconds = settle_seconds(self._loop.rate, self.design.converters)
        cells = (circuit.g_positive + circuit.g_negative).sum(axis=0) + 2 * circuit.g_in
        from_outputs = seconds * float(cells @ np.sum(Z[k:] ** 2, axis=1))
        self._ledger.add(
            Ledger(
                clipped=clipped,
                array_joules=from_outputs + seconds * circuit.g_in * float(np.sum(V**2)),
                load_joules=from_outputs,
                load_coulombs=seconds * float(cells @ np.sum(np.abs(Z[k:]), axis=1)),
                input_coulombs=seconds * circuit.g_in * float(np.sum(np.abs(V))),
                **settling(self.design, n, n * seconds, circuit.opamps),
                **converted(self.design.converters, V.size, V.size),
            )
        )


class ProgrammedEigenvector(_ProgrammedSquare):
    """A square matrix A (k, k) in the topology ``"egv"``; `Chip.program` makes it.

    Its parameters, `A`, `design`, `write`, `converters`, `ledger` and `offset`, are those of `ProgrammedInverse`.

    Attributes
    ----------
    circuit : Egv
        Cells as they are now, and op-amps.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> from mho.chip import preset
    >>> A = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> Chip(preset("ideal").with_(topology="egv", gain=1e5)).program(A).eigenvector().round(3)
    array([0.707, 0.707])
    """

    circuit: Egv

    def _layout(self, A: np.ndarray) -> ConductanceMap:
        return map_pairs(A, self.design.device, one_scale=True)

    def _install(self, integration: float | None = None) -> None:
        c = self.conductances = self.store.conductances(self.kelvin, integration)
        self.circuit = eigenvector_circuit(self._A, c, self.design, self._offset)

    def eigenvector(self) -> np.ndarray:
        """Return the eigenvector of the largest eigenvalue (k,), of length one, its largest entry positive.

        Raises
        ------
        ChipError
            The loop does not come to rest.
        """
        if self.design.device.noise:
            self._install(self.design.operation.integration)
        waveform = transient(self.circuit, np.zeros(0))
        outputs = waveform.rest()
        self._enter(outputs, waveform.settling_time(0.5 / 2 ** bits_moved(self.design.converters)[1]))
        x = self._converters.to_digital(outputs[None], signed=True)[0]
        return x / np.linalg.norm(x) * np.sign(x[np.abs(x).argmax()])

    def _enter(self, outputs: np.ndarray, seconds: float) -> None:
        """Enter one settling to `outputs` (k,) in the ledger."""
        circuit, k = self.circuit, len(outputs)
        cells = (circuit.g_positive + circuit.g_negative).sum(axis=0) + 3 * circuit.g_feedback
        joules = seconds * float(cells @ outputs**2)
        self._ledger.add(
            Ledger(
                array_joules=joules,
                load_joules=joules,
                load_coulombs=seconds * float(cells @ np.abs(outputs)),
                **settling(self.design, 1, seconds, circuit.opamps),
                **converted(self.design.converters, 0, k),
            )
        )
