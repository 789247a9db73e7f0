"""All 8 x 8 patches of a picture: a dictionary of them, and a picture from fits of each."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mho.engines import Engine
from mho.engines.solve import as_known
from mho.image.codec import Picture
from mho.nmf import NMF

__all__ = ["averaged", "codes", "columns", "dictionary", "patches_touching", "pixels_of", "planes_of"]

SIDE = 8
"""Pixels along a patch."""

PEDESTAL = 1.0
"""Added to grey levels of 0 to 1. Atoms can then take away from a common brightness, which non-negative codes of dark
patches could not."""

_SAMPLE = 1 << 13
"""Patches that a dictionary is learnt from."""

_CHUNK = 1 << 12
"""Patches solved at once, to bound memory."""

Places = tuple[np.ndarray, np.ndarray]
"""Rows and columns of the upper left pixels of patches."""


def planes_of(pixels: np.ndarray) -> np.ndarray:
    """Return grey levels on their pedestal, (m, n, channels) float32, of 8-bit pixels (m, n) or (m, n, 3)."""
    Picture(pixels)  # refuses what is none
    if min(pixels.shape[:2]) < SIDE:
        raise ValueError(f"pixels must be at least {SIDE} x {SIDE}, got {pixels.shape[0]} x {pixels.shape[1]}")
    return np.float32(PEDESTAL) + np.atleast_3d(pixels).astype(np.float32) / 255


def pixels_of(planes: np.ndarray) -> np.ndarray:
    """Return pixels (m, n) or (m, n, 3), uint8, of planes: the inverse of `planes_of`."""
    pixels = np.rint(255 * np.clip(planes - PEDESTAL, 0, 1)).astype(np.uint8)
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def columns(planes: np.ndarray, places: Places) -> np.ndarray:
    """Return patches as columns, (64 channels, patches); the channels stand one below the other."""
    windows = sliding_window_view(planes, (SIDE, SIDE), axis=(0, 1))
    return windows[places].reshape(len(places[0]), -1).T


def patches_touching(mask: np.ndarray) -> Places:
    """Return the positions of patches with at least one pixel of the mask."""
    rows, cols = np.nonzero(sliding_window_view(mask, (SIDE, SIDE)).any(axis=(2, 3)))
    return rows, cols


def dictionary(planes: np.ndarray, rank: int, random_state: int) -> np.ndarray:
    """Return the non-negative atoms, (64 channels, rank), of a sample of the patches."""
    shape = tuple(side - SIDE + 1 for side in planes.shape[:2])
    rng = np.random.default_rng(random_state)
    places = np.unravel_index(rng.permutation(shape[0] * shape[1])[:_SAMPLE], shape)
    X = columns(planes, (places[0], places[1]))
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # an atom that no patch needs is no fault
        return NMF(rank, max_iter=20, tol=0, random_state=random_state).fit(X).W_


def codes(A: np.ndarray, engine: Engine) -> Callable[[np.ndarray], np.ndarray]:
    """Program A (m, k) and return a function from columns (m, n), NaN where not known, to codes (k, n) >= 0."""
    held = engine.exact().program(A)
    return lambda B: held.solve(as_known(B, "nan", "B"))


def averaged(fit: Callable[[Places], np.ndarray], places: Places, shape: tuple[int, ...]) -> np.ndarray:
    """Return the mean of what overlapping patches say of each pixel, NaN where there is no patch.

    `fit` returns the patches at given places as `columns` does.
    """
    total, count = np.zeros(shape), np.zeros((*shape[:2], 1))
    for start in range(0, len(places[0]), _CHUNK):
        rows, cols = (place[start : start + _CHUNK] for place in places)
        fitted = fit((rows, cols)).reshape(shape[2], SIDE, SIDE, -1)
        for i, j in np.ndindex(SIDE, SIDE):  # no two patches have the same pixel at one (i, j)
            total[rows + i, cols + j] += fitted[:, i, j].T
            count[rows + i, cols + j] += 1
    return np.divide(total, count, out=np.full(shape, np.nan), where=count > 0)
