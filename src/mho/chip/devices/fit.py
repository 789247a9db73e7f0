"""The relaxation of measured cells: plain mean and standard deviation of every level at every time.

Cells have heavy tails, and what a sum of many cells feels is their variance; a robust estimate would miss it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mho import checks
from mho.chip.devices.read_table import Reads
from mho.chip.devices.relaxation import Relaxation

__all__ = ["fit_relaxation"]

_MOST_TIMES = 256
"""More make a trace, whose times are put together."""
_PAUSE = 0.5
"""Octaves without a read that part two times, where they are not nominal."""
_BURST = 1.5
"""Octaves of reads between two pauses that are one time."""
_LEAST_SIEMENS = 1e-12
"""Target of a level whose mean noise has made negative: its cells are there, which a target of zero would deny."""


def fit_relaxation(table: Any, *, least: int, **columns: Any) -> Relaxation:
    """Return the relaxation of a table of reads; `mho.chip.Device.fit` has the parameters."""
    least = max(checks.positive_int(least, "least"), 2)
    reads = Reads.of(table, **columns)
    _, which = np.unique(reads.level, return_inverse=True)
    times, when = _times(reads.seconds, which, least)
    count, mean, _ = _moments(which, when, reads.siemens, len(times))
    kept = np.any(count >= least, axis=1)
    targets = _targets(reads, which) if reads.target is not None else _first(mean, count >= least)
    # Names of one target are one level, or the law would have two values there.
    levels, of_name = np.unique(np.maximum(targets[kept], _LEAST_SIEMENS), return_inverse=True)
    if len(levels) < 2:
        raise ValueError(
            f"table must have two levels or more with at least {least} reads at one time, got {len(levels)} of "
            f"{len(kept)}: put cells of like target into one level, or allow a lower least"
        )
    new = np.full(len(kept), -1)
    new[kept] = of_name
    used = new[which] >= 0
    count, mean, spread = _moments(new[which[used]], when[used], reads.siemens[used], len(times))
    told = np.any(count >= least, axis=0)  # a few late reads must not stretch the time that is known
    times, trusted = times[told], count[:, told] >= least
    shift, spread = (_complete(levels, times, trusted, v[:, told]) for v in (mean - levels[:, None], spread))
    return Relaxation(
        levels=tuple(levels.tolist()),
        times=tuple(times.tolist()),
        shift=tuple(map(tuple, shift.tolist())),
        spread=tuple(map(tuple, np.maximum(spread, 0).tolist())),
    )


def _targets(reads: Reads, which: np.ndarray) -> np.ndarray:
    """Mean target of the reads of each level."""
    assert reads.target is not None
    some = reads.target[np.unique(which, return_index=True)[1]]
    # The mean is taken from there, so that it is exact where all are the same.
    return some + np.bincount(which, reads.target - some[which]) / np.bincount(which)


def _first(values: np.ndarray, good: np.ndarray) -> np.ndarray:
    """First good value of each row; any where there is none."""
    return np.take_along_axis(values, good.argmax(axis=1)[:, None], axis=1)[:, 0]


def _times(seconds: np.ndarray, which: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Times, and which of them each read belongs to.

    Times that are not nominal are put together into bursts between pauses; long ones are cut into pieces of half an
    octave.
    """
    times, when = np.unique(seconds, return_inverse=True)
    if len(times) <= _MOST_TIMES and _are_nominal(which * len(times) + when, least):
        return times, when
    lengths = [len(burst) for burst in _bursts(times) if len(burst)]
    when = np.repeat(np.arange(len(lengths)), lengths)[when]
    centres = np.bincount(when, seconds) / np.bincount(when)
    centres[-1] = times[-1]  # what was measured must not count as beyond the last time
    return centres, when


def _are_nominal(cell: np.ndarray, least: int) -> bool:
    """Whether most reads share their level and time with enough others to make a mean and a spread."""
    count = np.bincount(cell)
    return bool(2 * count[count >= least].sum() >= len(cell))


def _bursts(times: np.ndarray) -> Iterator[np.ndarray]:
    later = times[times > 0]
    yield times[times == 0]
    pauses = np.flatnonzero(np.diff(np.log2(later)) > _PAUSE) + 1
    for burst in np.split(later, pauses) if len(later) else ():
        octaves = np.log2(burst[-1] / burst[0])
        pieces = 1 if octaves <= _BURST else int(np.ceil(2 * octaves))
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


def _complete(levels: np.ndarray, times: np.ndarray, trusted: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values, interpolated along a level where they are not trusted; outside its times it changes as others do."""
    abscissa = np.log1p(times / (times[times > 0].min() if (times > 0).any() else 1.0))
    full = np.stack([np.interp(abscissa, abscissa[ok], row[ok]) for ok, row in zip(trusted, values, strict=True)])
    _carry_on(levels, trusted, full)
    _carry_on(levels, trusted[:, ::-1], full[:, ::-1])
    return full


def _carry_on(levels: np.ndarray, trusted: np.ndarray, values: np.ndarray) -> None:
    """Let each level change after its last trusted time as the nearest levels do that are known there, in place."""
    begun = np.logical_or.accumulate(trusted, axis=1)
    ended = ~np.logical_or.accumulate(trusted[:, ::-1], axis=1)[:, ::-1]
    for j in range(1, values.shape[1]):
        known, lost = begun[:, j - 1] & ~ended[:, j], ended[:, j]
        if lost.any():
            change = values[known, j] - values[known, j - 1]
            more = np.interp(levels[lost], levels[known], change) if known.any() else 0.0
            values[lost, j] = values[lost, j - 1] + more
