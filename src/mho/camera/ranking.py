"""Figures of merit of clip scores: area under the curve, and recall when a share of the clips is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Ranking", "clip_scores", "rank"]

BEST_SHARE = 0.4
"""Share of a clip's frames, the best, whose mean score is that of the clip."""


@dataclass(frozen=True)
class Ranking:
    """Quality of an order of clips.

    Attributes
    ----------
    auc : float
        Probability that a clip with somebody in it ranks above one without; NaN if there are none of either.
    recall : float
        Share of the clips with somebody that are kept.
    ceiling : float
        The largest recall that the kept share allows.
    prevalence : float
        Share of the clips that have somebody in them.
    clips : int
        Clips that were ranked.
    """

    auc: float
    recall: float
    ceiling: float
    prevalence: float
    clips: int


def clip_scores(scores: np.ndarray, frames: int) -> np.ndarray:
    """Return the mean of the best 40 % of every `frames` scores."""
    whole = scores[: len(scores) // frames * frames].reshape(-1, frames)
    return best_mean(whole)


def best_mean(scores: np.ndarray) -> np.ndarray:
    """Return the mean over the best 40 % of the last axis, of one score at least."""
    count = max(1, round(BEST_SHARE * scores.shape[-1]))
    return np.sort(scores, -1)[..., -count:].mean(-1)


def rank(scores: np.ndarray, present: np.ndarray, keep: float = 0.2) -> Ranking:
    """Compare an order of clips with who is in them.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Of the clips.
    present : ndarray of shape (n,)
        Whether somebody is in the clip.
    keep : float
        Share of the clips that is kept.
    """
    present = np.asarray(present, bool)
    positive, count = int(present.sum()), round(keep * len(scores))
    kept = np.argsort(-np.asarray(scores), kind="stable")[:count]
    recall, ceiling = (
        (float(present[kept].sum() / positive), min(1.0, count / positive)) if positive else (np.nan, np.nan)
    )
    return Ranking(_auc(scores, present), recall, ceiling, positive / max(1, len(scores)), len(scores))


def _auc(scores: np.ndarray, present: np.ndarray) -> float:
    """Return the Mann-Whitney statistic over the number of pairs."""
    from scipy.stats import rankdata

    positive = int(present.sum())
    pairs = positive * (len(present) - positive)
    if not pairs:
        return float("nan")
    return float((rankdata(scores)[present].sum() - positive * (positive + 1) / 2) / pairs)
