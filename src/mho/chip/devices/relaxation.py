"""Relaxation and drift: how mean and spread of the cells of each level move with the time since they were written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from mho.chip.devices.measured import Measured
from mho.circuits.errors import ChipError

__all__ = ["Relaxation"]


@dataclass(frozen=True, kw_only=True)
class Relaxation(Measured):
    """Mean and spread by level and time, linear between levels and between the logarithms of times.

    The abscissa of a time t is ``log(1 + t / t_1)`` with t_1 the first time above zero, so that zero is one too. Cells
    outside the levels behave as those of the nearest level; times beyond the last one are refused, and times before
    the first one are taken as it.

    Attributes
    ----------
    levels : tuple of float
        Target of each level, siemens, increasing.
    times : tuple of float
        Seconds since writing, increasing.
    shift, spread : tuple of tuple of float
        Mean less target, and standard deviation, of the cells of each level (rows) at each time (columns), siemens.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import Relaxation
    >>> law = Relaxation(levels=(1e-6, 4e-5), times=(0.0, 1.0), shift=((0.0, -1e-7),) * 2, spread=((0.0, 2e-7),) * 2)
    >>> mean, spread = law.moments(np.array([2e-5]), 1.0)
    >>> mean, spread
    (array([-1.e-07]), array([2.e-07]))
    """

    levels: tuple[float, ...]
    times: tuple[float, ...]
    shift: tuple[tuple[float, ...], ...]
    spread: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        _check_axis(self.levels, "levels", "siemens", least=2)
        _check_axis(self.times, "times", "seconds", least=1)
        shape = (len(self.levels), len(self.times))
        for name in ("shift", "spread"):
            table = np.asarray(getattr(self, name), np.float64)
            if table.shape != shape or not np.isfinite(table).all():
                raise ValueError(
                    f"{name} must be finite and of shape {shape}, levels by times, got shape {table.shape}"
                )
        if np.min(self.spread) < 0:
            raise ValueError(f"spread must be at least 0, got {np.min(self.spread)}")

    def __str__(self) -> str:
        return f"levels: {len(self.levels)}, times: {len(self.times)}"

    def moments(self, target: ArrayLike, seconds: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return shift and spread, siemens, of cells with targets `target`, `seconds` after writing.

        Parameters
        ----------
        target : array_like
            Siemens.
        seconds : array_like
            Since writing, of any shape that broadcasts with that of `target`.

        Raises
        ------
        TypeError
            What came are no numbers.
        ValueError
            A target or a time is not finite, or a time is below zero.
        ChipError
            A time beyond the last one.
        """
        from scipy.interpolate import RegularGridInterpolator

        target, seconds = _finite(target, "target"), _finite(seconds, "seconds")
        if np.min(seconds, initial=0.0) < 0:
            raise ValueError(f"seconds must be at least 0, got {np.min(seconds):g}")
        if np.max(seconds, initial=0.0) > self.times[-1] * (1 + 1e-9):
            raise ChipError(
                f"cells cannot be aged to {np.max(seconds):g} s: they were measured up to {self.times[-1]:g} s after "
                "writing and nothing is known beyond; refresh them earlier or take another device"
            )
        tables = np.stack([np.asarray(self.shift), np.asarray(self.spread)], axis=-1)
        axis = self._abscissa(np.asarray(self.times))
        if len(axis) == 1:  # an axis of one point is no grid
            tables, axis = np.repeat(tables, 2, axis=1), np.array([axis[0], axis[0] + 1])
        place = np.clip(target, self.levels[0], self.levels[-1])
        age = np.clip(self._abscissa(seconds), axis[0], axis[-1])
        points = np.stack(np.broadcast_arrays(place, age), axis=-1)
        both = RegularGridInterpolator((self.levels, axis), tables)(points).reshape(*points.shape[:-1], 2)
        return both[..., 0], both[..., 1]

    def extended(self, seconds: float) -> Self:
        """Return the law up to `seconds`, beyond its last time as between its last two, along their logarithm.

        Nothing was measured there: who uses it says so.

        Raises
        ------
        ChipError
            There are no two times above zero to go on from.
        """
        if seconds <= self.times[-1]:
            return self
        if len(self.times) < 2 or self.times[-2] <= 0:
            raise ChipError(
                f"cells cannot be extrapolated to {seconds:g} s: {max(1, sum(t > 0 for t in self.times))} time after "
                "writing was measured, and a law needs two"
            )
        steps = np.log(seconds / self.times[-1]) / np.log(self.times[-1] / self.times[-2])
        shift, spread = (
            np.column_stack([table, table[:, -1] + steps * (table[:, -1] - table[:, -2])])
            for table in (np.asarray(self.shift), np.asarray(self.spread))
        )
        tables = [tuple(map(tuple, table.tolist())) for table in (shift, np.maximum(spread, 0.0))]
        return replace(self, times=(*self.times, seconds), shift=tables[0], spread=tables[1])

    def _abscissa(self, seconds: np.ndarray) -> np.ndarray:
        first = next((t for t in self.times if t > 0), 1.0)
        return np.log1p(seconds / first)


def _finite(value: ArrayLike, name: str) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be numbers, got {value!r}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {array[~np.isfinite(array)].flat[0]}")
    return array


def _check_axis(values: tuple[float, ...], name: str, unit: str, *, least: int) -> None:
    axis = np.asarray(values, np.float64)
    if axis.ndim != 1 or len(axis) < least or not np.isfinite(axis).all() or axis[0] < 0 or np.any(np.diff(axis) <= 0):
        raise ValueError(f"{name} must be {least} or more increasing numbers >= 0, {unit}, got {values!r}")
