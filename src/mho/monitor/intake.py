"""Messages put in order: repeated ones left out, late ones sorted in, those too late counted."""

from __future__ import annotations

import zlib
from bisect import insort
from typing import Any

import numpy as np

from mho.monitor.payload import Samples

__all__ = ["Duplicates", "Sorter"]

_REMEMBERED_SECONDS = 600.0
_ANCHORED_SECONDS = 60.0
"""Stretch of which the least delay tells how far a sensor's clock has gone from ours: networks delay, never hasten."""


class Duplicates:
    """Messages of the last ten minutes of the stream's own time, by topic, time and checksum."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._newest = 0.0
        self.dropped = 0

    def is_new(self, samples: Samples, again: bool = False) -> bool:
        """Return whether such a message has not been seen.

        One that tells no time may well be like another: it is a repeated one only if its sender sends it `again`.
        """
        time = repr(samples.time) if samples.timed else ""
        key = f"{samples.channel} {time} {zlib.crc32(samples.values.tobytes())}"
        if key in self._seen and (samples.timed or again):
            self.dropped += 1
            return False
        self._newest = max(self._newest, samples.time)
        self._seen[key] = samples.time
        if len(self._seen) % 256 == 0:
            old = self._newest - _REMEMBERED_SECONDS
            self._seen = {key: time for key, time in self._seen.items() if time >= old}
        return True

    def state(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        return {"seen": self._seen, "newest": self._newest, "dropped": self.dropped}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._seen = {str(key): float(time) for key, time in state["seen"].items()}
        self._newest, self.dropped = float(state["newest"]), int(state["dropped"])


class Sorter:
    """Samples of one channel in order of time.

    What follows on what came before passes at once; behind a gap it waits for `lateness` seconds of the stream.

    Parameters
    ----------
    rate : float
        Samples a second.
    lateness : float
        Seconds.

    Attributes
    ----------
    late : int
        Samples that came later than that, and were left out.
    ahead : float
        Seconds by which blocks whose arrival alone is known came later, at the least, than by counting their samples:
        a sensor's clock is not ours.
    """

    def __init__(self, rate: float, lateness: float) -> None:
        self._step, self._lateness = 1 / rate, lateness
        self._expected: float | None = None
        self._waiting: list[tuple[float, np.ndarray]] = []
        self.late = 0
        self.ahead = 0.0
        self._least, self._since = np.inf, -np.inf

    def arrived(self, time: float, count: int) -> float:
        """Return the time of the first of so many samples of which but their arrival is known.

        They follow on what came before: networks deliver late and then all at once. Only a gap of `lateness`, or
        between single numbers of half a sample, is one.
        """
        begin, expected = time - (count - 1) * self._step, self._expected
        allowed = self._lateness if count > 1 else 0.5 * self._step
        if expected is None or begin > expected + self.ahead + allowed:
            self.ahead, self._least, self._since = 0.0, np.inf, begin
            return begin
        if count > 1:
            self._least = min(self._least, begin - expected)
            if expected >= self._since + _ANCHORED_SECONDS:
                self.ahead, self._least, self._since = self._least, np.inf, expected
        return expected

    def push(self, time: float, values: np.ndarray) -> list[tuple[float, np.ndarray]]:
        """Take in a block; return the blocks that are in order now."""
        if self._expected is not None and time < self._expected - 0.5 * self._step:
            self.late += len(values)
            return []
        insort(self._waiting, (time, values), key=lambda one: one[0])
        newest = self._waiting[-1][0]
        passed = []
        while self._waiting and self._passes(self._waiting[0][0], newest):
            begin, block = self._waiting.pop(0)
            if self._expected is not None and begin < self._expected - 0.5 * self._step:
                self.late += len(block)
                continue
            passed.append((begin, block))
            self._expected = begin + len(block) * self._step
        return passed

    def _passes(self, time: float, newest: float) -> bool:
        if self._expected is None or time <= self._expected + 0.5 * self._step:
            return True
        return newest - time >= self._lateness

    def state(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        waiting = [[time, [None if v != v else v for v in values.tolist()]] for time, values in self._waiting]
        anchor = [self.ahead, *(None if np.isinf(one) else one for one in (self._least, self._since))]
        return {"expected": self._expected, "waiting": waiting, "late": self.late, "anchor": anchor}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._expected, self.late = state["expected"], int(state["late"])
        waiting = [(float(t), [np.nan if v is None else float(v) for v in vs]) for t, vs in state["waiting"]]
        self._waiting = [(time, np.array(values)) for time, values in waiting]
        ahead, least, since = state.get("anchor", (0.0, None, None))
        self.ahead = float(ahead)
        self._least = np.inf if least is None else float(least)
        self._since = -np.inf if since is None else float(since)
