"""A picture in memory, with what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Picture"]


@dataclass(frozen=True, eq=False)
class Picture:
    """8-bit pixels and what the codec keeps beside them.

    Attributes
    ----------
    pixels : ndarray of shape (m, n) or (m, n, 3), uint8
        Grey or RGB.
    alpha : ndarray of shape (m, n), uint8, optional
        Opacity; it is kept without loss.
    icc : bytes
        ICC profile, empty if none.
    exif : bytes
        Exif block, empty if none; an orientation in it is kept there, pixels are not turned.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    icc: bytes = b""
    exif: bytes = b""

    def __post_init__(self) -> None:
        _check("pixels", self.pixels, self.pixels.ndim == 3)
        if self.alpha is not None:
            _check("alpha", self.alpha, False)
            if self.alpha.shape != self.shape:
                raise ValueError(f"alpha must have the shape of pixels, {self.shape}, got {self.alpha.shape}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[:2]


def _check(name: str, array: Any, colour: bool) -> None:
    if array.dtype != np.uint8:
        raise TypeError(f"{name} must be 8-bit (uint8), got {array.dtype}")
    wanted = (2, 3) if colour else (2,)
    if array.ndim not in wanted or array.size == 0 or (colour and array.shape[2] != 3):
        forms = "(m, n) or (m, n, 3)" if name == "pixels" else "(m, n)"
        raise ValueError(f"{name} must have shape {forms} and not be empty, got {array.shape}")
