"""Non-local NMF: like patches in groups, each group factored as W H with W, H >= 0, and averaged where they overlap.

It takes noise away. Lost pixels come back in the same way: what an estimate of them is wrong by is taken for noise,
which becomes less from pass to pass.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mho import kernels

__all__ = ["denoised", "filled"]

_OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [0.5, -1, 0.5]]) / np.sqrt([[3], [2], [1.5]])
"""Orthonormal, so that noise stays what it is: brightness, by which patches are compared, and two of colour."""

_STEP, _RADIUS = 6, 10
"""Pixels between groups, and from a patch to the farthest that may be like it."""

_FINEST, _MOST = 8, 4095
"""Levels that patches are compared in: eighths of the noise's standard deviation, coarser where there would be more."""


class _Pass(NamedTuple):
    """Members of a group; ridges of brightness and of colour, in shares of the noise."""

    members: int
    ridges: tuple[float, float]


_DENOISING = (_Pass(16, (2.0, 4.0)), _Pass(24, (1.5, 3.0)))


def denoised(planes: np.ndarray) -> np.ndarray:
    """Return planes without white noise of variance 1.

    Patches of 8 x 8 pixels that look alike are the columns of X (64, n) of a group. It is factored as W H: W >= 0 are
    patches of the group itself, pushed outwards from their mean, H >= 0 has columns that sum to one and minimise
    |X - W H|^2 plus a ridge towards equal shares. The first of two passes takes W from the noisy picture and minimises
    an unbiased estimate of the risk (Stein's), the second takes W from the first one's result.

    Parameters
    ----------
    planes : ndarray of shape (m, n, channels), float32
        One channel, or red, green and blue; at least 8 x 8.
    """
    noisy = estimate = _turned(planes, _OPPONENT)
    for number, stage in enumerate(_DENOISING):
        estimate = _mixed(noisy, estimate, stage, first=number == 0)
    return _back(estimate)


_ERRORS = (60, 42, 30, 21, 15, 10, 7)
"""Standard deviation, in grey levels, that an estimate's error is taken to have in each pass."""

_FILLING = _Pass(12, (1.5, 1.5))
_FURTHER = np.float32(2.1)
"""What lost pixels move by, over the way to the mean of the mixtures: these pull them back, pass by pass."""


def filled(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return grey levels (m, n, channels), 0 to 255, with lost pixels filled in from patches that look alike.

    The first estimate is a mean of known pixels near by, made smooth. In each of seven passes the patches of a group
    are mixed anew, lost pixels move towards the mean of the mixtures, and known ones stay.

    Parameters
    ----------
    pixels : ndarray of shape (m, n, channels), float32
        One channel, or red, green and blue; at least 8 x 8. What lies under the mask does not matter.
    mask : ndarray of shape (m, n), bool
        Lost pixels; at least one is known.
    """
    estimate = _turned(_smooth(pixels.transpose(2, 0, 1), mask).transpose(1, 2, 0), _OPPONENT)
    for error in map(np.float32, _ERRORS):
        scaled = estimate / error
        mixed = error * _mixed(scaled, scaled, _FILLING)
        estimate = np.where(mask, estimate + _FURTHER * (mixed - estimate), estimate)
    return np.where(mask[..., None], _back(estimate), pixels)


_SCALES = (32, 8, 2, 0.7)
_ENOUGH = 0.15
"""Share of known pixels in a mean, from which on a finer scale is believed."""

_RELAXATIONS, _MOMENTUM = 16, np.float32(0.6)
"""Steps, and the share of each that the next one takes over: sixteen go as far as forty without."""


def _smooth(planes: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Means of known pixels near by, coarse to fine, then some steps towards a harmonic function between them."""
    from scipy.ndimage import distance_transform_edt

    nearest: Any = distance_transform_edt(mask, return_distances=False, return_indices=True)
    estimate = planes[:, *nearest]
    for scale in _SCALES:
        mean, share = _means(planes, mask, scale)
        estimate = np.where(mask & (share > _ENOUGH), mean, estimate)
    around = np.pad(estimate, ((0, 0), (1, 1), (1, 1)), "edge")
    inside = around[:, 1:-1, 1:-1]
    weight, change = mask / np.float32(4), np.zeros_like(estimate)
    for _ in range(_RELAXATIONS):
        change *= _MOMENTUM
        mean = around[:, :-2, 1:-1] + around[:, 2:, 1:-1]
        mean += around[:, 1:-1, :-2]
        mean += around[:, 1:-1, 2:]
        mean -= 4 * inside
        mean *= weight
        change += mean
        inside += change
    return inside


def _means(planes: np.ndarray, mask: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian means of known pixels, and their share; of a coarse scale by squares of pixels, a quarter of it wide."""
    from scipy.ndimage import gaussian_filter

    side = max(1, int(scale / 4))
    known = np.concatenate([np.where(mask, np.float32(0), planes), ~mask[None]]).astype(np.float32)
    known = np.pad(known, ((0, 0), *((0, -length % side) for length in mask.shape)))
    channels, m, n = known.shape
    squares = known.reshape(channels, m // side, side, n // side, side).sum(axis=(2, 4))
    *sums, share = (gaussian_filter(plane, scale / side, truncate=3) / side**2 for plane in squares)
    means = np.stack([*(total / np.maximum(share, 1e-6) for total in sums), share])
    rows, columns = (np.arange(length) // side for length in mask.shape)
    fine = means[:, rows[:, None], columns]
    return fine[:-1], fine[-1]


def _mixed(noisy: np.ndarray, estimate: np.ndarray, stage: _Pass, *, first: bool = False) -> np.ndarray:
    """Means of the overlapping mixtures, noise of variance 1."""
    sums, counts = np.zeros_like(noisy), np.zeros(noisy.shape[1:], np.float32)
    found = (_levels(estimate[0]), _STEP, _RADIUS, stage.members, *stage.ridges, first)
    kernels.mix_alike(noisy, estimate, *found, sums, counts, kernels.thread_count())
    return sums / counts


def _back(planes: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(_turned(planes.transpose(1, 2, 0), _OPPONENT.T).transpose(1, 2, 0))


def _turned(planes: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Planes (m, n, channels) as (channels, m, n) in the colours of a rotation; one channel stays as it is."""
    if planes.shape[2] == 3:
        planes = planes @ turn.T.astype(np.float32)
    return np.ascontiguousarray(planes.transpose(2, 0, 1), np.float32)


def _levels(plane: np.ndarray) -> np.ndarray:
    low = float(plane.min())
    scale = min(_FINEST, _MOST / max(float(plane.max()) - low, 1e-6))
    return np.rint((plane - np.float32(low)) * np.float32(scale)).astype(np.int16)
