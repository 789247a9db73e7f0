"""Semi-synthetic test streams: people cut out of a clip, pasted into its own empty scene under changing light.

Pasted people cast no shadow and went through no video encoder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.special import expit

__all__ = ["Case", "EmptyScene", "stream"]

_DIFFERENT = 18
_LEARNING = 600
_SPACING = 110
_HALF_WINDOW = 18
_VISIBLE = 60
"""Pixels of a pasted person from which a frame counts as one with somebody in it."""

_NOISE = 3.0
_SHADOW = 0.35


@dataclass(frozen=True, eq=False)
class EmptyScene:
    """A clip, its empty scene, and the pixels that belong to people.

    Attributes
    ----------
    frames : ndarray of shape (n, h, w)
        Luma, uint8.
    empty : ndarray of shape (h, w)
        The scene without people, float32.
    people : ndarray of shape (n, h, w)
        Bool.
    """

    frames: np.ndarray
    empty: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, frames: np.ndarray, *, empty_frames: np.ndarray | None = None) -> EmptyScene:
        """Find the empty scene as the median of a third of the frames, or of `empty_frames`."""
        empty = np.median(frames[::3] if empty_frames is None else empty_frames, 0).astype(np.float32)
        people = np.array([_people(frame, empty) for frame in frames])
        return cls(frames, empty, people)


def _people(frame: np.ndarray, empty: np.ndarray) -> np.ndarray:
    far = ndimage.binary_opening(np.abs(frame.astype(np.float32) - empty) > _DIFFERENT, np.ones((2, 2)))
    return ndimage.binary_dilation(far, iterations=2)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Happenings in a test stream.

    Parameters
    ----------
    length : int
        Frames, at ten a second.
    events : int
        People who come after the learning time.
    hard : float
        Strength of drift, steps, gradient and sway.
    contrast : float
        Of people with the scene; 1 is that of the clip.
    still : bool
        People stand, rather than walk.
    busy : bool
        Five more people, and they come while learning too.
    shade : bool
        The soft edge of a shadow wanders through all the time.
    switch : bool
        The light changes by 40 % with the very frame that a person enters.
    """

    length: int = 2400
    events: int = 6
    hard: float = 1.5
    contrast: float = 0.6
    still: bool = False
    busy: bool = False
    shade: bool = False
    switch: bool = False


@dataclass(frozen=True)
class _Visit:
    begin: int
    length: int
    source: int
    column: int

    def mask(self, scene: EmptyScene, t: int, *, still: bool) -> tuple[int, np.ndarray]:
        """Return the frame of the clip that is pasted at time t, and the pixels of one person in it."""
        source = self.source + (min(t - self.begin, 3) if still else t - self.begin)
        mask = scene.people[source].copy()
        mask[:, : max(0, self.column - _HALF_WINDOW)] = False
        mask[:, self.column + _HALF_WINDOW :] = False
        return source, mask


def stream(scene: EmptyScene, case: Case, seed: int) -> tuple[Iterator[np.ndarray], np.ndarray]:
    """Make a test stream.

    Returns
    -------
    frames : iterator of ndarray of shape (h, w)
        uint8.
    present : ndarray of shape (length,)
        Whether somebody is to be seen.
    """
    rng = np.random.default_rng(seed)
    visits = _visits(scene, case, rng)
    light = _light(case, rng, visits)
    present = np.zeros(case.length, bool)
    for visit in visits:
        for t in range(visit.begin, visit.begin + visit.length):
            present[t] |= visit.mask(scene, t, still=case.still)[1].sum() >= _VISIBLE
    return _frames(scene, case, visits, light, rng), present


def _visits(scene: EmptyScene, case: Case, rng: np.random.Generator) -> list[_Visit]:
    first = 20 if case.busy else _LEARNING + 100
    count = case.events + (5 if case.busy else 0)
    begins = np.sort(rng.choice(np.arange(first, case.length - 120, _SPACING), count, replace=False))
    areas = scene.people.sum((1, 2))
    good = np.flatnonzero((areas > 150) & (areas < 0.3 * scene.empty.size))
    good = good[good < len(scene.frames) - 62]
    return [_visit(scene, int(begin), good, rng) for begin in begins]


def _visit(scene: EmptyScene, begin: int, good: np.ndarray, rng: np.random.Generator) -> _Visit:
    source = int(rng.choice(good))
    labels, count = ndimage.label(scene.people[source])  # pyright: ignore[reportGeneralTypeIssues]
    sizes = np.bincount(labels.ravel())[1:]
    people = 1 + np.flatnonzero(sizes > 120) if count else np.empty(0, int)
    column = scene.empty.shape[1] / 2
    if len(people):
        column = float(np.argwhere(labels == int(rng.choice(people)))[:, 1].mean())
    return _Visit(begin, int(rng.integers(20, 50)), source, int(column))


def _light(case: Case, rng: np.random.Generator, visits: list[_Visit]) -> tuple[np.ndarray, np.ndarray]:
    """Return brightness and its gradient from left to right, for every frame."""
    steps = np.ones(case.length)
    for _ in range(int(10 * case.hard)):
        begin = int(rng.integers(0, case.length))
        steps[begin : begin + int(rng.integers(20, 120))] *= 1 + rng.uniform(-0.25, 0.25) * case.hard
    t = np.arange(case.length)
    drift = 1 + case.hard * (0.15 * np.sin(2 * np.pi * t / 1700) + 0.05 * np.sin(2 * np.pi * t / 311))
    if case.switch:
        for number, visit in enumerate(visits):
            steps[visit.begin : visit.begin + visit.length + 30] *= 1.4 if number % 2 else 0.6
    return drift * steps, 0.35 * case.hard * np.sin(2 * np.pi * t / 900 + 1)


def _frames(
    scene: EmptyScene, case: Case, visits: list[_Visit], light: tuple[np.ndarray, np.ndarray], rng: np.random.Generator
) -> Iterator[np.ndarray]:
    h, w = scene.empty.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    across = x / w - 0.5
    leaves = np.exp(-((x - 0.8 * w) ** 2 + (y - 0.15 * h) ** 2) / 200)
    texture = ndimage.gaussian_filter(rng.standard_normal((h, w)).astype(np.float32), 1.5)
    leaves = 14 * case.hard * leaves * texture / texture.std()
    brightness, gradient = light
    for t in range(case.length):
        frame = scene.empty.copy()
        for visit in visits:
            if visit.begin <= t < visit.begin + visit.length:
                source, mask = visit.mask(scene, t, still=case.still)
                frame[mask] += case.contrast * (scene.frames[source][mask] - scene.empty[mask])
        frame += leaves * np.float32(np.sin(0.9 * t + 3 * np.sin(0.05 * t)))
        frame *= np.float32(brightness[t]) * (1 + np.float32(gradient[t]) * across)
        if case.shade:
            edge = (1.1 * t) % (3 * w) - w
            frame *= 1 - _SHADOW * expit(np.minimum(x - edge, edge + 50 - x) / 3)
        frame += _NOISE * rng.standard_normal((h, w), np.float32)
        yield np.clip(frame, 0, 255).astype(np.uint8)
