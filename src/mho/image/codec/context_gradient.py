"""Gradient of later codes' bits by a code's magnitude, which sets the contexts of those coded after it."""

from __future__ import annotations

import numpy as np

from mho.image.codec.adaptive_counts import bits
from mho.image.codec.model import EDGES, Model

__all__ = ["beside", "context_gradient"]

_CENTRES = np.concatenate([EDGES[:1] / 2, np.sqrt(EDGES[:-1] * EDGES[1:]), EDGES[-1:] * 2**0.25])
"""Activity in the middle of each context."""


def context_gradient(model: Model, codes: np.ndarray, contexts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return by how many bits all other codes grow for each unit of a code's magnitude, to first order.

    With s_j the slope of code j's bits by its expected magnitude, that is sum_j own_ji s_j over the patch itself and
    sum_j near_ji s_j, with same_i s_i, over the four patches beside it.

    Parameters
    ----------
    model : Model
        Of the plane's kind.
    codes, contexts : ndarray of shape (n_atoms, rows, columns), int
        Of the atoms in use, as an earlier pass chose them.
    counts : ndarray of shape (CONTEXTS, TOKENS), int
        Of tokens, at the end of that pass.

    Returns
    -------
    ndarray of shape (n_atoms, rows, columns), float32
    """
    n_atoms, *shape = codes.shape
    slope = _slopes(counts, np.abs(codes), contexts)
    slope[0] = 0  # the DC atom's contexts come from its own map alone
    phases = np.add.outer(*map(np.arange, shape)) % 2
    own, near = np.zeros((2, *codes.shape), np.float32)
    for phase in (0, 1):
        here = slope * (phases == phase)
        own += np.tensordot(model.own[phase, :n_atoms, :n_atoms].T, here, 1)
        near += np.tensordot(model.near[phase, :n_atoms, :n_atoms].T, here, 1)
        near += model.same[phase, :n_atoms, None, None] * here
    return own + np.stack([beside(plane) for plane in near])


def _slopes(counts: np.ndarray, magnitudes: np.ndarray, contexts: np.ndarray) -> np.ndarray:
    """Central differences of the bits between contexts, at each code."""
    slopes = np.gradient(bits(counts, int(magnitudes.max())), _CENTRES, axis=0)
    return slopes[contexts, magnitudes].astype(np.float32)


def beside(magnitudes: np.ndarray) -> np.ndarray:
    """Sum over the four patches beside each; nothing is beyond the edge."""
    total = np.zeros_like(magnitudes)
    total[1:] += magnitudes[:-1]
    total[:-1] += magnitudes[1:]
    total[:, 1:] += magnitudes[:, :-1]
    total[:, :-1] += magnitudes[:, 1:]
    return total
