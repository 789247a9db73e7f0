"""From sampled frames to scored windows: batches of frames, windows of a clip's length, boxes and thumbnails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from mho import checks
from mho.camera.adaptation import Adaptation
from mho.camera.budget import FLOOR
from mho.camera.grid import Grid, Rectangle, check_rectangle
from mho.camera.ranking import best_mean
from mho.camera.scene import Scene, Seen
from mho.camera.state import Event, Standing, Tampering

__all__ = ["Watch", "Window", "Zone", "check_zones", "rolls"]

_BOXED = 4.0
"""Spreads from which a cell belongs to what is outlined."""

_BATCH = 20
"""Frames that are scored together."""

_MOST_BOXES = 3
_THUMBNAIL = 256
"""Pixels of a thumbnail's longer side, at most twice as many."""


@dataclass(frozen=True)
class Zone:
    """An area whose clips count more or less than others.

    Parameters
    ----------
    name : str
        Unlike that of any other zone.
    area : Rectangle
        Left, top, width and height in pixels of the camera's picture.
    weight : float
        Factor of its scores; 0 means that nothing there is kept.

    Examples
    --------
    >>> from mho import Camera
    >>> from mho.camera import Zone
    >>> camera = Camera(zones=[Zone("street", (0, 0, 640, 120), weight=0.0)])
    """

    name: str
    area: Rectangle
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"name of a zone must be text, got {self.name!r}")
        check_rectangle(self.area, f"area of zone {self.name!r}")
        checks.nonnegative_number(self.weight, f"weight of zone {self.name!r}")


