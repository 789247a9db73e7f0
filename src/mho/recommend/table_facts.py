"""Facts of a table of users and items: scale of ratings, repeated pairs and tails, and the model to take for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["TableFacts", "table_facts"]

_SCALE, _HIGHEST_STARS = 25, 101
"""Distinct values that are a scale of ratings, and the largest of these."""

_TAIL = 20.0
"""Largest strength by the median from which on strengths have a long tail."""


@dataclass(frozen=True)
class TableFacts:
    """Facts of a table.

    Attributes
    ----------
    rows, users, items, pairs : int
        Pairs are those that differ.
    lowest, highest, step : float or None
        Of the ratings; None without any.
    values : int
        Distinct ratings.
    median : float or None
        Of the ratings.
    once_users, once_items : float
        Part of them that is in one row alone.
    popular : float
        Part of the rows that the hundredth of the items with most rows has.
    model : str
        Proposed model.
    why : str
        Reason for it.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.recommend.table_facts import table_facts
    >>> table_facts(np.array([0, 0, 1]), np.array([0, 1, 0]), None).model
    'neighbours'
    """

    rows: int
    users: int
    items: int
    pairs: int
    lowest: float | None
    highest: float | None
    step: float | None
    values: int
    median: float | None
    once_users: float
    once_items: float
    popular: float
    model: str
    why: str


def table_facts(users: np.ndarray, items: np.ndarray, ratings: np.ndarray | None) -> TableFacts:
    """Return the facts of rows of users, items and, if there are any, ratings (n,), ids as numbers from 0."""
    of_user, of_item = (np.bincount(ids) for ids in (users, items))
    of_user, of_item = of_user[of_user > 0], of_item[of_item > 0]
    pairs = len(np.unique(users.astype(np.int64) * (int(items.max()) + 1) + items))
    head = np.sort(of_item)[::-1][: max(1, len(of_item) // 100)]
    model, why = _proposed(ratings, pairs)
    return TableFacts(
        len(users),
        len(of_user),
        len(of_item),
        pairs,
        **_scale(ratings),
        once_users=float(np.mean(of_user == 1)),
        once_items=float(np.mean(of_item == 1)),
        popular=float(head.sum() / len(items)),
        model=model,
        why=why,
    )


def _scale(ratings: np.ndarray | None) -> dict[str, Any]:
    if ratings is None:
        return {"lowest": None, "highest": None, "step": None, "values": 0, "median": None}
    values = np.unique(ratings)
    step = float(np.diff(values).min()) if len(values) > 1 else None
    ends = {"lowest": float(values[0]), "highest": float(values[-1])}
    return {**ends, "step": step, "values": len(values), "median": float(np.median(ratings))}


def _proposed(ratings: np.ndarray | None, pairs: int) -> tuple[str, str]:
    if ratings is None:
        return "neighbours", "there are no ratings: each row is a choice"
    values = np.unique(ratings)
    if len(values) == 1:
        return "neighbours", "every rating is the same: each row is a choice"
    if values[0] < 0:
        return "mixed-ratings", "ratings below zero are opinions, not strengths"
    if pairs < len(ratings):
        return "neighbours", "pairs come again: rows are events, whose strengths add up"
    if values[-1] >= _TAIL * max(np.median(ratings), 1e-300):
        return "neighbours", "a long tail, as counts have: strengths, weighed by their logarithm"
    if len(values) <= _SCALE and values[-1] < _HIGHEST_STARS:
        return "mixed-ratings", f"{len(values)} values from {values[0]:g} to {values[-1]:g} are a scale of ratings"
    return "mixed-ratings", "one value for each pair, without a long tail"
