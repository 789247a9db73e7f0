"""The seal of a file: a CRC-32 of all its bytes, inside the file at a place that its format leaves free.

A CRC-32 finds every error of one or two bits, every burst of up to 32 bits, and of any other random error all but one
in four thousand million; it takes a third of a second for a gigabyte. It is no protection from intent: what is read is
taken for hostile, sealed or not.
"""

from __future__ import annotations

import os
import re
import zlib
from pathlib import Path
from typing import BinaryIO

from mho.data.errors import DataError

__all__ = ["BLANK", "check_seal", "seal"]

BLANK = "mho-crc32:00000000"
"""What a writer puts where the seal shall be."""

_SEAL = re.compile(rb"mho-crc32:(.{8})", re.DOTALL)
_DIGITS = 8
_WINDOW = 1 << 20
"""Bytes at the beginning and at the end of a file among which its seal is."""

_CHUNK = 1 << 20
_MOST_PLACES = 8


def seal(path: Path) -> None:
    """Fill in the seal of a file, the last of its places for one.

    Raises
    ------
    ValueError
        It has no place for it.
    """
    with path.open("rb+") as stream:
        places = _places(stream)
        if not places:
            raise ValueError(f"{path}: has no place for a checksum")
        crc = _crc(stream, places[-1])
        stream.seek(places[-1])
        stream.write(b"%08x" % crc)


def check_seal(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is sealed.

    Raises
    ------
    DataError
        It is, and has changed since.
    OSError
        It cannot be read.
    """
    with open(path, "rb") as stream:
        places = _places(stream)
        for at in places[-_MOST_PLACES:]:  # what a user wrote may look like a seal
            stream.seek(at)
            if stream.read(_DIGITS) == b"%08x" % _crc(stream, at):
                return True
    if places:
        raise DataError(f"{path}: is damaged: its checksum is wrong")
    return False


def _places(stream: BinaryIO) -> list[int]:
    """Return the positions of the digits of seals."""
    size = stream.seek(0, os.SEEK_END)
    found = set()
    for begin in (0, max(0, size - _WINDOW)):
        stream.seek(begin)
        found |= {begin + match.start(1) for match in _SEAL.finditer(stream.read(_WINDOW))}
    return sorted(found)


def _crc(stream: BinaryIO, at: int) -> int:
    """Return the checksum of all bytes, those of the digits at `at` being zeros."""
    stream.seek(0)
    crc, left = 0, at
    while chunk := stream.read(min(left, _CHUNK)):
        crc, left = zlib.crc32(chunk, crc), left - len(chunk)
    crc = zlib.crc32(b"0" * _DIGITS, crc)
    stream.seek(at + _DIGITS)
    while chunk := stream.read(_CHUNK):
        crc = zlib.crc32(chunk, crc)
    return crc
