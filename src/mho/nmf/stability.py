"""Agreement of many starts: consensus matrix, cophenetic correlation, dispersion, silhouette (Brunet-2004)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sklearn.base import clone

from mho.nmf.starts import Starts, run_starts
from mho.operands import Matrix

__all__ = ["Stability", "consensus_matrix", "labels_of", "stability", "survey"]

_MOST_SAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Stability:
    """Agreement of many starts on which samples belong together.

    Attributes
    ----------
    consensus : ndarray of shape (m, m)
        Share of the starts that put two samples in one component.
    labels : ndarray of shape (m,)
        Clusters of that matrix, as many as components.
    cophenetic : float
        Correlation of its distances with those in its tree of average linkage.
    dispersion : float
        1 where every pair always is, or never, together; 0 where all are so half of the time.
    silhouette : float
        Mean silhouette of the clusters; NaN where there is but one.
    errors : ndarray of shape (s,)
        Relative error of each start.
    """

    consensus: np.ndarray
    labels: np.ndarray
    cophenetic: float
    dispersion: float
    silhouette: float
    errors: np.ndarray

    def summary(self) -> dict[str, float]:
        """Return the figures by name."""
        names = ("cophenetic", "dispersion", "silhouette")
        return {name: getattr(self, name) for name in names} | {"best_error": float(self.errors.min())}


def survey(X: Matrix, components: Iterable[int], model: Any, starts: int, *, chip: Any = None) -> dict[int, Stability]:
    """Return the stability of each number of components.

    Parameters
    ----------
    X : Dense or Sparse of shape (m, n)
        Non-negative; its rows are the samples.
    components : iterable of int
        Numbers to try.
    model : mho.NMF
        Settings of each start.
    starts : int
        Starts of each.
    chip : ChipDesign or str, optional
        As for `mho.many_starts`.
    """
    found = {}
    for k in components:
        # Starts that ended early would differ for that alone.
        patient = {"tol": model.tol / 10, "max_iter": 2 * model.max_iter}
        settings = cast(Any, clone(model)).set_params(n_components=int(k), init="random", callback=None, **patient)
        found[int(k)] = stability(run_starts(X, settings, starts, chip=chip))
    return found


def labels_of(W: np.ndarray) -> np.ndarray:
    """Return the component of each sample (m,): the one of which it has most, all usages (m, k) being of one length.

    A component that all samples have much of would else take those that differ from the others by another one.
    """
    length = np.linalg.norm(W, axis=0)
    return np.argmax(W / np.where(length > 0, length, 1), axis=1)


def consensus_matrix(labels: Iterable[np.ndarray]) -> np.ndarray:
    """Return the share of some labellings (m,) in which two samples have one label, (m, m)."""
    total, count = None, 0
    for own in labels:
        if len(own) > _MOST_SAMPLES:
            raise ValueError(f"a consensus matrix is for at most {_MOST_SAMPLES} samples, got {len(own)}; take some")
        same = own[:, None] == own
        total = same.astype(np.float64) if total is None else total + same
        count += 1
    if total is None:
        raise ValueError("labels must be of at least one start, got none")
    return total / count


def stability(runs: Starts, labels: Iterable[np.ndarray] | None = None) -> Stability:
    """Return the agreement of many starts.

    Parameters
    ----------
    runs : Starts
        The factors.
    labels : iterable of ndarray of shape (m,), optional
        Component of each sample from each start; `labels_of` their usages by default.
    """
    usages = [W for W in runs.W if W is not None]
    consensus = consensus_matrix(map(labels_of, usages) if labels is None else labels)
    agreed, cophenetic = _tree(consensus, usages[0].shape[1])
    return Stability(
        consensus,
        agreed,
        cophenetic,
        float(np.mean(4 * (consensus - 0.5) ** 2)),
        _silhouette(consensus, agreed),
        runs.errors,
    )


def _tree(consensus: np.ndarray, k: int) -> tuple[np.ndarray, float]:
    from scipy.cluster.hierarchy import cophenet, fcluster, linkage
    from scipy.spatial.distance import squareform

    apart = 1 - consensus
    np.fill_diagonal(apart, 0)
    distances = squareform(apart, checks=False)
    if not len(distances) or np.ptp(distances) == 0:  # one sample, or all alike: no tree could say it otherwise
        return np.zeros(len(consensus), int), 1.0
    tree = linkage(distances, "average")
    return fcluster(tree, k, "maxclust") - 1, float(cophenet(tree, distances)[0])


def _silhouette(consensus: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import silhouette_score

    if not 1 < len(np.unique(labels)) < len(labels):
        return float("nan")
    apart = 1 - consensus
    np.fill_diagonal(apart, 0)
    return float(silhouette_score(apart, labels, metric="precomputed"))
