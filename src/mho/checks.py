"""Argument checks, made before any work starts.

One clear error names the argument, what came and what is taken.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

import numpy as np

from mho import kernels
from mho.arrays import as_array_like

__all__ = [
    "NAN_ADVICE",
    "ArrayStats",
    "array_stats",
    "as_matrix",
    "at_least",
    "check_values",
    "checked_stats",
    "each_column",
    "finite_number",
    "generator",
    "has_square",
    "matrix_with_stats",
    "no_mask",
    "nonnegative_int",
    "nonnegative_number",
    "one_of",
    "positive_int",
    "positive_number",
    "python_numbers",
    "real_matrix",
    "sparse_format",
    "values_with_stats",
    "warn",
]

NAN_ADVICE = "NaN is read as missing only where you say so, with missing='nan'"


@dataclass(frozen=True)
class ArrayStats:
    """Minimum, maximum, sum and sum of squares of an array, of one pass over it.

    Attributes
    ----------
    low, high : float
        The extremes of the entries that are numbers; infinite where there are none.
    total, square : float
        The sum of all entries and of their squares; NaN if there is one among them.
    """

    low: float
    high: float
    total: float
    square: float


_BLOCK = 1 << 16
"""Entries that are copied at once of an array that is not contiguous."""

_REAL = (np.dtype(np.float32), np.dtype(np.float64))


def array_stats(array: np.ndarray) -> ArrayStats:
    """Return minimum, maximum, sum and sum of squares of a float32 or float64 array (m,) or (m, n) of any layout."""
    if array.flags.f_contiguous:
        array = array.T
    out = np.empty(4)
    if array.flags.c_contiguous:
        kernels.array_stats(array, out, kernels.thread_count())
        return ArrayStats(*out.tolist())
    rows = max(1, _BLOCK * len(array) // array.size)
    return _together([array_stats(array[i : i + rows].copy()) for i in range(0, len(array), rows)])


def _together(parts: list[ArrayStats]) -> ArrayStats:
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    return ArrayStats(low, high, sum(part.total for part in parts), sum(part.square for part in parts))


def as_matrix(
    value: Any, name: str, *, nonnegative: bool = True, missing: bool = False, nan_advice: str = ""
) -> np.ndarray:
    """Return `value` as a 2-D float32 or float64 array, without a copy where it is one already.

    Parameters
    ----------
    value : array_like of shape (m, n)
        Numbers of any real type; float32 is kept, every other type becomes float64.
    name : str
        What the caller calls it.
    nonnegative : bool
        Refuse entries below zero.
    missing : bool
        Take NaN as "not known".
    nan_advice : str
        What to say to somebody whose NaN is not taken.

    Raises
    ------
    TypeError
        The entries are not real numbers.
    ValueError
        Not two-dimensional, empty, infinite, NaN where not allowed, negative, or so large or small that squares do not
        exist in its precision.
    """
    return matrix_with_stats(value, name, nonnegative=nonnegative, missing=missing, nan_advice=nan_advice)[0]


def matrix_with_stats(
    value: Any, name: str, *, nonnegative: bool = True, missing: bool = False, nan_advice: str = ""
) -> tuple[np.ndarray, ArrayStats]:
    """Return the array of `as_matrix`, and its `ArrayStats`."""
    array = real_matrix(value, name)
    return array, checked_stats(array, name, nonnegative=nonnegative, missing=missing, nan_advice=nan_advice)


def real_matrix(value: Any, name: str) -> np.ndarray:
    """Return `value` as `as_matrix` does, without a look at the entries."""
    if type(value) is np.ndarray and value.ndim == 2 and value.size and value.dtype in _REAL:
        return value  # as most are: what follows takes longer than a small system
    if hasattr(value, "tocsc"):
        raise TypeError(f"{name} must be dense here, got a sparse {type(value).__name__}; use {name}.toarray()")
    array = _real(value, name)
    if array.ndim != 2:
        raise ValueError(f"{name} must be a matrix (2 dimensions), got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    return array


def check_values(values: np.ndarray, name: str, *, nonnegative: bool = True) -> np.ndarray:
    """Return the stored entries of a sparse matrix as float32 or float64, checked like a dense matrix."""
    return values_with_stats(values, name, nonnegative=nonnegative)[0]


def values_with_stats(values: np.ndarray, name: str, *, nonnegative: bool = True) -> tuple[np.ndarray, ArrayStats]:
    """Return the array of `check_values`, and its `ArrayStats`."""
    values = _real(values, name)
    return values, checked_stats(values, name, nonnegative=nonnegative)


def no_mask(value: Any, name: str) -> None:
    """Refuse a masked array: read as a plain one it would lose its mask without a word."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be a masked array, its mask would be lost; put NaN in place of what is masked"
        )


def _real(value: Any, name: str) -> np.ndarray:
    no_mask(value, name)
    value = as_array_like(value, name)
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of unequal length
        raise ValueError(f"{name} must be a rectangular array of numbers: {error}") from None
    if array.dtype == np.float32 or array.dtype == np.float64:
        return array
    if array.dtype.kind not in "biuf":
        what = f"dtype {array.dtype}" if array.ndim else type(value).__name__
        raise TypeError(f"{name} must hold real numbers, got {what}")
    return array.astype(np.float64)


