"""A programmed chip that solves: right-hand sides through its converters to the loop, and the answer back."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.chip.autorange import Correction, solve_in_range
from mho.chip.calibration import Calibration, Pins, calibrate, cancel_offsets
from mho.chip.correction import CellErrorCorrection
from mho.chip.crossbar import Crossbar
from mho.chip.design import ChipDesign
from mho.chip.events import count_events, read_events
from mho.chip.ledger import Ledger
from mho.chip.programmed_loop import ProgrammedLoop
from mho.chip.row_drivers import RowDrivers
from mho.circuits.errors import ChipError
from mho.operands import Dense, Matrix, Sparse, as_matrix
from mho.penalty import NO_PENALTY, Penalty

__all__ = ["ProgrammedArray", "Solving"]

_LOOKED_AT = 256
"""Right-hand sides that are looked at for entries which the DACs lose."""

_BLOCK = 1 << 21
"""Numbers of a right-hand side block that are held as volts at a time."""


class Solving(Pins):
    """A programmed matrix as its user sees it: right-hand sides and calibration, wherever on a chip it lies.

    Examples
    --------
    >>> from mho.chip import Chip
    >>> from mho.chip.programmed_array import Solving
    >>> isinstance(Chip("ideal").program([[2.0, 0.0], [0.0, 1.0]]), Solving)
    True
    """

    calibration_: Calibration | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (m, k) of the matrix that was programmed."""
        raise NotImplementedError

    def solve(self, B: Any, *, missing: str | None = None, currents: Any = None) -> np.ndarray:
        """Return X (k, n) for right-hand sides B (m, n), through converters and loop; not negative unless signed.

        Parameters
        ----------
        B : array_like of shape (m, n) or (m,), scipy sparse (zeros are data), or `Sparse`
            Right-hand sides of any sign. An entry that is missing switches the word line of its row off.
        missing : {"nan", None}
            "nan": NaN is an entry that is not known. A `Sparse` says for itself what is missing.
        currents : array_like of shape (k, n) or (k,), optional
            Current into each column for each right-hand side, of any sign, in the units of A'B: the answer minimises
            ``|A x - b|^2 / 2 - c'x``. A constant negative one is an L1 penalty.

        Raises
        ------
        ChipError
            The loop does not come to rest, or leaves the range at any input.

        Warns
        -----
        UserWarning
            Nothing is known of some right-hand sides, whose answers are zero; or most entries of some are below half a
            step of the DACs, because others are so much larger.

        Notes
        -----
        Not repeatable where the device has read noise, of which every call draws its own, or the converters have noise.
        """
        if np.ndim(B) == 1:
            column = None if currents is None else np.asarray(currents)[..., None]
            return self.solve(np.asarray(B)[:, None], missing=missing, currents=column)[:, 0]
        checks.one_of(missing, "missing", (None, "nan"))
        operand = Sparse(B) if missing and not isinstance(B, Dense | Sparse) and not sp.issparse(B) else as_matrix(B)
        self._warn(operand)
        return self.solve_operand(operand, currents)

    def _warn(self, B: Matrix) -> None:
        """Say what of the right-hand sides (m, n) is not heard."""
        if isinstance(B, Sparse) and B.missing:
            unknown = int(np.count_nonzero(np.diff(B.by_column()[0]) == 0))
            if unknown:
                warnings.warn(
                    f"nothing is known of {unknown} of {B.shape[1]} right-hand sides: their answers are zero",
                    UserWarning,
                    stacklevel=3,
                )
        bits = self.design.converters.dac_bits
        if bits is None or not isinstance(B, Dense):
            return
        size = np.abs(B.array[:, :_LOOKED_AT])
        half_step = size.max(axis=0) / (2 ** (bits - 1) - 1) / 2
        lost = np.sum((size > 0) & (size < half_step), axis=0) > np.sum(size > 0, axis=0) / 2
        if lost.any():
            warnings.warn(
                f"most entries of {int(lost.sum())} of {size.shape[1]} right-hand sides are below half a step of a DAC "
                f"of {bits} bits and are taken as zero, because others are so much larger: scale the rows alike, or "
                "take more dac_bits",
                UserWarning,
                stacklevel=3,
            )

    def cancel_offsets(self, A: Any, *, penalty: Penalty = NO_PENALTY, seed: Any = 0) -> None:
        """Measure what the op-amps' offsets bring about, and cancel it with currents from now on; part of `calibrate`.

        Parameters
        ----------
        A : array_like of shape (m, k)
            What was programmed.
        penalty : Penalty
            With which it was.
        seed : int, Generator or None
            Source of the probes.
        """
        A = as_programmed(A, self.shape)
        cancel_offsets(self, A, *_terms(penalty, A.shape[1]), checks.generator(seed, "seed"))

    def calibrate(self, A: Any, *, penalty: Penalty = NO_PENALTY, probe: bool = False, seed: Any = 0) -> Calibration:
        """Correct what probes with known answers show at the pins, from now on; its cost is in the ledger.

        Offsets first: interior probes at two input ranges differ by what does not shrink with the inputs, which
        currents into the columns then cancel. After that k x k matrices for the answers are fitted, each to 4 k
        probes, and one is kept only if 2 k other problems, held out, improve by it.

        Parameters
        ----------
        A : array_like of shape (m, k)
            What was programmed.
        penalty : Penalty
            With which it was.
        probe : bool
            Whether each answer will be probed by itself (`mho.Analog`): the matrix has to help beside that.
        seed : int, Generator or None
            Source of the probes.

        Returns
        -------
        Calibration
            Also kept as `calibration_`.

        Raises
        ------
        ValueError
            A is of another shape, or `probe` neither true nor false.

        Notes
        -----
        Out of date once cells age or are written again. The matrix is fitted with every row on, and is not applied to
        right-hand sides with missing entries.
        """
        A = as_programmed(A, self.shape)
        checks.one_of(probe, "probe", (True, False))
        rng = checks.generator(seed, "seed")
        self.calibration_ = calibrate(self, A, *_terms(penalty, A.shape[1]), rng, probe=probe)
        return self.calibration_


