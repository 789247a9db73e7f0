"""Pixels to planes, luma and chroma, to patches."""

from __future__ import annotations

import numpy as np

from mho.image.codec.dictionary import PATCH

__all__ = ["chroma_loss", "to_patches", "to_planes"]

_FORWARD = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
"""RGB to Y, Cb, Cr of ITU-R BT.601, full range, as JFIF has it."""

_GREY = 128


def to_planes(pixels: np.ndarray, *, halved: bool = True) -> list[np.ndarray]:
    """Return the planes of 8-bit pixels (m, n) or (m, n, 3), float32, around zero; chroma at half the resolution."""
    if pixels.ndim == 2:
        return [pixels.astype(np.float32) - _GREY]
    planes = np.tensordot(_FORWARD, pixels.astype(np.float32), axes=(1, 2))
    planes[0] -= _GREY
    return [planes[0], *(map(_halve, planes[1:]) if halved else planes[1:])]


_SQUARES = (1.772**2 + 0.344**2, 1.402**2 + 0.714**2)
"""Of an error of Cb and of Cr in R, G and B."""


def chroma_loss(pixels: np.ndarray) -> float:
    """Return the squared error of a pixel, R, G and B together, of chroma that is the mean of 2 x 2 pixels each."""
    if pixels.ndim == 2:
        return 0.0
    chroma = to_planes(pixels, halved=False)[1:]
    lost = (float(np.vdot(c, c)) / c.size - float(np.vdot(h, h)) / h.size for c, h in ((c, _halve(c)) for c in chroma))
    return sum(square * max(0.0, loss) for square, loss in zip(_SQUARES, lost, strict=True))


def _halve(plane: np.ndarray) -> np.ndarray:
    even = np.pad(plane, [(0, side % 2) for side in plane.shape], mode="edge")
    rows = even[0::2] + even[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) / 4


def to_patches(plane: np.ndarray) -> np.ndarray:
    """Return the patches (64, rows, columns) of a plane, continued by its edge to whole patches."""
    padded = np.pad(plane, [(0, -side % PATCH) for side in plane.shape], mode="edge")
    rows, columns = (side // PATCH for side in padded.shape)
    tiles = padded.reshape(rows, PATCH, columns, PATCH).transpose(1, 3, 0, 2)
    return np.ascontiguousarray(tiles).reshape(PATCH**2, rows, columns)
