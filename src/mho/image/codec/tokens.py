"""Whole numbers as entropy coders like them: a token from a small alphabet, then plain bits."""

from __future__ import annotations

import numpy as np

__all__ = ["LARGEST", "TOKENS", "extra_bits", "first_of", "split", "token_of"]

_DIRECT = 12
"""Numbers below have a token of their own; above, two tokens share each octave."""

_OCTAVES = 10
LARGEST = (16 << (_OCTAVES - 1)) - 1
"""8191: the largest number that has a token."""


def _ranges() -> tuple[np.ndarray, np.ndarray]:
    """First number of each token, and the plain bits that follow it."""
    firsts, bits = list(range(_DIRECT + 1)), [0] * _DIRECT + [2]
    for octave in range(4, 4 + _OCTAVES - 1):
        firsts += [1 << octave, 3 << (octave - 1)]
        bits += [octave - 1] * 2
    return np.array(firsts), np.array(bits)


_FIRSTS, extra_bits = _ranges()
TOKENS = len(_FIRSTS)
token_of = np.repeat(np.arange(TOKENS), np.diff(np.append(_FIRSTS, LARGEST + 1))).astype(np.int32)
"""Token of each number from 0 to `LARGEST`."""


def split(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokens of numbers and what their plain bits say."""
    tokens = token_of[numbers]
    return tokens, numbers - _FIRSTS[tokens]


def first_of(tokens: np.ndarray) -> np.ndarray:
    """Return the smallest number of each token."""
    return _FIRSTS[tokens]
