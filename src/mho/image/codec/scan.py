"""The order of codes in a file, and the context of each: one walk for both sides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mho.image.codec.adaptive_counts import AdaptiveCounts
from mho.image.codec.dc import interpolated
from mho.image.codec.model import ATOMS, LOUDEST, Model, context_of

__all__ = ["Visit", "Where", "beside", "scan"]

Where = tuple[np.ndarray, np.ndarray]
"""Rows and columns of patches."""

Visit = Callable[[int, Where, np.ndarray | None, np.ndarray, AdaptiveCounts], np.ndarray]
"""(atom, where, predicted codes if any, contexts, counts) -> codes less what was predicted, written or read."""


def scan(model: Model, shape: tuple[int, int], n_atoms: int, visit: Visit) -> np.ndarray:
    """Visit every code of a plane.

    Parameters
    ----------
    model : Model
        Of the plane's kind.
    shape : tuple of int
        Patches in a column and in a row.
    n_atoms : int
        Atoms in use; codes of the others are zero.
    visit : callable
        The encoder's, which chooses and writes, or the decoder's, which reads.

    Returns
    -------
    ndarray of shape (ATOMS, *shape), int32
        Codes.
    """
    codes = np.zeros((ATOMS, *shape), np.int32)
    _scan_dc(model, codes[0], visit)
    counts = AdaptiveCounts(model.counts)
    board = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) % 2
    phases = [_places(board == phase) for phase in (0, 1)]
    own = [np.zeros((ATOMS, len(where[0])), np.float32) for where in phases]
    near = [np.zeros_like(magnitudes) for magnitudes in own]
    for j in range(1, n_atoms):
        around = np.zeros(shape, np.float32)
        for phase, where in enumerate(phases):
            activity = model.own[phase, j, 1:j] @ own[phase][1:j] + model.near[phase, j, 1:j] @ near[phase][1:j]
            activity += model.bias[phase, j] + model.same[phase, j] * around[where]
            codes[j][where] = visit(j, where, None, context_of(activity), counts)
            magnitudes = np.minimum(np.abs(codes[j]), LOUDEST).astype(np.float32)
            own[phase][j] = magnitudes[where]
            around = beside(magnitudes)
        for phase, where in enumerate(phases):
            near[phase][j] = around[where]
    return codes


def _scan_dc(model: Model, codes: np.ndarray, visit: Visit) -> None:
    counts = AdaptiveCounts(model.dc_counts)
    for where, predicted, contexts in interpolated(codes):
        if len(where[0]):
            codes[where] = predicted + visit(0, where, predicted, contexts, counts)


def _places(mask: np.ndarray) -> Where:
    rows, columns = np.nonzero(mask)
    return rows, columns


def beside(magnitudes: np.ndarray) -> np.ndarray:
    """Sum over the four patches beside each; nothing is beyond the edge."""
    total = np.zeros_like(magnitudes)
    total[1:] += magnitudes[:-1]
    total[:-1] += magnitudes[1:]
    total[:, 1:] += magnitudes[:, :-1]
    total[:, :-1] += magnitudes[:, 1:]
    return total
