"""Pixels to planes (luma, and chroma at half the resolution) to patches, and back in whole numbers."""

from __future__ import annotations

import numpy as np

from mho.image.codec.dictionary import PATCH

__all__ = ["from_patches", "plane_shapes", "to_patches", "to_pixels", "to_planes"]

_FORWARD = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
"""RGB to Y, Cb, Cr of ITU-R BT.601, full range, as JFIF has it."""

_CR_R, _CB_G, _CR_G, _CB_B = 91881, 22554, 46802, 116130
"""1.402, 0.344136, 0.714136 and 1.772 in units of 2**-16."""

_GREY = 128


def plane_shapes(shape: tuple[int, int], channels: int) -> list[tuple[int, int]]:
    """Return the sizes of a picture's planes: luma, then chroma, in pixels."""
    half = ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
    return [shape] if channels == 1 else [shape, half, half]


def to_planes(pixels: np.ndarray) -> list[np.ndarray]:
    """Return the planes of 8-bit pixels (m, n) or (m, n, 3), float32, around zero."""
    if pixels.ndim == 2:
        return [pixels.astype(np.float32) - _GREY]
    luma, *chroma = np.moveaxis(pixels.astype(np.float32) @ _FORWARD.T, -1, 0)
    return [luma - _GREY, *map(_halve, chroma)]


def _halve(plane: np.ndarray) -> np.ndarray:
    even = np.pad(plane, [(0, side % 2) for side in plane.shape], mode="edge")
    rows = even[0::2] + even[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) / 4


def to_pixels(planes: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Return 8-bit pixels of planes in sixteenths of a grey level, int32; whole-number arithmetic throughout."""
    luma = planes[0] + 16 * _GREY
    if len(planes) == 1:
        return _to_byte(luma, 4)
    cb, cr = (_double(plane)[: shape[0], : shape[1]] for plane in planes[1:])
    pixels = np.empty((*shape, 3), np.uint8)
    luma = luma << 8
    pixels[..., 0] = _to_byte(luma + (cr * (_CR_R >> 4) >> 4), 12)
    pixels[..., 1] = _to_byte(luma - ((cb * (_CB_G >> 4) + cr * (_CR_G >> 4)) >> 4), 12)
    pixels[..., 2] = _to_byte(luma + (cb * (_CB_B >> 4) >> 4), 12)
    return pixels


def _to_byte(values: np.ndarray, fraction: int) -> np.ndarray:
    return np.clip((values + (1 << (fraction - 1))) >> fraction, 0, 255).astype(np.uint8)


def _double(plane: np.ndarray) -> np.ndarray:
    """Twice the resolution by linear interpolation: 3/4 of the nearer sample and 1/4 of the farther."""
    return _double_rows(_double_rows(plane).T).T


def _double_rows(plane: np.ndarray) -> np.ndarray:
    padded = np.pad(plane, ((1, 1), (0, 0)), mode="edge")
    doubled = np.empty((2 * len(plane), plane.shape[1]), np.int32)
    doubled[0::2] = (3 * plane + padded[:-2] + 2) >> 2
    doubled[1::2] = (3 * plane + padded[2:] + 2) >> 2
    return doubled


def to_patches(plane: np.ndarray) -> np.ndarray:
    """Return the patches (64, rows, columns) of a plane, continued by its edge to whole patches."""
    padded = np.pad(plane, [(0, -side % PATCH) for side in plane.shape], mode="edge")
    rows, columns = (side // PATCH for side in padded.shape)
    tiles = padded.reshape(rows, PATCH, columns, PATCH).transpose(1, 3, 0, 2)
    return np.ascontiguousarray(tiles).reshape(PATCH**2, rows, columns)


def from_patches(patches: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the plane of `shape` that patches (64, rows, columns) make up."""
    _, rows, columns = patches.shape
    tiles = patches.reshape(PATCH, PATCH, rows, columns).transpose(2, 0, 3, 1)
    return tiles.reshape(rows * PATCH, columns * PATCH)[: shape[0], : shape[1]]
