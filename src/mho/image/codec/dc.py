"""The DC atom's map, coarse to fine: each code predicted from those around it that are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mho.image.codec.model import DC_CONTEXTS

__all__ = ["interpolated"]

_COARSEST = 16
_DIAGONAL = ((-1, -1), (-1, 1), (1, -1), (1, 1))
_STRAIGHT = ((-1, 0), (0, -1), (0, 1), (1, 0))


def interpolated(codes: np.ndarray) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], np.ndarray, np.ndarray]]:
    """Yield places in the map `codes` (rows, columns), what is predicted there, and the context.

    The caller writes the codes of the places into the map before it asks for the next ones.
    """
    corners = _grid(codes.shape, (0, 0), (_COARSEST, _COARSEST))
    yield corners, np.zeros(len(corners[0]), np.int64), np.full(len(corners[0]), DC_CONTEXTS - 1)
    step = _COARSEST
    while step > 1:
        half = step // 2
        centres = _grid(codes.shape, (half, half), (step, step))
        yield centres, *_predict(codes, centres, half, _DIAGONAL)
        edges = [_grid(codes.shape, start, (step, step)) for start in ((0, half), (half, 0))]
        between = (np.concatenate([e[0] for e in edges]), np.concatenate([e[1] for e in edges]))
        yield between, *_predict(codes, between, half, _STRAIGHT)
        step = half


def _grid(shape: tuple[int, ...], start: tuple[int, int], step: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = (np.arange(a, side, s) for a, side, s in zip(start, shape, step, strict=True))
    r, c = np.meshgrid(rows, columns, indexing="ij")
    return r.ravel(), c.ravel()


def _predict(
    codes: np.ndarray, places: tuple[np.ndarray, np.ndarray], distance: int, around: tuple[tuple[int, int], ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the neighbours inside the map, rounded; and a context from how far they are apart."""
    r, c = (
        place[:, None] + distance * np.array(offsets)
        for place, offsets in zip(places, zip(*around, strict=True), strict=True)
    )
    inside = (r >= 0) & (r < codes.shape[0]) & (c >= 0) & (c < codes.shape[1])
    values = codes[np.where(inside, r, 0), np.where(inside, c, 0)].astype(np.int64)
    count = inside.sum(axis=1)
    total = np.where(inside, values, 0).sum(axis=1)
    mean = np.where(count > 0, (2 * total + count) // np.maximum(2 * count, 1), 0)
    spread = np.where(inside, np.abs(values - mean[:, None]), 0).sum(axis=1)
    return mean, np.minimum(np.ceil(np.log2(spread + 1)).astype(np.int64), DC_CONTEXTS - 2)
