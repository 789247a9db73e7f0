"""Scratches found by what they look like: thin, straight, long, brighter or darker than both sides."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from mho import checks
from mho.image.cleanup.patches import planes_of

__all__ = ["scratches"]

_WIDTH = 4
"""Pixels across a scratch, at the most."""

_CONTRAST = 12
"""Grey levels by which it stands out in every channel, at the least."""

_HALF, _DIRECTIONS = 40, 128
"""It is at least 2 _HALF + 1 pixels long; the ends of segments in neighbouring directions are a pixel apart."""

_SHARE = 0.85
"""Of a segment's pixels that have to be thin ones; others may be hidden by what is as bright, or by another scratch."""


def scratches(pixels: np.ndarray, polarity: Literal["bright", "dark"] = "bright") -> np.ndarray:
    """Return a mask of scratches, for `inpaint`.

    A pixel is thin if the top-hat transform by a square of 5 x 5 pixels leaves at least 12 grey levels of it in every
    channel. Where 85 % of a straight segment of 81 pixels, in one of 128 directions, are thin, its thin pixels are
    marked. A wire or a mast looks the same.

    Parameters
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB, at least 8 x 8.
    polarity : {"bright", "dark"}
        Of the scratches against both their sides.

    Returns
    -------
    ndarray of shape (m, n), bool
    """
    from scipy.ndimage import black_tophat, white_tophat

    checks.one_of(polarity, "polarity", ("bright", "dark"))
    planes_of(pixels)  # refuses what is no picture
    tophat: Any = white_tophat if polarity == "bright" else black_tophat
    left = tophat(np.atleast_3d(pixels), (_WIDTH + 1, _WIDTH + 1, 1))
    return _on_segments(np.all(left >= _CONTRAST, axis=2))


def _on_segments(thin: np.ndarray) -> np.ndarray:
    """Return the pixels of the mask on segments that mostly lie in it."""
    m, n = thin.shape
    padded = np.pad(thin, _HALF).astype(np.uint8)
    found = np.zeros(padded.shape, bool)
    for segment in _segments():
        count = np.zeros((m, n), np.uint8)
        for i, j in segment:
            count += padded[i : i + m, j : j + n]
        rows, cols = np.nonzero(count >= _SHARE * len(segment))
        for i, j in segment:
            found[rows + i, cols + j] = True
    return found[_HALF:-_HALF, _HALF:-_HALF] & thin


def _segments() -> list[np.ndarray]:
    """Pixels of a segment about (_HALF, _HALF) in each direction, (rows, columns)."""
    angles = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    places = np.arange(-_HALF, _HALF + 1)[:, None]
    return [np.unique(np.rint(_HALF + places * [np.sin(a), np.cos(a)]).astype(int), axis=0) for a in angles]
