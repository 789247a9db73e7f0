"""Noise of pictures: what of it grows with brightness and what does not, estimated, and made of variance 1 and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.image.codec import Picture

__all__ = ["Noise", "estimate_noise"]

_BLOCK = 8
"""Pixels along a block whose noise is measured."""

_BINS, _FLATTEST = 16, 0.15
"""Ranges of brightness with as many blocks each, and the share of their blocks with the least texture."""

_CLIPPED = 0.02
"""Share of a block's pixels at black or white that hides its noise."""

_QUANTILES = np.arange(0.5, 64) / 64
_LEVELS = np.linspace(0, 255, 511)
"""Grey levels for which the mean of what the transform makes of noisy pixels is known."""


@dataclass(frozen=True)
class Noise:
    """Poisson-Gaussian noise: variance gain x + sigma^2 at a grey level x of 0 to 255.

    Parameters
    ----------
    gain : float
        Grey levels of one photon or electron, >= 0.
    sigma : float
        Standard deviation of what is the same everywhere, in grey levels, >= 0.

    Examples
    --------
    >>> from mho.image.cleanup import Noise
    >>> Noise(gain=1, sigma=6).variance(64)
    100.0
    """

    gain: float = 0.0
    sigma: float = 0.0

    def __post_init__(self) -> None:
        for name in ("gain", "sigma"):
            object.__setattr__(self, name, float(checks.nonnegative_number(getattr(self, name), name)))

    def __bool__(self) -> bool:
        return self.gain > 0 or self.sigma > 0

    def __str__(self) -> str:
        grows = f", its variance {self.gain:.3g} more for each grey level" if self.gain else ""
        return f"of {self.sigma:.3g} grey levels{grows}"

    def variance(self, level: Any) -> Any:
        """Return the variance at grey levels, of the same shape, in squares of grey levels.

        Parameters
        ----------
        level : float or ndarray
            0 to 255.
        """
        return self.gain * level + self.sigma**2

    def stabilised(self, levels: np.ndarray) -> np.ndarray:
        """Return noisy grey levels with noise of variance 1 (generalised Anscombe transform, Makitalo-2013).

        Parameters
        ----------
        levels : ndarray
            Any shape.
        """
        if self.gain == 0:
            return levels / self.sigma
        return 2 / self.gain * np.sqrt(np.maximum(self.gain * levels + 0.375 * self.gain**2 + self.sigma**2, 0))

    def restored(self, means: np.ndarray) -> np.ndarray:
        """Return the grey levels of which noisy pixels, clipped to 0 to 255, have these means once `stabilised`.

        The exact unbiased inverse, by a table.

        Parameters
        ----------
        means : ndarray
            Any shape.
        """
        table = np.maximum.accumulate(np.mean(self.stabilised(np.clip(self._drawn(), 0, 255)), axis=1))
        return np.interp(means, table, _LEVELS)

    def _drawn(self) -> np.ndarray:
        """Noisy pixels of equal probability at each of `_LEVELS`, (levels, quantiles)."""
        from scipy.special import ndtri, pdtrik

        gaussian = self.sigma * ndtri(_QUANTILES)
        if self.gain == 0:
            return _LEVELS[:, None] + gaussian
        counts = np.ceil(pdtrik(_QUANTILES, np.maximum(_LEVELS / self.gain, 1e-9)[:, None]))
        return (self.gain * np.maximum(counts, 0)[..., None] + gaussian).reshape(len(_LEVELS), -1)


def estimate_noise(pixels: np.ndarray) -> Noise:
    """Return the noise of a picture, estimated from its flattest blocks.

    In blocks of 8 x 8 pixels the noise's variance is that of a second difference in both directions, which even slopes
    do not have (Immerkaer-1996). In each of 16 ranges of brightness the blocks with the least texture are taken, once
    they are averaged over 4 x 4 pixels, which says little of the noise itself; gain and sigma^2 are the non-negative
    least squares of their medians. Noise is taken to be white; that of a photo enlarged or compressed hard is not.

    Parameters
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB, at least 32 x 32.

    Returns
    -------
    Noise
        One for all channels.

    Raises
    ------
    ValueError
        Too small a picture, or one where all is black or white.
    """
    Picture(pixels)  # refuses what is none
    if min(pixels.shape[:2]) < 4 * _BLOCK:
        raise ValueError(
            f"pixels must be at least {4 * _BLOCK} x {4 * _BLOCK} to estimate noise, got {pixels.shape[:2]}; tell sigma"
        )
    found = [_blocks(plane.astype(np.float64)) for plane in np.atleast_3d(pixels).transpose(2, 0, 1)]
    means, variances, textures = np.concatenate(found, axis=1)
    if len(means) == 0:
        raise ValueError("pixels must have blocks that are neither black nor white to estimate noise; tell sigma")
    return _fitted(*_flattest(means, variances, textures))


def _blocks(plane: np.ndarray) -> np.ndarray:
    """Mean, variance of the noise and texture of each block that is not clipped, (3, blocks)."""
    second = plane[:-2] - 2 * plane[1:-1] + plane[2:]
    second = second[:, :-2] - 2 * second[:, 1:-1] + second[:, 2:]
    m, n = (side // _BLOCK * _BLOCK for side in second.shape)
    inside = plane[1 : m + 1, 1 : n + 1]
    coarse = _cells(inside, _BLOCK // 2).mean(axis=(1, 3))
    clipped = _cells((inside <= 0) | (inside >= 255), _BLOCK).mean(axis=(1, 3))
    found = np.stack(
        [
            _cells(inside, _BLOCK).mean(axis=(1, 3)),
            _cells(second[:m, :n] ** 2, _BLOCK).mean(axis=(1, 3)) / 36,
            _cells(coarse, 2).var(axis=(1, 3)),
        ]
    )
    return found[:, clipped <= _CLIPPED]


def _cells(plane: np.ndarray, side: int) -> np.ndarray:
    m, n = (length // side for length in plane.shape)
    return plane[: m * side, : n * side].reshape(m, side, n, side)


def _flattest(means: np.ndarray, variances: np.ndarray, textures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Brightness and variance of the noise in each range."""
    ranges = np.array_split(np.argsort(means, kind="stable"), min(_BINS, max(1, len(means) // 8)))
    calm = [r[np.argsort(textures[r], kind="stable")[: max(1, round(_FLATTEST * len(r)))]] for r in ranges]
    return np.array([means[r].mean() for r in calm]), np.array([np.median(variances[r]) for r in calm])


def _fitted(levels: np.ndarray, variances: np.ndarray, rounds: int = 8) -> Noise:
    """Weights are the inverse of what is fitted, and of how far off a range is: texture only adds."""
    from mho.engines import nnls

    A, weights = np.stack([levels, np.ones_like(levels)], axis=1), np.ones_like(levels)
    gain = constant = 0.0
    for _ in range(rounds):
        gain, constant = nnls(A * weights[:, None], (variances * weights)[:, None])[:, 0]
        fit = np.maximum(A @ [gain, constant], 1e-3)
        weights = 1 / (fit * (1 + 4 * np.maximum(variances / fit - 1, 0)))
    return Noise(float(gain), float(constant) ** 0.5)