class ProgrammedArray(ProgrammedLoop, Solving):
    """A matrix in a chip, ready for right-hand sides; `Chip.program` makes it.

    Parameters
    ----------
    store : Crossbar
        What was written.
    design : ChipDesign
        What the chip is made of.
    inputs : RowDrivers
        What is at its rows.
    ledger : Ledger
        Where solving is entered.
    off_state : CellErrorCorrection or None
        Correction of the zeros, if they need one.
    **loop
        See `ProgrammedLoop`.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> programmed = Chip("ideal").program(np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    >>> programmed.solve(np.array([[4.0], [3.0], [5.0]])).round(6)
    array([[2.],
           [3.]])
    """

    def __init__(
        self,
        store: Crossbar,
        design: ChipDesign,
        inputs: RowDrivers,
        ledger: Ledger,
        *,
        off_state: CellErrorCorrection | None,
        **loop: Any,
    ) -> None:
        self._ledger, self._off_state = ledger, off_state
        self._map: np.ndarray | None = None
        super().__init__(store, design, inputs, **loop)

    def read_back(self, A: Any) -> None:
        """Read the driving array, cell by cell, and from now on correct each answer for what it differs by.

        The sensing array is not read: what its errors do grows with the residual alone. Read again after ageing.

        Parameters
        ----------
        A : array_like of shape (m, k)
            What was programmed.
        """
        A = as_programmed(A, self.shape)
        integration = self.design.operation.integration if self.design.device.noise else None
        A = A if self._normal is None else self._normal.matrix
        read = self.store.conductances(self.kelvin, integration)
        self._off_state = CellErrorCorrection.of_reads(A, read.scale, read.written[: len(A)])
        self._ledger.add(read_events(self.design, *A.shape))

    def observe(self, B: np.ndarray, currents: np.ndarray | None, full_scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Return answers (k, n) at one range, and the entry (n,) that the DACs' full scale stood for.

        Parameters
        ----------
        B : ndarray of shape (m, n)
            Right-hand sides.
        currents : ndarray of shape (k, n) or None
            Into the columns, in the units of A'B.
        full_scale : float
            The least that full scale stands for, in the units of B.
        """
        C = None if currents is None else self._currents(currents, B.shape[1])
        operand, C = self._into_rows(self._formed(Dense(B, name="B")), C, alone=False)
        self._read_noise()
        X, range_ = self._settled(operand, C, full_scale, together=True)
        return X.T, self.inputs.v_in / (range_ * self.inputs.volts_per_unit)

    def observe_unclamped(self) -> np.ndarray:
        """Return outputs (k,) with nothing at the inputs and the clamps switched out, for a full scale of one."""
        self._read_noise()
        nothing = Correction(np.ones((1, self.shape[1]), bool), np.full(1, np.inf))
        B, C = self._into_rows(self._at_zero(None, 1), np.zeros((1, self.shape[1])), alone=True)
        X, range_ = self._unclamped()._settled(B, C, 0.0, nothing)
        return X[0] * range_[0] * self.inputs.volts_per_unit / self.inputs.v_in

    def inject(self, currents: np.ndarray) -> None:
        """Add constant currents into the columns from now on.

        Parameters
        ----------
        currents : ndarray of shape (k,)
            In the units of A'B for a full scale of one.
        """
        trim = self.trim + self._into_amperes(currents * self.inputs.v_in / self.inputs.volts_per_unit)
        largest = np.full(len(trim), np.abs(trim).max())
        self.trim = self.inputs.converters.to_volts(trim, largest, self.inputs.rows + np.arange(len(trim)))

    def output_volts(self, X: np.ndarray) -> np.ndarray:
        """Return the outputs, volts, that answers are at a full scale of one.

        Parameters
        ----------
        X : ndarray of shape (k, ...)
            Answers.
        """
        volts = self.inputs.v_in / self.inputs.volts_per_unit * X.T
        units = self.units_per_volt
        return np.divide(volts, units, out=np.zeros_like(volts), where=units > 0).T

    def set_map(self, T: np.ndarray | None) -> None:
        """Multiply answers by a matrix from now on.

        Parameters
        ----------
        T : ndarray of shape (k, k) or None
            The matrix; None: answers are as they are.
        """
        self._map = T

    def volts(self, b: Any) -> np.ndarray:
        """Return the input voltages for right-hand sides b (m,) or (m, n), as the DAC rounds them, volts.

        Rows of a ridge follow with their constant voltages.
        """
        b = np.asarray(b)
        B = Dense(b[:, None] if b.ndim == 1 else b, name="b")
        B = self._formed(B)
        V = self.inputs.with_ridge(self.inputs.dense(B.array.astype(np.float64), np.abs(B.array).max(axis=0)))
        return V[:, 0] if b.ndim == 1 else V

    def solve_operand(self, operand: Matrix, currents: Any = None) -> np.ndarray:
        """Return X (k, n) for right-hand sides that are an operand (m, n), without a word; see `solve`.

        Parameters
        ----------
        operand : Dense or Sparse
            Right-hand sides by columns.
        currents : array_like of shape (k, n), optional
            See `solve`.
        """
        C = None if currents is None else self._currents(currents, operand.shape[1])
        return self._solve_all(operand, C)

    def correct(self, currents: Any, free: Any, *, reach: Any = None, B: Matrix | None = None) -> np.ndarray:
        """Return D (k, n) of either sign that minimises ``|A d|^2 / 2 - c'd``, zero where it is not `free`.

        Clamps are switched out, no row is driven, and a ridge pulls to zero: the correction of an answer whose gradient
        is c. It is linear in c but for the converters.

        Parameters
        ----------
        currents : array_like of shape (k, n)
            Current into each column for each right-hand side, in the units of A'B.
        free : array_like of bool of shape (k, n)
            Outputs that are not held at zero.
        reach : array_like of shape (n,), optional
            Largest entry that each correction is expected to have: a good guess spares solving again at a smaller
            range, and a pessimistic one costs digits.
        B : operand of shape (m, n), optional
            Right-hand sides whose missing entries switch word lines off; its values have no effect.

        Raises
        ------
        ChipError
            The outputs of the design are not switched, or the loop is not stable.
        """
        if self.design.amplifier.output != "switched":
            raise ChipError(
                f"the outputs of {self.design.name!r} are {self.design.amplifier.output} alone, and corrections need "
                "either sign with some held at zero: take a design with output='switched'"
            )
        n = np.shape(currents)[-1]
        C, open_ = self._currents(currents, n), np.asarray(free, bool).T
        if open_.shape != C.shape:
            raise ValueError(f"free must have shape {C.T.shape}, as the currents have, got {open_.T.shape}")
        expected = np.broadcast_to(np.inf if reach is None else np.asarray(reach, np.float64), n)
        zeros = self._at_zero(B, n)
        return self._solve_all(zeros, np.where(open_, C, 0.0), Correction(open_, expected))

    def _at_zero(self, B: Matrix | None, n: int) -> Sparse:
        """Right-hand sides of zeros with the missing entries of B."""
        if isinstance(B, Sparse) and B.missing:
            return B.with_values(np.zeros(len(B.values)))
        return Sparse.from_checked(sp.csc_array((self.shape[0], n)), missing=False)

    def _unclamped(self) -> Self:
        """Return the array as it is now, its clamps switched out and nothing but currents at its inputs."""
        other = copy.copy(self)
        other.inputs = replace(self.inputs, ridge_volts=np.zeros_like(self.inputs.ridge_volts))
        other.loop, other.bias, other._off_state = self.loop.unclamped, np.zeros_like(self.bias), None
        return other

    def _solve_all(self, operand: Matrix, C: np.ndarray | None, correction: Correction | None = None) -> np.ndarray:
        """X (k, n) at currents C (n, k)."""
        operand = self._formed(operand) if correction is None else operand
        operand, C = self._into_rows(operand, C, alone=correction is not None)
        self._read_noise()
        array = self if correction is None else self._unclamped()
        least = 0.0  # what full scale stands for at least
        if self.design.converters.full_scale == "batch":
            least = float(array.peaks(operand, C).max())
        solved, done = [], 0
        for block in self._blocks(operand):
            part = slice(done, done := done + block.shape[1])
            corrected = None if correction is None else correction.part(part)
            solved.append(array._solve_block(block, least, None if C is None else C[part], corrected))
        return np.vstack(solved).T

    def _into_rows(self, operand: Any, C: np.ndarray | None, *, alone: bool) -> tuple[Any, np.ndarray | None]:
        """Right-hand sides and currents; in the Gram circuit, whose rows are its columns, both are one."""
        if C is None or self._normal is None:
            return operand, C
        return Dense.from_checked(np.ascontiguousarray(C.T if alone else operand.array + C.T)), None

    def _currents(self, currents: Any, n: int) -> np.ndarray:
        """Currents by right-hand sides (n, k), checked."""
        return checked_currents(currents, (self.shape[1], n)).T

    def _formed(self, B: Matrix) -> Any:
        """The right-hand sides as the rows have them, checked."""
        rows = self.shape[0]
        if B.shape[0] != rows:
            raise ValueError(f"B must have {rows} rows, as many as the programmed matrix, got shape {B.shape}")
        return B if self._normal is None else self._normal.rhs(B)

    def _blocks(self, B: Matrix) -> Iterator[Matrix]:
        n = B.shape[1]
        if isinstance(B, Dense) or (self._off_state and not B.missing):  # which fills the zeros of the block
            step = max(1, _BLOCK // B.shape[0])
        else:
            step = max(1, _BLOCK * n // max(1, len(B.values)))
        yield from (B.column_range(j, min(n, j + step)) for j in range(0, n, step))

    def _solve_block(self, B: Matrix, least: float, C: np.ndarray | None, correction: Correction | None) -> np.ndarray:
        """X (n, k) of one block."""
        X = self._solve_once(B, least, C, correction)
        if self._off_state is not None:
            X = self._solve_once(self._off_state.corrected_rhs(B, X), least, C, correction)
        if self._map is None or correction is not None or B.missing:
            return X
        return X @ self._map.T if self.loop.signed else np.maximum(X @ self._map.T, 0.0)

    def _solve_once(self, B: Matrix, least: float, C: np.ndarray | None, correction: Correction | None) -> np.ndarray:
        """X (n, k), at a range that fits both ends of each right-hand side."""
        return self._settled(B, C, least, correction, together=least > 0)[0]

    def _settled(
        self,
        B: Any,
        C: np.ndarray | None,
        least: float,
        correction: Correction | None = None,
        *,
        together: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """X (n, k) as the ADCs read them, and the range (n,) of each right-hand side."""
        settled = solve_in_range(self, B, C, least, correction)
        self._ledger.add(count_events(settled, energy=self._ledger.metered))
        range_, pins = settled.range[:, None], settled.rest.pins()
        outputs = self.inputs.converters.to_digital(pins * range_, signed=self.loop.signed, together=together)
        return outputs / range_ * self.units_per_volt, settled.range

    def _read_noise(self) -> None:
        """Draw the noise of one read anew."""
        if self.design.device.noise:
            self._install(self.design.operation.integration)


def _terms(penalty: Penalty, k: int) -> tuple[np.ndarray, np.ndarray]:
    return penalty.vector("l2", k), penalty.linear_term(k)


def as_programmed(A: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return a matrix that was programmed, checked, as float64; `shape` is that of what was programmed."""
    A = np.asarray(checks.as_matrix(A, "A", nonnegative=False), np.float64)
    if A.shape != shape:
        raise ValueError(f"A must be of shape {shape}, as programmed, got {A.shape}")
    return A


def checked_currents(currents: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return currents of columns by right-hand sides, `shape` (k, n), checked, as float64."""
    C = checks.as_matrix(currents, "currents", nonnegative=False)
    if C.shape != shape:
        raise ValueError(f"currents must have shape {shape}, one for each column and right-hand side, got {C.shape}")
    return C.astype(np.float64)
