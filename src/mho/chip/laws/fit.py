"""The relaxation of measured cells: plain mean and standard deviation of every level at every time.

Cells have heavy tails, and what a sum of many cells feels is their variance; a robust estimate would miss it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mho import checks
from mho.chip.laws.relaxation import Relaxation

__all__ = ["fit_relaxation"]

_MOST_TIMES = 32
_SAME_TIME = 2**0.5
_FEWEST = 8
"""Reads of a level at a time that make a mean and a spread; where there are fewer they are interpolated."""


def fit_relaxation(
    table: Mapping[str, Any], *, level: str, time: str, conductance: str, target: str | None, least: int
) -> Relaxation:
    """Return the relaxation of a table of reads; `mho.chip.Device.fit` has the parameters."""
    checks.positive_int(least, "least")
    names, seconds, g, targets = _reads(table, level, time, conductance, target)
    times, when = _times(seconds)
    _, which = np.unique(names, return_inverse=True)
    count, mean, spread = _moments(which, when, g, len(times))
    kept = count[:, 0] >= max(least, 2)
    if kept.sum() < 2:
        raise ValueError(
            f"table must have two levels or more with at least {least} reads at the first time, {times[0]:g} s, got "
            f"{int(kept.sum())}"
        )
    count, mean, spread = count[kept], mean[kept], spread[kept]
    if targets is None:
        centre = np.maximum(mean[:, 0], 0.0)
    else:
        centre = (np.bincount(which, targets) / np.bincount(which))[kept]
    shift, spread = _complete(times, count, mean - centre[:, None]), _complete(times, count, spread)
    order = np.argsort(centre)
    return Relaxation(
        levels=tuple(centre[order].tolist()),
        times=tuple(times.tolist()),
        shift=tuple(map(tuple, shift[order].tolist())),
        spread=tuple(map(tuple, spread[order].tolist())),
    )


def _reads(
    table: Mapping[str, Any], level: str, time: str, conductance: str, target: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Levels, times, conductances and targets of the rows in which nothing is missing."""
    wanted = [level, time, conductance] + ([] if target is None else [target])
    for name in wanted:
        if name not in table:
            raise ValueError(f"table must have a column {name!r}, got {', '.join(map(repr, table))}")
    names = np.asarray(table[level])
    numbers = [_numbers(table[name], name, len(names)) for name in wanted[1:]]
    good = np.isfinite(numbers).all(axis=0)
    if names.dtype.kind == "f":
        good &= np.isfinite(names)
    elif names.dtype.kind == "O":
        good &= np.array([name is not None and name == name for name in names], bool)
    if not good.any():
        raise ValueError("table must have a row in which nothing is missing, got none")
    if numbers[0][good].min() < 0:
        raise ValueError(f"column {time!r} must be at least 0, got {numbers[0][good].min():g}")
    names, numbers = names[good], [column[good] for column in numbers]
    seconds, g, *targets = numbers
    return names.astype(str) if names.dtype.kind == "O" else names, seconds, g, targets[0] if targets else None


def _numbers(column: Any, name: str, length: int) -> np.ndarray:
    try:
        array = np.asarray(column, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"column {name!r} must hold numbers") from None
    if array.shape != (length,):
        raise ValueError(f"column {name!r} must have {length} rows as the others, got shape {array.shape}")
    return array


def _times(seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different times, and which of them each read belongs to."""
    times, when = np.unique(seconds, return_inverse=True)
    if len(times) <= _MOST_TIMES:
        return times, when
    group, start = np.zeros(len(times), int), times[0]
    for i in range(1, len(times)):
        new = times[i] > _SAME_TIME * start
        group[i] = group[i - 1] + new
        start = times[i] if new else start
    when = group[when]
    return np.bincount(when, seconds) / np.bincount(when), when


def _moments(which: np.ndarray, when: np.ndarray, g: np.ndarray, times: int) -> tuple[np.ndarray, ...]:
    """Count, mean and standard deviation (levels, times); NaN where there are too few reads."""
    shape = (which.max() + 1, times)
    cell = which * times + when
    count = np.bincount(cell, minlength=shape[0] * times)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cell, g, minlength=len(count)) / count
        square = np.bincount(cell, (g - mean[cell]) ** 2, minlength=len(count)) / (count - 1.0)
    return count.reshape(shape), mean.reshape(shape), np.sqrt(square).reshape(shape)


def _complete(times: np.ndarray, count: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values with those of too few reads interpolated along the level, the first time apart."""
    abscissa = np.log1p(times / (times[times > 0].min() if (times > 0).any() else 1.0))
    trusted = count >= _FEWEST
    trusted[:, 0] = True
    return np.stack([np.interp(abscissa, abscissa[ok], row[ok]) for ok, row in zip(trusted, values, strict=True)])
