"""Budget: which windows of a stream are kept, by a share of them, bytes an hour, or a threshold."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass

from mho.camera.quantities import Bytes, Keep, Share, Threshold

__all__ = ["FLOOR", "Budget", "Decision", "Offer"]

FLOOR = 4.0
"""Score below which nothing is kept for a share or for bytes: an empty night has no best clips."""

_HOUR = 3600.0
_GENEROUS = 0.5
"""Part of its share that must be unspent for neighbours to be kept: a crowd keeps the best."""

_JOIN = 0.5
"""Share of the threshold from which a neighbour of a kept window is kept with it."""


@dataclass(frozen=True)
class Offer:
    """A window that may be kept.

    Attributes
    ----------
    number : int
    start, end : float
        Seconds.
    score : float
    size : int
        Bytes that keeping it takes.
    beside : tuple of float
        Seconds before and after it that are kept with it.
    """

    number: int
    start: float
    end: float
    score: float
    size: int = 0
    beside: tuple[float, float] = (0.0, 0.0)

    @property
    def until(self) -> float:
        """Last second that is kept with it."""
        return self.end + self.beside[1]


@dataclass(frozen=True)
class Decision:
    """Whether a window is kept, and why; it is final.

    Attributes
    ----------
    offer : Offer
    kept : bool
    why : str
    """

    offer: Offer
    kept: bool
    why: str


class Budget:
    """Decisions about windows, in their order, each once and `delay` seconds after its end.

    Parameters
    ----------
    keep : Share, Bytes or Threshold
        Limit of what is kept.
    delay : float
        Seconds to wait for better ones. What comes later cannot win any more.
    window : float
        Seconds of a window.
    """

    def __init__(self, keep: Keep, delay: float, window: float) -> None:
        self.keep, self.delay = keep, delay
        self._waiting: deque[Offer] = deque()
        self._past: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []
        self._kept: deque[tuple[Offer, float]] = deque()
        self._most = max(1, round(keep.share * _HOUR / window)) if isinstance(keep, Share) else None
        self._last: Offer | None = None

    def offer(self, window: Offer) -> list[Decision]:
        """Take in the next window and return what is decided now."""
        self._waiting.append(window)
        self._remember(window.end, window.score)
        return self.decide(window.end)

    def decide(self, now: float) -> list[Decision]:
        """Return the decisions that are due."""
        while self._past and self._past[0][0] <= now - _HOUR:
            del self._sorted[bisect_left(self._sorted, self._past.popleft()[1])]
        made = []
        while self._waiting and self._waiting[0].end <= now - self.delay:
            made.append(self._decided(self._waiting.popleft()))
        return made

    def close(self) -> list[Decision]:
        """Decide about all that wait: the stream has ended."""
        return [self._decided(self._waiting.popleft()) for _ in range(len(self._waiting))]

    def scores(self) -> list[tuple[float, float]]:
        """Return end and score of the windows of the last hour."""
        return list(self._past)

    def remember(self, past: list[tuple[float, float]]) -> None:
        """Take up scores of an earlier run."""
        for end, score in past:
            self._remember(end, score)

    def _remember(self, end: float, score: float) -> None:
        self._past.append((end, score))
        insort(self._sorted, score)

    def _decided(self, window: Offer) -> Decision:
        while self._kept and self._kept[0][0].end <= window.end - _HOUR:
            self._kept.popleft()
        least = self._threshold()
        kept, why = self._good(window, least)
        if not kept and window.score >= max(FLOOR, _JOIN * least) and self._beside_kept(window, least):
            kept, why = self._affordable(window), "joined to its neighbour"
        if kept:
            self._kept.append((window, self._cost(window)))
            self._last = window
        return Decision(window, kept, why if kept or why else "below the threshold")

    def _threshold(self) -> float:
        if isinstance(self.keep, Threshold):
            return self.keep.score
        if isinstance(self.keep, Bytes):
            return FLOOR
        count = round(self.keep.share * len(self._sorted))
        return max(FLOOR, self._sorted[-count]) if count else FLOOR

    def _good(self, window: Offer, least: float) -> tuple[bool, str]:
        if window.score < least:
            return False, f"score {window.score:.1f} below {least:.1f}"
        if not self._affordable(window):
            return False, "the hour's budget is spent, or better ones wait"
        return True, f"score {window.score:.1f} of at least {least:.1f}"

    def _beside_kept(self, window: Offer, least: float) -> bool:
        """Return whether a kept window is beside this one, and there is room enough to be generous."""
        if isinstance(self.keep, Share) and len(self._kept) >= _GENEROUS * self.keep.share * len(self._past):
            return False
        if self._last is not None and self._last.number == window.number - 1:
            return True
        after = self._waiting[0] if self._waiting else None
        return after is not None and after.number == window.number + 1 and after.score >= least

    def _affordable(self, window: Offer) -> bool:
        if self._most is not None:
            return len(self._kept) < self._most
        if not isinstance(self.keep, Bytes):
            return True
        better = sum(other.size for other in self._waiting if other.score > window.score)
        return sum(cost for _, cost in self._kept) + better + self._cost(window) <= self.keep.per_hour

    def _cost(self, window: Offer) -> float:
        """Return the bytes that keeping a window adds to what was kept before it."""
        begin = window.start - window.beside[0]
        seconds = window.until - (begin if self._last is None else max(begin, self._last.until))
        return window.size * seconds / (window.end - window.start)
