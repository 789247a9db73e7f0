"""AnnData: the matrix of cells that is asked for, and what was found written beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mho.nmf.estimator import NMF

__all__ = ["fit_anndata", "is_anndata", "matrix_of", "transform_anndata"]


def is_anndata(value: Any) -> bool:
    """Return whether it is an AnnData, or as one."""
    return all(hasattr(value, part) for part in ("X", "obs", "var", "obsm"))


def matrix_of(data: Any, layer: str | None = None) -> Any:
    """Return the matrix (cells, genes) of an AnnData.

    Parameters
    ----------
    data : AnnData
        Cells by genes.
    layer : str, optional
        One of its layers, in place of its ``X``.

    Raises
    ------
    TypeError, ValueError
        It is no AnnData, or has no such layer.
    """
    if not is_anndata(data):
        raise TypeError(f"data must be an AnnData, got {type(data).__name__}")
    if layer is not None and layer not in data.layers:
        raise ValueError(
            f"layer must be one of {', '.join(map(repr, data.layers)) or 'none, there are none'}, got {layer!r}"
        )
    values = data.X if layer is None else data.layers[layer]
    if values is None:
        raise ValueError("X is an AnnData without counts: its .X is None; name one of its layers")
    return values


def fit_anndata(model: NMF, data: Any, *, layer: str | None = None, key: str = "nmf") -> NMF:
    """Factorize an AnnData and write the factors beside its matrix.

    Parameters
    ----------
    model : NMF
        Fitted here.
    data : AnnData
        ``obsm["X_" + key]`` (cells, k) gets what `NMF.fit_transform` returns, ``varm[key]`` (genes, k) the components,
        ``uns[key]`` the error, iterations and layer. What was under that key before is replaced.
    layer : str, optional
        One of its layers, in place of its ``X``.
    key : str
        Where to write.

    Returns
    -------
    NMF
        The model, fitted.

    Raises
    ------
    TypeError, ValueError
        As `NMF.fit`, or there is no such layer.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> import mho
    >>> from mho.nmf import fit_anndata
    >>> X = np.random.default_rng(0).random((8, 5))
    >>> data = SimpleNamespace(X=X, obs=[], var=[], layers={}, obsm={}, varm={}, uns={})
    >>> model = fit_anndata(mho.NMF(2, random_state=0), data)
    >>> data.obsm["X_nmf"].shape, data.varm["nmf"].shape
    ((8, 2), (5, 2))
    """
    values = matrix_of(data, layer)
    W = model.fit_transform(values)
    data.obsm[f"X_{key}"] = W
    data.varm[key] = np.ascontiguousarray(model.components_.T)
    data.uns[key] = {"error": float(model.reconstruction_err_), "iterations": model.n_iter_, "layer": layer or "X"}
    return model


def transform_anndata(model: NMF, data: Any, *, layer: str | None = None, key: str = "nmf") -> np.ndarray:
    """Write the amounts of a fitted model's components in other cells to ``obsm["X_" + key]``, and return them.

    Parameters
    ----------
    model : NMF
        Fitted.
    data : AnnData
        Other cells, with the genes of those that it was fitted to, in their order.
    layer, key
        As for `fit_anndata`.

    Returns
    -------
    ndarray of shape (cells, k)

    Raises
    ------
    TypeError, ValueError
        As `NMF.transform`, or there is no such layer.
    """
    W = model.transform(matrix_of(data, layer))
    data.obsm[f"X_{key}"] = W
    return W
