r"""The bytes of a `.mho` file, versions 1 and 2.

=======================  ==========================================================================================
``\x8bMHO``, version     magic bytes; 1 or 2
header                   little-endian: width, height (u32), then for version
                         1: step and chroma step (u16, sixteenths of a grey level), planes (u8: 1 or 3), atoms in use
                         of three planes (3 u8);
                         2: coding (u8: 0 patches, 1 pixels without loss, 2 patches with edges smoothed more), colour
                         (u8: 1 grey, 2 chroma of half the resolution, 3 of the full one), step and chroma step (u16);
                         number of sections (u8)
sections                 kind (u8), length (u32), bytes: 1 ICC profile, 2 Exif, 3 alpha, 4 dictionary, 5 XMP,
                         6 pixels per inch (two f64), 7 text (JSON object), 8 PNG's chunks gAMA, cHRM, sRGB and cICP
                         (name, data); 5 and 7 are deflated after their length (u32). Other kinds are passed over
payload                  length (u32), codes: of version 1 range-coded, of the planes one after the other; of version
                         2 tiles of 1024 x 1024 pixels, each with its length (7 bits a byte, the lowest first), or
                         pixels without loss, see lossless.py, as alpha is in version 2
checksum                 CRC-32 of all before (u32)
=======================  ==========================================================================================
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from mho.data import DataError

__all__ = [
    "ALPHA",
    "COLOUR",
    "DICTIONARY",
    "DPI",
    "EXIF",
    "ICC",
    "MAGIC",
    "PATCHES",
    "PIXELS",
    "SMOOTHED",
    "TEXT",
    "XMP",
    "Header",
    "number",
    "pack",
    "unpack",
]

MAGIC = b"\x8bMHO"
ICC, EXIF, ALPHA, DICTIONARY, XMP, DPI, TEXT, COLOUR = 1, 2, 3, 4, 5, 6, 7, 8
PATCHES, PIXELS, SMOOTHED = 0, 1, 2
"""Codings: patches, pixels without loss, patches whose edges are smoothed more."""

_NEWEST = 2
_SIZE, _FIRST, _SECOND = struct.Struct("<II"), struct.Struct("<HHB3BB"), struct.Struct("<BBHHB")
_SECTION, _WORD = struct.Struct("<BI"), struct.Struct("<I")


@dataclass(frozen=True, kw_only=True)
class Header:
    """Header of a file, before its payload.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of pixels.
    steps : tuple of int
        Of luma and of chroma, in sixteenths of a grey level.
    planes : int
        1, grey, or 3.
    halved : bool
        Chroma has half the resolution.
    coding : int
        PATCHES, PIXELS or SMOOTHED.
    n_atoms : tuple of int
        Atoms in use, for each plane, of a file of version 1.
    version : int
        Of the file.
    sections : dict of int to bytes
        By kind.
    """

    shape: tuple[int, int]
    steps: tuple[int, int] = (16, 16)
    planes: int = 3
    halved: bool = True
    coding: int = PATCHES
    n_atoms: tuple[int, ...] = ()
    version: int = _NEWEST
    sections: dict[int, bytes] = field(default_factory=dict)


def number(value: int) -> bytes:
    """Return a whole number as 7 bits a byte, the lowest first, all but the last with their highest bit set."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def pack(header: Header, payload: bytes) -> bytes:
    """Return the bytes of a file of version 2."""
    colour = 1 if header.planes == 1 else 2 if header.halved else 3
    fixed = _SECOND.pack(header.coding, colour, *header.steps, len(header.sections))
    sections = [_SECTION.pack(kind, len(data)) + data for kind, data in header.sections.items()]
    start = MAGIC + bytes([_NEWEST]) + _SIZE.pack(*header.shape[::-1])
    body = b"".join([start, fixed, *sections, _WORD.pack(len(payload)), payload])
    return body + _WORD.pack(zlib.crc32(body))


def unpack(data: bytes) -> tuple[Header, bytes]:
    """Return header and payload.

    Raises
    ------
    DataError
        Not such a file, of a version to come, cut short or damaged.
    """
    if data[:4] != MAGIC:
        raise DataError("not a .mho picture")
    version = data[4] if len(data) > 4 else 0
    if version not in (1, _NEWEST):
        raise DataError(
            f"a .mho picture of version {version or '?'}; this program reads versions 1 and {_NEWEST}: "
            "a newer mho may read it"
        )
    shortest = len(MAGIC) + 1 + _SIZE.size + min(_FIRST.size, _SECOND.size) + 2 * _WORD.size
    if len(data) < shortest or _WORD.unpack(data[-4:])[0] != zlib.crc32(data[:-4]):
        raise DataError("a damaged or cut .mho picture: its checksum is wrong")
    try:
        return _parse(memoryview(data)[:-4], version)
    except struct.error as error:
        raise DataError("a damaged .mho picture: it ends too early") from error


def _parse(body: memoryview, version: int) -> tuple[Header, bytes]:
    at = len(MAGIC) + 1
    width, height = _SIZE.unpack_from(body, at)
    fixed, at = _fixed(body, version, at + _SIZE.size)
    sections = {}
    for _ in range(fixed.pop("n_sections")):
        kind, length = _SECTION.unpack_from(body, at)
        at += _SECTION.size
        sections[kind], at = bytes(body[at : at + length]), at + length
    (length,) = _WORD.unpack_from(body, at)
    payload = bytes(body[at + _WORD.size :])
    legal = fixed.pop("legal") and min(width, height, *fixed["steps"]) >= 1
    if not legal or len(payload) != length:
        raise DataError("a damaged .mho picture: its header makes no sense")
    return Header(shape=(height, width), sections=sections, version=version, **fixed), payload


def _fixed(body: memoryview, version: int, at: int) -> tuple[dict, int]:
    if version == 1:
        step, chroma_step, planes, *atoms, n_sections = _FIRST.unpack_from(body, at)
        atoms, at = tuple(atoms[:planes]), at + _FIRST.size
        legal = planes in (1, 3) and min(atoms) >= 1 and max(atoms) <= 64
        about = {"planes": planes, "n_atoms": atoms, "legal": legal}
    else:
        coding, colour, step, chroma_step, n_sections = _SECOND.unpack_from(body, at)
        at += _SECOND.size
        legal = coding in (PATCHES, PIXELS, SMOOTHED) and colour in (1, 2, 3)
        about = {"planes": 1 if colour == 1 else 3, "halved": colour == 2, "coding": coding, "legal": legal}
    return {"steps": (step, chroma_step), "n_sections": n_sections, **about}, at
