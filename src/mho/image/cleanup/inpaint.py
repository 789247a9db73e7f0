"""Lost pixels from patches of the picture that look alike, or from the dictionary of all its patches."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.engines import Digital, Engine, engine_for
from mho.image.cleanup.groups import filled
from mho.image.cleanup.one_dictionary import filled_by_dictionaries
from mho.image.cleanup.patches import pixels_of, planes_of

__all__ = ["inpaint"]


def inpaint(pixels: np.ndarray, mask: Any, *, engine: str | Engine = "digital", random_state: int = 0) -> np.ndarray:
    """Return the picture with its lost pixels filled in; all others stay as they are.

    On the CPU they come from groups of patches that look alike (`mho.image.cleanup.groups.filled`). On any other engine
    a dictionary D >= 0 is learnt from all patches of the estimate x^ in each of three rounds, and every patch that
    touches a lost pixel is fitted by codes h >= 0 that minimise |x - D h|^2 over its known pixels plus
    0.25 |x^ - D h|^2 over all. The mean of the overlapping fits is the next estimate; the first one is the nearest
    known pixel.

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
    if isinstance(solver, Digital):
        whole = np.rint(np.clip(filled(np.atleast_3d(pixels).astype(np.float32), mask), 0, 255)).astype(np.uint8)
    else:
        whole = np.atleast_3d(pixels_of(filled_by_dictionaries(planes, mask, solver, random_state)))
    return np.where(mask[..., None], whole, np.atleast_3d(pixels)).reshape(pixels.shape)


def _checked(mask: Any, pixels: np.ndarray) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask must be boolean, got {mask.dtype}")
    if mask.shape != pixels.shape[:2]:
        raise ValueError(f"mask must have the shape of the picture, {pixels.shape[:2]}, got {mask.shape}")
    if mask.all():
        raise ValueError("mask must leave at least one pixel known")
    return mask
