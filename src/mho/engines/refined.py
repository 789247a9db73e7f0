"""The refined engine: a chip's answers brought to digital accuracy by its own corrections."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.linalg import eigvalsh

from mho import checks
from mho.chip import Chip, ChipDesign, ChipError, Ledger, ProgrammedArray, preset
from mho.engines.analog import ChipEngine
from mho.engines.digital import Digital
from mho.engines.engine import NO_PENALTY, Penalty, Programmed, as_factor, check_rhs, squared_error
from mho.engines.products import cross, cross_operations, gram
from mho.engines.refinement import KnownSystem, MaskedSystem, Refinement, refine
from mho.operands import Dense, Matrix, Sparse, as_matrix, columns_of
from mho.penalty import as_penalty

__all__ = ["Refined"]

_LEAST_TOLERANCE = 1e-13
_MOST_STEPS = 60
_BLOCK = 1 << 18
"""Numbers of the answers that are refined together."""


class Refined(ChipEngine):
    """Non-negative least squares on a simulated chip, refined on the chip to digital accuracy.

    The chip solves; the gradient of its answer is taken digitally, and goes back into the chip as currents into its
    columns, with the clamps switched out; the correction is added. A right-hand side that does not get there is solved
    by the digital engine, and says why.

    Parameters
    ----------
    chip : Chip, ChipDesign or str
        A chip whose outputs are "switched", or what to make one of, to whose op-amps the switches are added.
    accelerate : {"fcg", "none"}
        Flexible conjugate gradients, with exact steps along directions made conjugate; or the corrections as they are.
    tolerance : float
        Of an answer: size of its error over its own, as estimated; at least 1e-13.
    most_steps : int
        Corrections after which the digital engine takes over.
    seed : int, Generator or None
        For a chip that is made here.

    Notes
    -----
    A right-hand side ``r + A s`` in place of the column currents would not do: where b has a residual, its fixed point
    fulfils ``G_R' r = 0`` with the sensing array as it is written, not ``A' r = 0``.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> A = np.random.default_rng(0).random((32, 4))
    >>> b = A @ np.array([[1.0], [0.0], [2.0], [0.5]])
    >>> programmed = mho.Refined("pku-2025-4bit", seed=0).program(A)
    >>> np.abs(programmed.solve(b) - mho.nnls(A, b)).max() < 1e-9
    np.True_
    """

    def __init__(
        self,
        chip: Chip | ChipDesign | str = "pku-2025-4bit",
        *,
        accelerate: str = "fcg",
        tolerance: float = 1e-10,
        most_steps: int = _MOST_STEPS,
        seed: Any = None,
    ) -> None:
        self.accelerate = checks.one_of(accelerate, "accelerate", ("fcg", "none"))
        self.tolerance = checks.positive_number(tolerance, "tolerance")
        if tolerance < _LEAST_TOLERANCE:
            raise ValueError(
                f"tolerance must be at least {_LEAST_TOLERANCE:g}, which is what sums in float64 leave, got {tolerance}"
            )
        self.most_steps = checks.positive_int(most_steps, "most_steps")
        self.chip = chip if isinstance(chip, Chip) else Chip(_switched(chip), seed=seed)
        self.chip.design.check_least_squares("chip")
        if self.chip.design.amplifier.output != "switched":
            raise ValueError(
                f"chip must have output='switched' to be refined, for answers and corrections of either sign, got "
                f"{self.chip.design.name!r} with output={self.chip.design.amplifier.output!r}"
            )

    def __repr__(self) -> str:
        return f"Refined({self.chip!r}, accelerate={self.accelerate!r}, tolerance={self.tolerance:g})"

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> RefinedFactor:
        """See `Engine.program`; only a ridge is written, the penalty's other parts are currents."""
        penalty = as_penalty(penalty)
        A = as_factor(A)
        array = self.chip.program(A, penalty=replace(penalty, l1=0.0, prior=0.0))
        return RefinedFactor(A, array, penalty, self)

    def extrapolates(self) -> bool:
        """Return True: answers have no error that a loop would see."""
        return True


def _switched(chip: ChipDesign | str) -> Any:
    design = preset(chip) if isinstance(chip, str) else chip
    if isinstance(design, ChipDesign) and design.amplifier.output == "nonnegative":
        return design.with_(output="switched")
    return design


