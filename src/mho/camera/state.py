"""State of a camera's view: events of light and of tampering, and objects that have come to stay."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from mho.camera.scene import Scene, Seen, texture

__all__ = ["Event", "Standing", "Tampering"]

_STEP = 0.15
"""Relative change of the scene's brightness from one second to the next that is told as a light step."""

_CALM = 0.3
"""Share of the cells that may differ from the scene while a change is one of light."""

_FAR = 6.0
_LOST = 0.3
"""Share of cells so many spreads away from the scene from which the camera may have been moved."""

_DARK, _FLAT = 6.0, 0.35
"""Luma of a black picture; contrast of a covered one beside what was learned."""

_UNLIKE = 0.8
"""Change of texture beside what was learned, in the medians of the cells, from which a camera has moved.

Textures that have nothing to do with one another differ by 1.4 of either (normal distributions; more for heavier
tails), one scene seen twice by its noise. Somebody who hides a share of the scene changes that share alone: within 0.8
stay all other cells and, by chance, 30 % of the hidden ones, so that he would have to hide 71 % of it.
"""

_PATIENCE = 5.0
"""Seconds for which a view must be tampered with, or sound again, before that is told."""

_FROZEN = 30.0
"""Seconds of frames without any change: no sensor is without noise."""

_STAYS, _FORGETS = 4.0, 30.0
_OVERLAP = 0.5


@dataclass(frozen=True)
class Event:
    """Something that happened to the view, told beside the clips.

    Attributes
    ----------
    time : float
        Seconds of the stream's clock.
    kind : str
        light, black, covered, defocused, moved, frozen, restored, settled, left, adapted, gap or other.
    text : str
        For people.

    Examples
    --------
    >>> from mho.camera import Event
    >>> Event(12.5, "light", "the light changed by 40 %").kind
    'light'
    """

    time: float
    kind: str
    text: str


@dataclass(eq=False)
class Tampering:
    """Watch for a view that is black, covered, defocused, moved or frozen.

    Parameters
    ----------
    scene : Scene
        As it was learned.
    """

    scene: Scene
    kind: str = ""
    _since: tuple[str, float] = ("", -np.inf)
    _still: tuple[bytes, float] = (b"", np.inf)
    _brightness: deque[float] = field(default_factory=lambda: deque(maxlen=2))

    def look(self, X: np.ndarray, seen: Seen, times: np.ndarray) -> list[Event]:
        """Return the events of a batch of frames of a second or two."""
        now = float(times[-1])
        self._note_changes(X, times)
        kind = "frozen" if now - self._still[1] >= _FROZEN else self._kind(X, seen)
        events = self._changed(kind, now)
        if not self.kind:
            events += self._light(seen, now)
        return events

    def _kind(self, X: np.ndarray, seen: Seen) -> str:
        frame, scene = _middle(X), self.scene
        if frame.mean() < _DARK:
            return "black"
        detail = texture(frame[None], scene.grid)[0]
        if detail.std() < _FLAT * scene.detail.std():
            usual = scene.luma.A @ scene.typical
            flat = frame.std() / frame.mean() < _FLAT * usual.std() / usual.mean()
            return "covered" if flat else "defocused"
        far = (np.abs(_middle(seen.residual)) > _FAR).mean()
        return "moved" if far > _LOST and _texture_change(detail, scene.detail) > _UNLIKE else ""

    def _changed(self, kind: str, now: float) -> list[Event]:
        if kind != self._since[0]:
            self._since = kind, now
        if kind == self.kind or now - self._since[1] < (_PATIENCE if kind != "frozen" else 0):
            return []
        before, self.kind = self.kind, kind
        if not kind:
            return [Event(now, "restored", f"no longer {before}")]
        return [Event(now, kind, f"the view is {kind}; nothing is scored until it is as it was learned")]

    def _note_changes(self, X: np.ndarray, times: np.ndarray) -> None:
        for x, t in zip(X, times, strict=True):
            data = x.tobytes()
            if data != self._still[0]:
                self._still = data, float(t)

    def _light(self, seen: Seen, now: float) -> list[Event]:
        brightness = np.median(seen.fitted.mean(1))
        self._brightness.append(float(brightness))
        if len(self._brightness) < 2 or np.count_nonzero(seen.deviation > _FAR) > _CALM * seen.deviation.size:
            return []
        change = self._brightness[1] / max(self._brightness[0], 1e-3) - 1
        return [Event(now, "light", f"light changed by {change:+.0%}")] if abs(change) > _STEP else []


