"""Calibration of a programmed array from what its pins show: probes whose answers are known.

The offset of an op-amp adds to an answer what does not shrink with the inputs, so that the same probes at two ranges
tell it; currents into the columns take it out. Probes are interior, for a clamp would hide the columns that it holds.
What is left are errors of cells, wires and gain, which a k x k matrix for the answers can take back in part, and the
probe of an answer by itself (`mho.Analog`, ``probe=True``) to second order. Both are judged by problems that look as
those to come: half of the answer at zero, with a residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mho import kernels
from mho.chip.design import ChipDesign
from mho.operands import Dense

__all__ = ["Calibration", "KnownProblems", "Pins", "calibrate", "cancel_offsets"]

_LEAST, _SPREAD = 0.35, 1.0
"""Entries of a probe: so far from zero that no clamp hides anything."""

_RESIDUAL = 0.05
"""Residual of problems with known answers, over their right-hand side."""

_ROUNDS = 24
"""Times that offsets are measured and cancelled at most."""

_SHRINKS = 2 / 3
"""Share of the last offset below which one more round is worth its while."""

_FEASIBLE = 1e-9
"""Share of a penalty's pull that may be left where right-hand sides take it back."""

_RAISE = 1.5
"""Factor on the entries of a probe that a clamp has hidden."""


