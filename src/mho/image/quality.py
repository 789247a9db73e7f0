"""How close two pictures are."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho import checks

__all__ = ["psnr"]


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
