"""What the arguments of this room must pass: one value per row or column."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.checks import as_matrix

__all__ = ["switches", "values"]


def values(value: Any, name: str, length: int, *, each: str = "row", nonnegative: bool = True) -> np.ndarray:
    """Return `value` as float64 of shape (length,), one number for `each` of something, a copy."""
    array = np.asarray(value)
    _check_shape(array, name, length, each)
    return as_matrix(array[:, None], name, nonnegative=nonnegative)[:, 0].astype(np.float64)


def switches(value: Any, name: str, length: int, *, each: str) -> np.ndarray:
    """Return `value` as booleans of shape (length,), one for `each` of something, a copy."""
    array = np.array(value)
    _check_shape(array, name, length, each)
    if array.dtype != np.bool_:
        raise TypeError(f"{name} must be boolean, got dtype {array.dtype}")
    return array


def _check_shape(array: np.ndarray, name: str, length: int, each: str) -> None:
    if array.shape != (length,):
        raise ValueError(f"{name} must have shape ({length},), one per {each}, got {array.shape}")
