"""Video sources: files, pipes, devices and network cameras, with a clock of their own and a ring of packets."""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from mho.camera.video import luma_of, pyav
from mho.data.errors import DataError

__all__ = ["Counts", "Packet", "Segment", "Shot", "Source", "hidden", "is_live", "open_source"]

_LIVE = re.compile(r"^(rtsps?|rtmps?|https?|udp|tcp|srt)://", re.IGNORECASE)
_TIMEOUT = 10.0
_RING_BYTES = 96 << 20
_JUMP = 60.0
"""Seconds from which a step of the time stamps is a fault of theirs, not of the stream."""

_HELD_BACK = 40
"""Packets whose frames a decoder holds back at the most: 16 of H.264, and one for each of its threads."""

_BEHIND, _CAUGHT_UP = 2.0, 0.5
_LONGEST_WAIT = 30.0
_PIPED = {"formatprobesize": "32768", "analyzeduration": "1000000"}
"""For FFmpeg, which else waits for a megabyte of a pipe before it says what it is."""


def hidden(url: str) -> str:
    """Return a URL, or text that has one in it, without user and password."""
    return re.sub(r"(\w://)[^/@\s]*@", r"\1***@", url)


def is_live(source: str) -> bool:
    """Whether a source goes on for ever: a network camera or a device."""
    return bool(_LIVE.match(source)) or source.startswith("/dev/video")


@dataclass
class Counts:
    """Frames and faults so far.

    Attributes
    ----------
    frames : int
        That were decoded.
    corrupt : int
        Frames or packets that could not be decoded; skipped.
    passed_over : int
        Frames that were not decoded because this computer was behind.
    reopened : int
        Times that the stream was opened again.
    resets : int
        Time stamps that jumped, went back or were missing.
    lag : float
        Seconds that this computer is behind a live stream.
    """

    frames: int = 0
    corrupt: int = 0
    passed_over: int = 0
    reopened: int = 0
    resets: int = 0
    lag: float = 0.0


@dataclass(frozen=True, eq=False)
class Segment:
    """An uninterrupted part of a stream, of one codec.

    Attributes
    ----------
    number : int
    stream : av.VideoStream
        Its container stays open as long as the segment is used.
    container : av.container.InputContainer
    """

    number: int
    stream: Any
    container: Any


