"""Quality of a recommender, on what it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.recommend.interactions import as_column, same_length
from mho.recommend.labels import Labels
from mho.recommend.recommender import Recommender

__all__ = ["Scores", "evaluate", "mae", "rmse"]


@dataclass(frozen=True)
class Scores:
    """Figures on held-out pairs.

    Attributes
    ----------
    rmse, mae : float or None
        Of predicted ratings, in their unit; None for an implicit model, which predicts none.
    ndcg, recall : float
        Of the best n of all items that a user has not seen in training, a mean over the users with anything relevant
        held out. Gains are 1 and discounts log2(1 + rank) (Jarvelin-2002); recall is the part of the
        relevant ones that is among the n.
    coverage : float
        Share of all items that is recommended to anybody.
    users : int
        How many the means are over.

    Examples
    --------
    >>> from mho.recommend import Scores
    >>> Scores(rmse=0.9, mae=0.7, ndcg=0.3, recall=0.2, coverage=0.4, users=100).ndcg
    0.3
    """

    rmse: float | None
    mae: float | None
    ndcg: float
    recall: float
    coverage: float
    users: int


def evaluate(
    recommender: Recommender, users: Any, items: Any, ratings: Any, *, n: int = 10, relevant: float | None = None
) -> Scores:
    """Score a recommender on pairs that were held out.

    Parameters
    ----------
    recommender : Recommender
        Fitted.
    users, items, ratings : array_like of shape (n_pairs,)
        What was held out. Users that are not known get no list; an item that is not known, or that the user has seen in
        training, can be in no list and counts as missed. A pair that occurs more than once counts as one in
        lists.
    n : int
        Length of the lists.
    relevant : float, optional
        From which rating on an item should have been in the list; by default from any.
    """
    ratings = as_column(ratings, "ratings")
    checks.check_values(ratings - recommender.model_.lowest, "ratings")
    checks.positive_int(n, "n")
    u, i = recommender.encode(users, items)
    same_length({"users": u, "items": i, "ratings": ratings})
    errors: tuple[float | None, float | None] = (None, None)
    if recommender.predicts_ratings:
        predicted = recommender.predict(users, items)
        errors = rmse(ratings, predicted), mae(ratings, predicted)
    relevant = -np.inf if relevant is None else relevant
    wanted = np.flatnonzero((ratings >= relevant) & (u < len(recommender.user_ids_)))
    if not len(wanted):
        raise ValueError(f"ratings must have some that are relevant, >= {relevant}, of known users; there are none")
    pairs = np.column_stack([u, Labels.of(items, "items")[1]])[wanted]
    wanted = wanted[np.unique(pairs, axis=0, return_index=True)[1]]
    return Scores(*errors, *_of_lists(recommender, u[wanted], i[wanted], n))


def _of_lists(recommender: Recommender, u: np.ndarray, i: np.ndarray, n: int) -> tuple[float, float, float, int]:
    asked, user, relevant = np.unique(u, return_inverse=True, return_counts=True)
    top = recommender.recommend(recommender.user_ids_[asked], n)
    if not len(top):
        raise ValueError("users must have items left that they have not seen in training, for a list; they have none")
    known, rows, columns = len(recommender.item_ids_), *recommender.encode(top.users, top.items)
    row = np.searchsorted(asked, rows)
    rank = np.arange(len(top)) - np.searchsorted(row, row)
    hit = np.isin(row * (known + 1) + columns, user * (known + 1) + i)
    discount = 1 / np.log2(2 + np.arange(n))
    gain = np.bincount(row[hit], discount[rank[hit]], len(asked))
    ideal = np.cumsum(discount)[np.minimum(relevant, n) - 1]
    recall = np.bincount(row[hit], minlength=len(asked)) / relevant
    return float(np.mean(gain / ideal)), float(recall.mean()), len(np.unique(columns)) / known, len(asked)


def rmse(truth: Any, predicted: Any) -> float:
    """Return the root of the mean squared difference of `truth` (n,) and `predicted` (n,), in their unit."""
    return float(np.sqrt(np.mean(_difference(truth, predicted) ** 2)))


def mae(truth: Any, predicted: Any) -> float:
    """Return the mean absolute difference of `truth` (n,) and `predicted` (n,), in their unit."""
    return float(np.mean(np.abs(_difference(truth, predicted))))


def _difference(truth: Any, predicted: Any) -> np.ndarray:
    truth, predicted = as_column(truth, "truth"), as_column(predicted, "predicted")
    same_length({"truth": truth, "predicted": predicted})
    return truth - predicted
