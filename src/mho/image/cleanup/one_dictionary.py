"""Noise taken away by one dictionary of the whole picture, too small to hold it: programmed once, for any engine."""

from __future__ import annotations

import numpy as np

from mho.engines import Engine, nnls
from mho.image.cleanup.patches import PEDESTAL, averaged, codes, columns, dictionary, patches_touching

__all__ = ["denoised_by_dictionary"]

_RANKS = (4, 8, 16, 32, 48)


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
