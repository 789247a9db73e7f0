"""Cold items: each that nobody has chosen yet as a non-negative sum of known items with like features."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.recommend.fitted import Fitted
from mho.recommend.item_features import features_of
from mho.recommend.item_weights import ItemTable, Neighbourhood
from mho.recommend.model import Side

__all__ = ["feature_weights", "with_items"]

_L2 = 1.0
"""Ridge on the weights, in mean squares of the length of an item's features."""


def feature_weights(known: Any, new: Any, *, cap: int, l2: float = _L2, what: str = "items") -> Any:
    """Return the weights (n_items, n_new) >= 0 that make the features of new items of those of known ones.

    A new item is one problem: min |f - F w|^2 + l2 |w|^2 over w >= 0, with the known items nearest to it by cosine as
    the columns of F. Features weigh by log(1 + items / items that have them): what all have says nothing.

    Parameters
    ----------
    known : array_like or scipy sparse of shape (n_items, n_features), >= 0
        Features of known items.
    new : array_like or scipy sparse of shape (n_new, n_features), >= 0
        Those of new items.
    cap : int
        Known items that take part in one sum, at most.
    l2 : float
        Ridge, in mean squares of the length of a known item's features, > 0.
    what : {"items", "users"}
        What these are; all that is said of items here is then of users.

    Raises
    ------
    ValueError
        More features than items, a negative or missing one, or shapes that do not go together.
    """
    F, f = (features_of(matrix, name) for matrix, name in ((known, "known_features"), (new, "features")))
    n = F.shape[0]
    if f.shape[1] != F.shape[1]:
        raise ValueError(f"features must have {F.shape[1]} columns, as those of known {what}, got {f.shape[1]}")
    if F.shape[1] > n:
        raise ValueError(f"known_features must not be more than there are {what}, {n}, got {F.shape[1]}")
    weight = np.log1p(n / np.maximum(1, np.bincount(F.indices, minlength=F.shape[1])))
    table = ItemTable(sp.csr_array((sp.vstack([F, f]) @ sp.diags_array(weight)).T))
    scale = float(np.mean(table.lengths[:n] ** 2)) or 1.0
    targets = np.arange(n, n + f.shape[0], dtype=np.int32)
    parts = [_solved(table, targets[j : j + _STEP], n, cap, l2 * scale) for j in range(0, len(targets), _STEP)]
    return sp.csr_array(sp.hstack(parts))


_STEP = 1024
"""New items that are worked on at a time."""


def _solved(table: ItemTable, targets: np.ndarray, n: int, cap: int, l2: float) -> Any:
    """Return the weights (n, t) of known items for some new ones, which do not speak for each other."""
    nearest, products = table.nearest(targets, min(2 * cap, table.n_items))
    for row, product in zip(nearest, products, strict=True):
        known = (row >= 0) & (row < n)
        places = np.sort(np.argsort(-np.where(known, product, -1), kind="stable")[: min(cap, int(known.sum()))])
        kept = row[places], product[places]
        row[:], product[:] = -1, 0
        row[: len(places)], product[: len(places)] = kept
    nearest, products = (np.ascontiguousarray(x[:, :cap]) for x in (nearest, products))
    grams = table.grams(nearest)
    weights = Neighbourhood(targets, nearest, products, grams).solved(l2)
    t, p = np.nonzero(weights > 0)
    return sp.coo_array((weights[t, p], (nearest[t, p], t)), shape=(n, len(targets))).tocsr()


def with_items(fitted: Fitted, ids: Any, weights: Any, features: Any = None) -> Fitted:
    """Return a recommender's knowledge with new items, each like the sum of known ones by `weights`.

    Factors are that sum; of ratings, whose rows have offsets, the mean by these weights. What a user's own items say
    for a new one is what they say for those of the sum, and their own weight where they are in it.

    Parameters
    ----------
    fitted : Fitted
        What is known.
    ids : array_like of shape (n_new,)
        Of the new items.
    weights : csr_array of shape (n_items, n_new)
        From `feature_weights`.
    features : csr_array of shape (n_new, f), optional
        To be kept beside those of known items.

    Raises
    ------
    ValueError
        An id that is known already, or is there twice.
    """
    n = len(fitted.items)
    items, positions = fitted.table.items.extended(ids)
    if len(items) != n + len(positions):
        raise ValueError("items must be new, each once; partial_fit takes what is chosen of those that are known")
    order = np.argsort(positions)
    weights = weights[:, order]
    known: Any = fitted.table.known.copy()
    known.resize((known.shape[0], len(items)))
    share = weights if fitted.model.choices else _means(weights)
    rows = np.asarray(share.T @ fitted.items.rows)
    alone = np.asarray(weights.sum(axis=0)).ravel() == 0
    rows[alone] = fitted.prior
    table = replace(fitted.table, items=items, known=known)
    grown = np.vstack([fitted.items.rows, rows.astype(fitted.items.rows.dtype)])
    between = None if fitted.weights is None else _between(fitted, weights, share)
    described = None if fitted.features is None else _described(fitted.features, features, order)
    return replace(fitted, table=table, items=Side(grown), weights=between, features=described)


def _described(known: Any, new: Any, order: np.ndarray) -> Any:
    """Return the features of known items and behind them those of new ones by `order`, which may have none."""
    own = sp.csr_array((len(order), known.shape[1])) if new is None else new[order]
    return sp.csr_array(sp.vstack([known, own]), dtype=np.float32)


def _means(weights: Any) -> Any:
    total = np.asarray(weights.sum(axis=0)).ravel()
    return weights @ sp.diags_array(np.divide(1.0, total, out=np.zeros_like(total), where=total > 0).astype(np.float32))


def _between(fitted: Fitted, weights: Any, share: Any) -> Any:
    """Return weights between items with columns for the new ones, which speak for nothing themselves."""
    old: Any = fitted.weights
    column: Any = (old @ share + weights) if fitted.model.choices else old @ share
    whole: Any = sp.hstack([old, sp.csr_array(column)])
    nothing = sp.csr_array((column.shape[1], whole.shape[1]), dtype=whole.dtype)
    return sp.csr_array(sp.vstack([whole, nothing], format="csr"))
