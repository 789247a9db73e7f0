"""Probability that a healthy score is as high: empirical, with a fitted exponential for the highest tenth.

Few independent windows tell the exponential's scale badly: of few, more than a tenth are taken. The probability is
therefore that of the next excess given those seen: with m independent ones it is (1 + x / (m scale))^-m, which is the
exponential where m is large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mho.caching import cached_property

__all__ = ["Tail", "Tails", "fit_tail"]

_BODY, _LEAST_BODY = 0.9, 0.5
"""Shares of the scores, of many and of few, below which the empirical distribution is taken as it is."""

_EXCESSES = 3.0
"""Independent excesses that an exponential's scale is learned from, from lower down where there are few windows."""


@dataclass(frozen=True, eq=False)
class Tail:
    """Survival function of healthy scores.

    Attributes
    ----------
    scores : ndarray of shape (n,)
        Scores of windows that the model has not seen, ascending.
    threshold : float
        Score from which on the exponential holds.
    share : float
        Share of the scores above it.
    scale : float
        Mean excess over it.
    independent : float
        Independent excesses, at least 1: windows overlap, and so do their scores.
    """

    scores: np.ndarray
    threshold: float
    share: float
    scale: float
    independent: float

    def log_p(self, score: np.ndarray) -> np.ndarray:
        """Return the natural logarithm of the probability of a score as high, any shape; NaN of NaN."""
        return Tails((self,)).log_p(np.asarray(score)[..., None])[..., 0]

    def score(self, log_p: float) -> float:
        """Return the least score whose logarithm of probability is at most `log_p`."""
        if log_p <= self._floor:
            return self.threshold + self.independent * self.scale * float(
                np.expm1((self._floor - log_p) / self.independent)
            )
        above = int(np.floor(np.exp(log_p) * (len(self.scores) + 1) - 1))
        return float(self.scores[max(0, len(self.scores) - max(above, 0) - 1)])

    @cached_property
    def _body(self) -> np.ndarray:
        """Logarithm of the share of scores at least as high as each place among them (n + 1,)."""
        above = len(self.scores) - np.arange(len(self.scores) + 1)
        return np.maximum(np.log((above + 1) / (len(self.scores) + 1)), self._floor)

    @cached_property
    def _floor(self) -> float:
        return float(np.log(self.share))


class Tails:
    """Survival functions of several groups side by side: short arrays take their time to begin, not to compute.

    Parameters
    ----------
    tails : sequence of Tail
        One for each of g groups.
    """

    def __init__(self, tails: Sequence[Tail]) -> None:
        self._tails = tails
        facts = [(tail.threshold, tail.independent * tail.scale, tail._floor, tail.independent) for tail in tails]
        self._threshold, self._reach, self._floor, self._independent = np.array(facts).T

    def log_p(self, score: np.ndarray) -> np.ndarray:
        """Return the natural logarithms of the probabilities of scores (..., g) as high; NaN of NaN."""
        body = np.empty(score.shape)
        for number, tail in enumerate(self._tails):
            body[..., number] = tail._body[np.searchsorted(tail.scores, score[..., number], side="left")]
        excess = np.maximum(score - self._threshold, 0.0) / self._reach  # NaN stays NaN
        return np.where(score <= self._threshold, body, self._floor - self._independent * np.log1p(excess))


def fit_tail(scores: np.ndarray, disjoint: float) -> Tail:
    """Return the survival function of healthy scores (n,), NaN left out, of so many windows that do not overlap.

    Raises
    ------
    ValueError
        There are fewer than two.
    """
    scores = np.sort(scores[~np.isnan(scores)])
    if len(scores) < 2:
        raise ValueError(f"scores must be at least 2, got {len(scores)}")
    threshold = float(np.quantile(scores, np.clip(1 - _EXCESSES / disjoint, _LEAST_BODY, _BODY)))
    excess = scores[scores > threshold] - threshold
    spread = float(scores[-1] - scores[0]) or 1.0
    scale = float(excess.mean()) if excess.size else 0.0
    share = max(excess.size, 1) / len(scores)
    return Tail(scores, threshold, share, max(scale, 1e-3 * spread), max(1.0, share * disjoint))
