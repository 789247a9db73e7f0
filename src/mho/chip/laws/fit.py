"""The relaxation of measured cells: plain mean and standard deviation of every level at every time.

Cells have heavy tails, and what a sum of many cells feels is their variance; a robust estimate would miss it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mho import checks
from mho.chip.laws.relaxation import Relaxation

__all__ = ["fit_relaxation"]

_MOST_TIMES = 32
_PAUSE = 0.5
"""Octaves without a read that part two times, where they are not nominal."""
_FEWEST = 8
"""Reads of a level at a time that make a mean and a spread; where there are fewer they are interpolated."""
_LEAST_SIEMENS = 1e-12
"""Target of a level whose mean noise has made negative: its cells are there, which a target of zero would deny."""
_MOST_SIEMENS = 0.1
"""A median above is taken for a resistance, or for microsiemens."""


def fit_relaxation(
    table: Mapping[str, Any], *, level: str, time: str, conductance: str, target: str | None, least: int
) -> Relaxation:
    """Return the relaxation of a table of reads; `mho.chip.Device.fit` has the parameters."""
    least = max(checks.positive_int(least, "least"), 2)
    names, seconds, g, targets = _reads(table, level, time, conductance, target)
    times, when = _times(seconds)
    _, one, which = np.unique(names, return_index=True, return_inverse=True)
    count, mean, _ = _moments(which, when, g, len(times))
    kept = np.any(count >= least, axis=1)
    if targets is None:
        centre = np.maximum(_first(mean, count >= least), _LEAST_SIEMENS)
    else:
        some = targets[one]  # the mean is taken from there, so that it is exact where all are the same
        centre = some + np.bincount(which, targets - some[which]) / np.bincount(which)
    # Names of one target are one level, or the law would have two values there.
    levels, of_name = np.unique(centre[kept], return_inverse=True)
    if len(levels) < 2:
        raise ValueError(
            f"table must have two levels or more with at least {least} reads at one time, got {len(levels)} of "
            f"{len(kept)}: put cells of like target into one level, or allow a lower least"
        )
    new = np.full(len(kept), -1)
    new[kept] = of_name
    used = new[which] >= 0
    count, mean, spread = _moments(new[which[used]], when[used], g[used], len(times))
    trusted = count >= min(least, _FEWEST)
    shift, spread = (_complete(times, trusted, values) for values in (mean - levels[:, None], spread))
    return Relaxation(
        levels=tuple(levels.tolist()),
        times=tuple(times.tolist()),
        shift=tuple(map(tuple, shift.tolist())),
        spread=tuple(map(tuple, spread.tolist())),
    )


def _first(values: np.ndarray, good: np.ndarray) -> np.ndarray:
    """First good value of each row; any where there is none."""
    return np.take_along_axis(values, good.argmax(axis=1)[:, None], axis=1)[:, 0]


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
        good &= np.array([_is_known(name) for name in names], bool)
    if not good.any():
        raise ValueError("table must have a row in which nothing is missing, got none")
    if numbers[0][good].min() < 0:
        raise ValueError(f"column {time!r} must be at least 0, got {numbers[0][good].min():g}")
    names, numbers = names[good], [column[good] for column in numbers]
    seconds, g, *targets = numbers
    if np.median(np.abs(g)) > _MOST_SIEMENS:
        raise ValueError(
            f"column {conductance!r} must be in siemens, got a median of {np.median(np.abs(g)):g}; turn resistances "
            "over, and divide microsiemens by 1e6"
        )
    return names.astype(str) if names.dtype.kind == "O" else names, seconds, g, targets[0] if targets else None


def _is_known(name: Any) -> bool:
    try:
        return name is not None and bool(name == name)
    except TypeError:  # pandas.NA knows no truth
        return False


def _numbers(column: Any, name: str, length: int) -> np.ndarray:
    try:
        array = np.asarray(column, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"column {name!r} must hold numbers") from None
    if array.shape != (length,):
        raise ValueError(f"column {name!r} must have {length} rows as the others, got shape {array.shape}")
    return array


def _times(seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times, and which of them each read belongs to.

    Times that are not nominal are put together into bursts between longer pauses, of an octave at most: longer ones are
    cut into pieces of half an octave.
    """
    times, when = np.unique(seconds, return_inverse=True)
    if len(times) <= _MOST_TIMES:
        return times, when
    groups = [times[times == 0], *_bursts(times[times > 0])]
    lengths = [len(group) for group in groups if len(group)]
    when = np.repeat(np.arange(len(lengths)), lengths)[when]
    centres = np.bincount(when, seconds) / np.bincount(when)
    centres[-1] = times[-1]  # what was measured must not count as beyond the last time
    return centres, when


def _bursts(times: np.ndarray) -> Iterator[np.ndarray]:
    pauses = np.flatnonzero(np.diff(np.log2(times)) > _PAUSE) + 1
    for burst in np.split(times, pauses):
        octaves = np.log2(burst[-1] / burst[0])
        pieces = 1 if octaves <= 1 else int(np.ceil(2 * octaves))
        yield from np.split(burst, np.searchsorted(burst, np.geomspace(burst[0], burst[-1], pieces + 1)[1:-1]))


def _moments(which: np.ndarray, when: np.ndarray, g: np.ndarray, times: int) -> tuple[np.ndarray, ...]:
    """Count, mean and standard deviation (levels, times); NaN where there are too few reads."""
    shape = (which.max() + 1, times)
    cell = which * times + when
    count = np.bincount(cell, minlength=shape[0] * times)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cell, g, minlength=len(count)) / count
        square = np.bincount(cell, (g - mean[cell]) ** 2, minlength=len(count)) / (count - 1.0)
    return count.reshape(shape), mean.reshape(shape), np.sqrt(square).reshape(shape)


def _complete(times: np.ndarray, trusted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values with those that are not trusted interpolated along the level."""
    abscissa = np.log1p(times / (times[times > 0].min() if (times > 0).any() else 1.0))
    return np.stack([np.interp(abscissa, abscissa[ok], row[ok]) for ok, row in zip(trusted, values, strict=True)])
