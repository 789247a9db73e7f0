"""Non-negative least squares as one function."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.engines.engine import Engine, Penalty
from mho.engines.select import engine_for
from mho.operands import Dense, Matrix, Sparse

__all__ = ["as_known", "nnls", "warn_of_unknown"]


def nnls(
    A: Any,
    B: Any,
    *,
    engine: str | Engine = "digital",
    missing: str | None = None,
    l2: float = 0.0,
    l1: float = 0.0,
    random_state: Any = None,
) -> np.ndarray:
    """Minimise |A x - b|^2 / 2 + l2 |x|^2 / 2 + l1 sum(x) over x >= 0 for every column b of B.

    Parameters
    ----------
    A : array_like of shape (m, k)
        Non-negative.
    B : array_like of shape (m, n) or (m,), or scipy sparse of shape (m, n)
        Right-hand sides of any sign.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves it.
    missing : {None, "nan", "unstored"}
        Entries of B that are not known and take no part: NaN of a dense B, or what a sparse B does not store.
    l2, l1 : float
        Ridge and price of the sum, >= 0.
    random_state : int, Generator or None
        For a simulated chip's errors.

    Returns
    -------
    X : ndarray of shape (k, n) or (k,)
        In A's precision. Zero for a column of B of which nothing is known; a warning tells how many there are.

    Raises
    ------
    ValueError, TypeError
        An argument is not what it must be.
    ChipError
        A chip cannot do it.

    Examples
    --------
    >>> import mho
    >>> mho.nnls([[1.0, 0.0], [1.0, 1.0]], [2.0, 1.0]).round(6)
    array([1.5, 0. ])
    """
    A = checks.as_matrix(A, "A")
    solver = engine_for(engine, seed=checks.generator(random_state, "random_state"))
    penalty = Penalty(l2=checks.nonnegative_number(l2, "l2"), l1=checks.nonnegative_number(l1, "l1"))
    vector = _is_vector(B)
    operand = as_known(np.asarray(B)[:, None] if vector else B, missing, "B", unchecked=True)
    if operand.shape[0] != A.shape[0]:
        raise ValueError(f"B must have {A.shape[0]} rows, as many as A, got {operand.shape[0]}")
    warn_of_unknown(operand, "columns of B", "X")
    X = solver.exact().program(A, penalty=penalty).solve(operand)
    return X[:, 0] if vector else X


def _is_vector(B: Any) -> bool:
    if sp.issparse(B) or isinstance(B, Matrix):
        return False
    try:
        return np.ndim(B) == 1
    except ValueError:  # rows of unequal length: said of B where it is read
        return False


def as_known(
    matrix: Any, missing: str | None, name: str, *, nonnegative: bool = False, unchecked: bool = False
) -> Matrix:
    """Return a matrix as an operand, with what `missing` says is not known left out.

    A dense one of which all is known may stay `unchecked`, if its entries need not be `nonnegative`.
    """
    checks.one_of(missing, "missing", (None, "nan", "unstored"))
    checks.no_mask(matrix, name)
    if isinstance(matrix, Matrix):
        if missing is not None and not matrix.missing:
            raise TypeError(f"missing={missing!r} is not what {name} says of itself: make it with missing=True")
        return matrix
    sparse = sp.issparse(matrix)
    if missing == "unstored" and not sparse:
        raise TypeError(
            f"missing='unstored' is for a sparse {name}, got {type(matrix).__name__}; mark with NaN instead"
        )
    if missing == "nan" and sparse:
        raise TypeError(f"missing='nan' is for a dense {name}, got a sparse one; missing='unstored' is for those")
    if sparse:
        return Sparse(matrix, missing=missing == "unstored", name=name, nonnegative=nonnegative)
    if missing == "nan":
        return _with_nan(matrix, name, nonnegative)
    return Dense.unchecked(matrix, name) if unchecked else Dense(matrix, name=name, nonnegative=nonnegative)


def warn_of_unknown(B: Any, what: str, answer: str) -> None:
    """Warn once if nothing is known of some columns of B: their answer, zero, is not a measured one.

    Parameters
    ----------
    B : operand of shape (m, n), or any with `missing` and `known_rows`
        The right-hand sides.
    what : str
        Name of the columns in the warning, as "columns of B".
    answer : str
        Name of what is zero for them.
    """
    if not B.missing:
        return
    known = B.known_rows()
    unknown = len(known) - np.count_nonzero(known)
    if unknown:
        checks.warn(
            f"{unknown} of {len(known)} {what} have no known entry; {answer} is zero for them, for want of data"
        )


def _with_nan(matrix: Any, name: str, nonnegative: bool) -> Matrix:
    array = checks.as_matrix(matrix, name, nonnegative=nonnegative, missing=True)
    return Sparse(array, name=name) if np.isnan(array).any() else Dense.from_checked(array)
