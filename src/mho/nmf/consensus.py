"""Consensus of many factorizations: pooled spectra, outliers left out, medians of their clusters (Kotliar-2019)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.engines import nnls
from mho.engines.solve import as_known
from mho.nmf.annotated import is_anndata, matrix_of
from mho.nmf.starts import run_starts
from mho.operands import Dense, Matrix, Sparse

__all__ = ["Consensus", "cluster_spectra", "consensus", "local_density"]

_BLOCK = 1 << 20
"""Stored entries that are squared together."""

_NEIGHBOURS = 0.3
"""Share of the starts whose nearest spectra tell how dense it is about one."""


@dataclass(frozen=True, eq=False)
class Consensus:
    """Spectra that many starts agree on.

    Attributes
    ----------
    spectra : ndarray of shape (k, n)
        Median of each cluster, rows of sum 1, on the scaled columns that were factorized.
    usage : ndarray of shape (m, k)
        Best for the spectra, row by row.
    gene_spectra : ndarray of shape (k, n)
        Best for the usage in the unit of X itself, for every column.
    scores : ndarray of shape (k, n)
        Regression of X's standardized columns on the usage: which columns tell a component.
    density : ndarray of shape (s k,)
        Mean distance of each pooled spectrum to its neighbours.
    kept : ndarray of bool of shape (s k,)
        Those that were not left out as outliers.
    labels : ndarray of shape (kept.sum(),)
        Their clusters.
    silhouette : float
        Mean silhouette of the clusters.
    errors : ndarray of shape (s,)
        Relative error of each start.
    scale : ndarray of shape (n,)
        By which columns were divided.
    columns : ndarray of shape (n,)
        Which columns of X these are.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> X = np.random.default_rng(0).gamma(0.5, size=(40, 20))
    >>> found = mho.consensus(X, 2, starts=4, threshold=2, random_state=0)
    >>> found.transform(X[:3]).shape, found.kept.sum()
    ((3, 2), np.int64(8))
    """

    spectra: np.ndarray
    usage: np.ndarray
    gene_spectra: np.ndarray
    scores: np.ndarray
    density: np.ndarray
    kept: np.ndarray
    labels: np.ndarray
    silhouette: float
    errors: np.ndarray
    scale: np.ndarray = field(repr=False)
    columns: np.ndarray = field(repr=False)

    def transform(self, X: Any) -> np.ndarray:
        """Return the usage (m, k) of other rows with the same columns as the X that was factorized.

        Parameters
        ----------
        X : array_like, scipy sparse or AnnData of shape (m, n_columns)
            In the same unit.
        """
        part = _matrix(X)[0][:, self.columns]
        return nnls(self.spectra.T, _divided(part, self.scale).T).T


def consensus(
    X: Any,
    n_components: int,
    *,
    starts: int = 100,
    threshold: float = 0.5,
    columns: int | None = None,
    scale: bool = True,
    loss: str | float = "frobenius",
    layer: str | None = None,
    chip: Any = None,
    random_state: Any = None,
    **settings: Any,
) -> Consensus:
    """Factorize X from many starts and return the spectra that they agree on.

    Columns are divided by their standard deviations, the spectra of all starts pooled in unit length, those far from
    their neighbours left out, the others clustered by k-means, and each cluster's median is a spectrum. Usages are the
    best for these, and spectra in X's own unit the best for the usages.

    Parameters
    ----------
    X : array_like, scipy sparse or AnnData of shape (m, n)
        Non-negative counts, rows are cells. To an AnnData the usage is written as ``obsm["mho_usage"]``, spectra and
        scores as ``varm["mho_spectra"]`` and ``varm["mho_scores"]``.
    n_components : int
        Number k of components.
    starts : int
        How many.
    threshold : float
        Mean distance to its neighbours above which a spectrum is an outlier; 2 leaves none out.
    columns : int, optional
        Factorize only so many columns, those that vary most beyond what their means explain.
    scale : bool
        Divide columns by their standard deviations.
    loss : str or float
        As for `mho.NMF`.
    layer : str, optional
        Of an AnnData, in place of its ``X``.
    chip : ChipDesign or str, optional
        A chip of this design is made anew for every start: many cheap chips in place of an exact run.
    random_state : int, RandomState, Generator or None
        For the starts; clusters begin from the same seed every time.
    **settings
        Further settings of `mho.NMF`.

    Raises
    ------
    ValueError, TypeError
        An argument is not what it must be.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(5 * rng.gamma(0.5, size=(60, 3)) @ rng.gamma(0.5, size=(3, 40)))
    >>> found = mho.consensus(X[X.sum(axis=1) > 0], 3, starts=10, random_state=0)
    >>> found.spectra.shape
    (3, 40)
    """
    from mho.nmf.estimator import NMF

    values, owner = _matrix(X, layer)
    known = as_known(values, None, "X", nonnegative=True)
    chosen = _chosen_columns(known, columns)
    part = _columns(_dense_or_rows(known), chosen)
    deviations = np.sqrt(_variances(part))
    if not deviations.all():
        chosen, part, deviations = chosen[deviations > 0], _columns(part, deviations > 0), deviations[deviations > 0]
    if not len(chosen):
        raise ValueError("X must have a column that varies, got none")
    divisor = deviations if scale else np.ones(len(chosen))
    ready = _divided(part, divisor) if scale else part
    del part
    model = NMF(n_components, loss=loss, random_state=random_state, **{"init": "random", **settings})
    # On a compression, which loses what noise hides, spectra of cells differ by several per cent.
    operand = known if ready is _dense_or_rows(known) else _operand(ready)
    runs = run_starts(operand, model, starts, chip=chip, compressed=False)
    pooled = _unit_rows(np.concatenate(runs.H).astype(np.float64))
    density = local_density(pooled, max(1, round(_NEIGHBOURS * starts)))
    kept = density < checks.positive_number(threshold, "threshold")
    if kept.sum() < n_components:
        raise ValueError(
            f"threshold={threshold} leaves {kept.sum()} of {len(kept)} spectra for {n_components} components; "
            f"take a larger one, such as {np.median(density) * 2:.2g}"
        )
    spectra, labels, silhouette = cluster_spectra(pooled[kept], n_components)
    usage = nnls(spectra.T, operand.T).T
    del operand, ready
    spectra, usage = _by_usage(spectra, usage)
    gene_spectra, scores = _refitted(_dense_or_rows(known), usage)
    found = Consensus(
        spectra, usage, gene_spectra, scores, density, kept, labels, silhouette, runs.errors, divisor, chosen
    )
    if owner is not None:
        owner.obsm["mho_usage"] = usage
        owner.varm["mho_spectra"], owner.varm["mho_scores"] = gene_spectra.T, scores.T
    return found


def local_density(rows: np.ndarray, neighbours: int) -> np.ndarray:
    """Return the mean distance of each row (s, n) to its nearest others, (s,)."""
    from sklearn.metrics import pairwise_distances

    apart = pairwise_distances(rows)
    nearest = min(neighbours, len(rows) - 1)
    if nearest < 1:
        return np.zeros(len(rows))
    return np.partition(apart, nearest, axis=1)[:, : nearest + 1].sum(axis=1) / nearest


def cluster_spectra(rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the median of each of k clusters of unit rows (s, n), rows of sum 1, with labels and mean silhouette."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    clusters = KMeans(k, n_init=10, random_state=1)  # pyright: ignore[reportArgumentType]
    labels = clusters.fit_predict(rows)
    medians = np.stack([np.median(rows[labels == j], axis=0) for j in range(k)])
    sums = medians.sum(axis=1, keepdims=True)
    silhouette = silhouette_score(rows, labels) if 1 < k < len(rows) else float("nan")
    return medians / np.where(sums > 0, sums, 1), labels, float(silhouette)


def _matrix(X: Any, layer: str | None = None) -> tuple[Any, Any]:
    """Return the matrix of counts, and the AnnData it came in, if any."""
    if not is_anndata(X):
        if layer is not None:
            raise TypeError(f"layer={layer!r} is of an AnnData, got {type(X).__name__}")
        return (X if sp.issparse(X) else np.asarray(X)), None
    return matrix_of(X, layer), X


def _dense_or_rows(X: Matrix) -> Any:
    return X.rows if isinstance(X, Sparse) else X.array


def _columns(values: Any, chosen: np.ndarray) -> Any:
    """Some columns; all of them without a copy."""
    every = len(chosen) == values.shape[1] if chosen.dtype != bool else chosen.all()
    return values if every else values[:, chosen]


def _operand(values: Any) -> Matrix:
    return (
        Sparse(values, nonnegative=True, name="X") if sp.issparse(values) else Dense(values, nonnegative=True, name="X")
    )


def _moments(values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each column."""
    m = values.shape[0]
    if sp.issparse(values):
        mean = np.asarray(values.mean(axis=0)).ravel()
        square = np.zeros(values.shape[1])
        for begin in range(0, values.nnz, _BLOCK):
            part = slice(begin, begin + _BLOCK)
            square += np.bincount(values.indices[part], values.data[part].astype(np.float64) ** 2, len(square))
        square /= m
    else:
        mean, square = values.mean(axis=0, dtype=np.float64), np.square(values, dtype=np.float64).mean(axis=0)
    return mean, np.maximum(square - mean**2, 0) * m / max(1, m - 1)


