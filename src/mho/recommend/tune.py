"""The best of some recommenders, by what is held out inside the training part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mho import checks
from mho.recommend.evaluate import Scores, evaluate
from mho.recommend.recommender import Recommender
from mho.recommend.splits import split_by_user

__all__ = ["Trial", "tune"]

_LOWER_IS_BETTER = ("rmse", "mae")


@dataclass(frozen=True, eq=False)
class Trial:
    """A recommender that was tried, fitted to the part that was not held out.

    Attributes
    ----------
    recommender : Recommender
    scores : Scores

    Examples
    --------
    >>> from mho.recommend import Recommender, Scores, Trial
    >>> scores = Scores(rmse=0.9, mae=0.7, ndcg=0.3, recall=0.2, coverage=0.4, users=100)
    >>> Trial(Recommender(8, model="ratings"), scores).scores.rmse
    0.9
    """

    recommender: Recommender
    scores: Scores


def tune(
    candidates: Iterable[Recommender],
    users: Any,
    items: Any,
    ratings: Any = None,
    *,
    by: Literal["rmse", "mae", "ndcg", "recall", "coverage"] = "rmse",
    test: float = 0.1,
    seed: int = 0,
) -> list[Trial]:
    """Fit every candidate to a part of each user's ratings, score it on the rest, and return them, the best first.

    Parameters
    ----------
    candidates : iterable of Recommender
        Not yet fitted; each is fitted here.
    users, items, ratings : array_like of shape (n,)
        What may be looked at: without what the final figure will be measured on.
    by : {"rmse", "mae", "ndcg", "recall", "coverage"}
        What is compared.
    test : float
        Share of each user's ratings that is held out.
    seed : int
        Of the draw.
    """
    checks.one_of(by, "by", ("rmse", "mae", "ndcg", "recall", "coverage"))
    table = np.asarray(users), np.asarray(items), np.ones(len(users)) if ratings is None else np.asarray(ratings)
    train, held_out = split_by_user(table[0], test, seed)
    trials = []
    for candidate in candidates:
        candidate.fit(*(column[train] for column in table))
        trials.append(Trial(candidate, evaluate(candidate, *(column[held_out] for column in table))))
    if not trials:
        raise ValueError("candidates must hold at least one recommender, got none")
    sign = 1 if by in _LOWER_IS_BETTER else -1
    return sorted(trials, key=lambda trial: sign * _figure(trial.scores, by))


def _figure(scores: Scores, by: str) -> float:
    value = getattr(scores, by)
    if value is None:
        raise ValueError(f"by must be a figure of lists for an implicit model, got {by!r}")
    return value