def check_zones(zones: Sequence[Zone] | None) -> tuple[Zone, ...]:
    """Return zones of different names."""
    found = tuple(zones or ())
    if not all(isinstance(zone, Zone) for zone in found):
        raise TypeError(f"zones must be mho.camera.Zone, got {zones!r}")
    if len({zone.name for zone in found}) < len(found):
        raise ValueError(f"zones must have different names, got {[zone.name for zone in found]}")
    return found


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of the stream as long as a clip.

    Attributes
    ----------
    number : int
        Of the windows since the beginning.
    start, end : float
        Seconds of the stream's clock.
    score : float
        Mean score of its 40 % best frames; about 1 where nothing happens.
    zone : str
        Where it was highest; "" is the picture outside of all zones.
    boxes : tuple of Rectangle
        What differs from the scene in the best frame, in pixels.
    thumbnail : ndarray of shape (h, w)
        Luma of the best frame, uint8, masks burnt in.
    calm : tuple of float
        Seconds at its beginning and at its end without anything that would be kept.
    """

    number: int
    start: float
    end: float
    score: float
    zone: str
    boxes: tuple[Rectangle, ...]
    thumbnail: np.ndarray
    calm: tuple[float, float]


def rolls(calm: tuple[float, float], roll: float) -> tuple[float, float]:
    """Return the seconds before and after a window that a recording shows, with `roll` beside what is seen in it.

    Less than none where the window itself is calm for longer.
    """
    before, after = (roll - seconds for seconds in calm)
    return before, after


@dataclass(eq=False)
class _Open:
    """A window that frames are still added to."""

    number: int
    thumbnail: np.ndarray
    deviation: np.ndarray
    best: float = -1.0
    scores: list[np.ndarray] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


class Watch:
    """Scores a stream frame by frame.

    Parameters
    ----------
    scene : Scene
        The empty scene.
    fps : float
        Frames a second that are looked at.
    window : float
        Seconds of a window.
    zones : tuple of Zone
        Areas that count more or less.
    settle : float
        Seconds after which what stands belongs to the scene.
    adapt : float
        Seconds after which a part may be added to the scene; infinite: never.
    least : float
        Score below which nothing is kept, and a frame is calm.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        fps: float,
        window: float,
        zones: tuple[Zone, ...] = (),
        settle: float = 600.0,
        adapt: float = math.inf,
        least: float = FLOOR,
    ) -> None:
        self.scene, self.fps, self.window, self.least = scene, fps, window, least
        self.events: list[Event] = []
        self._zones = _zone_cells(zones, scene.grid)
        self._tampering = Tampering(scene)
        self._standing = Standing(scene, settle)
        self._adaptation = Adaptation(scene, adapt)
        self._batch: list[tuple[float, np.ndarray, np.ndarray]] = []
        self._open: _Open | None = None
        self._due = -math.inf

    def wants(self, t: float) -> bool:
        """Whether a frame of this time is the next to be looked at."""
        return t >= self._due - 1e-6

    def push(self, luma: np.ndarray, t: float) -> list[Window]:
        """Take in a frame, which is not kept; return the windows that are complete."""
        done = []
        if self._batch and t - self._batch[-1][0] > self.window:
            done = self.flush()
            self.events.append(Event(t, "gap", "frames are missing"))
        self._due = (math.floor(t * self.fps + 1e-3) + 1) / self.fps
        cells = self.scene.grid.cells(luma)[self.scene.grid.known]
        self._batch.append((t, cells, self._reduced(luma)))
        return done + (self._score() if len(self._batch) >= _BATCH else [])

    def flush(self) -> list[Window]:
        """Return the windows that were begun: the stream ends here, or goes on after a gap."""
        done = self._score()
        if self._open is not None:
            done.append(self._closed(self._open))
            self._open = None
        return done

    def _score(self) -> list[Window]:
        if not self._batch:
            return []
        times = np.array([t for t, _, _ in self._batch])
        X = np.array([cells for _, cells, _ in self._batch], np.float32)
        pictures = [picture for _, _, picture in self._batch]
        seen = self.scene.see(X)
        self.events += self._tampering.look(X, seen, times)
        rest, events = self._standing.without(X, seen, times)
        self.events += events
        if rest is not X:
            seen = self.scene.see(rest)
        if self._tampering.kind:
            scores = np.zeros((len(X), len(self._zones)), np.float32)
        else:
            self.events += self._standing.look(rest, seen, float(times[-1]))
            zones = [w * self.scene.top(seen.deviation, cells) / self.scene.usual for _, w, cells in self._zones]
            scores = np.stack(zones, 1)
            self._adapt(rest, seen, float(times[-1]))
        self._batch = []  # not before: whoever is interrupted decides about these frames too
        return self._added(times, scores, seen.deviation, pictures)

    def _adapt(self, X: np.ndarray, seen: Seen, now: float) -> None:
        scene = self._adaptation.look(X, seen, now, open=self._standing.open)
        if scene is not None:
            self.scene = self._tampering.scene = self._standing.scene = scene
            self.events.append(Event(now, "adapted", "the scene has changed slowly: one more part"))

    def _added(
        self, times: np.ndarray, scores: np.ndarray, deviation: np.ndarray, pictures: list[np.ndarray]
    ) -> list[Window]:
        """Add scored frames to their windows; return those that are complete."""
        done = []
        for t, score, z, picture in zip(times, scores, deviation, pictures, strict=True):
            number = math.floor(t / self.window + 1e-6)
            if self._open is not None and self._open.number != number:
                done.append(self._closed(self._open))
                self._open = None
            if self._open is None:
                self._open = _Open(number, picture, z)
            self._open.scores.append(score)
            if score.max() >= self.least:
                self._open.busy.append(float(t))
            if score.max() > self._open.best:
                self._open.best = float(score.max())
                self._open.deviation = z
                self._open.thumbnail = picture
        return done

    def _closed(self, window: _Open) -> Window:
        by_zone = best_mean(np.array(window.scores).T)
        best = int(by_zone.argmax())
        start, end = window.number * self.window, (window.number + 1) * self.window
        return Window(
            window.number,
            start,
            end,
            float(by_zone[best]),
            self._zones[best][0],
            self._boxes(window.deviation),
            window.thumbnail,
            self._calm(window, start, end),
        )

    def _calm(self, window: _Open, start: float, end: float) -> tuple[float, float]:
        if not window.busy:
            return 0.0, 0.0
        return max(0.0, window.busy[0] - start), max(0.0, end - window.busy[-1] - 1 / self.fps)

    def _reduced(self, luma: np.ndarray) -> np.ndarray:
        return self.scene.grid.reduced(luma, max(1, max(luma.shape) // _THUMBNAIL))

    def _boxes(self, deviation: np.ndarray) -> tuple[Rectangle, ...]:
        """Return the areas (pixels) that differ most."""
        grid = self.scene.grid
        picture = np.zeros(grid.shape, np.float32)
        picture[grid.known] = deviation
        labels, count = ndimage.label(picture > _BOXED)  # pyright: ignore[reportGeneralTypeIssues]
        if not count:
            return ()
        weights = np.bincount(labels.ravel(), picture.ravel())
        weights[0] = 0
        largest = np.argsort(-weights)[: min(count, _MOST_BOXES)]
        slices = ndimage.find_objects(labels)
        return tuple(_pixels(slices[number - 1], grid) for number in largest)


def _zone_cells(zones: tuple[Zone, ...], grid: Grid) -> list[tuple[str, float, np.ndarray]]:
    """Return name, weight and cells of each zone, and of what is outside of all."""
    rows, columns = ((edges[:-1] + edges[1:]) / 2 for edges in grid.edges)
    found, outside = [], np.ones(int(grid.known.sum()), bool)
    for zone in zones:
        left, top, width, height = zone.area
        inside = np.outer((rows >= top) & (rows < top + height), (columns >= left) & (columns < left + width))
        cells = inside[grid.known]
        if not cells.any():
            raise ValueError(f"zone {zone.name!r} must hold something of the picture, got {zone.area}")
        found.append((zone.name, zone.weight, cells))
        outside &= ~cells
    return [*found, ("", 1.0, outside)] if outside.any() else found


def _pixels(box: tuple[slice, slice], grid: Grid) -> Rectangle:
    rows, columns = grid.edges
    top, left = int(rows[box[0].start]), int(columns[box[1].start])
    return left, top, int(columns[box[1].stop]) - left, int(rows[box[0].stop]) - top
