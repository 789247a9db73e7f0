"""Side data of a file, as bytes: an alpha channel without loss, a dictionary of its own."""

from __future__ import annotations

import zlib

import numpy as np

from mho.data import DataError
from mho.image.codec.dictionary import Dictionary
from mho.image.codec.model import ATOMS

__all__ = ["pack_alpha", "pack_dictionary", "unpack_alpha", "unpack_dictionary"]


def pack_alpha(alpha: np.ndarray) -> bytes:
    """Return opacity (m, n) as differences along each row, deflated."""
    differences = np.diff(alpha, axis=1, prepend=np.uint8(0))
    return zlib.compress(differences.tobytes(), 9)


def unpack_alpha(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """Return the opacity of a picture of `shape`."""
    differences = np.frombuffer(_inflate(data, shape[0] * shape[1]), np.uint8).reshape(shape)
    return np.cumsum(differences, axis=1, dtype=np.uint8)


def pack_dictionary(dictionary: Dictionary) -> bytes:
    """Return the cells' levels and scales, deflated; one of the two cells of an entry is zero."""
    levels = (dictionary.positive - dictionary.negative).astype(np.int8)
    return zlib.compress(levels.tobytes() + dictionary.scale.astype("<u2").tobytes(), 9)


def unpack_dictionary(data: bytes) -> Dictionary:
    """Return the dictionary."""
    content = _inflate(data, ATOMS * ATOMS + 2 * ATOMS)
    levels = np.frombuffer(content, np.int8, ATOMS * ATOMS).reshape(ATOMS, ATOMS).astype(np.float64)
    scale = np.frombuffer(content, "<u2", ATOMS, ATOMS * ATOMS).astype(np.float64)
    return Dictionary(np.maximum(levels, 0), np.maximum(-levels, 0), scale)


def _inflate(data: bytes, size: int) -> bytes:
    """Inflate what must be `size` bytes, whatever a hostile stream would grow to."""
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(data, size)
    except zlib.error as error:
        raise DataError("a damaged .mho picture: a section cannot be inflated") from error
    if len(content) != size:
        raise DataError("a damaged .mho picture: a section is too short")
    return content
