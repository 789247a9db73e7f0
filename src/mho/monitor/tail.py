"""Probability that a healthy score is as high: empirical, with a fitted exponential for the highest tenth.

Few independent windows tell the exponential's scale badly. The probability is therefore that of the next excess given
those seen: with m independent ones it is (1 + x / (m scale))^-m, which is the exponential where m is large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.caching import cached_property

__all__ = ["Tail", "fit_tail"]

_BODY = 0.9
"""Share of the scores below which the empirical distribution is taken as it is."""


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
        above = len(self.scores) - np.searchsorted(self.scores, score, side="left")
        body = np.log((above + 1) / (len(self.scores) + 1))
        excess = np.maximum(score - self.threshold, 0.0) / (self.independent * self.scale)
        beyond = self._floor - self.independent * np.log1p(excess)
        return np.where(
            np.isnan(score), np.nan, np.where(score > self.threshold, beyond, np.maximum(body, self._floor))
        )

    def score(self, log_p: float) -> float:
        """Return the least score whose logarithm of probability is at most `log_p`."""
        if log_p <= self._floor:
            return self.threshold + self.independent * self.scale * float(
                np.expm1((self._floor - log_p) / self.independent)
            )
        above = int(np.floor(np.exp(log_p) * (len(self.scores) + 1) - 1))
        return float(self.scores[max(0, len(self.scores) - max(above, 0) - 1)])

    @cached_property
    def _floor(self) -> float:
        return float(np.log(self.share))


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
    threshold = float(np.quantile(scores, _BODY))
    excess = scores[scores > threshold] - threshold
    spread = float(scores[-1] - scores[0]) or 1.0
    scale = float(excess.mean()) if excess.size else 0.0
    share = max(excess.size, 1) / len(scores)
    return Tail(scores, threshold, share, max(scale, 1e-3 * spread), max(1.0, share * disjoint))
