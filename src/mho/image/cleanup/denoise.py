"""Noise of photos taken away: estimated, made of equal variance, fitted, and brought back without bias."""

from __future__ import annotations

import numpy as np

from mho.engines import Digital, Engine, engine_for
from mho.image.cleanup.groups import denoised
from mho.image.cleanup.noise import Noise, estimate_noise
from mho.image.cleanup.one_dictionary import denoised_by_dictionary
from mho.image.cleanup.patches import planes_of

__all__ = ["denoise"]


def denoise(
    pixels: np.ndarray,
    sigma: float | None = None,
    *,
    gain: float = 0.0,
    engine: str | Engine = "digital",
    random_state: int = 0,
) -> np.ndarray:
    """Return the picture with less noise, Gaussian or Poisson-Gaussian.

    On the CPU patches that look alike are factored group by group (`mho.image.cleanup.groups`). On any other engine
    every overlapping patch is fitted by atoms of the whole picture, which are programmed once.

    Parameters
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB, at least 8 x 8.
    sigma : float, optional
        Standard deviation of the noise in grey levels of 0 to 255, >= 0; by default it and the gain are estimated.
    gain : float
        The noise's variance is gain x + sigma^2 at a grey level x; see `Noise`.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves for the codes of the patches; a dictionary is learnt and chosen on the CPU.
    random_state : int
        For a dictionary, and for the errors of a chip that is made here.

    Returns
    -------
    ndarray
        Like `pixels`.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.image.cleanup import denoise
    >>> noisy = np.random.default_rng(0).normal(128, 20, (64, 64)).round().astype(np.uint8)
    >>> float(denoise(noisy, 20).std()) < 4
    True
    """
    planes_of(pixels)  # refuses what is no picture
    solver = engine_for(engine, seed=random_state)
    noise = _noise(pixels, sigma, gain)
    return _calmed(pixels, noise, solver, random_state) if noise else pixels.copy()


def _calmed(pixels: np.ndarray, noise: Noise, solver: Engine, random_state: int) -> np.ndarray:
    stable = noise.stabilised(np.atleast_3d(pixels).astype(np.float64)).astype(np.float32)
    plain = isinstance(solver, Digital)
    calm = denoised(stable) if plain else denoised_by_dictionary(stable, solver, random_state)
    return np.rint(np.clip(noise.restored(calm), 0, 255)).astype(np.uint8).reshape(pixels.shape)


def _noise(pixels: np.ndarray, sigma: float | None, gain: float) -> Noise:
    if sigma is not None:
        return Noise(gain, sigma)
    if Noise(gain):
        raise ValueError(
            f"sigma must be told where gain is, got gain = {gain:g} alone; without both they are estimated"
        )
    return estimate_noise(pixels)
