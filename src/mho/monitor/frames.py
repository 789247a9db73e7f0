"""Windows of samples that arrive in chunks of any size, and their features: the same for any split of the stream."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.caching import cached_property
from mho.monitor.recording import Channel
from mho.monitor.waveform import HOPS, Hops, WaveformFeatures, interpolated
from mho.monitor.windows import level_features

__all__ = ["KNOWN_SHARE", "MOST_GUESSED", "SMOOTHED", "Frames", "LevelFramer", "WaveformFramer", "framer_for"]

SMOOTHED = 12
"""Windows over which a band spectrum is averaged: 3.75 s."""

MOST_GUESSED = 0.02
"""Share of a waveform's window that is interpolated where samples are missing."""

KNOWN_SHARE = 0.5
"""Share of a level window's samples that must be known for it to be scored."""

_JUMP_SECONDS = 86_400.0
_FOLLOWED = 10.0
"""Seconds in which the time of windows follows that of samples, where the two go apart by less than half a hop."""

_PART = 32
"""Hops of a waveform that are framed together."""

_ROOM = 4
"""Times the samples that are left for which room is kept."""


@dataclass(eq=False)
class Frames:
    """Windows.

    Attributes
    ----------
    times : ndarray of shape (n,)
        End of each, seconds.
    features : dict of str to ndarray of shape (n, d)
        By feature group; NaN where not known.
    states : list of str
        "ok", or the sensors' state that keeps a window from a score.
    """

    times: np.ndarray
    features: dict[str, np.ndarray]
    states: list[str]

    def __len__(self) -> int:
        return len(self.times)

    def part(self, rows: slice) -> Frames:
        """Return some of the windows."""
        return Frames(self.times[rows], {name: part[rows] for name, part in self.features.items()}, self.states[rows])

    @classmethod
    def joined(cls, parts: Sequence[Frames]) -> Frames:
        """Return windows of several parts, at least one, in order."""
        features = {name: np.concatenate([part.features[name] for part in parts]) for name in parts[0].features}
        states = [state for part in parts for state in part.states]
        return cls(np.concatenate([part.times for part in parts]), features, states)