def checked_stats(
    array: np.ndarray, name: str, *, nonnegative: bool = True, missing: bool = False, nan_advice: str = ""
) -> ArrayStats:
    """Return the `ArrayStats` of a float32 or float64 array whose entries are those that `as_matrix` takes."""
    found = array_stats(array)
    if np.isnan(found.square) and not missing:
        raise ValueError(f"{name} contains NaN; {nan_advice or 'every entry must be a number'}")
    if found.low > found.high:  # no entries, or every one is missing
        return found
    if np.isinf(found.low) or np.isinf(found.high):
        raise ValueError(f"{name} contains an infinite entry; every entry must be finite")
    if nonnegative and found.low < 0:
        negative = f"{name} contains a negative entry ({found.low!r}); every entry must be >= 0"
        raise ValueError(f"Negative values in data: {negative}")
    _check_square(max(found.high, -found.low), array.dtype, name)
    return found


def has_square(peak: float, dtype: np.dtype) -> bool:
    """Return whether the square of an array's largest magnitude exists in its precision; that of NaN does not."""
    limit = _limit(dtype)
    return peak == 0 or 1 / limit <= peak <= limit


def _check_square(peak: float, dtype: np.dtype, name: str) -> None:
    limit = _limit(dtype)
    if not has_square(peak, dtype):
        raise ValueError(
            f"{name} must have its largest entry between {1 / limit:g} and {limit:g} in {dtype}, or be zero, "
            f"got {peak:g}; use another unit"
        )


def _limit(dtype: np.dtype) -> float:
    return 1e15 if dtype == np.float32 else 1e153


def positive_int(value: Any, name: str, *, limit: int | None = None, what: str = "") -> int:
    """Return `value` as an int of at least 1 and at most `limit`; `what` says where the limit comes from."""
    value = _whole(value, name)
    if value < 1 or (limit is not None and value > limit):
        upper = "" if limit is None else f" and at most {limit}{f' ({what})' if what else ''}"
        raise ValueError(f"{name} must be at least 1{upper}, got {value}")
    return value


def nonnegative_int(value: Any, name: str) -> int:
    """Return `value` as an int of at least zero."""
    value = _whole(value, name)
    if value < 0:
        raise ValueError(f"{name} must be at least 0, got {value}")
    return value


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    return int(value)


def finite_number(value: Any, name: str) -> float:
    """Return `value` as a finite float of either sign."""
    value = _number(value, name)
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return value


def nonnegative_number(value: Any, name: str) -> float:
    """Return `value` as a finite float of at least zero."""
    value = _number(value, name)
    if not 0 <= value < np.inf:
        raise ValueError(f"{name} must be finite and at least 0, got {value}")
    return value


def positive_number(value: Any, name: str) -> float:
    """Return `value` as a finite float above zero."""
    value = _number(value, name)
    if not 0 < value < np.inf:
        raise ValueError(f"{name} must be finite and above 0, got {value}")
    return value


def _number(value: Any, name: str) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}")
    return float(value)


def each_column(value: Any, name: str, columns: int, *, nonnegative: bool = True) -> np.ndarray:
    """Return a finite number, or one for each column, as float64 of shape (columns,)."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or one for each of {columns} columns, got {value!r}")
    if array.shape not in ((), (columns,)):
        raise ValueError(f"{name} must be a number or one for each of {columns} columns, got shape {array.shape}")
    if not np.isfinite(array).all() or (nonnegative and array.min() < 0):
        raise ValueError(f"{name} must be finite{' and at least 0' if nonnegative else ''}, got {value!r}")
    return np.full(columns, array, np.float64)


def at_least(value: Any, name: str, least: float, *, strict: bool = False) -> None:
    """Refuse what is no number, or one below `least`, or at it if `strict`; infinity is allowed."""
    _number(value, name)
    ok = value > least if strict else value >= least
    if not ok:  # NaN fails both
        raise ValueError(f"{name} must be {'above' if strict else 'at least'} {least}, got {value!r}")


def one_of(value: Any, name: str, choices: tuple[Any, ...]) -> Any:
    """Return `value` if it is among `choices`."""
    if not any(value is choice or (isinstance(value, str) and value == choice) for choice in choices):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called mho, however many calls of mho and scikit-learn lie between."""
    frame, level = sys._getframe(1), 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("mho", "sklearn"):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def python_numbers(instance: Any) -> None:
    """Put Python's numbers in the place of NumPy's scalars in the fields of a frozen dataclass, for its repr."""
    for f in fields(instance):
        value = getattr(instance, f.name)
        if isinstance(value, np.generic):
            object.__setattr__(instance, f.name, value.item())


def generator(seed: Any, name: str) -> np.random.Generator:
    """Return a random generator from a seed, a Generator, or None for one that is different each time."""
    if not isinstance(seed, Integral | np.random.Generator | np.random.SeedSequence | None) or isinstance(seed, bool):
        raise TypeError(f"{name} must be a whole number, a Generator or None, got {seed!r}")
    if isinstance(seed, Integral) and int(seed) < 0:
        raise ValueError(f"{name} must be at least 0, got {seed}")
    return np.random.default_rng(seed)  # pyright: ignore[reportArgumentType]


def sparse_format(matrix: Any) -> None:
    """Check indices and pointers of a csr_array or csc_array, which scipy follows wherever they lead.

    Raises
    ------
    ValueError
        They do not go together.
    """
    matrix.check_format(full_check=True)
    if not matrix.indptr[-1] and matrix.indptr.any():  # scipy looks at no pointers where the last says: no entries
        raise ValueError("indptr must be a non-decreasing sequence")
