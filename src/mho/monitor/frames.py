"""Windows of samples that arrive in chunks of any size, and their features: the same for any split of the stream."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.monitor.recording import Channel
from mho.monitor.waveform import WaveformFeatures
from mho.monitor.windows import level_features

__all__ = ["Frames", "LevelFramer", "WaveformFramer", "framer_for"]

_SMOOTHED = 12
"""Windows over which a band spectrum is averaged: 3.75 s."""

_MOST_GUESSED = 0.02
"""Share of a waveform's window that is interpolated where samples are missing."""

_JUMP_SECONDS = 86_400.0


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
    late : int
        Rows that were left out because they came after later ones.
    """

    def __init__(self, channels: tuple[Channel, ...], window: int) -> None:
        self.channels, self.window, self.rate = channels, window, channels[0].rate
        self.quiet = np.zeros(len(channels))
        self.flat_after = np.full(len(channels), np.inf)
        self.longest_run = np.ones(len(channels))
        self.known_share = 0.5
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
        values, flat = self._without_flat(values)
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
            state = "ok" if known[row] else "flat" if flat[row].any() else "missing"
            states.append("clock jumped" if jumped else state)
        return Frames(times, merged, states)

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
    """

    def __init__(self, channels: tuple[Channel, ...]) -> None:
        self.channels, self.rate = channels, channels[0].rate
        self.extract = WaveformFeatures(self.rate)
        self.most_clipped = np.inf
        self.seen_clipped = 0.0
        self.late = 0
        self._begin: float | None = None
        self._passed = 0
        self._buffer = np.zeros(0)
        self._spectra = np.zeros((0, len(self.extract.spectrum_hertz)))

    def push(self, times: np.ndarray, values: np.ndarray) -> Frames:
        """Return the windows that end in new samples, times (n,) rising and values (n, 1).

        Only the first time counts, and whether it goes on from the samples before.
        """
        if not len(times):
            return _frames([], [], {}, self.extract)
        expected = None if self._begin is None else self._begin + (self._passed + len(self._buffer)) / self.rate
        states: list[str] = []
        ends: list[float] = []
        if expected is None or abs(times[0] - expected) > self.extract.hop / 2 / self.rate:
            if expected is not None:
                jumped = times[0] < expected or times[0] - expected > _JUMP_SECONDS
                states.append("clock jumped" if jumped else "missing")
                ends.append(float(times[0]))
            self._begin, self._passed, self._buffer = float(times[0]), 0, np.zeros(0)
            self._spectra = self._spectra[:0]
        self._buffer = np.concatenate([self._buffer, values[:, 0]])
        return self._framed(ends, states)

    def _framed(self, ends: list[float], states: list[str]) -> Frames:
        size, hop = self.extract.samples, self.extract.hop
        count = max(0, (len(self._buffer) - size) // hop + 1)
        before, rows, found = len(ends), [], []
        for number in range(count):
            window = self._buffer[number * hop : number * hop + size]
            ends.append((self._begin or 0.0) + (self._passed + number * hop + size) / self.rate)
            window, state = self._checked(window)
            states.append(state)
            if state == "ok":
                rows.append(before + number)
                found.append(self._features(window))
        self._buffer = self._buffer[count * hop :]
        self._passed += count * hop
        features = {name: np.array([one[name] for one in found]) for name in found[0]} if found else {}
        return _frames(ends, states, features, self.extract, rows)

    def _features(self, window: np.ndarray) -> dict[str, np.ndarray]:
        features = {name: rows[0] for name, rows in self.extract(window[None]).items()}
        self._spectra = np.vstack([self._spectra, features["spectrum"]])[-_SMOOTHED:]
        whole = len(self._spectra) == _SMOOTHED
        spectrum = self._spectra.copy().sum(axis=0) / _SMOOTHED
        features["spectrum"] = spectrum - spectrum.mean() if whole else np.full_like(spectrum, np.nan)
        return features

    def _checked(self, window: np.ndarray) -> tuple[np.ndarray, str]:
        """Return the window with few missing samples interpolated, and the state of the sensor."""
        unknown = np.isnan(window)
        if unknown.any():
            if unknown.mean() > _MOST_GUESSED:
                return window, "missing"
            known = np.flatnonzero(~unknown)
            window = np.interp(np.arange(len(window)), known, window[known])
        low, high = window.min(), window.max()
        if low == high:
            return window, "flat"
        clipped = max(_longest(window == low), _longest(window == high))
        self.seen_clipped = max(self.seen_clipped, clipped)
        return window, "clipped" if clipped > self.most_clipped else "ok"

    def state(self) -> dict[str, Any]:
        """Return all that the next windows depend on, as JSON takes it."""
        facts = {"begin": self._begin, "passed": self._passed, "late": self.late}
        return facts | {"buffer": packed_array(self._buffer), "spectra": packed_array(self._spectra)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._begin, self._passed, self.late = state["begin"], int(state["passed"]), int(state["late"])
        self._buffer = unpacked_array(state["buffer"], (-1,))
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


def _frames(
    ends: list[float],
    states: list[str],
    features: dict[str, np.ndarray],
    extract: WaveformFeatures,
    rows: list[int] | None = None,
) -> Frames:
    """Return windows whose features stand in some rows, NaN in the others."""
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
