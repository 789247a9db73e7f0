"""Side data of a file, as bytes: an alpha channel without loss, a dictionary of its own."""

from __future__ import annotations

import zlib

import numpy as np

from mho.image.codec.dictionary import Dictionary
from mho.image.codec.lossless import inflate, pack_pixels, unpack_pixels
from mho.image.codec.model import ATOMS

__all__ = ["pack_alpha", "pack_dictionary", "unpack_alpha", "unpack_dictionary"]


def pack_alpha(alpha: np.ndarray) -> bytes:
    """Return opacity (m, n) as pixels without loss."""
    return pack_pixels(alpha)


def unpack_alpha(data: bytes, shape: tuple[int, int], version: int = 2) -> np.ndarray:
    """Return the opacity of a picture of `shape`; of version 1, differences along each row, deflated."""
    if version > 1:
        return unpack_pixels(data, shape, 1)
    differences = np.frombuffer(inflate(data, shape[0] * shape[1]), np.uint8).reshape(shape)
    return np.cumsum(differences, axis=1, dtype=np.uint8)


def pack_dictionary(dictionary: Dictionary) -> bytes:
    """Return the cells' levels and scales, deflated; one of the two cells of an entry is zero."""
    levels = (dictionary.positive - dictionary.negative).astype(np.int8)
    return zlib.compress(levels.tobytes() + dictionary.scale.astype("<u2").tobytes(), 9)


def unpack_dictionary(data: bytes) -> Dictionary:
    """Return the dictionary."""
    content = inflate(data, ATOMS * ATOMS + 2 * ATOMS)
    levels = np.frombuffer(content, np.int8, ATOMS * ATOMS).reshape(ATOMS, ATOMS).astype(np.float64)
    scale = np.frombuffer(content, "<u2", ATOMS, ATOMS * ATOMS).astype(np.float64)
    return Dictionary(np.maximum(levels, 0), np.maximum(-levels, 0), scale)
