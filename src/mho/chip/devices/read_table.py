"""Reads of cells out of a table as users have them, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

__all__ = ["Reads"]

_MOST_SIEMENS = 0.02
"""A median above is taken for a resistance, or for milli- or microsiemens."""
_LIKE = 2.0
"""How far at most the highest level, if levels are in siemens, is from the mean of its reads, as a factor."""


@dataclass(frozen=True, eq=False)
class Reads:
    """The reads of a table in which nothing is missing.

    Attributes
    ----------
    level : ndarray of shape (reads,)
        Numbers or names.
    seconds, siemens : ndarray of shape (reads,)
    target : ndarray of shape (reads,) or None
        Siemens; None where the table does not say.
    """

    level: np.ndarray
    seconds: np.ndarray
    siemens: np.ndarray
    target: np.ndarray | None

    @classmethod
    def of(cls, table: Any, *, level: str, time: str, conductance: str, target: str | None) -> Reads:
        """Return those of a table; `mho.chip.Device.fit` has the parameters and the errors."""
        columns = _columns(table)
        wanted = [level, time, conductance] + ([] if target is None else [target])
        for name in wanted:
            if name not in columns:
                raise ValueError(f"table must have a column {name!r}, got {', '.join(map(repr, columns))}")
        names, *numbers = (_plain(table[name]) for name in wanted)
        if names.ndim != 1:
            raise ValueError(f"column {level!r} must have one dimension, got shape {names.shape}")
        numbers = [_numbers(column, name, len(names)) for column, name in zip(numbers, wanted[1:], strict=True)]
        good = np.isfinite(numbers).all(axis=0) & _known(names)
        if not good.any():
            raise ValueError("table must have a row in which nothing is missing, got none")
        names = names[good] if names.dtype.kind != "O" else _alike(names[good])
        seconds, siemens, *targets = (column[good] for column in numbers)
        _at_least_zero(seconds, time)
        _in_siemens(siemens, conductance)
        if targets:
            _in_siemens(targets[0], target)
            _at_least_zero(targets[0], target)
        elif _are_targets(names, siemens):
            targets = [names]
        return cls(names, seconds, siemens, targets[0] if targets else None)


def _columns(table: Any) -> list[Any]:
    if isinstance(table, Mapping):
        return list(table)
    if isinstance(table, np.ndarray):
        names = table.dtype.names
    else:
        names = getattr(table, "column_names", getattr(table, "columns", None))
    if names is None:
        raise TypeError(
            "table must be a DataFrame, an Arrow table, a structured array or a mapping of columns, got "
            f"{type(table).__name__}"
        )
    return list(names)


def _plain(column: Any) -> np.ndarray:
    """An array of a column, None where something is missing that is no NaN."""
    hidden = isinstance(column, np.ma.MaskedArray)
    array = np.array(column, object if hidden else None)
    if array.dtype.kind == "O":
        array[np.ma.getmaskarray(column) if hidden else ~_known(array)] = None
    return array


def _numbers(column: np.ndarray, name: str, length: int) -> np.ndarray:
    try:
        if column.dtype.kind in "bcmM":  # booleans and times of day are numbers to numpy
            raise TypeError
        numbers = np.asarray(column, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"column {name!r} must hold numbers, got {column.dtype}") from None
    if numbers.shape != (length,):
        raise ValueError(f"column {name!r} must have {length} rows as the others, got shape {numbers.shape}")
    return numbers


def _alike(names: np.ndarray) -> np.ndarray:
    """Objects as numbers where they all are, else as strings."""
    return names.astype(np.float64 if all(isinstance(name, Real) for name in names) else str)


def _known(names: np.ndarray) -> np.ndarray:
    if names.dtype.kind == "O":
        return np.array([_is_known(name) for name in names.ravel()], bool).reshape(names.shape)
    return np.isfinite(names) if names.dtype.kind == "f" else np.ones(names.shape, bool)


def _is_known(name: Any) -> bool:
    try:
        return name is not None and bool(name == name)
    except TypeError:  # pandas.NA knows no truth
        return False


def _at_least_zero(numbers: np.ndarray, name: str | None) -> None:
    if numbers.min() < 0:
        raise ValueError(f"column {name!r} must be at least 0, got {numbers.min():g}")


def _in_siemens(numbers: np.ndarray, name: str | None) -> None:
    middle = np.median(np.abs(numbers))
    if middle > _MOST_SIEMENS:
        raise ValueError(
            f"column {name!r} must be in siemens, got a median of {middle:g}; turn resistances over, and divide "
            "milli- and microsiemens by 1e3 and 1e6"
        )


def _are_targets(levels: np.ndarray, siemens: np.ndarray) -> bool:
    """Whether levels are not numbered or named but told by their targets."""
    if levels.dtype.kind != "f" or levels.min() < 0:
        return False
    highest = levels.max()
    return bool(highest <= _LIKE * siemens[levels == highest].mean() <= _LIKE**2 * highest)