class Pins(Protocol):
    """Pins of a programmed array: what a board shows of a chip, and all that calibration uses.

    Attributes
    ----------
    design : ChipDesign
        As it was meant to be.
    """

    design: ChipDesign

    def solve_operand(self, operand: Any, currents: Any = None) -> np.ndarray:
        """Return answers (k, n) to right-hand sides that are an operand (m, n); see `ProgrammedArray.solve`."""
        ...

    def observe(self, B: np.ndarray, currents: np.ndarray | None, full_scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Return answers (k, n) at one range, and the entry (n,) of full scale; see `ProgrammedArray.observe`."""
        ...

    def observe_unclamped(self) -> np.ndarray:
        """Return outputs (k,) with nothing at the inputs and the clamps switched out, for a full scale of one."""
        ...

    def inject(self, currents: np.ndarray) -> None:
        """Add constant currents (k,) into the columns from now on, in the units of A'B for a full scale of one."""
        ...

    def output_volts(self, X: np.ndarray) -> np.ndarray:
        """Return the outputs, volts, that answers (k, ...) are at a full scale of one."""
        ...

    def set_map(self, T: np.ndarray | None) -> None:
        """Multiply answers by T (k, k) from now on; None: as they are."""
        ...


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Calibration of one array: measured offsets, errors of problems held out, and what was kept.

    Attributes
    ----------
    probes : int
        Probes that were solved, each at one range.
    offset_volts : float
        Largest output that the op-amps' offsets alone made before they were cancelled, volts.
    error_before, error_after : float
        Error of problems held out before anything and at the end, in the norm, relative.
    mapped : bool
        Whether answers are multiplied by a k x k matrix: only where problems held out improve by it.
    probed : bool
        Whether answers were taken to be probed by themselves, before and after.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> from mho.chip import preset
    >>> A = np.random.default_rng(0).random((32, 4))
    >>> array = Chip(preset("pku-2025-4bit").with_(offset=1e-4), seed=0).program(A)
    >>> calibration = array.calibrate(A)
    >>> calibration.error_after < calibration.error_before
    True
    """

    probes: int
    offset_volts: float
    error_before: float
    error_after: float
    mapped: bool
    probed: bool = False


@dataclass(frozen=True, eq=False)
class KnownProblems:
    """Right-hand sides whose non-negative least squares are known.

    Attributes
    ----------
    A : ndarray of shape (m, k)
        Matrix.
    l2, linear : ndarray of shape (k,)
        Ridge and linear term of the penalty.
    B : ndarray of shape (m, n)
        Right-hand sides.
    X : ndarray of shape (k, n)
        Answers.
    currents : ndarray of shape (k, n) or None
        Into the columns, in the units of A'B, with which these are the answers.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.optimize import nnls
    >>> from mho.chip.calibration import KnownProblems
    >>> rng = np.random.default_rng(0)
    >>> known = KnownProblems.solved(rng.random((9, 3)), np.zeros(3), np.zeros(3), 5, rng)
    >>> found = np.column_stack([nnls(known.A, b)[0] for b in known.B.T])
    >>> bool(np.allclose(found, known.X)), bool((known.X == 0).any())
    (True, True)
    """

    A: np.ndarray
    l2: np.ndarray
    linear: np.ndarray
    B: np.ndarray
    X: np.ndarray
    currents: np.ndarray | None = None

    @classmethod
    def free(cls, A: np.ndarray, l2: np.ndarray, linear: np.ndarray, n: int, rng: np.random.Generator) -> KnownProblems:
        """Return n problems with answers above zero and no residual; currents take back what the penalty does."""
        X = (_LEAST + _SPREAD * rng.random((A.shape[1], n))) * _present(A)[:, None]
        return cls(A, l2, linear, *with_answers(A, l2, linear, X))

    @classmethod
    def solved(
        cls, A: np.ndarray, l2: np.ndarray, linear: np.ndarray, n: int, rng: np.random.Generator
    ) -> KnownProblems:
        """Return n problems with a residual, about half of each answer at zero, solved digitally."""
        k = A.shape[1]
        B = A @ np.maximum(rng.standard_normal((k, n)), 0)
        B = B + _RESIDUAL * B.std() * rng.standard_normal(B.shape)
        present = A.any(axis=0) | (l2 > 0)
        M = A.T @ A + np.diag(np.where(present, l2, 1.0))
        X, failed = np.zeros((n, k)), np.zeros(n, np.uint8)
        Q = np.where(present, B.T @ A + linear, 0.0)
        kernels.lcp(M, None, np.ascontiguousarray(Q), kernels.DEGENERATE, X, failed, kernels.thread_count())
        kept = failed == 0
        return cls(A, l2, linear, B[:, kept], X[kept].T)

    def raised(self, hidden: np.ndarray) -> KnownProblems:
        """Return free problems whose answers are larger where they were `hidden` (k,)."""
        X = np.where(hidden[:, None], _RAISE, 1.0) * self.X
        return KnownProblems(self.A, self.l2, self.linear, *with_answers(self.A, self.l2, self.linear, X))

    def found(self, pins: Pins) -> np.ndarray:
        """Return the array's answers (k, n)."""
        return _answers(pins, self.B, self.currents)

    def error(self, pins: Pins, *, probe: bool) -> float:
        """Return the relative error of the array's answers in the norm; of answers that are probed by themselves."""
        Y = self.found(pins)
        if probe:
            B, _, currents = with_answers(self.A, self.l2, self.linear, Y)
            again = _answers(pins, B, currents)
            Y = 2 * Y - again if _signed(pins) else np.maximum(2 * Y - again, 0.0)
        return float(np.linalg.norm(Y - self.X) / (np.linalg.norm(self.X) or 1.0))  # of a matrix of zeros


def calibrate(
    pins: Pins, A: np.ndarray, l2: np.ndarray, linear: np.ndarray, rng: np.random.Generator, *, probe: bool
) -> Calibration:
    """Calibrate an array by its pins alone; see `ProgrammedArray.calibrate`.

    Parameters
    ----------
    pins : Pins
        The array.
    A : ndarray of shape (m, k)
        What was programmed.
    l2, linear : ndarray of shape (k,)
        Ridge and linear term of its penalty.
    rng : Generator
        Source of the probes.
    probe : bool
        Whether answers will be probed by themselves.
    """
    k = A.shape[1]
    pins.set_map(None)
    make = KnownProblems.free if _signed(pins) else KnownProblems.solved
    held_out = make(A, l2, linear, 2 * k, rng)
    before = held_out.error(pins, probe=probe)
    volts, probes = cancel_offsets(pins, A, l2, linear, rng)
    fits = [fit(A, l2, linear, 4 * k, rng) for fit in (KnownProblems.free, make)]
    best, after = _best_map(pins, fits, held_out, probe=probe)
    pins.set_map(best)
    return Calibration(
        probes=probes + 8 * k + 4 * (1 + probe) * 2 * k,
        offset_volts=volts,
        error_before=before,
        error_after=after,
        mapped=best is not None,
        probed=probe,
    )


def _best_map(
    pins: Pins, fits: list[KnownProblems], held_out: KnownProblems, *, probe: bool
) -> tuple[np.ndarray | None, float]:
    """The map, of one fitted to each set of problems and none, by which problems held out err least, and how much."""
    best, least = None, held_out.error(pins, probe=probe)
    for known in fits:
        T = fit_map(known.found(pins), known.X)
        pins.set_map(T)
        error = held_out.error(pins, probe=probe)
        if error < least:
            best, least = T, error
        pins.set_map(None)
    return best, least


def cancel_offsets(
    pins: Pins, A: np.ndarray, l2: np.ndarray, linear: np.ndarray, rng: np.random.Generator
) -> tuple[float, int]:
    """Measure what the op-amps' offsets bring about and cancel it by currents, over again while it shrinks.

    Where clamps can be switched out, nothing has to be at the inputs, and one solve shows all of it.

    Returns
    -------
    float, int
        Largest output that they made at first, volts; probes that were solved.
    """
    G = A.T @ A + np.diag(l2)
    if pins.design.amplifier.output == "switched":
        return _cancel(lambda: (pins.observe_unclamped(), False), pins, G, 1)
    probe = _TwoRanges(pins, KnownProblems.free(A, l2, linear, 4 * A.shape[1], rng))
    return _cancel(probe, pins, G, 8 * A.shape[1])


def _cancel(measure: Any, pins: Pins, G: np.ndarray, each: int) -> tuple[float, int]:
    volts: list[float] = []
    hidden = True
    while len(volts) < _ROUNDS and (hidden or len(volts) < 2 or volts[-1] < _SHRINKS * volts[-2]):
        own, hidden = measure()
        pins.inject(-G @ own)
        volts.append(float(np.abs(pins.output_volts(own)).max(initial=0)))
    return volts[0], each * len(volts)


class _TwoRanges:
    """Interior probes at two ranges; those of columns that a clamp has hidden are raised the next time."""

    def __init__(self, pins: Pins, known: KnownProblems) -> None:
        self.pins, self.known = pins, known

    def __call__(self) -> tuple[np.ndarray, bool]:
        """Return the offsets' part of answers (k,) at a full scale of one, and whether a clamp has hidden any of it."""
        B, currents = self.known.B, self.known.currents
        whole, first = self.pins.observe(B, currents, float(np.abs(B).max()))
        half, second = self.pins.observe(B, currents, 2 * float(first.max()))
        hidden = ((whole == 0) | (half == 0)).any(axis=1) & self.known.A.any(axis=0)
        self.known = self.known.raised(hidden)
        return np.mean((half - whole) / (second - first), axis=1), bool(hidden.any())


def with_answers(
    A: np.ndarray, l2: np.ndarray, linear: np.ndarray, X: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return right-hand sides (m, n) whose answers are X (k, n), X, and currents (k, n) that they need beside.

    What a penalty does to the answers is taken back by ``A'r``, or by currents, which are coarser, where no r makes it.
    """
    pull = (l2[:, None] * X - linear[:, None]) * _present(A)[:, None]
    if not pull.any():
        return A @ X, X, None
    r = np.linalg.lstsq(A.T, pull, rcond=None)[0]
    if np.abs(A.T @ r - pull).max() > _FEASIBLE * np.abs(pull).max():
        return A @ X, X, pull
    return A @ X + r, X, None


def fit_map(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the matrix T (k, k) for which ``T found`` is nearest to `known`.

    Parameters
    ----------
    found, known : ndarray of shape (k, n)
        Answers of the array, and those that were meant.
    """
    return np.linalg.lstsq(found.T, known.T, rcond=None)[0].T


def _present(A: np.ndarray) -> np.ndarray:
    """Columns that are not all zeros (k,), bool."""
    return np.asarray(A.any(axis=0))


def _signed(pins: Pins) -> bool:
    return pins.design.amplifier.output == "signed"


def _answers(pins: Pins, B: np.ndarray, currents: np.ndarray | None) -> np.ndarray:
    return pins.solve_operand(Dense(B, name="B"), currents)