def _variances(values: Any) -> np.ndarray:
    mean, variance = _moments(values)
    return np.where(variance > 1e-12 * mean**2, variance, 0)


def _chosen_columns(X: Matrix, count: int | None) -> np.ndarray:
    """Columns that vary most over what a law of constant variance over mean would give them."""
    n = X.shape[1]
    if count is None:
        return np.arange(n)
    checks.positive_int(count, "columns", limit=n, what="columns of X")
    mean, variance = _moments(_dense_or_rows(X))
    ratio = np.where(mean > 0, variance / np.where(mean > 0, mean, 1), 0)
    return np.sort(np.argsort(-ratio, kind="stable")[:count])


def _divided(values: Any, by: np.ndarray) -> Any:
    if sp.issparse(values):
        rows = sp.csr_array(values)
        data = by[rows.indices]
        np.divide(rows.data, data, out=data)
        return sp.csr_array((data, rows.indices, rows.indptr), shape=rows.shape, copy=False)
    return values / by


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def _by_usage(spectra: np.ndarray, usage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-usage.sum(axis=0), kind="stable")
    return spectra[order], usage[:, order]


def _refitted(values: Any, usage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return spectra in the unit of X, and scores of its standardized columns, for the shares of a usage."""
    total = usage.sum(axis=1, keepdims=True)
    shares = usage / np.where(total > 0, total, 1)
    spectra = nnls(shares, values)
    mean, variance = _moments(values)
    # Regression of (x - mean) / deviation on the shares, without a dense copy of X.
    inverse = np.linalg.pinv(shares)
    raw = np.asarray((values.T @ inverse.T).T) - np.outer(inverse.sum(axis=1), mean)
    return spectra, raw / np.sqrt(np.where(variance > 0, variance, 1))
