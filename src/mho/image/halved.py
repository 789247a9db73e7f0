"""A picture at half the numbers: every channel factored as a whole, as the published chips demonstrate it.

A product W H of rank k holds k (m + n) numbers a channel, half the pixels at k = m n / (2 (m + n)). That is a count of
numbers. With 8 bits a number, which cost less than 0.1 dB, it is half the bytes too; with float32 it is twice as many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mho import checks
from mho.engines import Engine, nnls
from mho.image.chips import PICTURE_CHIP, picture_engine
from mho.image.factor import FactoredImage, factor_image

__all__ = ["HalvedPicture", "half_rank", "halve", "truncated"]

_CHIP = PICTURE_CHIP.with_(off_state="circuit")
"""A third of the entries are zeros. What these conduct in the sensing copy is not made up for by reading back."""

_ITERATIONS = 100
_CHIP_ITERATIONS = 40
"""The chip hardly comes closer with more: in each its cells are written anew, with new errors."""

_PEAK_BITS = 32
"""For the largest entry of each component, which its 8-bit numbers are shares of."""


def half_rank(m: int, n: int) -> int:
    """Return the largest rank at which k (m + n) numbers are at most half of m n.

    Parameters
    ----------
    m, n : int
        Rows and columns of the picture.
    """
    return max(1, m * n // (2 * (m + n)))


@dataclass(frozen=True, eq=False)
class HalvedPicture:
    """A picture as one product W H per channel.

    Attributes
    ----------
    channels : tuple of FactoredImage
        One if grey, three if RGB.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.image import halve
    >>> picture = (255 * np.random.default_rng(0).random((32, 32))).astype(np.uint8)
    >>> halved = halve(picture)
    >>> halved.pixels.shape, len(halved.channels)
    ((32, 32), 1)
    """

    channels: tuple[FactoredImage, ...]

    @property
    def pixels(self) -> np.ndarray:
        """The products as 8-bit pixels, (m, n) or (m, n, 3)."""
        return _pixels([channel.reconstruction for channel in self.channels])

    @property
    def storage(self) -> float:
        """Numbers in the factors per sample of the picture."""
        return self.channels[0].storage

    def bits_per_pixel(self, bits: int) -> float:
        """Return the size of the factors in bits per pixel at `bits` a number, all channels together.

        Parameters
        ----------
        bits : int
            As given to `rounded`.
        """
        (m, k), n = self.channels[0].W.shape, self.channels[0].H.shape[1]
        return len(self.channels) * k * ((m + n) * bits + _PEAK_BITS) / (m * n)

    def rounded(self, pixels: np.ndarray, bits: int = 8) -> HalvedPicture:
        """Return the picture with every number of a factor rounded to a share of its component's largest.

        W is rounded first, and H fitted anew with what W has become.

        Parameters
        ----------
        pixels : ndarray of shape (m, n) or (m, n, 3), uint8
            The picture that was factored.
        bits : int
            From 1 to 16.
        """
        top = 2 ** checks.positive_int(bits, "bits", limit=16) - 1
        factored = zip(_channels(pixels), self.channels, strict=True)
        return HalvedPicture(tuple(_rounded_factors(X, channel, top) for X, channel in factored))


def halve(
    pixels: np.ndarray,
    *,
    n_components: int | None = None,
    engine: Engine | str = "digital",
    max_iter: int | None = None,
    random_state: int | None = 0,
    callback: Callable[[dict[str, Any]], Any] | None = None,
) -> HalvedPicture:
    """Factor every channel of a picture as a whole.

    Parameters
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB.
    n_components : int, optional
        Rank; `half_rank` if not given.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves the half-steps. By name as `picture_engine` makes it, with reference columns for cells that are zero.
    max_iter : int, optional
        Iterations, which do not stop early; 100 if not given, 40 where a chip takes part.
    random_state : int, optional
        For the start and a chip's errors.
    callback : callable, optional
        As `mho.NMF` takes it.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.
    """
    channels = _channels(pixels)
    solver = picture_engine(engine, chip=_CHIP, seed=random_state)
    if max_iter is None:
        max_iter = _ITERATIONS if solver.ledger() is None else _CHIP_ITERATIONS
    k = half_rank(*channels[0].shape) if n_components is None else n_components
    how: dict[str, Any] = {"engine": solver, "max_iter": max_iter, "random_state": random_state, "callback": callback}
    return HalvedPicture(tuple(factor_image(channel, k, tol=0, **how) for channel in channels))


def truncated(pixels: np.ndarray, rank: int) -> np.ndarray:
    """Return the best approximation of a rank, by singular values: signed factors, the bound for every W H.

    Parameters
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB.
    rank : int
        Of each channel.
    """
    triplets = [np.linalg.svd(channel, full_matrices=False) for channel in _channels(pixels)]
    return _pixels([(U[:, :rank] * s[:rank]) @ Vt[:rank] for U, s, Vt in triplets])


def _channels(pixels: np.ndarray) -> list[np.ndarray]:
    if getattr(pixels, "dtype", None) != np.uint8:
        raise TypeError(f"pixels must be 8-bit (uint8), got {getattr(pixels, 'dtype', type(pixels).__name__)}")
    if pixels.ndim not in (2, 3) or 0 in pixels.shape or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise ValueError(f"pixels must have shape (m, n) or (m, n, 3) and not be empty, got {pixels.shape}")
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    return [np.ascontiguousarray(plane, np.float32) / 255 for plane in np.moveaxis(planes, -1, 0)]


def _pixels(channels: list[np.ndarray]) -> np.ndarray:
    stacked = np.stack([np.rint(255 * np.clip(channel, 0, 1)).astype(np.uint8) for channel in channels], axis=-1)
    return stacked[..., 0] if len(channels) == 1 else stacked


def _rounded_factors(X: np.ndarray, channel: FactoredImage, top: int) -> FactoredImage:
    W = _rounded(channel.W, top)
    return replace(channel, W=W, H=_rounded(nnls(W, X).T, top).T)


def _rounded(factor: np.ndarray, top: int) -> np.ndarray:
    step = factor.max(axis=0) / top
    return np.rint(factor / np.where(step > 0, step, 1)) * step