@dataclass(eq=False)
class Packet:
    """A packet in the ring; packets are in the order in which they are decoded.

    Attributes
    ----------
    time : float
        Of its frame, seconds of the stream's clock; until the decoder gives the frame, that of the frame before.
    packet : av.Packet
    segment : Segment
    """

    time: float
    packet: Any
    segment: Segment


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame that is looked at.

    Attributes
    ----------
    time : float
        Seconds of the stream's clock.
    luma : ndarray of shape (h, w)
        uint8; not to be changed, and the decoder's memory as long as it is held.
    """

    time: float
    luma: np.ndarray


@dataclass(eq=False)
class _Clock:
    """A monotonic clock from time stamps that need not be."""

    nominal: float
    gap: float
    offset: float = 0.0
    last: float | None = None
    resets: int = 0

    def time(self, stamp: float | None) -> float:
        """Return the time of the next frame, later than the last."""
        if self.last is None:
            self.offset = 0.0 if stamp is None else -stamp
            self.last = 0.0
            return 0.0
        now = self.last + self.nominal if stamp is None else stamp + self.offset
        if not self.last < now < self.last + _JUMP:
            self.resets += 1
            now = self.last + self.gap  # so that no clip goes across
            self.offset = now - (0.0 if stamp is None else stamp)
        self.last = now
        return now


@dataclass(eq=False)
class Source:
    """A stream of frames, `fps` a second at the most.

    Parameters
    ----------
    name : str
        A path, "-", a device, or a URL.
    fps : float
        Frames a second that are given.
    gap : float
        Seconds by which the clock steps where the stream was interrupted.
    transport : {"tcp", "udp"}
        Of RTSP.
    ring : bool
        Keep packets for clips.
    stop : callable
        Asked whether to end.
    """

    name: str
    fps: float = 10.0
    gap: float = 5.0
    transport: str = "tcp"
    ring: bool = False
    stop: Callable[[], bool] = lambda: False
    counts: Counts = field(default_factory=Counts)
    packets: deque[Packet] = field(default_factory=deque)
    events: list[tuple[float, str]] = field(default_factory=list)
    _bytes: int = 0
    _segments: int = 0
    _clock: _Clock | None = None
    _begun: float = 0.0
    _pipe: _Pipe | None = None

    @property
    def now(self) -> float:
        """Seconds of the stream's clock."""
        return (self._clock.last or 0.0) if self._clock else 0.0

    def shots(self) -> Iterator[Shot]:
        """Give the frames until the stream ends; a live one is opened again and again.

        Raises
        ------
        DataError
            A file holds no video that can be read, or a live stream cannot be opened the first time.
        """
        self._begun = time.monotonic()
        wait, live = 1.0, is_live(self.name)
        while not self.stop():
            before = self.counts.frames
            try:
                yield from self._once()
            except _Interrupted as error:
                if not live or (not before and not self.counts.frames):
                    if self.counts.frames and not live:
                        self.events.append((self.now, f"the file ends in damage: {error}"))
                        return
                    raise DataError(f"{hidden(self.name)}: {error}") from None
                self.events.append((self.now, f"stream cut: {error}"))
            else:
                if live and not self.stop():
                    self.events.append((self.now, "stream cut: the camera ended it"))
            if not live:
                break
            wait = 1.0 if self.counts.frames > before else min(_LONGEST_WAIT, 2 * wait)
            self._pause(random.uniform(0.5, 1) * wait)
            self.counts.reopened += 1
        if not self.counts.frames:
            raise DataError(f"{hidden(self.name)}: holds no video frame that can be read")

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stop():
            time.sleep(0.1)

    def _once(self) -> Iterator[Shot]:
        """Give the frames until the container ends or fails."""
        av = pyav()
        container = self._opened(av)
        try:
            stream = container.streams.video[0]
        except IndexError:
            raise _Interrupted("holds no video") from None
        self._segments += 1
        segment = Segment(self._segments, stream, container)
        self._start_clock(stream)
        packets = container.demux(stream)
        while not self.stop():
            try:
                packet = next(packets)
            except StopIteration:
                self._raise_interrupt()
                return
            except (av.FFmpegError, OSError) as error:
                self._raise_interrupt()
                raise _Interrupted(_reason(error)) from None
            except IndexError:  # PyAV's, at a packet of a stream that was not there when the file was opened
                raise _Interrupted("a stream begins in its middle") from None
            if packet.dts is None and packet.size == 0 and is_live(self.name):
                return
            yield from self._decoded(av, packet, segment)

    def _opened(self, av: Any) -> Any:
        name, options, form = self.name, {}, None
        if name.lower().startswith("rtsp"):
            options = {"rtsp_transport": self.transport}
        elif name.startswith("/dev/video"):
            form = "v4l2"
        elif not _LIVE.match(name) and name != "-":
            path = Path(name)
            if path.exists() and path.is_file() and not path.stat().st_size:
                raise DataError(f"{name}: is empty")
        try:
            if name == "-" or Path(name).is_fifo():
                self._pipe = _Pipe.of(name)
                return av.open(self._pipe, "r", options=_PIPED)
            return av.open(name, "r", format=form, options=options, timeout=(_TIMEOUT, _TIMEOUT))
        except (av.FFmpegError, ValueError) as error:
            self._raise_interrupt()
            if isinstance(error, FileNotFoundError):
                raise FileNotFoundError(error.errno, os.strerror(error.errno or 2), name) from None
            raise _Interrupted(f"cannot be read as video: {_reason(error)}") from None

    def _raise_interrupt(self) -> None:
        """Raise what interrupted the reading of a pipe, if anything has."""
        if self._pipe is not None and self._pipe.interrupt is not None:
            interrupt, self._pipe.interrupt = self._pipe.interrupt, None
            raise interrupt

    def _start_clock(self, stream: Any) -> None:
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        if self._clock is None:
            self._clock = _Clock(1 / rate, self.gap)
            return
        if is_live(self.name):
            elapsed = time.monotonic() - self._begun
            last = max(elapsed, self.now + self.gap)
        else:
            last = self.now + self.gap
        self._clock = _Clock(1 / rate, self.gap, last=last, offset=np.nan)

    def _decoded(self, av: Any, packet: Any, segment: Segment) -> Iterator[Shot]:
        if packet.is_corrupt:
            self.counts.corrupt += 1
            return
        self._measure_lag()
        if self.counts.lag > _BEHIND and not packet.is_keyframe and packet.size:
            self.counts.passed_over += 1
            self._keep(packet, self.now, segment)
            return
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            self.counts.corrupt += 1
            return
        times = [self._time_of(frame) for frame in frames]
        self._keep(packet, times[0] if times else self.now, segment)
        for t, frame in zip(times, frames, strict=True):
            self._set_time(frame, t)
            if getattr(frame, "is_corrupt", False):
                self.counts.corrupt += 1
                continue
            self.counts.frames += 1
            if self._wanted(t):
                yield Shot(t, luma_of(frame))

    def _time_of(self, frame: Any) -> float:
        assert self._clock is not None
        stamp = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
        clock = self._clock
        if stamp is not None and np.isnan(clock.offset):
            clock.offset = (clock.last or 0.0) + clock.nominal - stamp
        before = clock.resets
        t = clock.time(stamp)
        if clock.resets > before:
            self.counts.resets += 1
            self.events.append((t, "time stamps jumped"))
        return t

    def _wanted(self, t: float) -> bool:
        due = getattr(self, "_due", -np.inf)
        if t < due - 1e-6:
            return False
        self._due = (np.floor(t * self.fps + 1e-3) + 1) / self.fps
        return True

    def _measure_lag(self) -> None:
        if not is_live(self.name):
            return
        lag = time.monotonic() - self._begun - self.now
        if self.counts.lag <= _BEHIND or lag < _CAUGHT_UP:  # once behind, until it has caught up
            self.counts.lag = max(0.0, lag)

    def _keep(self, packet: Any, t: float, segment: Segment) -> None:
        if not self.ring or not packet.size:
            return
        self.packets.append(Packet(t, packet, segment))
        self._bytes += packet.size
        while self._bytes > _RING_BYTES:
            self._bytes -= self.packets.popleft().packet.size

    def _set_time(self, frame: Any, t: float) -> None:
        """Give a frame's time to its packet, which came before those of the frames that are shown before it."""
        for kept in islice(reversed(self.packets), _HELD_BACK):
            if frame.pts is not None and kept.packet.pts == frame.pts:
                kept.time = t
                return

    def forget(self, before: float) -> None:
        """Let go of packets of which no clip after a time needs any: those before the last key frame before it."""
        start = 0
        for number, kept in enumerate(self.packets):
            if kept.time > before:
                break
            if kept.packet.is_keyframe:
                start = number
        for _ in range(start):
            self._bytes -= self.packets.popleft().packet.size

    def key_before(self, t: float) -> float:
        """Return the time of the last key frame up to a time; the time itself, if there is none."""
        return next((kept.time for kept in reversed(self.packets) if kept.packet.is_keyframe and kept.time <= t), t)

    def size(self, start: float, end: float) -> int:
        """Return the bytes of the packets between two times."""
        return sum(kept.packet.size for kept in self.packets if start <= kept.time < end)


