"""Coarse picture of a frame: cells, the privacy mask over them, and blurs that stay within what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mho import checks
from mho.caching import cached_property

__all__ = ["Grid", "Rectangle", "check_rectangle"]

Rectangle = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the camera's picture."""

_REACH = 4.0
"""Standard deviations after which a Gaussian is cut off."""


def check_rectangle(value: Sequence[int], name: str) -> Rectangle:
    """Return four whole numbers as left, top, width and height.

    Raises
    ------
    ValueError, TypeError
        They are not four, not whole, negative, or without an area.
    """
    if isinstance(value, str) or len(value) != 4:
        raise ValueError(f"{name} must be left, top, width, height in pixels, got {value!r}")
    left, top = (checks.nonnegative_int(number, f"{name}, left and top,") for number in value[:2])
    width, height = (checks.positive_int(number, f"{name}, width and height,") for number in value[2:])
    return left, top, width, height


@dataclass(frozen=True)
class Grid:
    """Cells that a camera's picture is averaged over.

    Parameters
    ----------
    frame : tuple of int
        Height and width of the camera's picture in pixels.
    scale : int
        Cells along the longer side.
    masks : tuple of Rectangle
        Areas that nobody may see: their pixels are black before anything else is done, and no cell that holds one of
        them takes part.

    Raises
    ------
    ValueError
        The picture is narrower than its cells, or all of it is masked.
    """

    frame: tuple[int, int]
    scale: int = 48
    masks: tuple[Rectangle, ...] = ()
    _blurs: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        height, width = self.frame
        if self.scale > max(height, width):
            raise ValueError(f"scale must be at most {max(height, width)}, the picture's longer side, got {self.scale}")
        if not self.known.any():
            raise ValueError(f"masks must leave some of the picture of {width} x {height} pixels, got {self.masks}")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in cells."""
        height, width = self.frame
        longer = max(height, width)
        return max(1, round(height * self.scale / longer)), max(1, round(width * self.scale / longer))

    @cached_property
    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """First row and first column of each cell, and one past the last."""
        rows, columns = (
            np.round(np.linspace(0, size, cells + 1)).astype(int)
            for size, cells in zip(self.frame, self.shape, strict=True)
        )
        return rows, columns

    @cached_property
    def known(self) -> np.ndarray:
        """Cells (h, w) without a masked pixel."""
        free = np.ones(self.frame, bool)
        for left, top, width, height in self.masks:
            free[top : top + height, left : left + width] = False
        rows, columns = self.edges
        return np.logical_and.reduceat(np.logical_and.reduceat(free, rows[:-1], axis=0), columns[:-1], axis=1)

    @cached_property
    def _areas(self) -> np.ndarray:
        rows, columns = self.edges
        return np.outer(np.diff(rows), np.diff(columns)).astype(np.float32)

    def reduced(self, luma: np.ndarray, step: int = 1) -> np.ndarray:
        """Return a copy of every `step`-th pixel of luma (height, width), masks burnt in."""
        small = luma[::step, ::step].copy()
        for left, top, width, height in self.masks:
            rows, columns = (slice(-(-a // step), -(-(a + b) // step)) for a, b in ((top, height), (left, width)))
            small[rows, columns] = 0
        return small

    def cells(self, luma: np.ndarray) -> np.ndarray:
        """Return the mean of each cell, float32 (h, w), of 8-bit luma (height, width).

        Raises
        ------
        ValueError
            The luma is of another size.
        """
        if luma.shape != self.frame:
            raise ValueError(
                f"frame must have {self.frame[0]} x {self.frame[1]} pixels (rows x columns), got {luma.shape}"
            )
        rows, columns = self.edges
        step = self.frame[0] // self.shape[0]
        if step * self.shape[0] == self.frame[0] and step <= 257:  # equal cells: 257 * 255 fits 16 bits
            sums = luma.reshape(self.shape[0], step, -1).sum(1, dtype=np.uint16)
        else:
            sums = np.add.reduceat(luma, rows[:-1], axis=0, dtype=np.uint32)
        return np.add.reduceat(sums, columns[:-1], axis=1, dtype=np.uint32) / self._areas

    def blur(self, pictures: np.ndarray, sigma: float) -> np.ndarray:
        """Return Gaussian means (n, h, w) over the known cells; `sigma` in cells of a picture 48 cells wide."""
        down, across, weight = self._blur(sigma * self.scale / 48)
        return np.matmul(np.matmul(down, pictures * self.known), across) / weight

    def _blur(self, sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if sigma not in self._blurs:
            down, across = (_gaussian(cells, sigma) for cells in self.shape)
            weight = np.maximum(down @ self.known.astype(np.float32) @ across, np.float32(1e-6))
            self._blurs[sigma] = down, across, weight
        return self._blurs[sigma]


def _gaussian(cells: int, sigma: float) -> np.ndarray:
    """Return a symmetric matrix whose rows are Gaussians."""
    distance = np.abs(np.subtract.outer(np.arange(cells), np.arange(cells))) / sigma
    return np.where(distance <= _REACH, np.exp(-0.5 * distance**2), 0).astype(np.float32)