@dataclass(eq=False)
class _Object:
    cells: np.ndarray
    since: float
    seen: float
    total: np.ndarray
    frames: int = 1
    settled: bool = False
    absent_since: float | None = None


@dataclass(eq=False)
class Standing:
    """Objects that stand still, until they count as scene, and their leaving.

    Parameters
    ----------
    scene : Scene
        The empty scene.
    settle : float
        Seconds after which what stands is taken up into the scene.
    """

    scene: Scene
    settle: float
    objects: list[_Object] = field(default_factory=list)

    def without(self, X: np.ndarray, seen: Seen, times: np.ndarray) -> tuple[np.ndarray, list[Event]]:
        """Return frames with settled objects taken out where they still stand, and events of leaving.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Known cells of the frames.
        seen : Seen
            Of X as it is.
        times : ndarray of shape (n,)
            Seconds.
        """
        events, out = [], X
        for thing in [thing for thing in self.objects if thing.settled]:
            shift = _gain(seen, self.scene) * (thing.total / thing.frames)
            here = np.median(np.abs(seen.residual[:, thing.cells]), 1)
            there = np.median(np.abs(X - shift - seen.fitted)[:, thing.cells] / self.scene.luma.spread[thing.cells], 1)
            present = there < here
            out = out - np.where(present[:, None], shift, 0)
            events += self._left(thing, bool(np.median(here) < _STAYS and not present.any()), float(times[-1]))
        return out, events

    def _left(self, thing: _Object, absent: bool, now: float) -> list[Event]:
        if not absent:
            thing.absent_since = None
            return []
        thing.absent_since = now if thing.absent_since is None else thing.absent_since
        if now - thing.absent_since < _PATIENCE:
            return []
        self.objects.remove(thing)
        return [Event(now, "left", "an object that had settled is gone")]

    def look(self, X: np.ndarray, seen: Seen, now: float) -> list[Event]:
        """Follow what stands still, by the middle of a batch of frames without settled objects; return events."""
        grid, events = self.scene.grid, []
        picture = np.zeros(grid.shape, bool)
        picture[grid.known] = _middle(seen.deviation) > _STAYS
        labels, count = ndimage.label(picture)  # pyright: ignore[reportGeneralTypeIssues]
        difference = _middle((X - seen.fitted) / _gain(seen, self.scene))
        for number in range(1, count + 1):
            cells = (labels == number)[grid.known]
            if cells.sum() >= 3:
                events += self._follow(cells, np.where(cells, difference, 0), now)
        self.objects = [thing for thing in self.objects if thing.settled or now - thing.seen < _FORGETS]
        return events

    def _follow(self, cells: np.ndarray, difference: np.ndarray, now: float) -> list[Event]:
        for thing in self.objects:
            if not thing.settled and (cells & thing.cells).sum() > _OVERLAP * (cells | thing.cells).sum():
                thing.seen, thing.frames, thing.total = now, thing.frames + 1, thing.total + difference
                if now - thing.since < self.settle:
                    return []
                thing.settled = True
                return [Event(now, "settled", f"an object has stood for {self.settle:g} s and counts as scene now")]
        self.objects.append(_Object(cells, now, now, difference))
        return []

    @property
    def open(self) -> bool:
        """Whether something stands that is not settled yet."""
        return any(not thing.settled for thing in self.objects)


def _texture_change(texture: np.ndarray, learned: np.ndarray) -> float:
    """Return the median change of a texture over the median of the learned one."""
    return float(np.median(np.abs(texture - learned)) / max(float(np.median(np.abs(learned))), 1e-9))


def _middle(frames: np.ndarray) -> np.ndarray:
    """Return the median (p,) of the first, the middle and the last frame of a batch."""
    a, b, c = frames[0], frames[len(frames) // 2], frames[-1]
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def _gain(seen: Seen, scene: Scene) -> np.ndarray:
    return seen.fitted.mean(1, keepdims=True) / scene.luma.level
