"""The camera: learns the empty scene, scores what it cannot explain, decides which clips are kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mho import checks
from mho.camera.budget import FLOOR, Budget, Decision, Offer, Past
from mho.camera.grid import Grid, Rectangle, check_rectangle
from mho.camera.model_file import read_model, write_model
from mho.camera.quantities import Share, Threshold, read_keep, read_seconds
from mho.camera.scene import PARTS, Scene, learn_scene
from mho.camera.state import Event
from mho.camera.watch import Watch, Window, Zone, check_zones, rolls
from mho.engines import Engine, engine_for

__all__ = ["Camera", "Clip", "SceneReport"]

_MOST_LEARNED = 240
"""Learning frames that are factorized, evenly spread."""

_LEAST_LEARNED = 20
_DOUBTFUL = 0.25
_BACKGROUND = 64

Frames = Iterable[tuple[float, np.ndarray]]
BytesOf = Callable[[float, float, float, bool], tuple[int, tuple[float, int]]]


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of the stream that was decided about.

    Attributes
    ----------
    number : int
        Of the windows since the beginning.
    start, end : float
        Seconds of the stream's clock.
    score : float
        About 1 where nothing happens.
    kept : bool
    why : str
    zone : str
        "" is the picture outside of all zones.
    boxes : tuple of Rectangle
        What differs from the scene in the best frame: left, top, width, height in pixels.
    thumbnail : ndarray of shape (h, w)
        Luma of the best frame, uint8, masks burnt in.
    calm : tuple of float
        Seconds at its beginning and at its end without anything that would be kept.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.camera import Clip
    >>> clip = Clip(3, 6.0, 8.0, 7.5, True, "in the best 20%", "", ((4, 2, 9, 20),), np.zeros((48, 64), np.uint8))
    >>> clip.end - clip.start
    2.0
    """

    number: int
    start: float
    end: float
    score: float
    kept: bool
    why: str
    zone: str
    boxes: tuple[Rectangle, ...]
    thumbnail: np.ndarray
    calm: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class SceneReport:
    """Report about a learned scene, and about the limits of what it can tell.

    Attributes
    ----------
    frames : int
        Frames that were learned from.
    seconds : float
    parts : int
        Components of each of the two planes.
    explained : float
        Share of the light's variance over the learning time that the parts explain.
    occupied : float
        Share of the learning frames in which somebody or something passed.
    doubtful : tuple of Rectangle
        Areas that had an intruder in more than a quarter of the frames: what is scene there may be the intruder.
    notes : tuple of str
        In words.

    Examples
    --------
    >>> from mho.camera import SceneReport
    >>> SceneReport(600, 60.0, 6, 0.97, 0.02, (), ()).explained
    0.97
    """

    frames: int
    seconds: float
    parts: int
    explained: float
    occupied: float
    doubtful: tuple[Rectangle, ...]
    notes: tuple[str, ...]