class LevelFramer:
    """Windows of level channels on a regular grid of their rate, one for each row.

    Parameters
    ----------
    channels : tuple of Channel
        All of one rate.
    window : int
        Samples.

    Attributes
    ----------
    known_share : float
        Share of a window's samples that must be known for it to be scored.
    largest : ndarray of shape (c,)
        Reading of each channel beyond which its unit has changed.
    late : int
        Rows that were left out because they came after later ones.
    """

    def __init__(self, channels: tuple[Channel, ...], window: int) -> None:
        self.channels, self.window, self.rate = channels, window, channels[0].rate
        self.quiet = np.zeros(len(channels))
        self.flat_after = np.full(len(channels), np.inf)
        self.longest_run = np.ones(len(channels))
        self.known_share = KNOWN_SHARE
        self.largest = np.full(len(channels), np.inf)
        self.late = 0
        self._origin: float | None = None
        self._slot = -1
        self._buffer = np.full((max(window - 1, 0), len(channels)), np.nan)
        self._last = np.full(len(channels), np.nan)
        self._run = np.zeros(len(channels))

    def push(self, times: np.ndarray, values: np.ndarray) -> Frames:
        """Return the windows that end at new rows, times (n,) and values (n, c).

        Rows that are not later than those before are left out and counted in `late`.
        """
        if self._origin is None and len(times):
            self._origin = float(times[0])
        slots = np.round((times - (self._origin or 0.0)) * self.rate).astype(np.int64)
        new = slots > np.maximum.accumulate(np.concatenate([[self._slot], slots]))[:-1]
        self.late += int(len(new) - new.sum())
        times, slots, values = times[new], slots[new], values[new]
        if not len(times):
            return self._none()
        far = np.abs(values) > self.largest
        values, flat = self._without_flat(values)
        values = np.where(far, np.nan, values)
        gaps = np.diff(np.concatenate([[self._slot], slots]))
        first = self._slot < 0
        cuts = np.flatnonzero(gaps > self.window).tolist()
        states, features = [], []
        for begin, end in zip([0, *[c for c in cuts if c]], [*[c for c in cuts if c], len(times)], strict=True):
            if begin in cuts:
                self._buffer[:] = np.nan
                self._slot = int(slots[begin]) - 1
            features.append(self._features(slots[begin:end], values[begin:end]))
        merged = {name: np.concatenate([part[name] for part in features]) for name in features[0]}
        known = ~np.asarray(np.isnan(merged["mean"]).all(axis=1))
        for row in range(len(times)):
            jumped = gaps[row] > _JUMP_SECONDS * self.rate and not (first and row == 0)
            unknown = "flat" if flat[row].any() else "scale changed" if far[row].any() else "missing"
            state = "ok" if known[row] else unknown
            states.append("clock jumped" if jumped else state)
        return Frames(times, merged, states)

    def parts(self, times: np.ndarray, values: np.ndarray) -> Iterator[Frames]:
        """Give the windows of new rows, some at a time."""
        yield self.push(times, values)

    def _features(self, slots: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        grid = np.full((int(slots[-1]) - self._slot, values.shape[1]), np.nan)
        rows = slots - self._slot - 1
        grid[rows] = values
        whole = np.vstack([self._buffer, grid])
        found = level_features(whole, self.window, self.quiet, self.known_share)
        if self.window > 1:
            self._buffer = whole[len(whole) - self.window + 1 :].copy()
        self._slot = int(slots[-1])
        return {name: part[rows] for name, part in found.items()}

    def _without_flat(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return values with NaN where a channel has been constant for too long, and a mask of these."""
        flat = np.zeros(values.shape, bool)
        for row, sample in enumerate(values):
            self._run = np.where(sample == self._last, self._run + 1, 1)
            self._last = np.where(np.isnan(sample), self._last, sample)
            flat[row] = self._run > self.flat_after
            self.longest_run = np.maximum(self.longest_run, self._run)
        return np.where(flat, np.nan, values), flat

    def _none(self) -> Frames:
        width = len(self.channels)
        return Frames(np.zeros(0), {name: np.zeros((0, width)) for name in ("mean", "spread")}, [])

    def state(self) -> dict[str, Any]:
        """Return all that the next windows depend on, as JSON takes it."""
        arrays = {"buffer": self._buffer, "last": self._last, "run": self._run}
        facts = {"origin": self._origin, "slot": self._slot, "late": self.late}
        return facts | {name: packed_array(array) for name, array in arrays.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._origin, self._slot, self.late = state["origin"], int(state["slot"]), int(state["late"])
        self._buffer = unpacked_array(state["buffer"], self._buffer.shape)
        self._last, self._run = (unpacked_array(state[name], self._last.shape) for name in ("last", "run"))


class WaveformFramer:
    """Overlapping windows of one waveform channel.

    Parameters
    ----------
    channels : tuple of Channel
        The one.

    Attributes
    ----------
    unit : float
        What samples are divided by, a healthy deviation: features are of single precision, and thus no others in
        another unit.
    """

    def __init__(self, channels: tuple[Channel, ...]) -> None:
        self.channels, self.rate = channels, channels[0].rate
        self.extract = WaveformFeatures(self.rate)
        self.most_clipped = np.inf
        self.largest = np.full(1, np.inf)
        self.unit = 1.0
        self.seen_clipped = 0.0
        self.late = 0
        self._begin: float | None = None
        self._passed = 0
        self._room, self._held = np.empty(0), 0
        self._hops: Hops | None = None
        self._facts: list[_HopFacts] = []
        self._spectra = np.zeros((0, len(self.extract.spectrum_hertz)))

    def push(self, times: np.ndarray, values: np.ndarray) -> Frames:
        """Return the windows that end in new samples, times (n,) rising and values (n, 1).

        Only the first time counts, and whether it goes on from the samples before.
        """
        if not len(times):
            return self._none
        expected = None if self._begin is None else self._begin + (self._passed + self._held) / self.rate
        states: list[str] = []
        ends: list[float] = []
        if expected is None or abs(times[0] - expected) > self.extract.hop / 2 / self.rate:
            if expected is not None:
                jumped = times[0] < expected or times[0] - expected > _JUMP_SECONDS
                states.append("clock jumped" if jumped else "missing")
                ends.append(float(times[0]))
            self._begin, self._passed, self._held = float(times[0]), 0, 0
            self._hops, self._facts, self._spectra = None, [], self._spectra[:0]
        elif abs(times[0] - expected) > 0.5 / self.rate:  # a clock that goes otherwise than the rate says
            self._begin = (self._begin or 0.0) + min(1.0, len(values) / (_FOLLOWED * self.rate)) * (times[0] - expected)
        self._take(values[:, 0])
        known = 0 if self._hops is None else len(self._hops)
        if self._held < known * self.extract.hop + self.extract.block:  # no hop is complete
            return _frames(ends, states, {}, self.extract) if ends else self._none
        return self._framed(ends, states)

    def parts(self, times: np.ndarray, values: np.ndarray) -> Iterator[Frames]:
        """Give the windows of new samples, some at a time: memory stays small."""
        step = _PART * self.extract.hop
        for begin in range(0, len(values), step):
            yield self.push(times[:1] + begin / self.rate, values[begin : begin + step])

    @cached_property
    def _none(self) -> Frames:
        return _frames([], [], {}, self.extract)

    @property
    def _buffer(self) -> np.ndarray:
        """Samples from the beginning of the next window on."""
        return self._room[: self._held]

    def _take(self, samples: np.ndarray) -> None:
        """Append samples, in the model's unit, where the next call finds room again."""
        end = self._held + len(samples)
        if end > len(self._room):
            room = np.empty(end)
            room[: self._held] = self._buffer
            self._room = room
        np.divide(samples, self.unit, out=self._room[self._held : end])
        self._held = end

    def _pass(self, count: int) -> None:
        """Let go of the first samples."""
        left = self._room[count : self._held]
        if len(self._room) > _ROOM * len(left):  # of a long recording: memory stays small
            self._room = left.copy()
        else:
            self._room[: len(left)] = left
        self._held, self._passed = len(left), self._passed + count

    def _framed(self, ends: list[float], states: list[str]) -> Frames:
        count = self._take_hops()
        if count <= 0:
            return _frames(ends, states, {}, self.extract)
        assert self._hops is not None
        before, hop = len(ends), self.extract.hop
        first = (self._begin or 0.0) + (self._passed + self.extract.margin + self.extract.samples) / self.rate
        ends += [first + number * hop / self.rate for number in range(count)]
        own = self._states(count)
        states += own
        found = self.extract.windows(self._hops)
        rows = [number for number, state in enumerate(own) if state == "ok"]
        if len(rows) < count:
            found = {name: part[rows] for name, part in found.items()}
        found["spectrum"] = self._smoothed(found["spectrum"])
        self._hops, self._facts = self._hops.last(HOPS - 1), self._facts[count:]
        self._pass(count * hop)
        return _frames(ends, states, found, self.extract, [before + row for row in rows])

    def _take_hops(self) -> int:
        """Filter the hops that are complete; return the number of windows that end in them."""
        known, extract = 0 if self._hops is None else len(self._hops), self.extract
        samples = self._buffer[known * extract.hop :]
        hops = extract.hops(samples)
        if len(hops):
            self._hops = hops if self._hops is None else Hops.joined([self._hops, hops])
            rows = samples[extract.margin :][: len(hops) * extract.hop].reshape(len(hops), extract.hop)
            self._facts += _facts(rows)
        return known + len(hops) - HOPS + 1

    def _states(self, count: int) -> list[str]:
        """Return the states of the sensor in the next windows."""
        unknown, low, high, lowest, highest = zip(*self._facts, strict=True)
        if not any(unknown) and HOPS * max(*lowest, *highest) <= self._most_in_row and max(low) < min(high):
            if self.unit * max(-min(low), max(high)) <= self.largest[0]:  # as nearly always
                return ["ok"] * count
        return [self._state(number, *_over(self._facts[number : number + HOPS])) for number in range(count)]

    @property
    def _most_in_row(self) -> float:
        """Samples in a row at a window's edge that change nothing."""
        return self.seen_clipped if np.isinf(self.most_clipped) else self.most_clipped

    def _state(self, number: int, unknown: float, least: float, most: float, run: float) -> str:
        if unknown > MOST_GUESSED * self.extract.samples:
            return "missing"
        if least == most:
            return "flat"
        if self.unit * max(-least, most) > self.largest[0]:
            return "scale changed"
        if run <= self._most_in_row:
            return "ok"
        begin = number * self.extract.hop + self.extract.margin
        window = interpolated(self._buffer[begin : begin + self.extract.samples])
        run = max(_longest(window == least), _longest(window == most))
        self.seen_clipped = max(self.seen_clipped, run)
        return "clipped" if run > self.most_clipped else "ok"

    def _smoothed(self, spectra: np.ndarray) -> np.ndarray:
        """Return running means over the windows that have a score, free of the level; NaN until there are enough."""
        whole = np.concatenate([self._spectra, spectra])
        self._spectra = whole[max(0, len(whole) - SMOOTHED + 1) :]
        known = len(whole) - SMOOTHED + 1
        if known <= 0:
            return np.full_like(spectra, np.nan)
        mean = np.empty((known, spectra.shape[1]))
        for begin, sums in enumerate(mean):
            np.add.reduce(whole[begin : begin + SMOOTHED], axis=0, out=sums)  # in one order, always
        mean /= SMOOTHED
        mean -= np.add.reduce(mean, axis=1, keepdims=True) / mean.shape[1]
        unknown = len(spectra) - known
        return np.concatenate([np.full_like(spectra[:unknown], np.nan), mean]) if unknown else mean

    def state(self) -> dict[str, Any]:
        """Return all that the next windows depend on, as JSON takes it."""
        facts = {"begin": self._begin, "passed": self._passed, "late": self.late}
        return facts | {"buffer": packed_array(self._buffer), "spectra": packed_array(self._spectra)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._begin, self._passed, self.late = state["begin"], int(state["passed"]), int(state["late"])
        self._room = unpacked_array(state["buffer"], (-1,))
        self._held = len(self._room)
        self._hops, self._facts = None, []  # filtered again
        self._spectra = unpacked_array(state["spectra"], (-1, self._spectra.shape[1]))


def framer_for(channels: tuple[Channel, ...], window: int) -> LevelFramer | WaveformFramer:
    """Return the framer of channels of one kind."""
    return WaveformFramer(channels) if channels[0].kind == "waveform" else LevelFramer(channels, window)


def packed_array(array: np.ndarray) -> str:
    """Return float64 numbers as text, bit for bit."""
    return base64.b64encode(np.ascontiguousarray(array, "<f8").tobytes()).decode()


def unpacked_array(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the array of `packed_array`, in a shape."""
    return np.frombuffer(base64.b64decode(text, validate=True), "<f8").reshape(shape).astype(np.float64)


def _longest(mask: np.ndarray) -> float:
    """Return the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.view(np.int8), [0]])))
    return float((edges[1::2] - edges[::2]).max(initial=0))


