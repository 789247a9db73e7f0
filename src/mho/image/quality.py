"""Similarity of two pictures: PSNR, SSIM and multi-scale SSIM."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import checks

__all__ = ["measured", "ms_ssim_of_pixels", "psnr", "psnr_of_pixels", "ssim_of_pixels"]


def psnr(reference: Any, image: Any, peak: float = 1.0) -> float:
    """Return the peak signal-to-noise ratio, 10 log10(peak^2 / mean squared difference), in dB.

    Parameters
    ----------
    reference, image : array_like of shape (m, n)
        Grey levels on one scale.
    peak : float
        The level of white, > 0.

    Returns
    -------
    float
        Infinite for equal pictures.

    Raises
    ------
    ValueError
        Unequal shapes, or a peak of zero.
    """
    reference = checks.as_matrix(reference, "reference", nonnegative=False).astype(np.float64, copy=False)
    image = checks.as_matrix(image, "image", nonnegative=False)
    if reference.shape != image.shape:
        raise ValueError(f"image must have the shape of reference, {reference.shape}, got {image.shape}")
    if checks.nonnegative_number(peak, "peak") == 0:
        raise ValueError("peak must be above 0, got 0")
    mean_square = float(np.mean((reference - image) ** 2))
    return float("inf") if mean_square == 0 else float(10 * np.log10(peak**2 / mean_square))


def psnr_of_pixels(reference: np.ndarray, pixels: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of 8-bit pixels over all samples, (m, n) or (m, n, 3), in dB.

    Parameters
    ----------
    reference, pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Two pictures.

    Raises
    ------
    ValueError
        Unequal shapes.
    """
    _same_shape(reference, pixels)
    return psnr(reference.reshape(len(reference), -1), pixels.reshape(len(pixels), -1), peak=255)


def ssim_of_pixels(reference: np.ndarray, pixels: np.ndarray) -> float:
    """Return the structural similarity of 8-bit pixels, the mean over channels of Wang-2004.

    Over windows of 7 x 7 pixels, which the picture has to hold, with the sample covariance.

    Parameters
    ----------
    reference, pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Two pictures.

    Raises
    ------
    ValueError
        Unequal shapes, or smaller than a window.
    """
    _same_shape(reference, pixels)
    if min(reference.shape[:2]) < _WINDOW:
        raise ValueError(f"pixels must be at least {_WINDOW} x {_WINDOW} for SSIM, got {reference.shape}")
    channels = zip(np.atleast_3d(reference).T, np.atleast_3d(pixels).T, strict=True)
    return float(np.mean([_ssim(x.astype(np.float64), y.astype(np.float64)) for x, y in channels]))


_WINDOW = 7
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def _ssim(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.ndimage import uniform_filter

    def mean(values: np.ndarray) -> np.ndarray:
        inside = _WINDOW // 2
        return uniform_filter(values, _WINDOW)[inside:-inside, inside:-inside]

    n = _WINDOW**2
    mx, my = mean(x), mean(y)
    vx, vy, vxy = (
        n / (n - 1) * (mean(a * b) - ma * mb) for a, b, ma, mb in ((x, x, mx, mx), (y, y, my, my), (x, y, mx, my))
    )
    return float(np.mean((2 * mx * my + _C1) * (2 * vxy + _C2) / ((mx**2 + my**2 + _C1) * (vx + vy + _C2))))


_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_GAUSSIAN, _RADIUS = 1.5, 5
_LUMA = np.array([0.299, 0.587, 0.114])


def ms_ssim_of_pixels(reference: np.ndarray, pixels: np.ndarray) -> float:
    """Return the multi-scale structural similarity of luma (Wang-2003).

    Contrast and structure at five scales, luminance at the coarsest, Gaussian windows of 11 x 11 pixels that lie
    within the picture; a scale's negative mean counts as 0.

    Parameters
    ----------
    reference, pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Two pictures, at least 176 pixels each way.

    Raises
    ------
    ValueError
        Unequal shapes, or too small for a window at the coarsest scale.

    Examples
    --------
    >>> import numpy as np
    >>> ms_ssim_of_pixels(np.zeros((176, 176), np.uint8), np.zeros((176, 176), np.uint8))
    1.0
    """
    _same_shape(reference, pixels)
    least = (2 * _RADIUS + 1) << (len(_SCALE_WEIGHTS) - 1)
    if min(reference.shape[:2]) < least:
        raise ValueError(f"pixels must be at least {least} x {least} for MS-SSIM, got {reference.shape}")
    x, y = (_luma(samples) for samples in (reference, pixels))
    similarity = 1.0
    for scale, weight in enumerate(_SCALE_WEIGHTS):
        luminance, structure = _ssim_factors(x, y)
        coarsest = scale == len(_SCALE_WEIGHTS) - 1
        similarity *= max(0.0, float(np.mean(luminance * structure if coarsest else structure))) ** weight
        x, y = _halved(x), _halved(y)
    return similarity


def _luma(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float64) if pixels.ndim == 2 else pixels @ _LUMA


def _ssim_factors(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy.ndimage import gaussian_filter

    def mean(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, _GAUSSIAN, radius=_RADIUS)[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]

    mx, my = mean(x), mean(y)
    vx, vy, vxy = (mean(a * b) - ma * mb for a, b, ma, mb in ((x, x, mx, mx), (y, y, my, my), (x, y, mx, my)))
    return (2 * mx * my + _C1) / (mx**2 + my**2 + _C1), (2 * vxy + _C2) / (vx + vy + _C2)


def _halved(plane: np.ndarray) -> np.ndarray:
    """Means of 2 x 2 pixels; an odd last row or column is left out."""
    m, n = (side // 2 for side in plane.shape)
    return plane[: 2 * m, : 2 * n].reshape(m, 2, n, 2).mean(axis=(1, 3))


def _same_shape(reference: np.ndarray, pixels: np.ndarray) -> None:
    if reference.shape != pixels.shape:
        raise ValueError(f"pixels must have the shape of reference, {reference.shape}, got {pixels.shape}")


def measured(reference: np.ndarray, pixels: np.ndarray) -> str:
    """Return PSNR and SSIM of 8-bit pixels as a user reads them.

    Parameters
    ----------
    reference, pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Two pictures.
    """
    equal = " (every sample equal)" if np.array_equal(reference, pixels) else ""
    line = f"PSNR {psnr_of_pixels(reference, pixels):.2f} dB{equal}"
    return line if min(reference.shape[:2]) < _WINDOW else f"{line}, SSIM {ssim_of_pixels(reference, pixels):.4f}"
