"""Clean-up by dictionaries of all patches of a picture, each programmed once: for chips, and any engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.engines import Engine, nnls
from mho.image.cleanup.patches import PEDESTAL, averaged, codes, columns, dictionary, patches_touching

__all__ = ["denoised_by_dictionary", "filled_by_dictionaries"]

_RANKS = (4, 8, 16, 32, 48)

_ROUNDS = (8, 16, 32)
"""Few atoms first: they cannot follow a bad guess, and the next dictionary is learnt from what they made of it."""

_TRUST = 0.5
"""Weight of the estimate of a pixel's level against a known one."""


def denoised_by_dictionary(planes: np.ndarray, engine: Engine, random_state: int) -> np.ndarray:
    """Return planes with less white noise of variance 1.

    Every overlapping patch is fitted by the same atoms and the fits are averaged; of 4, 8, 16, 32 and 48 atoms those
    are taken for which Stein's unbiased risk estimate (1981) of the fits is least.

    Parameters
    ----------
    planes : ndarray of shape (m, n, channels), float32
        At least 8 x 8.
    engine : Engine
        Who solves for the codes of the patches.
    random_state : int
        For the dictionary.
    """
    low = min(0.0, float(planes.min()))
    white = max(float(planes.max()) - low, 1.0)
    raised = np.float32(PEDESTAL) + (planes - np.float32(low)) / np.float32(white)
    places = patches_touching(np.ones(planes.shape[:2], bool))
    D = _dictionary(raised, white**-2, random_state)
    solve = codes(D, engine)
    fitted = averaged(lambda at: D @ solve(columns(raised, at)), places, planes.shape)
    return (fitted - PEDESTAL) * white + low


def _dictionary(planes: np.ndarray, variance: float, random_state: int) -> np.ndarray:
    rows, cols = patches_touching(np.ones(planes.shape[:2], bool))
    every = max(1, len(rows) // 1000)
    X = columns(planes, (rows[::every], cols[::every]))
    candidates = [dictionary(planes, rank, random_state) for rank in _RANKS]
    return min(candidates, key=lambda D: _risk(D, X, variance))


def _risk(D: np.ndarray, X: np.ndarray, variance: float) -> float:
    """Stein's estimate of the mean squared error of D H, but for a constant; codes above 0 are the free ones."""
    H = nnls(D, X)
    return float(np.mean((X - D @ H) ** 2) + 2 * variance * np.count_nonzero(H) / X.size)


def filled_by_dictionaries(planes: np.ndarray, mask: np.ndarray, engine: Engine, random_state: int) -> np.ndarray:
    """Return planes with lost pixels filled in, in three rounds of 8, 16 and 32 atoms.

    Parameters
    ----------
    planes : ndarray of shape (m, n, channels), float32
        Grey levels on their pedestal.
    mask : ndarray of shape (m, n), bool
        Lost pixels.
    engine : Engine
        Who solves for the codes of the patches; lost pixels are rows switched off.
    random_state : int
        For the dictionaries.
    """
    known = np.where(mask[..., None], np.float32(np.nan), planes)
    estimate = _nearest(planes, mask)
    places = patches_touching(mask)
    for rank in _ROUNDS:
        D = dictionary(estimate, rank, random_state)
        both = np.concatenate([known, _TRUST * estimate], axis=2)
        solve = codes(np.vstack([D, _TRUST * D]), engine)
        mean = averaged(lambda at, D=D, h=solve, B=both: D @ h(columns(B, at)), places, planes.shape)
        estimate[mask] = mean[mask]
    return estimate


def _nearest(planes: np.ndarray, mask: np.ndarray) -> np.ndarray:
    from scipy.ndimage import distance_transform_edt

    indices: Any = distance_transform_edt(mask, return_distances=False, return_indices=True)
    return planes[tuple(indices)]
