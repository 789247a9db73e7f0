"""Metadata of a picture as sections of a file."""

from __future__ import annotations

import json
import math
import struct
import zlib
from typing import Any

from mho.data import DataError
from mho.image.codec.container import COLOUR, DPI, EXIF, ICC, TEXT, XMP
from mho.image.codec.picture import COLOUR_CHUNKS, Picture

__all__ = ["pack_metadata", "unpack_metadata"]

_RESOLUTION, _LENGTH = struct.Struct("<dd"), struct.Struct("<I")
_MOST = 1 << 26
"""Bytes of XMP or text: a damaged length must not take all memory."""


def pack_metadata(picture: Picture) -> dict[int, bytes]:
    """Return all sections of a picture but its alpha, none of them empty.

    Raises
    ------
    ValueError
        More than 64 MiB of XMP or of text.
    """
    sections = {
        ICC: picture.icc,
        EXIF: picture.exif,
        XMP: _deflated("xmp", picture.xmp),
        DPI: b"" if picture.dpi is None else _RESOLUTION.pack(*picture.dpi),
        TEXT: _deflated("text", json.dumps(dict(picture.text)).encode() if picture.text else b""),
        COLOUR: b"".join(name.encode() + data for name, data in picture.colour.items()),
    }
    return {kind: data for kind, data in sections.items() if data}


def unpack_metadata(sections: dict[int, bytes]) -> dict[str, Any]:
    """Return them as arguments of `Picture`.

    Raises
    ------
    DataError
        Damaged.
    """
    return {
        "icc": sections.get(ICC, b""),
        "exif": sections.get(EXIF, b""),
        "xmp": _inflated(sections.get(XMP, b"")),
        "dpi": _dpi(sections[DPI]) if DPI in sections else None,
        "text": _text(sections[TEXT]) if TEXT in sections else {},
        "colour": _colour(sections.get(COLOUR, b"")),
    }


def _deflated(name: str, data: bytes) -> bytes:
    if len(data) > _MOST:
        raise ValueError(f"{name} must have at most {_MOST:,} bytes, got {len(data):,}")
    return _LENGTH.pack(len(data)) + zlib.compress(data, 9) if data else b""


def _inflated(data: bytes) -> bytes:
    if not data:
        return b""
    try:
        (length,) = _LENGTH.unpack_from(data)
        content = zlib.decompressobj().decompress(data[_LENGTH.size :], min(length, _MOST) + 1)
    except (struct.error, zlib.error) as error:
        raise DataError("a damaged .mho picture: a section cannot be inflated") from error
    if len(content) != length:
        raise DataError("a damaged .mho picture: a section has the wrong length")
    return content


def _dpi(data: bytes) -> tuple[float, float]:
    if len(data) == _RESOLUTION.size:
        dpi = _RESOLUTION.unpack(data)
        if all(0 < value < math.inf for value in dpi):
            return dpi
    raise DataError("a damaged .mho picture: its resolution makes no sense")


def _text(data: bytes) -> dict[str, str]:
    try:
        text = json.loads(_inflated(data))
    except (ValueError, RecursionError) as error:
        raise DataError("a damaged .mho picture: its text cannot be read") from error
    if not isinstance(text, dict) or not all(isinstance(value, str) for value in text.values()):
        raise DataError("a damaged .mho picture: its text cannot be read")
    return text


def _colour(data: bytes) -> dict[str, bytes]:
    chunks, at = {}, 0
    while at < len(data):
        name = data[at : at + 4].decode("latin-1")
        size = COLOUR_CHUNKS.get(name, -1)
        chunks[name], at = data[at + 4 : at + 4 + size], at + 4 + size
        if size < 0 or at > len(data):
            raise DataError("a damaged .mho picture: what its colours are cannot be read")
    return chunks
