"""Usual recommenders to compare with: popularity, item-kNN, EASE, and the library implicit where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from mho.kernels.blas import one_blas_thread
from mho.recommend.item_weights import ItemTable

__all__ = ["PEERS", "Fit", "peers"]

Fit = Callable[[Any], Callable[[np.ndarray], np.ndarray]]
"""From a training table, csr_array (m, n), to a function that returns the scores (u, n) of users at positions (u,)."""

_LARGEST_DENSE = 12_000
"""Items of which EASE inverts a matrix."""

_NEIGHBOURS = (20, 50, 100, 200)
_EASE_RIDGES = (25.0, 50.0, 100.0, 200.0, 400.0, 800.0)
_ALS = ((10.0, 1.0), (10.0, 5.0), (40.0, 1.0), (40.0, 5.0), (80.0, 10.0))


def popularity(train: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Order items by how many chose them."""
    counts = np.bincount(train.indices, minlength=train.shape[1]).astype(np.float64)
    return lambda users: np.tile(counts, (len(users), 1))


def item_knn(train: Any, neighbours: int) -> Callable[[np.ndarray], np.ndarray]:
    """Order items by the cosines of their nearest ones with what a user chose (Sarwar-2001)."""
    table = ItemTable(_present(train))
    n = table.n_items
    nearest, products = table.nearest(np.arange(n, dtype=np.int32), min(neighbours, n))
    t, p = np.nonzero(nearest >= 0)
    cosine = products[t, p] / (table.lengths[t] * table.lengths[nearest[t, p]])
    likeness = sp.csr_array((cosine, (nearest[t, p], t)), shape=(n, n))
    return lambda users: _scored(table.by_user[users] @ likeness)


def ease(train: Any, l2: float) -> Callable[[np.ndarray], np.ndarray]:
    """Order items by EASE (Steck-2019): weights of either sign between all items, one inverse."""
    X: Any = sp.csr_array(_present(train), dtype=np.float64)
    if X.shape[0] < X.shape[1]:
        return _ease_of_few_users(X, l2)
    inverse = _inverse((X.T @ X).toarray(), l2)
    B = -inverse / inverse.diagonal()
    np.fill_diagonal(B, 0)
    return lambda users: X[users] @ B


def _ease_of_few_users(X: Any, l2: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return EASE's scores by the Gram matrix of the users, who are fewer: the inverse is (1 - X' K X) / l2.

    K is the inverse of X X' + l2, so that the scores of a row x are x - (x - x X' K X) / (1 - diag(X' K X)).
    """
    gram = (X @ X.T).toarray()
    passed = (sp.csr_array(X.T) @ _inverse(gram.copy(), l2)).T  # K X
    users = np.repeat(np.arange(len(gram)), np.diff(X.indptr))
    left = 1 - np.bincount(X.indices, X.data * passed[users, X.indices], X.shape[1])

    def scores(some: np.ndarray) -> np.ndarray:
        own = X[some].toarray()
        return own - (own - gram[some] @ passed) / left

    return scores


def _inverse(gram: np.ndarray, l2: float) -> np.ndarray:
    """Return the inverse of a Gram matrix, which is overwritten, plus a ridge."""
    gram[np.diag_indices_from(gram)] += l2
    potrf, potri = lapack.get_lapack_funcs(("potrf", "potri"), (gram,))
    factor, _ = potrf(gram, overwrite_a=True)  # a quarter of the work of an inverse of any matrix
    upper, failed = potri(factor, overwrite_c=True)
    if failed:
        raise FloatingPointError("the Gram matrix of EASE could not be inverted")
    return np.triu(upper) + np.triu(upper, 1).T


def implicit_als(train: Any, settings: tuple[float, float]) -> Callable[[np.ndarray], np.ndarray]:
    """Order items by the alternating least squares of the library implicit, with 32 factors."""
    from implicit.cpu.als import AlternatingLeastSquares  # pyright: ignore[reportMissingImports]

    ridge, alpha = settings
    model = AlternatingLeastSquares(32, regularization=ridge, alpha=alpha, iterations=20, random_state=0)
    with one_blas_thread():
        model.fit(sp.csr_matrix(_present(train)), show_progress=False)
    return lambda users: (model.user_factors[users] @ model.item_factors.T).astype(np.float64)


def peers(n_items: int) -> Mapping[str, list[tuple[str, Fit]]]:
    """Return the settings that are tried of each peer that can be fitted here, by the peer's name.

    Parameters
    ----------
    n_items : int
        Of the table: EASE, whose matrix is of items by items, is left out of large ones.
    """
    found: dict[str, list[tuple[str, Fit]]] = {"popularity": [("", popularity)]}
    found["item-kNN"] = [(f"{k} neighbours", lambda train, k=k: item_knn(train, k)) for k in _NEIGHBOURS]
    if n_items <= _LARGEST_DENSE:
        found["EASE"] = [(f"l2 {l2:g}", lambda train, l2=l2: ease(train, l2)) for l2 in _EASE_RIDGES]
    if find_spec("implicit") is not None:
        found["implicit ALS"] = [
            (f"l2 {ridge:g}, alpha {alpha:g}", lambda train, s=(ridge, alpha): implicit_als(train, s))
            for ridge, alpha in _ALS
        ]
    return found


PEERS = ("popularity", "item-kNN", "EASE", "implicit ALS")


def _present(train: Any) -> Any:
    return sp.csr_array((np.ones(train.nnz, np.float32), train.indices, train.indptr), shape=train.shape)


def _scored(product: Any) -> np.ndarray:
    return product.toarray().astype(np.float64)
