"""Figures of lists, user by user: nDCG, recall, precision, MAP, MRR, hit rate and novelty."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["METRICS", "list_metrics", "ranked"]

METRICS = ("ndcg", "recall", "precision", "map", "mrr", "hit_rate", "novelty")


def list_metrics(lists: np.ndarray, wanted: Any, shares: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures (u,) of each user's list by name, those of `METRICS`.

    Gains are 1 and discounts log2(1 + rank) (Jarvelin-2002). Average precision is over the wanted items that a list of
    this length can hold. Novelty is the mean of -log2 of the share of users who chose an item, in bits.

    Parameters
    ----------
    lists : ndarray of shape (u, n)
        Positions of the items of each user's list, the best first; -1 at the end of a shorter one.
    wanted : csr_array of shape (u, n_items)
        What is stored was held out; something for each user.
    shares : ndarray of shape (n_items,)
        Part of the training users who chose each item.
    """
    n, there = lists.shape[1], lists >= 0
    hit = _hits(lists, wanted)
    count = np.minimum(np.diff(wanted.indptr), n)
    rank = np.arange(1, n + 1)
    discount = 1 / np.log2(1 + rank)
    precision = np.cumsum(hit, axis=1) / rank
    first = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, np.inf)
    surprise = -np.log2(np.maximum(shares, 1e-9))
    listed = np.maximum(there.sum(axis=1), 1)
    found: dict[str, Any] = {
        "ndcg": hit @ discount / np.cumsum(discount)[count - 1],
        "recall": hit.sum(axis=1) / np.diff(wanted.indptr),
        "precision": hit.sum(axis=1) / n,
        "map": (precision * hit).sum(axis=1) / count,
        "mrr": np.asarray(1 / first),
        "hit_rate": hit.any(axis=1) * 1.0,
        "novelty": np.where(there, surprise[lists], 0.0).sum(axis=1) / listed,
    }
    return found


def ranked(scores: np.ndarray, seen: Any, n: int) -> np.ndarray:
    """Return the positions (u, n) of the n largest scores of each row that are not `seen`, -1 where there are no more.

    Parameters
    ----------
    scores : ndarray of shape (u, n_items)
        Overwritten; of equal ones the first is ahead, what is -inf is in no list.
    seen : csr_array of shape (u, n_items)
        What is stored is left out.
    n : int
        Length of the lists.
    """
    scores[np.repeat(np.arange(len(scores)), np.diff(seen.indptr)), seen.indices] = -np.inf
    width = min(n, scores.shape[1])
    chosen = np.sort(np.argpartition(scores, -width, axis=1)[:, -width:], axis=1)
    values = np.take_along_axis(scores, chosen, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    lists = np.full((len(scores), n), -1)
    best = np.take_along_axis(values, order, axis=1)
    lists[:, :width] = np.where(best > -np.inf, np.take_along_axis(chosen, order, axis=1), -1)
    return lists


def _hits(lists: np.ndarray, wanted: Any) -> np.ndarray:
    m, n = wanted.shape
    keys = np.repeat(np.arange(m), np.diff(wanted.indptr)) * n + wanted.indices
    return np.isin(np.arange(m)[:, None] * n + lists, keys) & (lists >= 0)
