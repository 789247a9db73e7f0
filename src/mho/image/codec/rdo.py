"""Rate-distortion-optimised quantisation: whole codes of the least squared error plus bits at a price."""

from __future__ import annotations

import numpy as np

from mho.image.codec.adaptive_counts import AdaptiveCounts
from mho.image.codec.model import LOUDEST
from mho.image.codec.tokens import LARGEST

__all__ = ["LAMBDA", "quantize"]

LAMBDA = 0.13
"""Of a bit, in squared steps. At high rates 6 dB a bit makes it ln 2 / 6 = 0.116; low rates ask for more."""


def quantize(
    exact: np.ndarray,
    contexts: np.ndarray,
    counts: AdaptiveCounts,
    lam: float = LAMBDA,
    gradient: np.ndarray | None = None,
) -> np.ndarray:
    """Return codes (n,) that minimise (exact - code)^2 + lam bits(code), among zero and the two nearest inwards.

    Parameters
    ----------
    exact : ndarray of shape (n,)
        Codes before rounding, less what was predicted; their sign says which of h+ and h- is not zero.
    contexts : ndarray of shape (n,), int
        Context of each.
    counts : AdaptiveCounts
        Of the tokens so far.
    lam : float
        Of a bit, in squared steps.
    gradient : ndarray of shape (n,), optional
        Bits that all other codes grow by for each unit of magnitude.
    """
    codes = np.zeros(len(exact), np.int32)
    size = np.abs(exact)
    places = np.flatnonzero(size >= 0.5)  # any other is zero whatever a bit costs
    if len(places) == 0:
        return codes
    size = size[places]
    nearest = np.minimum(np.rint(size).astype(np.int64), LARGEST)
    candidates = np.stack([nearest, nearest - 1, np.zeros_like(nearest)])
    bits = counts.bits(int(nearest.max()))[contexts[places], candidates]
    if gradient is not None:
        bits += gradient[places] * np.minimum(candidates, LOUDEST)
    best = np.argmin((size - candidates) ** 2 + lam * bits, axis=0)
    codes[places] = np.copysign(candidates[best, np.arange(len(places))], exact[places])
    return codes
