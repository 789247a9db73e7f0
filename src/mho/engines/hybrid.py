"""The hybrid engine: the chip does the bulk, digital arithmetic the last digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.chip import Chip, ChipDesign, Ledger
from mho.engines.analog import Analog, ProbedFactor
from mho.engines.digital import Digital
from mho.engines.engine import NO_PENALTY, Engine, Penalty, Programmed, as_factor, check_rhs
from mho.engines.products import cross_operations
from mho.operands import as_matrix, columns_of
from mho.penalty import as_penalty

__all__ = ["CheckedAnswers", "Hybrid", "close_ranks", "near_limit"]

Critical = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From scores and their errors to the columns whose decision errors could turn."""


@dataclass(frozen=True, eq=False)
class CheckedAnswers:
    """Answers of a chip, the critical ones computed again digitally.

    Attributes
    ----------
    X : ndarray of shape (k, n)
    plain : ndarray of shape (k, n)
        The chip's first answers.
    critical : ndarray of bool of shape (n,)
        Whose decision the chip's own errors could turn.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.engines import CheckedAnswers
    >>> CheckedAnswers(np.zeros((2, 4)), np.zeros((2, 4)), np.array([True, False, False, False])).share
    0.25
    """

    X: np.ndarray
    plain: np.ndarray
    critical: np.ndarray

    @property
    def share(self) -> float:
        """Share of the answers that were computed again."""
        return float(self.critical.mean())


def among_largest(S: np.ndarray, n: int) -> np.ndarray:
    """Whether scores S (items, columns) are among the `n` largest of their column; one of -inf never is."""
    least = np.partition(S, len(S) - n, axis=0)[-n] if len(S) > n else -np.inf
    return (S >= least) & (S > -np.inf)


def close_ranks(n: int) -> Critical:
    """Return a rule: whether errors could bring another score among the `n` largest of a column.

    A score of -inf is in no list.

    Parameters
    ----------
    n : int
        Length of the list.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.engines import close_ranks
    >>> S, E = np.array([[5.0, 5.0], [1.0, 1.0], [4.0, 4.0], [3.0, 3.0]]), np.array([[0.1, 0.6]])
    >>> close_ranks(2)(S, E).tolist()
    [False, True]
    """

    def critical(S: np.ndarray, E: np.ndarray) -> np.ndarray:
        if len(S) <= n:
            return np.zeros(S.shape[1], bool)
        listed = among_largest(S, n)
        within = np.where(listed, S - E, np.inf).min(axis=0)
        return within <= np.where(listed, -np.inf, S + E).max(axis=0)

    return critical


def near_limit(limit: float) -> Critical:
    """Return a rule: whether errors could bring a score of a column to the other side of an alarm's limit.

    Parameters
    ----------
    limit : float
        Of the alarm, in the unit of the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.engines import near_limit
    >>> near_limit(3.0)(np.array([[5.0, 1.0], [2.5, 9.0]]), np.array([[1.0, 1.0]])).tolist()
    [True, False]
    """
    return lambda S, E: np.any(np.abs(S - limit) <= E, axis=0)


class Hybrid(Engine):
    """Analogue first, digital last.

    One solve starts the exact digital solver at the chip's answer, whose support is nearly right, so that few
    factorisations remain. An alternating loop runs on the chip until its error levels off, where the chip's own errors
    hide what an iteration gains, and ends with `passes` digital iterations.

    Parameters
    ----------
    chip : Chip, ChipDesign or str
        As for `Analog`.
    passes : int
        Digital iterations at the end of an alternating loop, each half-step solved exactly.
    seed : int, Generator or None
        For a chip that is made here.
    readback, probe : bool
        As for `Analog`, while the chip iterates.
    calibrate : bool or None
        Likewise.

    Examples
    --------
    >>> import mho
    >>> [type(engine).__name__ for engine, _ in mho.Hybrid("ideal", passes=3).phases()]
    ['Analog', 'Digital']
    """

    def __init__(
        self,
        chip: Chip | ChipDesign | str = "pku-2025",
        *,
        passes: int = 2,
        seed: Any = None,
        readback: bool = False,
        probe: bool = False,
        calibrate: bool | None = None,
    ) -> None:
        self.analog = Analog(chip, seed=seed, readback=readback, probe=probe, calibrate=calibrate)
        self.passes = checks.positive_int(passes, "passes")
        self.digital = Digital()

    def __repr__(self) -> str:
        return f"Hybrid({self.analog.chip!r}, passes={self.passes})"

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> HybridFactor:
        """See `Engine.program`; A is written into the chip, and kept."""
        penalty = as_penalty(penalty)
        A = as_factor(A)
        held = ProbedFactor(A, self.analog.written(A, penalty), penalty, self.ledger(), self.analog.tally)
        return HybridFactor(A.shape, held, self.digital.program(A, penalty=penalty))

    def phases(self) -> tuple[tuple[Engine, int | None], ...]:
        """Return the chip, then the digital engine for the last passes."""
        return ((self.analog, None), (self.digital, self.passes))

    @property
    def random_state(self) -> dict[str, Any] | None:
        """See `Engine.random_state`; that of the chip."""
        return self.analog.random_state

    def restore(self, random_state: dict[str, Any] | None) -> None:
        """See `Engine.restore`."""
        self.analog.restore(random_state)

    def ledger(self) -> Ledger:
        """Return the chip's events so far."""
        return self.analog.ledger()