@dataclass(eq=False)
class _Pipe:
    """A pipe as PyAV reads it: FFmpeg itself hears no signal while it waits, and PyAV lets go of an interrupt.

    Attributes
    ----------
    name : str
        PyAV guesses the format from its suffix.
    raw : io.RawIOBase
        Unbuffered: what has come is decoded at once.
    interrupt : BaseException or None
        Raised by a signal handler during the last read, which the decoder took for the end.
    """

    name: str
    raw: Any
    interrupt: BaseException | None = None

    @classmethod
    def of(cls, name: str) -> _Pipe:
        raw = cast(Any, sys.stdin.buffer).raw if name == "-" else open(name, "rb", buffering=0)
        return cls(name, raw)

    def read(self, count: int) -> bytes:
        """Return at most so many bytes; none at the end, and when interrupted."""
        if self.interrupt is not None:
            return b""
        try:
            return self.raw.read(count)
        except KeyboardInterrupt as interrupt:
            self.interrupt = interrupt
            return b""


class _Interrupted(Exception):
    """A container could not be opened, or ended in the middle."""


def _reason(error: Exception) -> str:
    """Return one line without a URL."""
    text = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
    return hidden(text)[:120]


def open_source(name: str | os.PathLike[str], *, fps: float) -> Iterator[Shot]:
    """Give the frames of a path, a device or a URL.

    Parameters
    ----------
    name : str or path
        "-" is the standard input.
    fps : float
        Frames a second at the most.
    """
    return Source(os.fspath(name), fps).shots()
