"""Non-negative least squares as one function."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks, kernels
from mho.arrays import as_array_like, in_kind
from mho.engines.digital import Digital
from mho.engines.engine import Engine, Penalty
from mho.engines.least_squares import Bounds, residual_norms, solve_bounded, solve_nonnegative, solve_sparse
from mho.engines.select import engine_for
from mho.operands import Dense, Matrix, Sparse

__all__ = ["as_known", "nnls", "warn_of_unknown"]

_DOUBLE = np.dtype(np.float64)


def nnls(
    A: Any,
    B: Any,
    *,
    engine: str | Engine = "digital",
    missing: str | None = None,
    l2: float = 0.0,
    l1: float = 0.0,
    bounds: tuple[Any, Any] | None = None,
    return_residual: bool = False,
    random_state: Any = None,
) -> Any:
    """Minimise |A x - b|^2 / 2 + l2 |x|^2 / 2 + l1 sum(x) over x >= 0 for every column b of B.

    Parameters
    ----------
    A : array_like of shape (m, k), or scipy sparse
        Of any sign on the CPU, dense and non-negative for an engine with a chip.
    B : array_like of shape (m, n) or (m,), or scipy sparse of shape (m, n)
        Right-hand sides of any sign.
    engine : {"digital", "analog", "hybrid", "refined", "torch"} or Engine
        Who solves it.
    missing : {None, "nan", "unstored"}
        Entries of B that are not known and take no part: NaN of a dense B, or what a sparse B does not store.
    l2, l1 : float
        Ridge and price of the sum, >= 0.
    bounds : tuple of two floats or arrays of shape (k,), optional
        Least and largest value of each unknown in place of x >= 0, infinite where there is none. On the CPU, where all
        of B is known.
    return_residual : bool
        Return |A x - b| of each column too.
    random_state : int, Generator or None
        For a simulated chip's errors.

    Returns
    -------
    X : ndarray of shape (k, n) or (k,), or an array of another library
        In A's precision; of the library, and on the device, of A or else B, by the array API standard. Zero for a
        column of B of which nothing is known; a warning tells how many there are.
    residual : ndarray of shape (n,), or float
        Where asked for: |A x - b| over the entries that are known.

    Raises
    ------
    ValueError, TypeError
        An argument is not what it must be.
    ChipError
        A chip cannot do it.

    Notes
    -----
    The CPU solves the normal equations, whose condition is the square of A's; where that would cost the answer, and
    l1 is zero, it factorizes A instead, column by column of B, which takes longer.

    Examples
    --------
    >>> import mho
    >>> mho.nnls([[1.0, 0.0], [1.0, 1.0]], [2.0, 1.0]).round(6)
    array([1.5, 0. ])
    >>> mho.nnls([[1.0, 0.0], [1.0, 1.0]], [2.0, 1.0], bounds=(-1, 1)).round(6)
    array([1., 0.])
    """
    if engine == "digital" and missing is None and bounds is None and random_state is None:
        quick = _one(A, B, l2, l1)
        if quick is not None:
            return quick if return_residual else quick[0]
    solver = engine_for(engine, seed=checks.generator(random_state, "random_state"))
    penalty = Penalty(l2=checks.nonnegative_number(l2, "l2"), l1=checks.nonnegative_number(l1, "l1"))
    digital = isinstance(solver, Digital)
    given = A, B
    A = _as_left(A, digital)
    vector = _is_vector(B)
    operand = as_known(np.asarray(as_array_like(B, "B"))[:, None] if vector else B, missing, "B", unchecked=True)
    if operand.shape[0] != A.shape[0]:
        raise ValueError(f"B must have {A.shape[0]} rows, as many as A, got {operand.shape[0]}")
    warn_of_unknown(operand, "columns of B", "X")
    if digital:
        X = _solve_digital(A, operand, penalty, bounds)
    elif bounds is not None:
        raise ValueError(f"bounds are for engine='digital', got bounds and engine={engine!r}")
    else:
        X = solver.exact().program(A, penalty=penalty).solve(operand)
    answer = in_kind(X[:, 0] if vector else X, *given)
    if not return_residual:
        return answer
    norms = residual_norms(A.columns if isinstance(A, Sparse) else A, operand, X)
    return answer, float(norms[0]) if vector else in_kind(norms, *given)


_SMALL = 1 << 17
"""Entries of a matrix that one thread is soon done with."""


def _one(A: Any, B: Any, l2: Any, l1: Any) -> tuple[np.ndarray, float] | None:
    """Return the answer to one right-hand side with its residual; None where it takes more than one call of a kernel.

    What is no plain array of numbers, or not of the size of others, is left to who says so.
    """
    if not (type(A) is type(B) is np.ndarray and type(l2) is type(l1) is float and B.ndim == 1 and A.ndim == 2):
        return None
    if not (A.dtype == B.dtype == _DOUBLE and len(A) == len(B) and 0 < A.size <= _SMALL and B.flags.c_contiguous):
        return None
    if not (0 <= l2 < np.inf and 0 <= l1 < np.inf):
        return None
    x = np.empty(A.shape[1])
    residual = kernels.one(A, B, l2, l1, x)
    return None if residual < 0 else (x, residual)


def _as_left(A: Any, digital: bool) -> Any:
    """Return A as a float array, or as a `Sparse` where it is sparse and the CPU solves."""
    if sp.issparse(A) and digital:
        return Sparse(A, name="A")
    try:
        return checks.as_matrix(A, "A", nonnegative=not digital)
    except ValueError as error:
        if "negative entry" in str(error):
            raise ValueError(f"{error} for this engine; engine='digital' takes any sign") from None
        raise


def _solve_digital(A: Any, B: Matrix, penalty: Penalty, bounds: Any) -> np.ndarray:
    k = A.shape[1]
    sparse = isinstance(A, Sparse)
    if B.missing and (sparse or bounds is not None):
        what = "a sparse A" if sparse else "bounds"
        raise ValueError(f"missing must be None with {what}, got a B with entries that are not known")
    if bounds is None and not sparse:
        return solve_nonnegative(A, B, penalty)
    if isinstance(B, Dense):
        B.check()
    limits = Bounds.read((0.0, np.inf) if bounds is None else bounds, k)
    return (solve_sparse if sparse else solve_bounded)(A, B, penalty, limits)


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
