"""A picture in memory, with what belongs to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

__all__ = ["COLOUR_CHUNKS", "Picture"]

COLOUR_CHUNKS = {"gAMA": 4, "cHRM": 32, "sRGB": 1, "cICP": 4}
"""PNG's chunks that say what its colours are, and the bytes in them."""


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
    xmp : bytes
        XMP packet, empty if none.
    dpi : tuple of float, optional
        Pixels per inch along a row and along a column, > 0.
    text : mapping of str to str
        PNG's text by its keywords; the comment of a JPEG or GIF is "Comment".
    colour : mapping of str to bytes
        PNG's chunks gAMA, cHRM, sRGB and cICP, as they are in the file.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    colour: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check("pixels", self.pixels, self.pixels.ndim == 3)
        if self.alpha is not None:
            _check("alpha", self.alpha, False)
            if self.alpha.shape != self.shape:
                raise ValueError(f"alpha must have the shape of pixels, {self.shape}, got {self.alpha.shape}")
        for name in ("icc", "exif", "xmp"):
            if not isinstance(getattr(self, name), bytes):
                raise TypeError(f"{name} must be bytes, got {type(getattr(self, name)).__name__}")
        _check_dpi(self.dpi)
        if not all(isinstance(word, str) for pair in self.text.items() for word in pair):
            raise TypeError(f"text must map str to str, got {dict(self.text)!r:.60}")
        for name, data in self.colour.items():
            if COLOUR_CHUNKS.get(name) != len(data):
                raise ValueError(f"colour must hold {COLOUR_CHUNKS} bytes, got {len(data)} of {name!r:.20}")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[:2]


def _check_dpi(dpi: Any) -> None:
    if dpi is None:
        return
    if len(dpi) != 2 or not all(isinstance(value, Real) and 0 < float(value) < math.inf for value in dpi):
        raise ValueError(f"dpi must be two numbers above 0, got {dpi!r}")


def _check(name: str, array: Any, colour: bool) -> None:
    if array.dtype != np.uint8:
        raise TypeError(f"{name} must be 8-bit (uint8), got {array.dtype}")
    wanted = (2, 3) if colour else (2,)
    if array.ndim not in wanted or array.size == 0 or (colour and array.shape[2] != 3):
        forms = "(m, n) or (m, n, 3)" if name == "pixels" else "(m, n)"
        raise ValueError(f"{name} must have shape {forms} and not be empty, got {array.shape}")
