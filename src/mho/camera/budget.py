"""Budget: which windows of a stream are kept, by a share of its time or bytes, bytes an hour, or a threshold."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from mho.camera.quantities import Bytes, Keep, Share, Threshold

__all__ = ["FLOOR", "Budget", "Decision", "Offer", "Past"]

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
        Bytes of its frames.
    beside : tuple of float
        Seconds before and after it that are kept with it; less than none if it is not shown whole.
    lead : tuple of (float, int), optional
        Second at which a file of it alone begins, and its bytes up to the window's end.
    """

    number: int
    start: float
    end: float
    score: float
    size: int = 0
    beside: tuple[float, float] = (0.0, 0.0)
    lead: tuple[float, int] | None = None

    @property
    def begin(self) -> float:
        """First second that is kept with it."""
        return self.start - self.beside[0]

    @property
    def until(self) -> float:
        """Last second that is kept with it."""
        return self.end + self.beside[1]

    @property
    def rate(self) -> float:
        """Bytes a second of its frames."""
        return self.size / (self.end - self.start)


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


class Past(NamedTuple):
    """A window of the last hour: its last second, score, seconds or bytes, and those that keeping it took."""

    end: float
    score: float
    weight: float
    cost: float = 0.0


class Budget:
    """Decisions about windows, in their order, each once and `delay` seconds after its end.

    Parameters
    ----------
    keep : Share, Bytes or Threshold
        Limit of what is kept.
    delay : float
        Seconds to wait for better ones. What comes later cannot win any more.
    """

    def __init__(self, keep: Keep, delay: float) -> None:
        self.keep, self.delay = keep, delay
        self._of_time = isinstance(keep, Share) and keep.of == "time"
        self._waiting: deque[Offer] = deque()
        self._past: deque[Past] = deque()
        self._sorted: list[tuple[float, float]] = []
        self._total = 0.0
        self._kept: deque[Past] = deque()
        self._last: Offer | None = None

    def offer(self, window: Offer) -> list[Decision]:
        """Take in the next window and return what is decided now."""
        self._waiting.append(window)
        self._remember(Past(window.end, window.score, self._weight(window)))
        return self.decide(window.end)

    def decide(self, now: float) -> list[Decision]:
        """Return the decisions that are due."""
        while self._past and self._past[0].end <= now - _HOUR:
            gone = self._past.popleft()
            self._total -= gone.weight
            del self._sorted[bisect_left(self._sorted, (gone.score, gone.weight))]
        made = []
        while self._waiting and self._waiting[0].end <= now - self.delay:
            made.append(self._decided(self._waiting.popleft()))
        return made

    def close(self) -> list[Decision]:
        """Decide about all that wait: the stream has ended."""
        return [self._decided(self._waiting.popleft()) for _ in range(len(self._waiting))]

    def correct(self, start: float, end: float, cost: float) -> None:
        """Take up what the windows that were kept between two times have really cost."""
        expected = sum(kept.cost for kept in self._kept if start < kept.end <= end)
        self._kept.append(Past(end, 0.0, 0.0, cost - expected))

    def past(self) -> list[Past]:
        """Return the windows of the last hour, with what was spent on them."""
        cost: defaultdict[float, float] = defaultdict(float)
        for kept in self._kept:
            cost[kept.end] += kept.cost
        return [window._replace(cost=cost[window.end]) for window in self._past]

    def remember(self, past: Iterable[Past]) -> None:
        """Take up the windows of an earlier run."""
        for window in past:
            self._remember(window)
            if window.cost:
                self._kept.append(window)

    def _remember(self, window: Past) -> None:
        self._past.append(window)
        self._total += window.weight
        insort(self._sorted, (window.score, window.weight))

    def _decided(self, window: Offer) -> Decision:
        while self._kept and self._kept[0].end <= window.end - _HOUR:
            self._kept.popleft()
        least = self._threshold()
        kept, why = self._good(window, least)
        near = not kept and window.score >= max(FLOOR, _JOIN * least) and self._beside_kept(window, least)
        if near and self._affordable(window):
            kept, why = True, "joined to its neighbour"
        if kept:
            cost = self._cost(window, self._last)
            self._kept.append(Past(window.end, window.score, self._weight(window), cost))
            self._last = window
        return Decision(window, kept, why)

    def _threshold(self) -> float:
        """Return the score of the best windows that are, with what is beside them, the share of the last hour."""
        if isinstance(self.keep, Threshold):
            return self.keep.score
        if isinstance(self.keep, Bytes):
            return FLOOR
        spent, own = self._spent(), sum(kept.weight for kept in self._kept)
        room = self._allowance() * (own / spent if own and spent else 1.0)
        least = self._sorted[-1][0]
        for score, weight in reversed(self._sorted):
            room -= weight
            if room < -weight / 2:
                break
            least = score
        return max(FLOOR, least)

    def _allowance(self) -> float:
        """Return the seconds or bytes of the last hour that may be kept."""
        if isinstance(self.keep, Bytes):
            return self.keep.per_hour
        assert isinstance(self.keep, Share)
        return self.keep.share * self._total

    def _spent(self) -> float:
        return sum(kept.cost for kept in self._kept)

    def _good(self, window: Offer, least: float) -> tuple[bool, str]:
        if window.score < least:
            return False, f"score {window.score:.1f} below {least:.1f}"
        if not self._affordable(window):
            return False, "the hour's budget is spent, or better ones wait"
        return True, f"score {window.score:.1f} of at least {least:.1f}"

    def _beside_kept(self, window: Offer, least: float) -> bool:
        """Return whether a kept window is beside this one, and there is room enough to be generous."""
        if isinstance(self.keep, Share) and self._spent() >= _GENEROUS * self._allowance():
            return False
        if self._last is not None and self._last.number == window.number - 1:
            return True
        after = self._waiting[0] if self._waiting else None
        return after is not None and after.number == window.number + 1 and after.score >= least

    def _affordable(self, window: Offer) -> bool:
        """Return whether a window fits into the budget with those that wait and are better; a share is one at least."""
        if isinstance(self.keep, Threshold):
            return True
        spent, last = self._spent() + self._cost(window, self._last), window
        for other in self._waiting:
            if other.score > window.score:
                spent += self._cost(other, last)
                last = other
        one = isinstance(self.keep, Share) and not self._kept and last is window
        return one or spent <= self._allowance() + 1e-6

    def _weight(self, window: Offer) -> float:
        return window.end - window.start if self._of_time else window.size

    def _cost(self, window: Offer, last: Offer | None) -> float:
        """Return the seconds or bytes that keeping a window adds to those that were kept up to the `last`."""
        shown = -1e9 if last is None else last.until
        if self._of_time:
            return max(0.0, window.until - max(window.begin, shown))
        begin, size = window.lead or (window.begin, window.size + window.rate * window.beside[0])
        if shown > begin:  # one file
            part = window.start - begin
            before = (size - window.size) * min(1.0, (window.start - shown) / part) if part > 0 else 0.0
            size = before + window.size if shown <= window.start else window.rate * (window.end - shown)
        after = self._waiting[0] if self._waiting else window
        return max(0.0, size + (after if after.number == window.number + 1 else window).rate * window.beside[1])