_HopFacts = tuple[float, float, float, float, float]
"""Missing samples of a hop, lowest, highest, and the counts of these two."""


def _facts(hops: np.ndarray) -> list[_HopFacts]:
    """Return the facts of each hop (n, l)."""
    low, high, unknown = hops.min(axis=1), hops.max(axis=1), np.zeros(len(hops))
    if np.isnan(low).any():
        low, high, unknown = np.fmin.reduce(hops, axis=1), np.fmax.reduce(hops, axis=1), np.isnan(hops).sum(axis=1)
    counts = [[np.count_nonzero(row) for row in hops == edge[:, None]] for edge in (low, high)]
    return list(zip(unknown.tolist(), low.tolist(), high.tolist(), *counts, strict=True))


def _over(hops: list[_HopFacts]) -> tuple[float, float, float, float]:
    """Return missing samples, lowest, highest, and the most that are in a row at these two, over some hops."""
    unknown, low, high, lowest, highest = zip(*hops, strict=True)
    guessed, least, most = sum(unknown), min(low), max(high)
    at_least = sum(count for edge, count in zip(low, lowest, strict=True) if edge == least)
    at_most = sum(count for edge, count in zip(high, highest, strict=True) if edge == most)
    return guessed, least, most, max(at_least, at_most) + guessed


def _frames(
    ends: list[float],
    states: list[str],
    features: dict[str, np.ndarray],
    extract: WaveformFeatures,
    rows: list[int] | None = None,
) -> Frames:
    """Return windows whose features stand in some rows, NaN in the others."""
    if features and rows is not None and len(rows) == len(ends):
        return Frames(np.array(ends), features, states)
    widths = {
        "envelope": len(extract.envelope_hertz),
        "kurtosis": len(extract.bands),
        "level": len(extract.bands),
        "spectrum": len(extract.spectrum_hertz),
    }
    whole = {name: np.full((len(ends), width), np.nan) for name, width in widths.items()}
    for name, values in features.items():
        whole[name][rows] = values
    return Frames(np.array(ends), whole, states)
