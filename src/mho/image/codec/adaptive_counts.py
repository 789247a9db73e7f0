"""Adaptive token counts: how often each token came in each context, as whole numbers."""

from __future__ import annotations

import numpy as np

from mho.image.codec.tokens import TOKENS, extra_bits, token_of

__all__ = ["AdaptiveCounts"]

_GAIN, _LIMIT = 8, 1 << 16
"""What a token counts for against the shipped counts, and where counts are halved to forget."""


class AdaptiveCounts:
    """Counts of tokens in contexts, both sides of a file keeping the same ones.

    Counts are whole numbers; probabilities are made of them by one division each, the same on every IEEE 754 machine.

    Parameters
    ----------
    prior : ndarray of shape (n_contexts, TOKENS)
        Counts to begin with, >= 1.
    """

    def __init__(self, prior: np.ndarray) -> None:
        self._counts = prior.astype(np.int64)

    def probabilities(self, context: int) -> np.ndarray:
        """Return the probability of each token in a context, (TOKENS,)."""
        counts = self._counts[context]
        return counts / counts.sum()

    def bits(self, largest: int) -> np.ndarray:
        """Return the cost of 0 to `largest` in each context, sign and plain bits included, one row each."""
        counts = self._counts
        tokens = token_of[: largest + 1]
        cost = np.log2(counts.sum(axis=1, keepdims=True) / counts)[:, tokens] + extra_bits[tokens]
        cost[:, 1:] += 1
        return cost

    def learn(self, contexts: np.ndarray, tokens: np.ndarray) -> None:
        """Count tokens that were coded, each in its context."""
        n = len(self._counts)
        seen = np.bincount(contexts * TOKENS + tokens, minlength=n * TOKENS).reshape(n, TOKENS)
        self._counts += _GAIN * seen
        while (full := self._counts.sum(axis=1) > _LIMIT).any():
            self._counts[full] = (self._counts[full] + 1) // 2
