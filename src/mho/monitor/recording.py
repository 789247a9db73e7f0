"""Channels, and recordings of them: samples of one rate, with the time of each or of the first."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mho import checks

__all__ = ["Channel", "Recording", "check_different", "parse_channel", "split_at_gaps"]

WAVEFORM_RATE = 500.0
"""Samples a second from which on a channel is a waveform, if nobody says what it is."""

_GAP = 30.0
"""Samples' distances without a sample after which another session begins."""

_RATE_TOLERANCE = 0.01


@dataclass(frozen=True)
class Channel:
    """A sensor's channel.

    Attributes
    ----------
    name : str
    kind : {"waveform", "level"}
        Vibration, sound or current, whose shape counts; or temperature, pressure or flow, whose value does.
    rate : float
        Samples a second.

    Examples
    --------
    >>> from mho.monitor import Channel
    >>> Channel("acc", "waveform", 25600.0).kind
    'waveform'
    """

    name: str
    kind: str
    rate: float


@dataclass(frozen=True, eq=False)
class Recording:
    """Samples of channels, all of one rate.

    Parameters
    ----------
    values : array_like of shape (n,) or (n, c)
        Samples in any unit and of either sign, NaN where missing.
    rate : float, optional
        Samples a second; by default from `times`.
    times : array_like of shape (n,), optional
        Seconds since 1970, or since any time; rising. By default from `rate`, from zero on.
    names : sequence of str, optional
        Of the channels; by default ``c0``, ``c1``, ...
    source : str
        What errors call it.

    Raises
    ------
    ValueError, TypeError
        Shapes do not go together, no rate is told, or times do not rise.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.monitor import Recording
    >>> recording = Recording(np.zeros((60, 2)), rate=1.0, names=("flow", "pressure"))
    >>> len(recording), recording.rate, recording.names
    (60, 1.0, ('flow', 'pressure'))
    """

    values: np.ndarray
    rate: float = 0.0
    times: np.ndarray | None = None
    names: tuple[str, ...] = ()
    source: str = "recording"

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.dtype.kind not in "biuf":
            raise TypeError(f"{self.source}: values must be real numbers, got dtype {values.dtype}")
        values = (values[:, None] if values.ndim == 1 else values).astype(np.float64)
        if values.ndim != 2 or not values.size:
            raise ValueError(f"{self.source}: values must have shape (n,) or (n, c), got {values.shape}")
        names = tuple(map(str, self.names)) or tuple(f"c{number}" for number in range(values.shape[1]))
        if len(names) != values.shape[1] or len(set(names)) < len(names):
            raise ValueError(f"{self.source}: names must be {values.shape[1]}, each another, got {', '.join(names)}")
        infinite = np.isinf(values)
        object.__setattr__(self, "values", np.where(infinite, np.nan, values) if infinite.any() else values)
        object.__setattr__(self, "names", names)
        self._set_times()

    def _set_times(self) -> None:
        rate = self.rate
        if self.times is None:
            if not rate:
                raise ValueError(f"{self.source}: rate must be given where there are no times")
            checks.positive_number(rate, "rate")
            times = np.arange(len(self.values)) / rate
        else:
            times = np.asarray(self.times, np.float64)
            _check_rising(times, len(self.values), self.source)
            own = 1 / float(np.median(np.diff(times))) if len(times) > 1 else rate
            if rate and abs(own / rate - 1) > _RATE_TOLERANCE:
                raise ValueError(f"{self.source}: rate must be that of its times, {own:.6g} Hz, got {rate:.6g} Hz")
            rate = rate or own
        if not rate:
            raise ValueError(f"{self.source}: rate must be given where there is but one time")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "rate", float(rate))

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> Recording:
        """Return some of the rows."""
        assert self.times is not None
        return self._with(values=self.values[rows], times=self.times[rows])

    def only(self, names: Iterable[str]) -> Recording:
        """Return the channels with some `names`, in that order."""
        names = tuple(names)
        if names == self.names:
            return self
        return self._with(values=self.values[:, [self.names.index(name) for name in names]], names=names)

    def _with(self, **fields: Any) -> Recording:
        """Return it with other fields, which were checked with it."""
        other = copy.copy(self)
        for name, value in fields.items():
            object.__setattr__(other, name, value)
        return other


def _check_rising(times: np.ndarray, count: int, source: str) -> None:
    if times.shape != (count,) or not np.isfinite(times).all():
        raise ValueError(f"{source}: times must be {count} finite numbers of seconds, got shape {times.shape}")
    wrong = np.flatnonzero(np.diff(times) <= 0)
    if wrong.size:
        row = int(wrong[0]) + 1
        what = "repeats" if times[row] == times[row - 1] else "goes back"
        raise ValueError(f"{source}: times must rise, but that of row {row + 1:,} {what}; sort or mend the file")


def parse_channel(text: str) -> tuple[str, str]:
    """Return name and kind of ``NAME:waveform`` or ``NAME:level``.

    Raises
    ------
    ValueError
        It is neither.
    """
    name, _, kind = text.rpartition(":")
    if not name or kind not in ("waveform", "level"):
        raise ValueError(f"channels must be NAME:waveform or NAME:level, got {text!r}")
    return name, kind


def split_at_gaps(recordings: list[Recording]) -> list[Recording]:
    """Return each recording in parts, cut where samples are missing for longer than a window."""
    parts = []
    for recording in recordings:
        assert recording.times is not None
        gaps = np.flatnonzero(np.diff(recording.times) * recording.rate > _GAP) + 1
        edges = [0, *gaps.tolist(), len(recording)]
        parts += [recording.part(slice(a, b)) for a, b in pairwise(edges) if b - a > 1]
    return parts or recordings


def check_different(recordings: list[Recording]) -> None:
    """Refuse the same samples twice: a session that is left out would have been seen in its copy.

    Raises
    ------
    ValueError
        Two are the same.
    """
    seen: dict[bytes, str] = {}
    for recording in recordings if len(recordings) > 1 else ():
        digest = hashlib.sha256(repr(recording.values.shape).encode())
        digest.update(np.ascontiguousarray(recording.values).data)
        mark = digest.digest()
        if mark in seen:
            raise ValueError(
                f"{seen[mark]} and {recording.source}: hold the same samples; each session must be recorded by itself"
            )
        seen[mark] = recording.source
