"""Detectors that need no factorization, on the same cells as the camera: to see whether it is worth its while."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mho.camera.camera import Camera
from mho.camera.evaluation import shares_of
from mho.camera.grid import Grid
from mho.camera.parts import robust_spread
from mho.camera.ranking import Ranking, best_mean, rank

__all__ = ["baseline_scores", "evaluate_baselines"]

_LEARNED = 60.0
"""Seconds that are learned from if nobody says otherwise."""

_BLUR = 6.0
"""Width of the blur that local brightness is, in cells of a picture 48 cells wide."""


def baseline_scores(X: np.ndarray, grid: Grid, learned: np.ndarray) -> dict[str, np.ndarray]:
    """Return a score (n,) of each frame by the name of the detector.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        The known cells of frames.
    grid : Grid
        Where they are.
    learned : ndarray of shape (n,)
        Frames of the learning time, bool.
    """
    pictures = np.zeros((len(X), *grid.shape), np.float32)
    pictures[:, grid.known] = X
    flat = X / (grid.blur(pictures, _BLUR)[:, grid.known] + 1) * float(X.mean())
    return {
        "frame difference": _top(np.abs(np.diff(X, axis=0, prepend=X[:1]))),
        "median background": _from_median(X, learned),
        "median background over its blur": _from_median(flat, learned),
    }


def evaluate_baselines(
    camera: Camera, source: Any, events: Iterable[tuple[float, float]], *, after: float = 0.0, keep: float = 0.2
) -> dict[str, Ranking]:
    """Rank the clips of a stream by simpler detectors.

    Parameters
    ----------
    camera : Camera
        Whose frames a second, clips, masks and cells are taken.
    source : object
        As `Camera.learn` takes it.
    events : iterable of (start, end)
        Seconds of the stream in which somebody is to be seen.
    after : float
        Seconds from which clips count; what is before, or the first minute, is learned from.
    keep : float
        Share of the clips that is kept.

    Raises
    ------
    ValueError
        The stream is no longer than that.
    """
    times, X = _cells(camera, source)
    learned = times < (after or _LEARNED)
    numbers = np.floor(times / camera.clip + 1e-6).astype(int)
    counted = np.unique(numbers[times >= after])
    if not learned.any() or not len(counted):
        raise ValueError(f"source must go on after {after:g} s, ends at {times[-1]:g} s")
    starts = counted * camera.clip
    present = shares_of(starts, starts + camera.clip, events, camera.clip)[1]
    found = {}
    for name, scores in baseline_scores(X, camera.scene_.grid, learned).items():
        clips = np.array([best_mean(scores[numbers == number]) for number in counted])
        found[name] = rank(clips, present, keep)
    return found


def _cells(camera: Camera, source: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return times (n,) and known cells (n, p) of a stream."""
    grid, times, cells = camera.scene_.grid, [], []
    for t, luma in camera.sampled(source):
        times.append(t)
        cells.append(grid.cells(luma)[grid.known])
    if not times:
        raise ValueError("source must have frames, has none")
    return np.array(times), np.array(cells, np.float32)


def _from_median(X: np.ndarray, learned: np.ndarray) -> np.ndarray:
    away = X - np.median(X[learned], 0)
    return _top(np.abs(away) / (robust_spread(away[learned]) + 1))


def _top(deviation: np.ndarray) -> np.ndarray:
    """Return the mean of the largest 0.7 % of the cells of each frame."""
    count = max(1, round(0.007 * deviation.shape[1]))
    return np.partition(deviation, -count, axis=1)[:, -count:].mean(1)
