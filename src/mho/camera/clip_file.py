"""Clip files: packets copied, or encoded again as H.264 where a mask must be burnt in or the codec does not fit MP4."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mho.camera.grid import Rectangle
from mho.camera.source import Packet
from mho.camera.video import pyav

__all__ = ["KEYS_APART", "Piece", "is_copied", "thumbnail_jpeg", "write_clip"]

KEYS_APART = 250
"""Frames from one key frame of x264 to the next, at the most."""

_COPIED = ("h264", "hevc", "av1", "mpeg4", "vp9")
_BASE = Fraction(1, 90_000)
_QUALITY = {"crf": "28", "preset": "veryfast"}
_FORMAT = {"movflags": "faststart", "fflags": "bitexact", "write_btrt": "0"}
"""The index in front, and nothing that only names the program that wrote it."""

_PICTURES_ALONE = "filter_units=remove_types=6"
"""FFmpeg's filter that leaves out x264's account of its own settings: 700 bytes, as much as a small key frame."""

_THREADS = 1


class Piece(NamedTuple):
    """A packet of a clip: second of its frame, bytes, and whether it is a key frame."""

    time: float
    size: int
    key: bool


def is_copied(packet: Packet, masks: Sequence[Rectangle], *, encode: bool) -> bool:
    """Whether a clip of such packets is a copy of them."""
    return not (masks or encode) and packet.segment.stream.codec_context.name in _COPIED


def write_clip(
    path: Path | None,
    packets: Sequence[Packet],
    masks: Sequence[Rectangle] = (),
    *,
    start: float,
    end: float = math.inf,
    encode: bool = False,
) -> list[Piece]:
    """Write packets of one segment as MP4; return those that were written.

    Parameters
    ----------
    path : Path or None
        A new file; None: encode it, and write it nowhere.
    packets : sequence of Packet
        From a key frame on.
    masks : sequence of Rectangle
        Areas that are blackened in every plane; they force another encoding.
    start, end : float
        Times from which and up to which frames are shown; copied packets begin at the key frame before it, and end
        with the last that is needed.
    encode : bool
        Encode again even where packets could be copied.

    Raises
    ------
    ValueError
        There is no frame in them.
    OSError
        The disk is full or gone.
    """
    if path is not None and is_copied(packets[0], masks, encode=encode):
        return _copied(path, packets)
    return _encoded(path, packets, masks, (start, end))


def _copied(path: Path, packets: Sequence[Packet]) -> list[Piece]:
    av = pyav()
    with av.open(str(path), "w", format="mp4", options=dict(_FORMAT)) as out:
        stream = out.add_stream_from_template(packets[0].segment.stream)
        first = next((kept.packet.dts for kept in packets if kept.packet.dts is not None), 0)
        for kept in packets:
            packet = av.Packet(bytes(kept.packet))
            packet.pts = None if kept.packet.pts is None else kept.packet.pts - first
            packet.dts = None if kept.packet.dts is None else kept.packet.dts - first
            packet.duration = kept.packet.duration or 0
            packet.time_base = kept.packet.time_base
            packet.is_keyframe = kept.packet.is_keyframe
            packet.stream = stream
            out.mux(packet)
    return [Piece(kept.time, kept.packet.size, kept.packet.is_keyframe) for kept in packets]


def _encoded(
    path: Path | None, packets: Sequence[Packet], masks: Sequence[Rectangle], shown: tuple[float, float]
) -> list[Piece]:
    av = pyav()
    decoder = _decoder(av, packets[0].segment.stream)
    coder, last, begin = None, -1, 0.0
    form, options = ("mp4", dict(_FORMAT)) if path else ("null", {})
    with av.open(str(path or os.devnull), "w", format=form, options=options) as out:
        for frame, t in _frames(decoder, packets, av):
            if not shown[0] <= t < shown[1]:
                continue
            picture = _masked(frame, masks)
            picture.pict_type = av.video.frame.PictureType.NONE  # else every key frame of the source is one again
            if coder is None:
                coder, begin = _Coder.of(av, out, picture, packets[0].segment.stream), t
            if (picture.width, picture.height) != (coder.stream.width, coder.stream.height):
                break  # another picture is another segment
            stamp = max(last + 1, round((t - begin) / _BASE))
            picture.pts, picture.time_base, last = stamp, _BASE, stamp
            coder.write(picture)
        if coder is None:
            raise ValueError("no frame of the clip could be decoded")
        coder.write(None)
    return [Piece(begin + piece.time, *piece[1:]) for piece in sorted(coder.pieces)]


def _decoder(av: Any, stream: Any) -> Any:
    context = av.CodecContext.create(stream.codec_context.codec.name, "r")
    context.extradata = stream.codec_context.extradata
    context.width, context.height = stream.codec_context.width, stream.codec_context.height
    context.pix_fmt = stream.codec_context.pix_fmt
    return context


def _frames(decoder: Any, packets: Sequence[Packet], av: Any) -> Any:
    """Give frames and times; those of packets that cannot be decoded are left out."""
    for number in range(len(packets) + 1):
        packet = None
        if number < len(packets):
            packet = av.Packet(bytes(packets[number].packet))
            packet.pts = number  # comes out with the frame, whose time is that of its own packet
        try:
            frames = decoder.decode(packet)
        except (av.FFmpegError, ValueError):
            continue
        for frame in frames:
            own = number if frame.pts is None else frame.pts
            yield frame, packets[min(own, len(packets) - 1)].time


def _masked(frame: Any, masks: Sequence[Rectangle]) -> Any:
    """Return a frame as yuv420p, with masks black in luma and grey in colour."""
    out = frame.reformat(format="yuv420p", width=frame.width // 2 * 2, height=frame.height // 2 * 2)
    for plane, shrink, value in zip(out.planes, (1, 2, 2), (0, 128, 128), strict=True):
        pixels = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        for left, top, width, height in masks:
            rows = slice(top // shrink, -(-(top + height) // shrink))
            pixels[rows, left // shrink : -(-(left + width) // shrink)] = value
    return out


@dataclass(eq=False)
class _Coder:
    """x264 into a file."""

    av: Any
    out: Any
    stream: Any
    filter: Any = None
    pieces: list[Piece] = field(default_factory=list)

    @classmethod
    def of(cls, av: Any, out: Any, picture: Any, source: Any) -> _Coder:
        rate = source.average_rate or source.guessed_rate or 10
        stream = out.add_stream("libx264", rate=rate, options=dict(_QUALITY))
        stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
        stream.codec_context.time_base = _BASE
        stream.codec_context.thread_count = _THREADS
        return cls(av, out, stream)

    def write(self, picture: Any) -> None:
        """Write a picture; None: those that are still in the encoder."""
        for packet in self.stream.encode(picture):
            if self.filter is None:  # not before: the encoder has said by now what its packets are
                self.filter = self.av.bitstream.BitStreamFilterContext(_PICTURES_ALONE, self.stream)
            self._mux(self.filter.filter(packet))
        if picture is None and self.filter is not None:
            self._mux(self.filter.filter(None))

    def _mux(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            self.pieces.append(Piece(float(packet.pts * packet.time_base), packet.size, packet.is_keyframe))
        self.out.mux(packets)


def thumbnail_jpeg(thumbnail: np.ndarray, *, width: int = 160) -> bytes:
    """Return a small picture (h, w), uint8, as JPEG of at most `width` pixels."""
    import io

    from PIL import Image

    image = Image.fromarray(thumbnail)
    image.thumbnail((width, width))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=55)
    return stream.getvalue()