class Camera:
    """A fixed camera that keeps the clips that matter.

    It learns the empty scene as non-negative parts, explains every frame as a mixture of them, and scores what they
    cannot explain. It tells that something is there, not who or what: neither faces nor people are recognised.

    Parameters
    ----------
    parts : int or "auto"
        Components of each of the two planes; "auto" is 10.
    scale : int
        Cells along the longer side of the picture.
    fps : float
        Frames a second that are looked at.
    clip : str or float
        Length of the windows that are kept or dropped.
    keep : str, Share, Bytes or Threshold
        "20%" of the time of the last hour, "25% of bytes" of a recording of all of it, "50 MB/h", or every clip of at
        least a score. Frames of an array count as equally many bytes.
    zones : sequence of Zone, optional
        Areas that count more or less.
    masks : sequence of Rectangle, optional
        Areas that nobody may see, in pixels; black before anything else is done.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who finds the codes of the frames.
    settle : str or float
        Time after which an object that stands belongs to the scene.
    adapt : str, float or None
        Time after which the scene may get another part, the mean of its calmer frames, if it has changed slowly; never
        while something stands there that has not settled. None: it stays as it was learned. A part that was added is
        not saved.
    delay : str or float
        Time after which a decision is made, finally: a better clip that comes later cannot win.
    seed : int
        For the start of the factorizations, and a chip's errors.

    Attributes
    ----------
    scene_ : Scene
        After `learn` or `load`.
    background_ : ndarray of shape (h, w)
        A small picture of the empty scene, uint8, masks burnt in.
    events : list of Event
        Light steps, tampering, gaps, objects that settle and leave, since the last `clear_events`.
    bytes_of : callable, optional
        From the first second that is shown with a window, its start, its end and whether anything moves in it, to its
        bytes, and second and bytes from which on a file of it alone begins; for a budget of bytes.
    roll : float
        Seconds that a recording shows before and after what is to be seen; of the budget. 0 if nobody says.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> rng = np.random.default_rng(0)
    >>> wall = 60 + 80 * rng.random((48, 64))
    >>> frames = [wall * (1 + 0.2 * np.sin(t / 9)) + rng.normal(0, 2, wall.shape) for t in range(300)]
    >>> for frame in frames[200:240]:
    ...     frame[15:35, 20:30] = 250
    >>> frames = np.clip(frames, 0, 255).astype(np.uint8)
    >>> camera = mho.Camera(scale=32, keep="20%")
    >>> report = camera.learn(frames[:150])
    >>> [(clip.start, clip.end) for clip in camera.run(frames) if clip.kept]
    [(20.0, 22.0), (22.0, 24.0)]
    """

    def __init__(
        self,
        parts: int | str = "auto",
        *,
        scale: int = 48,
        fps: float = 10,
        clip: str | float = "2 s",
        keep: Any = "20%",
        zones: Iterable[Zone] | None = None,
        masks: Iterable[Rectangle] | None = None,
        engine: str | Engine = "digital",
        settle: str | float = "10 min",
        adapt: str | float | None = "1 h",
        delay: str | float = "60 s",
        seed: int = 0,
    ) -> None:
        self.parts = PARTS if parts == "auto" else checks.positive_int(parts, "parts", limit=64)
        self.scale = checks.positive_int(scale, "scale", limit=128)
        self.fps = checks.positive_number(fps, "fps")
        self.clip = read_seconds(clip, "clip")
        self.keep = read_keep(keep)
        self.zones = check_zones(tuple(zones or ()))
        self.masks = tuple(check_rectangle(mask, "masks") for mask in masks or ())
        self.engine = engine
        self.settle = read_seconds(settle, "settle")
        self.adapt = np.inf if adapt is None else read_seconds(adapt, "adapt")
        self.delay = read_seconds(delay, "delay")
        self.seed = checks.nonnegative_int(seed, "seed")
        self._engine = engine_for(engine, seed=self.seed)
        self.events: list[Event] = []
        self.bytes_of: BytesOf | None = None
        self.roll = 0.0
        self._watch: Watch | None = None
        self._budget = self._new_budget()
        self._pending: dict[int, Window] = {}

    # -- learning ------------------------------------------------------------------------------------------------

    def learn(self, source: Any, seconds: str | float = 80) -> SceneReport:
        """Learn the empty scene; people may pass through it, but should not stay.

        Parameters
        ----------
        source : ndarray of shape (n, h, w) or (n, h, w, 3), iterable of (time, frame), str or path
            Luma or RGB, uint8, at `fps` frames a second; or frames with their times in seconds; or a video file, a
            device or the URL of a camera.
        seconds : str or float
            Of the stream that are learned from.

        Raises
        ------
        ValueError, TypeError
            The frames are too few, or not such frames.
        DataError
            The file holds no video.
        """
        until = read_seconds(seconds, "seconds")
        grid, cells, picture, first, last = None, [], None, None, 0.0
        for t, luma in self.sampled(source):
            first = t if first is None else first
            if t - first >= until:
                break
            last = t - first
            if grid is None:
                grid = Grid(luma.shape, self.scale, self.masks)
                self._check_areas(grid)
            cells.append(grid.cells(luma)[grid.known])
            picture = _blend(picture, luma, grid, len(cells))
        if grid is None or picture is None or len(cells) < _LEAST_LEARNED:
            raise ValueError(f"source must have at least {_LEAST_LEARNED} frames to learn from, got {len(cells)}")
        return self._learned(np.array(cells, np.float32), grid, picture, last)

    def _check_areas(self, grid: Grid) -> None:
        """Refuse a mask or a zone beside the picture, which would hide or weigh nothing."""
        height, width = grid.frame
        areas = [("masks", mask) for mask in self.masks] + [("zones", zone.area) for zone in self.zones]
        for name, (left, top, *size) in areas:
            if left >= width or top >= height:
                raise ValueError(
                    f"{name} must lie in the picture of {width} x {height} pixels, got {(left, top, *size)}"
                )

    def _learned(self, X: np.ndarray, grid: Grid, picture: np.ndarray, seconds: float) -> SceneReport:
        step = max(1, -(-len(X) // _MOST_LEARNED))
        chosen = X[::step]
        k = min(self.parts, len(chosen))
        self.scene_ = learn_scene(chosen, grid, engine=self._engine, seed=self.seed, parts=k)
        self.background_ = np.rint(picture).astype(np.uint8)
        self.begin()
        return _report(chosen, self.scene_, seconds)

    # -- running -------------------------------------------------------------------------------------------------

    def run(self, source: Any) -> Iterator[Clip]:
        """Watch a stream from a new beginning; give each clip once it is decided about.

        Parameters
        ----------
        source : object
            As `learn` takes it.
        """
        self.begin()
        for t, luma in self.sampled(source):
            yield from self._pushed(luma, t)
        yield from self.finish()

    def push(self, frame: np.ndarray, t: float) -> list[Clip]:
        """Take in the next frame; return the clips that are decided about now.

        Parameters
        ----------
        frame : ndarray of shape (h, w) or (h, w, 3)
            Luma or RGB, uint8. It is not changed.
        t : float
            Seconds, never less than before. Frames that come faster than `fps` are passed over.
        """
        checks.finite_number(t, "t")
        watch = self._watching()
        return self._pushed(_luma(frame), t) if watch.wants(t) else []

    def finish(self) -> list[Clip]:
        """Decide about all that wait: the stream has ended."""
        watch = self._watching()
        decided = self._offered(watch.flush())
        self.events += watch.events
        watch.events.clear()
        return decided + [self._clip(decision) for decision in self._budget.close()]

    def _pushed(self, luma: np.ndarray, t: float) -> list[Clip]:
        watch = self._watching()
        windows = watch.push(luma, t)
        self.events += watch.events
        watch.events.clear()
        return self._offered(windows)

    def _offered(self, windows: list[Window]) -> list[Clip]:
        clips = []
        for window in windows:
            self._pending[window.number] = window
            clips += [self._clip(decision) for decision in self._budget.offer(self._offer(window))]
        return clips

    def _offer(self, window: Window) -> Offer:
        """Return a window with what keeping it takes."""
        beside = rolls(window.calm, self.roll) if self.roll else (0.0, 0.0)
        size, lead = 0, None
        if self.bytes_of is not None:
            moving = window.score >= FLOOR
            size, lead = self.bytes_of(window.start - beside[0], window.start, window.end, moving)
        return Offer(window.number, window.start, window.end, window.score, size, beside, lead)

    def _clip(self, decision: Decision) -> Clip:
        window = self._pending.pop(decision.offer.number)
        return Clip(
            window.number,
            window.start,
            window.end,
            window.score,
            decision.kept,
            decision.why,
            window.zone,
            window.boxes,
            window.thumbnail,
            window.calm,
        )

    def explain(self, clip: Clip) -> str:
        """Return in a sentence why a clip was kept or dropped."""
        where = f" in zone {clip.zone!r}" if clip.zone else ""
        what = f", {len(clip.boxes)} areas differ from the scene" if clip.boxes else ""
        verb = "kept" if clip.kept else "dropped"
        return f"{clip.start:.1f} to {clip.end:.1f} s {verb}{where}: {clip.why}{what}"

    def correct_cost(self, start: float, end: float, cost: float) -> None:
        """Take up the `cost`, in bytes, of a clip that was written of the windows from `start` to `end`."""
        self._budget.correct(start, end, cost)

    def past_windows(self) -> list[Past]:
        """Return the windows of the last hour, by which a share is kept, and what of it is spent."""
        return self._budget.past()

    def remember_windows(self, past: Iterable[Past]) -> None:
        """Take up `past`, the `past_windows` of an earlier run; its times are before 0."""
        self._budget.remember(past)

    def clear_events(self) -> list[Event]:
        """Return the events so far, and forget them."""
        events, self.events = self.events, []
        return events

    # -- files ---------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what was learned to `path`; masks and zones with it, no frame but the small background."""
        self._watching()
        write_model(path, self.scene_, self.background_, self._settings())

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, engine: str | Engine | None = None, **settings: Any) -> Self:
        """Read a camera that was saved.

        Parameters
        ----------
        path : str or path
            A file that `save` has written.
        engine : str or Engine, optional
            In place of the one that was saved; an engine that is no name is not kept in the file.
        **settings
            `keep`, `zones`, `settle`, `adapt` and `delay` in place of those that were saved.

        Raises
        ------
        DataError
            The file is damaged or another.
        """
        unknown = set(settings) - {"keep", "zones", "settle", "adapt", "delay"}
        if unknown:
            raise TypeError(f"settings must be of keep, zones, settle, adapt and delay, got {sorted(unknown)}")
        made: list[Self] = []

        def engine_of(saved: dict[str, Any]) -> Engine:
            known = {**saved, "engine": engine or saved["engine"], **settings}
            if "zones" not in settings:
                known["zones"] = [Zone(name, tuple(area), weight) for name, area, weight in saved["zones"]]
            made.append(cls(known.pop("parts"), **known))
            return made[0]._engine

        scene, background, _ = read_model(path, engine_of)
        camera = made[0]
        camera.masks = scene.grid.masks
        camera.scene_, camera.background_ = scene, background
        camera.begin()
        return camera

    @property
    def solver(self) -> Engine:
        """Engine that finds what is usual in each frame."""
        return self._engine

    def _settings(self) -> dict[str, Any]:
        return {
            "parts": self.parts,
            "scale": self.scale,
            "fps": self.fps,
            "clip": self.clip,
            "keep": str(self.keep),
            "zones": [(zone.name, zone.area, zone.weight) for zone in self.zones],
            "engine": self.engine if isinstance(self.engine, str) else "digital",
            "settle": self.settle,
            "adapt": self.adapt if np.isfinite(self.adapt) else None,
            "delay": self.delay,
            "seed": self.seed,
        }

    # -- inside --------------------------------------------------------------------------------------------------

    def _new_budget(self) -> Budget:
        keep = self.keep
        if isinstance(keep, Share) and self.bytes_of is None:
            keep = Share(keep.share)  # all frames of an array have one size
        return Budget(keep, self.delay)

    def begin(self) -> None:
        """Begin a new stream: forget scores, standing objects and what waits for a decision."""
        least = min(FLOOR, self.keep.score) if isinstance(self.keep, Threshold) else FLOOR
        self._watch = Watch(
            self.scene_,
            fps=self.fps,
            window=self.clip,
            zones=self.zones,
            settle=self.settle,
            adapt=self.adapt,
            least=least,
        )
        self._budget, self._pending = self._new_budget(), {}

    def _watching(self) -> Watch:
        if self._watch is None:
            raise ValueError("camera has not learned a scene yet: call learn, or load one that has")
        return self._watch

    def sampled(self, source: Any) -> Iterator[tuple[float, np.ndarray]]:
        """Give time and luma, valid until the next, of `fps` frames a second at most of a `source` for `learn`."""
        due = -np.inf
        for t, frame in self._timed(source):
            if t >= due - 1e-6:
                due = (np.floor(t * self.fps + 1e-3) + 1) / self.fps
                yield t, _luma(frame)

    def _timed(self, source: Any) -> Iterator[tuple[float, np.ndarray]]:
        if isinstance(source, np.ndarray):
            return ((number / self.fps, frame) for number, frame in enumerate(source))
        if isinstance(source, str | os.PathLike):
            from mho.camera.source import open_source  # which needs PyAV

            return ((shot.time, shot.luma) for shot in open_source(source, fps=self.fps))
        if not isinstance(source, Iterable):
            raise TypeError(f"source must be frames, pairs of time and frame, a path or a URL, got {source!r}")
        return iter(source)


def _luma(frame: Any) -> np.ndarray:
    """Return a frame's luma, uint8 (h, w): the frame itself, if it is that."""
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8:
        kind = f"an array of {frame.dtype}" if isinstance(frame, np.ndarray) else type(frame).__name__
        raise TypeError(f"frame must be an array of uint8, got {kind}")
    if frame.ndim == 2 and frame.size:
        return frame
    if frame.ndim == 3 and frame.shape[2] == 3 and frame.size:
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        return np.rint(frame @ weights).astype(np.uint8)
    raise ValueError(f"frame must have shape (height, width) or (height, width, 3), got {frame.shape}")


def _blend(picture: np.ndarray | None, luma: np.ndarray, grid: Grid, count: int) -> np.ndarray:
    """Return the mean of small pictures so far."""
    step = max(1, -(-max(luma.shape) // _BACKGROUND))
    small = grid.reduced(luma, step).astype(np.float32)
    return small if picture is None else picture + (small - picture) / count


def _report(X: np.ndarray, scene: Scene, seconds: float) -> SceneReport:
    seen = scene.see(X)
    away = seen.deviation > 6
    total = float(((X - X.mean(0)) ** 2).sum())
    usual = np.where(away, 0, X - seen.fitted)
    explained = 1 - float((usual**2).sum()) / max(total, 1e-9)
    occupied = float((scene.top(seen.deviation) / scene.usual > 4).mean())
    picture = np.zeros(scene.grid.shape, bool)
    picture[scene.grid.known] = away.mean(0) > _DOUBTFUL
    doubtful = _areas(picture, scene.grid)
    notes = ["areas that looked one way all the time are scene, whoever stood there"]
    if occupied > 0.5:
        notes.append("more than half of the frames have somebody in them: learn again at a quieter time")
    if doubtful:
        notes.append("in the doubtful areas the scene may be what stood there for a part of the time")
    return SceneReport(len(X), seconds, scene.luma.A.shape[1], explained, occupied, doubtful, tuple(notes))


def _areas(picture: np.ndarray, grid: Grid) -> tuple[Rectangle, ...]:
    from scipy import ndimage

    rows, columns = grid.edges
    labels, _ = ndimage.label(picture)  # pyright: ignore[reportGeneralTypeIssues]
    return tuple(
        (
            int(columns[x.start]),
            int(rows[y.start]),
            int(columns[x.stop] - columns[x.start]),
            int(rows[y.stop] - rows[y.start]),
        )
        for y, x in ndimage.find_objects(labels)
    )