class RefinedFactor(Programmed):
    """A matrix in a chip and in memory, with its Gram matrix."""

    def __init__(self, A: np.ndarray, array: ProgrammedArray, penalty: Penalty, engine: Refined) -> None:
        self.A, self.array, self.engine = A, array, engine
        self.exact = np.ascontiguousarray(A, np.float64)
        k = A.shape[1]
        self.l2, self.linear = penalty.vector("l2", k), penalty.linear_term(k)
        self.G = gram(self.exact) + np.diag(self.l2)
        self.digital = Digital().program(Dense.from_checked(self.exact), penalty=penalty)
        self.sums = float(self.exact.sum(axis=0).max()) or 1.0
        self.unreachable = _unreachable(self.G, engine.tolerance) or self._untrimmed()

    def _untrimmed(self) -> str:
        """Why offsets cannot be measured; "" once they are cancelled."""
        try:
            if self.engine.chip.design.amplifier.offset:
                self.array.cancel_offsets(self.exact, penalty=Penalty(l2=self.l2))
        except ChipError as error:
            return str(error)
        return ""

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; the chip finds the start."""
        return self.refine(B, start=start).X

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`."""
        return squared_error(self.A, check_rhs(B, self.A.shape, X), X)

    def refine(self, B: Any, *, start: np.ndarray | None = None) -> Refinement:
        """Return the answers as `solve` does, with steps, contraction, operations and reasons to fall back.

        Parameters
        ----------
        B : ndarray of shape (m, n), scipy sparse (zeros are data) or Sparse
            Right-hand sides, of any sign.
        start : ndarray of shape (k, n), optional
            Not used.
        """
        B = as_matrix(check_rhs(B, self.A.shape, start))
        m, k = self.A.shape
        n, step = B.shape[1], max(1, _BLOCK // k)
        parts = [self._refine_block(B.column_range(j, min(n, j + step))) for j in range(0, n, step)]
        shared = 0.0 if B.missing else m * k * (k + 1) / n
        done = Refinement(
            np.hstack([part.X for part in parts]).astype(self.A.dtype, copy=False),
            np.concatenate([part.steps for part in parts]),
            np.concatenate([part.contraction for part in parts]),
            np.concatenate([part.operations for part in parts]) + shared,
            sum((part.fallback for part in parts), start=()),
        )
        self.engine.chip.ledger.add(Ledger(operations=float(done.operations.sum())))
        return done

    def _refine_block(self, B: Matrix) -> Refinement:
        system, refused = self._system(B), self._refused(B)
        try:
            start = self._first(B, refused)
        except ChipError as error:
            start, refused = np.zeros(system.Q.shape), [str(error)] * B.shape[1]
        done = refine(
            system,
            _Corrections(self.array, B, refused, self.sums),
            start,
            conjugate=self.engine.accelerate == "fcg",
            tolerance=self.engine.tolerance,
            most_steps=self.engine.most_steps,
        )
        own = cross_operations(B, self.A.shape[1])
        return self._fallen_back(B, done.X, replace(done, operations=done.operations + own))

    def _system(self, B: Matrix) -> KnownSystem | MaskedSystem:
        if isinstance(B, Sparse) and B.missing:
            return MaskedSystem(self.exact, self.l2, self.linear, B)
        return KnownSystem(self.G, cross(self.exact, B) + self.linear)

    def _refused(self, B: Matrix) -> list[str]:
        """Why the chip is not asked, of each right-hand side."""
        if self.unreachable:
            return [self.unreachable] * B.shape[1]
        if not B.missing or self.l2.all():
            return [""] * B.shape[1]
        k = self.A.shape[1]
        return [f"{known} known entries do not tell {k} unknowns" if known < k else "" for known in B.known_rows()]

    def _first(self, B: Matrix, refused: list[str]) -> np.ndarray:
        """The chip's own answers (n, k); zeros where it is not asked."""
        if all(refused):
            return np.zeros((B.shape[1], self.A.shape[1]))
        currents = None
        if self.linear.any():
            currents = np.repeat(self.linear[:, None], B.shape[1], axis=1)
        X = self.array.solve_operand(B, currents).T
        X[np.array([bool(reason) for reason in refused])] = 0.0
        return X

    def _fallen_back(self, B: Matrix, X: np.ndarray, done: Refinement) -> Refinement:
        """The refinement with the digital engine's answers where there is a reason."""
        j, k = np.flatnonzero([bool(reason) for reason in done.fallback]), self.A.shape[1]
        operations = done.operations.copy()
        if len(j):
            X = np.array(X)
            X[:, j] = self.digital.solve(columns_of(B, j))
            operations[j] += k**3 / 3 + 2 * k**2
        return replace(done, X=X, operations=operations)


class _Corrections:
    """Corrections by a chip, currents sent as of right-hand sides about one; one that fails does not keep the others.

    `sums` is the largest sum of a column.
    """

    def __init__(self, array: ProgrammedArray, B: Matrix, refused: list[str], sums: float) -> None:
        self.array, self.B, self.refused, self.sums = array, B, refused, sums

    def __call__(
        self, C: np.ndarray, free: np.ndarray, reach: np.ndarray, j: np.ndarray
    ) -> tuple[np.ndarray, dict[int, str]]:
        """See `mho.engines.refinement.Correct`."""
        d = np.zeros(C.shape)
        failed = {i: self.refused[one] for i, one in enumerate(j.tolist()) if self.refused[one]}
        left = np.setdiff1d(np.arange(len(j)), list(failed))
        if len(left):
            self._by_chip((C, free, reach), j, left, d, failed)
        return d, failed

    def _by_chip(
        self, asked: tuple[np.ndarray, ...], j: np.ndarray, part: np.ndarray, d: np.ndarray, failed: dict[int, str]
    ) -> None:
        B = columns_of(self.B, j[part]) if self.B.missing else None
        C, free, reach = (matrix[part] for matrix in asked)
        unit = np.abs(C).max(axis=1) / self.sums
        unit = np.where(unit > 0, unit, 1.0)
        try:
            d[part] = self.array.correct(C.T / unit, free.T, reach=reach / unit, B=B).T * unit[:, None]
        except ChipError as error:
            if len(part) == 1:
                failed[int(part[0])] = str(error)
                return
            for half in np.array_split(part, 2):
                self._by_chip(asked, j, half, d, failed)


def _unreachable(G: np.ndarray, tolerance: float) -> str:
    """Why float64 cannot reach the tolerance with this Gram matrix; "" where it can."""
    present = G.diagonal() > 0
    if not present.any():
        return ""
    values = eigvalsh(G[np.ix_(present, present)])
    eps = np.finfo(np.float64).eps
    reach = eps * values[-1] / max(values[0], eps * values[-1])
    if reach <= tolerance:
        return ""
    return (
        f"the condition of A'A is {reach / eps:.1g}, with which gradients in float64 "
        f"place an answer to {reach:.1g} at best, above the tolerance of {tolerance:g}"
    )
