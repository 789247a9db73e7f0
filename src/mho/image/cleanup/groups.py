"""Non-local NMF: like patches in groups, each group factored as W H with W, H >= 0, and averaged where they overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mho import kernels

__all__ = ["denoised"]

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


_PASSES = (_Pass(16, (2.0, 4.0)), _Pass(24, (1.5, 3.0)))


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
    noisy = _turned(planes, _OPPONENT)
    estimate = noisy
    for number, (members, ridges) in enumerate(_PASSES):
        sums, counts = np.zeros_like(noisy), np.zeros(noisy.shape[1:], np.float32)
        looks, first = _levels(estimate[0]), number == 0
        kernels.mix_alike(
            noisy, estimate, looks, _STEP, _RADIUS, members, *ridges, first, sums, counts, kernels.thread_count()
        )
        estimate = sums / counts
    return np.ascontiguousarray(_turned(estimate.transpose(1, 2, 0), _OPPONENT.T).transpose(1, 2, 0))


def _turned(planes: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Planes (m, n, channels) as (channels, m, n) in the colours of a rotation; one channel stays as it is."""
    if planes.shape[2] == 3:
        planes = planes @ turn.T.astype(np.float32)
    return np.ascontiguousarray(planes.transpose(2, 0, 1), np.float32)


def _levels(plane: np.ndarray) -> np.ndarray:
    low = float(plane.min())
    scale = min(_FINEST, _MOST / max(float(plane.max()) - low, 1e-6))
    return np.rint((plane - np.float32(low)) * np.float32(scale)).astype(np.int16)
