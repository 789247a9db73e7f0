"""Lost pixels from the dictionary of the picture's own patches, coarse to fine."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.engines import Engine, engine_for
from mho.image.cleanup.patches import averaged, codes, columns, dictionary, patches_touching, pixels_of, planes_of

__all__ = ["inpaint"]

_RANKS = (8, 16, 32)
"""Few atoms first: they cannot follow a bad guess, and the next dictionary is learnt from what they made of it."""

_TRUST = 0.5
"""Weight of the estimate of a pixel's level against a known one."""


def inpaint(pixels: np.ndarray, mask: Any, *, engine: str | Engine = "digital", random_state: int = 0) -> np.ndarray:
    """Return the picture with its lost pixels filled in; all others stay as they are.

    In each round a dictionary D >= 0 is learnt from all patches of the estimate x^, and every patch that touches a lost
    pixel is fitted by codes h >= 0 that minimise |x - D h|^2 over its known pixels plus 0.25 |x^ - D h|^2 over all. The
    mean of the overlapping fits is the next estimate of the lost pixels. The first estimate is the nearest known pixel.

    Parameters
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB, at least 8 x 8.
    mask : array_like of shape (m, n), bool
        True where a pixel is lost.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves for the codes of the patches, each dictionary programmed once; a simulated chip is slow. Dictionaries
        are learnt on the CPU.
    random_state : int
        For the dictionary, and for the errors of a chip that is made here.

    Returns
    -------
    ndarray
        Like `pixels`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument; also if every pixel is lost.
    """
    planes, solver = planes_of(pixels), engine_for(engine, seed=random_state)
    mask = _checked(mask, pixels)
    if not mask.any():
        return pixels.copy()
    known = np.where(mask[..., None], np.float32(np.nan), planes)
    estimate = _nearest(planes, mask)
    places = patches_touching(mask)
    for rank in _RANKS:
        D = dictionary(estimate, rank, random_state)
        both = np.concatenate([known, _TRUST * estimate], axis=2)
        solve = codes(np.vstack([D, _TRUST * D]), solver)
        mean = averaged(lambda at, D=D, h=solve, B=both: D @ h(columns(B, at)), places, planes.shape)
        estimate[mask] = mean[mask]
    return np.where(mask[..., None], np.atleast_3d(pixels_of(estimate)), np.atleast_3d(pixels)).reshape(pixels.shape)


def _checked(mask: Any, pixels: np.ndarray) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask must be boolean, got {mask.dtype}")
    if mask.shape != pixels.shape[:2]:
        raise ValueError(f"mask must have the shape of the picture, {pixels.shape[:2]}, got {mask.shape}")
    if mask.all():
        raise ValueError("mask must leave at least one pixel known")
    return mask


def _nearest(planes: np.ndarray, mask: np.ndarray) -> np.ndarray:
    from scipy.ndimage import distance_transform_edt

    indices: Any = distance_transform_edt(mask, return_distances=False, return_indices=True)
    return planes[tuple(indices)]