class HybridFactor(Programmed):
    """A matrix in a chip and in memory."""

    def __init__(self, shape: tuple[int, int], analog: ProbedFactor, digital: Programmed) -> None:
        self.shape, self.analog, self.digital = shape, analog, digital

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; the chip finds the start."""
        B = as_matrix(check_rhs(B, self.shape, start))
        with self.analog.tally.solving(B, self.shape[1]):
            plain = self.analog.plain(B)
        return self.solve_digitally(B, plain)

    def solve_digitally(self, B: Any, start: np.ndarray | None = None) -> np.ndarray:
        """Return digital answers (k, n), their operations counted: A'b and one factorization of A'A each, A'A once.

        Parameters
        ----------
        B : ndarray of shape (m, n), scipy sparse (zeros are data) or Sparse
            Right-hand sides, of any sign.
        start : ndarray of shape (k, n), optional
            A guess, which saves factorizations.
        """
        B = as_matrix(check_rhs(B, self.shape, start))
        (m, k), n = self.shape, B.shape[1]
        operations = float(cross_operations(B, k).sum()) + n * (k**3 / 3 + 2 * k**2) + m * k * (k + 1)
        self.analog.ledger.add(Ledger(operations=operations))
        return self.digital.solve(B, start=start)

    def solve_checked(self, B: Any, scores: Callable[[np.ndarray], np.ndarray], critical: Critical) -> CheckedAnswers:
        """Return the chip's answers, with those computed again digitally on which a decision hangs by less than errors.

        The chip estimates its own error by what it makes of A y, whose answer y is known; the answers are corrected by
        it, and their scores are taken to be as far off as that moved them.

        Parameters
        ----------
        B : ndarray of shape (m, n), scipy sparse (zeros are data) or Sparse
            Right-hand sides, of any sign.
        scores : callable
            From answers (k, n) to the values that are compared (r, n), as ratings of r items.
        critical : callable
            From scores (r, n) and their errors (r, n) to whether the decision hangs by less (n,); `close_ranks` and
            `near_limit` make such.

        Examples
        --------
        >>> import numpy as np
        >>> import mho
        >>> from mho.engines import near_limit
        >>> A = np.random.default_rng(0).random((30, 3))
        >>> found = mho.Hybrid("pku-2025-4bit", seed=0).program(A)
        >>> B = A @ np.array([[0.1, 0.4999], [0.1, 0.5], [0.1, 0.5]])
        >>> checked = found.solve_checked(B, lambda X: X.sum(axis=0, keepdims=True), near_limit(1.5))
        >>> checked.critical.tolist(), checked.share
        ([False, True], 0.5)
        """
        B = as_matrix(check_rhs(B, self.shape))
        X, probed = self.estimates(B)
        found = scores(probed)
        again = critical(found, np.abs(found - scores(X)))
        if again.any():
            probed[:, again] = self.solve_digitally(columns_of(B, np.flatnonzero(again)))
        return CheckedAnswers(probed, X, again)

    def estimates(self, B: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the chip's answers (k, n), as they are and corrected by what it makes of A y, whose answer is known.

        Parameters
        ----------
        B : ndarray of shape (m, n), scipy sparse (zeros are data) or Sparse
            Right-hand sides, of any sign.
        """
        B = as_matrix(check_rhs(B, self.shape))
        with self.analog.tally.solving(B, self.shape[1]):
            return self.analog.with_probe(B)

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`."""
        return self.digital.squared_error(B, X)


class Estimating(Engine):
    """The chip of a hybrid engine, whose answers are corrected by its own estimate of their errors.

    Parameters
    ----------
    hybrid : Hybrid
        Whose chip it is.

    Attributes
    ----------
    plain : list of ndarray of shape (k, n)
        Answers of each call as they were before that.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> from mho.engines.hybrid import Estimating
    >>> A = np.random.default_rng(0).random((30, 3))
    >>> estimating = Estimating(mho.Hybrid("pku-2025-4bit", seed=0))
    >>> X = estimating.program(A).solve(A @ np.ones((3, 2)))
    >>> bool(np.abs(X - 1).max() < np.abs(estimating.plain[0] - 1).max())
    True
    """

    def __init__(self, hybrid: Hybrid) -> None:
        self.hybrid, self.plain = hybrid, list[np.ndarray]()

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`."""
        return _Estimated(self.hybrid.program(A, penalty=penalty), self.plain)

    def ledger(self) -> Ledger:
        """Return the chip's events so far."""
        return self.hybrid.ledger()


class _Estimated(Programmed):
    def __init__(self, held: HybridFactor, plain: list[np.ndarray]) -> None:
        self.held, self.plain = held, plain

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`; corrected."""
        plain, probed = self.held.estimates(check_rhs(B, self.held.shape, start))
        self.plain.append(plain)
        return probed

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`."""
        return self.held.squared_error(B, X)
