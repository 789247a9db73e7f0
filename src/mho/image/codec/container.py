r"""The bytes of a `.mho` file, version 1.

=======================  ==========================================================================================
``\x8bMHO``, 1           magic bytes and version
header                   little-endian: width, height (u32); step and chroma step (u16, sixteenths of a grey level);
                         planes (u8: 1 or 3); atoms in use of three planes (3 u8); number of sections (u8)
sections                 kind (u8), length (u32), bytes: 1 ICC profile, 2 Exif, 3 alpha, 4 dictionary, 5 XMP,
                         6 pixels per inch (two f64), 7 text (JSON object), 8 PNG's chunks gAMA, cHRM, sRGB and cICP
                         (name, data); 5 and 7 are deflated after their length (u32). Other kinds are passed over
payload                  length (u32), range-coded codes of the planes, one after the other
checksum                 CRC-32 of all before (u32)
=======================  ==========================================================================================
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from mho.data import DataError

__all__ = ["ALPHA", "COLOUR", "DICTIONARY", "DPI", "EXIF", "ICC", "MAGIC", "TEXT", "XMP", "Header", "pack", "unpack"]

MAGIC = b"\x8bMHO\x01"
ICC, EXIF, ALPHA, DICTIONARY, XMP, DPI, TEXT, COLOUR = 1, 2, 3, 4, 5, 6, 7, 8
_HEADER, _SECTION, _WORD = struct.Struct("<IIHHB3BB"), struct.Struct("<BI"), struct.Struct("<I")


@dataclass(frozen=True, kw_only=True)
class Header:
    """Header of a file, before its payload.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of pixels.
    steps : tuple of int
        Of luma and of chroma, in sixteenths of a grey level.
    n_atoms : tuple of int
        Atoms in use, for each plane.
    sections : dict of int to bytes
        By kind.
    """

    shape: tuple[int, int]
    steps: tuple[int, int]
    n_atoms: tuple[int, ...]
    sections: dict[int, bytes] = field(default_factory=dict)


def pack(header: Header, payload: bytes) -> bytes:
    """Return the bytes of a file."""
    atoms = (*header.n_atoms, 0, 0)[:3]
    fixed = _HEADER.pack(*header.shape[::-1], *header.steps, len(header.n_atoms), *atoms, len(header.sections))
    sections = [_SECTION.pack(kind, len(data)) + data for kind, data in header.sections.items()]
    body = b"".join([MAGIC, fixed, *sections, _WORD.pack(len(payload)), payload])
    return body + _WORD.pack(zlib.crc32(body))


def unpack(data: bytes) -> tuple[Header, bytes]:
    """Return header and payload.

    Raises
    ------
    DataError
        Not such a file, of another version, cut short or damaged.
    """
    if data[:4] != MAGIC[:4]:
        raise DataError("not a .mho picture")
    if data[4:5] != MAGIC[4:]:
        raise DataError(f"a .mho picture of version {data[4] if len(data) > 4 else '?'}; this program reads version 1")
    if len(data) < len(MAGIC) + _HEADER.size + 2 * _WORD.size or _WORD.unpack(data[-4:])[0] != zlib.crc32(data[:-4]):
        raise DataError("a damaged or cut .mho picture: its checksum is wrong")
    try:
        return _parse(memoryview(data)[:-4])
    except struct.error as error:
        raise DataError("a damaged .mho picture: it ends too early") from error


def _parse(body: memoryview) -> tuple[Header, bytes]:
    width, height, step, chroma_step, planes, *atoms, n_sections = _HEADER.unpack_from(body, len(MAGIC))
    at = len(MAGIC) + _HEADER.size
    sections = {}
    for _ in range(n_sections):
        kind, length = _SECTION.unpack_from(body, at)
        at += _SECTION.size
        sections[kind], at = bytes(body[at : at + length]), at + length
    (length,) = _WORD.unpack_from(body, at)
    payload = bytes(body[at + _WORD.size :])
    atoms = tuple(atoms[:planes])
    legal = planes in (1, 3) and min(width, height, step, chroma_step, *atoms) >= 1 and max(atoms) <= 64
    if not legal or len(payload) != length or length % 4:
        raise DataError("a damaged .mho picture: its header makes no sense")
    return Header(shape=(height, width), steps=(step, chroma_step), n_atoms=atoms, sections=sections), payload
