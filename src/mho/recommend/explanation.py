"""Why an item is recommended: since everything is non-negative, a score is a sum of parts, none of which cancel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.recommend.fitted import Fitted
from mho.recommend.queries import item_cosine

__all__ = ["Explanation", "explain"]

_REASONS = 5


@dataclass(frozen=True)
class Explanation:
    """One score, taken apart.

    Attributes
    ----------
    score : float
        The sum of the parts.
    parts : dict of str to float
        Offsets, components, neighbours and popularity by name, the largest first; then the lowest rating, if that is
        negative. Each is >= 0, but for neighbours of ratings.
    because : list of (id, float)
        What the user rated or chose that is most like the item, with its likeness; see `Recommender.similar_items`.
        With neighbours everything that speaks for the item, or against it, with its part of the score: together they
        are the part "neighbours".

    Examples
    --------
    >>> import mho
    >>> users, items = ["ann", "ann", "bob", "bob", "cem"], ["tea", "milk", "tea", "jam", "milk"]
    >>> found = mho.Recommender(2, model="implicit").fit(users, items).explain("cem", "tea")
    >>> abs(sum(found.parts.values()) - found.score) < 1e-6
    True
    """

    score: float
    parts: dict[str, float]
    because: list[tuple[Any, float]]


def explain(fitted: Fitted, user: Any, item: Any) -> Explanation:
    """See `Recommender.explain`."""
    u, i = int(fitted.table.users.require([user])[0]), int(fitted.table.items.require([item])[0])
    parts = fitted.model.parts(fitted.users.rows[u], fitted.items.rows[i])
    if fitted.added is not None:
        parts["popularity"] = float(fitted.added[i])
    own, speak = _alike(fitted, u, i) if fitted.weights is None else fitted.reasons(u, i)
    if fitted.weights is not None:
        parts["neighbours"], speak = float(speak.sum()), fitted.unit * speak
    ordered = {name: fitted.unit * parts[name] for name in sorted(parts, key=lambda name: -parts[name])}
    if fitted.model.lowest:
        ordered["lowest rating"] = fitted.model.lowest
    order = np.argsort(-np.abs(speak), kind="stable")
    names = fitted.table.items.known[own[order]].tolist()
    because = [(name, float(x)) for name, x in zip(names, speak[order], strict=True)]
    return Explanation(sum(ordered.values()), ordered, because)


def _alike(fitted: Fitted, user: int, item: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the items of a user that are most like one, at most so many, and how like it they are."""
    own = np.setdiff1d(fitted.table.known[[user]].indices, [item])
    alike = item_cosine(fitted, item)[own]
    most = np.argsort(-alike, kind="stable")[:_REASONS]
    most = most[alike[most] > 0]
    return own[most], alike[most]
