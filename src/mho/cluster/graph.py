"""Graphs between samples: shared neighbours, checks, normalisation by degrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.operands import index_dtype

__all__ = ["as_affinity", "neighbor_graph", "normalized"]

_ASYMMETRY = 1e-9
"""Of the largest affinity, as rounding leaves it."""


def neighbor_graph(X: Any, n_neighbors: int = 10) -> sp.csr_array:
    """Return the graph of nearest neighbours, each edge weighted by the neighbours that its ends share (Jarvis-1973).

    The weight is Jaccard's: shared neighbours over all neighbours of both, each sample among its own. A sample has an
    edge of weight 1 to itself, as it shares all neighbours with itself: without it a factorization S ~ H'H, whose
    diagonal cannot be zero, would be pulled away from the other entries.

    Parameters
    ----------
    X : array_like or scipy sparse of shape (n_samples, n_features)
        Samples, compared by their Euclidean distance.
    n_neighbors : int
        Neighbours of each sample, itself not counted; fewer than there are samples.

    Returns
    -------
    csr_array of shape (n_samples, n_samples)
        Symmetric, from 0 to 1, with ones on the diagonal.

    Examples
    --------
    >>> from mho.cluster import neighbor_graph
    >>> neighbor_graph([[0.0], [0.1], [0.2], [5.0], [5.1]], n_neighbors=1).toarray()[0].round(2).tolist()
    [1.0, 1.0, 0.0, 0.0, 0.0]
    """
    from sklearn.neighbors import kneighbors_graph

    n = X.shape[0] if hasattr(X, "shape") else len(X)
    checks.positive_int(n_neighbors, "n_neighbors", limit=n - 1, what="samples but one")
    near = sp.csr_array(kneighbors_graph(X, n_neighbors)) + sp.eye_array(n)
    shared = sp.coo_array(sp.csr_array(near @ near.T) * near.maximum(near.T))
    weights = shared.data / (2 * (n_neighbors + 1) - shared.data)
    kind = index_dtype(shared.nnz)  # scikit-learn's spectral methods take the narrower one only
    places = shared.row.astype(kind), shared.col.astype(kind)
    return sp.csr_array((weights, places), shape=(n, n))


def as_affinity(X: Any, name: str = "X") -> Any:
    """Return a graph's affinities, checked: square, symmetric, >= 0, with an edge.

    Parameters
    ----------
    X : array_like or scipy sparse of shape (n, n)
        Affinities.
    name : str
        For errors.
    """
    if not sp.issparse(X):
        X = checks.as_matrix(X, name)
    graph: Any = sp.csr_array(X, dtype=np.float64)
    if graph.shape[0] != graph.shape[1]:
        raise ValueError(f"{name} must be square, an affinity for each pair of samples, got shape {graph.shape}")
    checks.check_values(graph.data, name)
    graph.eliminate_zeros()
    if not graph.nnz:
        raise ValueError(f"{name} must have an affinity above zero, got a graph without edges")
    if abs(graph - graph.T).max() > _ASYMMETRY * graph.max():
        raise ValueError(f"{name} must be symmetric; of a graph with directions take ({name} + {name}.T) / 2")
    return graph


def normalized(graph: Any) -> Any:
    """Return D^-1/2 A D^-1/2, D the degrees: a vertex then counts for its edges' shares, as in a normalised cut."""
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    scale = sp.diags_array(1 / np.sqrt(np.where(degrees > 0, degrees, 1)))
    found = sp.csr_array(scale @ graph @ scale)
    found.sort_indices()
    return found
