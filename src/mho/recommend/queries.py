"""Answers of a fitted recommender: predictions, the best items of users and of visitors, items that are alike."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.engines import Engine
from mho.kernels.blas import one_blas_thread
from mho.recommend.fitted import Fitted
from mho.recommend.interactions import Interactions, same_length
from mho.recommend.top import Top, best

__all__ = ["for_likeness", "for_visitor", "most_popular", "predicted", "recommended", "similar_items", "similar_users"]


def predicted(fitted: Fitted, users: Any, items: Any) -> np.ndarray:
    """See `Recommender.predict`."""
    u, i = fitted.table.users.encode(users), fitted.table.items.encode(items)
    same_length({"users": u, "items": i})
    scores = fitted.in_values(fitted.pairs(u, i))
    lowest, highest = fitted.table.range
    lowest, highest = lowest + fitted.model.lowest, highest + fitted.model.lowest
    return scores if fitted.model.choices else np.clip(scores, lowest, highest)


def recommended(fitted: Fitted, users: Any, n: int, among: Any, *, seen: bool) -> Top:
    """See `Recommender.recommend`."""
    table = fitted.table
    u = np.arange(len(table.users)) if users is None else table.users.require(users)
    i = np.arange(len(table.items)) if among is None else np.unique(table.items.require(among))
    own = table.known if users is None else table.known[u]
    known = _nothing(len(u), len(i)) if seen else _among(own, i)
    P = fitted.users.rows[u]
    among_all = slice(None) if among is None else i
    with one_blas_thread():
        blocks = best(lambda part: fitted.merits(P[part], own[part], among_all), known, n)
        rows, columns, merits = (np.concatenate(x) for x in zip(*blocks, strict=True))
    scores = fitted.in_values(fitted.scored(merits, i[columns]))
    return Top(table.users.known[u[rows]], table.items.known[i[columns]], scores)


def for_visitor(fitted: Fitted, engine: Engine, visit: Interactions, n: int) -> Top:
    """See `Recommender.recommend_for`; the one user of `visit` is folded in by `engine`."""
    items = fitted.table.items
    i = items.encode(visit.items.known)
    there = i < len(items)
    if not there.any():
        return most_popular(fitted, n)
    values = visit.known.data[np.argsort(visit.known.indices)][there]
    known = sp.csc_array((values, i[there], [0, len(values)]), shape=(len(items), 1))
    with one_blas_thread():
        p = fitted.model.solve(engine, fitted.items, known, fitted.unit).side.rows
        return _of_one(fitted, p, sp.csr_array(known.T), n)


def most_popular(fitted: Fitted, n: int) -> Top:
    """See `Recommender.recommend_for`, of whom nothing is known."""
    return _of_one(fitted, fitted.at_large(), _nothing(1, len(fitted.items)), n)


def for_likeness(fitted: Fitted, weights: Any, n: int) -> Top:
    """Return the best items of newcomers, by the mean over known users with `weights`, csc_array (n_users, m), >= 0.

    Who is like nobody gets the best items of all users together. Users are called by their numbers from 0 on.
    """
    found = [_of_mean(fitted, weights.indices[a:b], weights.data[a:b], n) for a, b in pairwise(weights.indptr)]
    users = np.repeat(np.arange(len(found)), [len(top) for top in found])
    return Top(users, *(np.concatenate([getattr(top, name) for top in found]) for name in ("items", "scores")))


def _of_mean(fitted: Fitted, users: np.ndarray, weights: np.ndarray, n: int) -> Top:
    if not len(users):
        return most_popular(fitted, n)
    with one_blas_thread():
        merits = (weights / weights.sum()) @ fitted.merits(fitted.users.rows[users], fitted.table.known[users])
    ((_, columns, leading),) = best(lambda _: merits[None].copy(), _nothing(1, len(merits)), n)
    scores = fitted.in_values(fitted.scored(leading, columns))
    return Top(np.zeros(len(columns), np.int8), fitted.table.items.known[columns], scores)


def similar_items(fitted: Fitted, item: Any, n: int) -> Top:
    """See `Recommender.similar_items`."""
    items = fitted.table.items
    position = items.require([item])
    itself = sp.csr_array(([1.0], position, [0, 1]), shape=(1, len(items)))
    ((_, columns, scores),) = best(lambda _: item_cosine(fitted, int(position[0]))[None], itself, n)
    return Top(items.known[np.repeat(position, len(columns))], items.known[columns], scores)


def similar_users(fitted: Fitted, user: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """See `Recommender.similar_users`."""
    u = int(fitted.table.users.require([user])[0])
    if fitted.model.has_factors:
        cosine = _row_cosine((fitted.users.rows - fitted.prior)[:, fitted.model.offsets :], u)
    else:
        spoken = fitted.speaking(fitted.users.rows, fitted.table.known)
        lengths = np.sqrt(spoken.multiply(spoken).sum(axis=1).astype(np.float64))
        product = (spoken @ spoken[[u]].T).toarray()[:, 0].astype(np.float64)
        cosine = product / np.maximum(lengths * lengths[u], 1e-300)
    cosine[u] = -np.inf
    order = np.argsort(-cosine, kind="stable")[: min(n, len(cosine) - 1)]
    return fitted.table.users.known[order], cosine[order]


def item_cosine(fitted: Fitted, item: int) -> np.ndarray:
    """Return the cosine (n_items,) of each item's factors with those of one, each less the prior's."""
    if not fitted.model.has_factors:
        return _common(fitted, item)
    return _row_cosine((fitted.items.rows - fitted.prior)[:, fitted.model.offsets :], item)


def _row_cosine(F: np.ndarray, row: int) -> np.ndarray:
    norm = np.linalg.norm(F, axis=1)
    product, scale = F @ F[row], norm * norm[row]
    return np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)


def _common(fitted: Fitted, item: int) -> np.ndarray:
    """Return the cosine (n_items,) of what users say of each item with what they say of one."""
    spoken = fitted.speaking(fitted.users.rows, fitted.table.known)
    product = (spoken[:, [item]].T @ spoken).toarray()[0].astype(np.float64)
    lengths = np.sqrt(np.bincount(spoken.indices, spoken.data.astype(np.float64) ** 2, spoken.shape[1]))
    scale = lengths * lengths[item]
    return np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)


def _of_one(fitted: Fitted, p: np.ndarray, known: Any, n: int) -> Top:
    """Return the best items of somebody with the row `p` (1, c) that are not `known`, csr_array (1, n_items)."""
    ((_, columns, merits),) = best(lambda _: fitted.merits(p, known), known, n)
    scores = fitted.in_values(fitted.scored(merits, columns))
    return Top(np.zeros(len(columns), np.int8), fitted.table.items.known[columns], scores)


def _nothing(m: int, n: int) -> Any:
    return sp.csr_array((m, n))


def _among(known: Any, columns: np.ndarray) -> Any:
    return known if len(columns) == known.shape[1] else known[:, columns]
