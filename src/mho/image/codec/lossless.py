"""Pixels without loss: indices into a palette where there are few colours, else levels that are predicted.

=========  ======================================================================================================
kind       u8: 0 predicted levels, 1 palette, 2 to 5 deflated: levels as they are, less those to the left, less
           those above, less both
palette    of kind 1 alone: its colours less one (u8), the length of the next (7 bits a byte), its colours as a row of
           predicted levels
decisions  the pixels, see kernels/src/pixels.hpp
=========  ======================================================================================================
"""

from __future__ import annotations

import math
import zlib

import numpy as np

from mho.data import DataError
from mho.image.codec.container import number
from mho.kernels.pictures import decode_pixels, encode_pixels

__all__ = ["inflate", "pack_pixels", "palette_of", "promising", "unpack_pixels"]

_PREDICTED, _PALETTE, _DEFLATED = 0, 1, 2
_MOST, _SAMPLE, _SURE = 256, 4096, 16
"""Colours of a palette; pixels that tell most pictures of more; colours up to which levels are not tried beside it."""

_BANDS, _BAND = 5, 16
"""Bands of rows that tell whether a picture repeats, and rows of each."""


def palette_of(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the colours of pixels (m, n) or (m, n, 3), ascending, and the index of each; None if they are over 256.

    Returns
    -------
    ndarray of shape (1, k) or (1, k, 3), uint8
        Colours.
    ndarray of shape (m, n), uint8
        Indices.
    """
    colours = pixels if pixels.ndim == 2 else pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    step = max(1, colours.size // _SAMPLE)
    if len(np.unique(colours.ravel()[::step])) > _MOST:
        return None
    found, indices = np.unique(colours, return_inverse=True)
    if len(found) > _MOST:
        return None
    levels = found if pixels.ndim == 2 else np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    return levels.astype(np.uint8)[None], indices.reshape(colours.shape).astype(np.uint8)


def promising(pixels: np.ndarray, size: int) -> bool:
    """Tell whether fewer than `size` bytes may hold the pixels without loss, by a sample of rows.

    By their differences, or since they repeat: drawings have far fewer patterns than differences alone show.
    """
    if _deflated_share(pixels) * pixels.size < 1.5 * size:
        return True
    sample = pixels[:: max(1, len(pixels) // 48)]
    after = pixels[1 :: max(1, len(pixels) // 48)][: len(sample)]
    down = after - sample[: len(after)]
    bits = min(_entropy(differences) for differences in (np.diff(sample, axis=1), down, np.diff(down, axis=1)))
    return bits * pixels.size / 8 < 1.3 * size


def _deflated_share(pixels: np.ndarray) -> float:
    """Bytes that Deflate makes of one byte, quickly, in a few bands of rows."""
    first = np.linspace(0, max(0, len(pixels) - _BAND), _BANDS).astype(int)
    sample = np.concatenate([pixels[row : row + _BAND] for row in np.unique(first)])
    return len(zlib.compress(sample.tobytes(), 1)) / max(1, sample.size)


def _entropy(differences: np.ndarray) -> float:
    """Bits of a sample; of as good as none if there is no difference to see."""
    if differences.size == 0:
        return 0.0
    shares = np.bincount(differences.ravel(), minlength=256) / differences.size
    return float(-(shares[shares > 0] * np.log2(shares[shares > 0])).sum())


def pack_pixels(pixels: np.ndarray) -> bytes:
    """Return pixels (m, n) or (m, n, 3) uint8 as the payload of a file, of the kind that takes the fewest bytes."""
    pixels = np.ascontiguousarray(pixels)
    palette = palette_of(pixels)
    few = palette is not None and palette[0].shape[1] <= _SURE
    kinds = [] if palette is None else [_packed(*palette)]
    if not few:
        kinds.append(bytes([_PREDICTED]) + encode_pixels(pixels, 8, False))
    return min(*kinds, *_deflated(pixels), key=len)


def _packed(colours: np.ndarray, indices: np.ndarray) -> bytes:
    count = colours.shape[1]
    head = encode_pixels(np.ascontiguousarray(colours), 8, False)
    return bytes([_PALETTE, count - 1]) + number(len(head)) + head + encode_pixels(indices, _bits(count), True)


def _deflated(pixels: np.ndarray) -> list[bytes]:
    zeros = np.uint8(0)
    left, above = (np.diff(pixels, axis=axis, prepend=zeros) for axis in (1, 0))
    forms = (pixels, left, above, np.diff(left, axis=0, prepend=zeros))
    return [bytes([_DEFLATED + i]) + zlib.compress(form.tobytes(), 9) for i, form in enumerate(forms)]


def _inflated(payload: bytes, form: tuple[int, ...]) -> np.ndarray:
    differences = np.frombuffer(inflate(payload[1:], math.prod(form)), np.uint8).reshape(form)
    kind = payload[0] - _DEFLATED
    for axis, kinds in ((0, (2, 3)), (1, (1, 3))):
        if kind in kinds:
            differences = np.cumsum(differences, axis=axis, dtype=np.uint8)
    return differences.copy()


def _bits(count: int) -> int:
    return max(1, (count - 1).bit_length())


def unpack_pixels(payload: bytes, shape: tuple[int, int], planes: int) -> np.ndarray:
    """Return the pixels (m, n) or (m, n, 3), uint8.

    Raises
    ------
    DataError
        Damaged.
    """
    form = shape if planes == 1 else (*shape, 3)
    kind, data = payload[:1], np.frombuffer(payload, np.uint8)
    if kind == bytes([_PREDICTED]):
        return _read(data[1:], form)
    if kind and _DEFLATED <= kind[0] < _DEFLATED + 4:
        return _inflated(payload, form)
    if kind != bytes([_PALETTE]) or len(payload) < 3:
        raise DataError("a damaged .mho picture: its pixels are of no kind that there is")
    count, at = payload[1] + 1, 2
    length, shift = 0, 0
    while True:
        if at >= len(payload) or shift > 28:
            raise DataError("a damaged .mho picture: it has no palette")
        length, at, shift = length | (payload[at] & 127) << shift, at + 1, shift + 7
        if payload[at - 1] < 128:
            break
    colours = _read(data[at : at + length], (1, count) if planes == 1 else (1, count, 3))[0]
    indices = _read(data[at + length :], shape, _bits(count), True)
    if indices.max() >= count:
        raise DataError("a damaged .mho picture: a colour that its palette has not")
    return colours[indices]


def _read(data: np.ndarray, shape: tuple[int, ...], bits: int = 8, palette: bool = False) -> np.ndarray:
    pixels = np.empty(shape, np.uint8)
    if not decode_pixels(np.ascontiguousarray(data), bits, palette, pixels):
        raise DataError("a damaged .mho picture: no pixels have these bits")
    return pixels


def inflate(data: bytes, size: int) -> bytes:
    """Return the `size` bytes of a deflated stream, and no more of them, however far it would grow.

    Raises
    ------
    DataError
        Damaged, or of another size.
    """
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(data, size)
    except zlib.error as error:
        raise DataError("a damaged .mho picture: a section cannot be inflated") from error
    if len(content) != size:
        raise DataError("a damaged .mho picture: a section is too short")
    return content
