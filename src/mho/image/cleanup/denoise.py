"""Noise taken away by a dictionary too small to hold it."""

from __future__ import annotations

import numpy as np

from mho import checks
from mho.engines import Engine, engine_for, nnls
from mho.image.cleanup.patches import averaged, codes, columns, dictionary, patches_touching, pixels_of, planes_of

__all__ = ["denoise"]

_RANKS = (4, 8, 16, 32, 48)


def denoise(pixels: np.ndarray, sigma: float, *, engine: str | Engine = "digital", random_state: int = 0) -> np.ndarray:
    """Return the picture with less Gaussian noise.

    Every overlapping patch is fitted by the picture's own atoms and the fits are averaged. The more atoms, the more
    detail and the more noise they hold; of 4, 8, 16, 32 and 48 atoms those are taken for which Stein's unbiased risk
    estimate (1981) of the fits is least.

    Parameters
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB, at least 8 x 8.
    sigma : float
        Standard deviation of the noise in grey levels of 0 to 255, >= 0.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves for the codes of the patches; the dictionary is learnt and chosen on the CPU.
    random_state : int
        For the dictionary, and for the errors of a chip that is made here.

    Returns
    -------
    ndarray
        Like `pixels`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.
    """
    planes, solver = planes_of(pixels), engine_for(engine, seed=random_state)
    variance = (checks.nonnegative_number(sigma, "sigma") / 255) ** 2
    if variance == 0:
        return pixels.copy()
    places = patches_touching(np.ones(planes.shape[:2], bool))
    D = _dictionary(planes, variance, random_state)
    solve = codes(D, solver)
    return pixels_of(averaged(lambda at: D @ solve(columns(planes, at)), places, planes.shape))


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
