"""Bits of codes in each context, by counts of their tokens."""

from __future__ import annotations

import numpy as np

from mho.image.codec.tokens import extra_bits, token_of

__all__ = ["bits"]


def bits(counts: np.ndarray, largest: int) -> np.ndarray:
    """Return the cost of 0 to `largest` in each context, sign and plain bits included, one row each.

    Parameters
    ----------
    counts : ndarray of shape (n_contexts, TOKENS)
        Of tokens, >= 1.
    largest : int
        Magnitude.
    """
    tokens = token_of[: largest + 1]
    cost = np.log2(counts.sum(axis=1, keepdims=True) / counts)[:, tokens] + extra_bits[tokens]
    cost[:, 1:] += 1
    return cost
