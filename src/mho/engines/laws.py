"""Laws of an engine, checked on small problems: for engines that are written elsewhere, a board behind a cable say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from mho.engines.engine import Engine
from mho.operands import Sparse

__all__ = ["LawBroken", "check_engine"]


class LawBroken(AssertionError):
    """An engine breaks a law; the message names the law and what came.

    Examples
    --------
    >>> from mho.engines import LawBroken
    >>> issubclass(LawBroken, AssertionError)
    True
    """


def check_engine(engine: Engine, *, exact: bool = False, missing: bool = True, tolerance: float = 1e-7) -> None:
    """Check that an engine does what `Engine` and `Programmed` say, as scikit-learn's ``check_estimator`` does.

    Parameters
    ----------
    engine : Engine
        Whose answers to problems of 14 rows and 5 columns are looked at.
    exact : bool
        Whether they must be the solution itself, as `scipy.optimize.nnls` finds it; a chip's have errors.
    missing : bool
        Whether it must take right-hand sides of which some entries are not known.
    tolerance : float
        Relative, of what must be equal. An engine whose answers differ each time they are asked for breaks laws.

    Raises
    ------
    LawBroken
        At the first law that does not hold.

    Examples
    --------
    >>> import mho
    >>> from mho.engines import check_engine
    >>> check_engine(mho.Digital(), exact=True)
    >>> check_engine(mho.Analog(seed=0))
    """
    rng = np.random.default_rng(0)
    A = rng.random((14, 5))
    B = A @ rng.normal(0.3, 1.0, (5, 9)) + 0.1 * rng.standard_normal((14, 9))
    gaps = np.where(rng.random(B.shape) < 0.3, np.nan, B)
    given = [(law, B) for law in (*_LAWS, *(_OF_EXACT if exact else ()))]
    given += [(law, gaps) for law in (*_OF_GAPS, *(_OF_EXACT_GAPS if exact else ()))] if missing else []
    for law, rhs in given:
        try:
            _hold(law(engine, A, rhs), tolerance)
        except LawBroken as broken:
            raise LawBroken(f"{engine!r}: {_sentence(law)}: {broken}") from None
        except Exception as error:
            raise LawBroken(f"{engine!r}: {_sentence(law)}: {type(error).__name__}: {error}") from error


_Pairs = list[tuple[Any, Any]]
"""What came, and what must come."""


def _hold(pairs: _Pairs, tolerance: float) -> None:
    for came, meant in pairs:
        came, meant = np.asarray(came, float), np.asarray(meant, float)
        if came.shape != meant.shape:
            raise LawBroken(f"shape {came.shape} came, {meant.shape} was meant")
        scale = max(1e-300, float(np.abs(meant).max(initial=0)))
        off = float(np.abs(came - meant).max(initial=0)) / scale
        if not off <= tolerance:
            raise LawBroken(f"off by {off:.1e} of the largest entry" if meant.any() else "zeros were meant")


def _sentence(law: Callable[..., _Pairs]) -> str:
    return (law.__doc__ or "").rstrip(".")


def _one_answer_each(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """Answers are finite and not negative, one column for each right-hand side, in their precision."""
    answers = []
    for dtype in (np.float64, np.float32):
        X = engine.program(A.astype(dtype)).solve(B.astype(dtype))
        if not (isinstance(X, np.ndarray) and X.shape == (A.shape[1], B.shape[1]) and X.dtype == dtype):
            what = f"{X.dtype} of shape {X.shape}" if isinstance(X, np.ndarray) else type(X).__name__
            wanted = f"{np.dtype(dtype)} of shape {(A.shape[1], B.shape[1])}"
            raise LawBroken(f"{what} came, {wanted} was meant")
        answers.append(X)
    return [(np.isfinite(X) & (X >= 0), np.ones(X.shape, bool)) for X in answers]


def _columns_apart(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """Right-hand sides are solved each for itself, in any order."""
    programmed, order = engine.program(A), np.random.default_rng(1).permutation(B.shape[1])
    together = programmed.solve(B)
    alone = np.hstack([programmed.solve(B[:, [j]]) for j in range(B.shape[1])])
    return [(alone, together), (programmed.solve(B[:, order]), together[:, order])]


def _scale(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """An answer grows with its right-hand side."""
    programmed = engine.program(A)
    X = programmed.solve(B)
    return [(programmed.solve(c * B) / c, X) for c in (2.0**-40, 0.37, 1e9)]


def _memory(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """A right-hand side has the same answer again, whatever was solved in between."""
    programmed = engine.program(A)
    once = programmed.solve(B)
    programmed.solve(-B)
    return [(programmed.solve(B), once)]


def _nothing(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """Zeros, and what no positive answer comes near to, are answered by zeros."""
    programmed = engine.program(A)
    zeros = np.zeros((A.shape[1], B.shape[1]))
    return [(programmed.solve(given), zeros) for given in (np.zeros(B.shape), -np.ones(B.shape))]


def _untouched(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """Nothing that is given is changed."""
    start = np.ones((A.shape[1], B.shape[1]))
    given = A.copy(), B.copy(), start.copy()
    engine.program(given[0]).solve(given[1], start=given[2])
    return list(zip(given, (A, B, start), strict=True))


def _sparse(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """An entry that a sparse matrix does not store is zero."""
    B = np.where(B < 0.5, 0.0, B)
    programmed = engine.program(A)
    return [(programmed.solve(Sparse(csc_array(B))), programmed.solve(B))]


def _error(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """The squared error is the sum of (A X - B)^2 for the X that is asked about."""
    programmed = engine.program(A)
    asked = (programmed.solve(B), np.zeros((A.shape[1], B.shape[1])), np.ones((A.shape[1], B.shape[1])))
    return [(programmed.squared_error(B, X), np.sum((A @ X - B) ** 2)) for X in asked]


def _refusals(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """A matrix with negative entries and right-hand sides of another length are a ValueError."""
    for call in (lambda: engine.program(-A), lambda: engine.program(A).solve(B[1:])):
        try:
            call()
        except ValueError:
            continue
        raise LawBroken("they were taken")
    return []


def _gaps_apart(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """Right-hand sides with entries that are not known are solved each for itself; nothing known gives zeros."""
    programmed = engine.program(A)
    together = programmed.solve(Sparse(B))
    alone = np.hstack([programmed.solve(Sparse(B[:, [j]])) for j in range(B.shape[1])])
    unknown = programmed.solve(Sparse(np.full(B.shape, np.nan)))
    return [(alone, together), (unknown, np.zeros_like(together))]


def _gaps_error(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """The squared error leaves out entries that are not known."""
    programmed = engine.program(A)
    X = programmed.solve(Sparse(B))
    return [(programmed.squared_error(Sparse(B), X), np.nansum((A @ X - B) ** 2))]


def _solution(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """The answer is the least-squares solution that is not negative, as SciPy finds it."""
    from scipy.optimize import nnls

    return [(engine.program(A).solve(B), np.column_stack([nnls(A, b)[0] for b in B.T]))]


def _solution_of_gaps(engine: Engine, A: np.ndarray, B: np.ndarray) -> _Pairs:
    """A row that is not known takes no part in the solution."""
    from scipy.optimize import nnls

    known = ~np.isnan(B)
    meant = [nnls(A[on], b[on])[0] for b, on in zip(B.T, known.T, strict=True)]
    return [(engine.program(A).solve(Sparse(B)), np.column_stack(meant))]


_LAWS = (_one_answer_each, _untouched, _columns_apart, _scale, _memory, _nothing, _sparse, _error, _refusals)
_OF_GAPS = (_gaps_apart, _gaps_error)
_OF_EXACT, _OF_EXACT_GAPS = (_solution,), (_solution_of_gaps,)
