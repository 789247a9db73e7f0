"""Cells by genes: the matrix of an ``.h5ad`` file and its names, by anndata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mho.data.errors import DataError, check_size, damaged

__all__ = ["open_h5ad", "read_h5ad", "read_named_h5ad"]


def open_h5ad(path: Path) -> Any:
    """Return the AnnData of a file, its matrix left there.

    Raises
    ------
    DataError
        The file is damaged, or its ``X`` is empty.
    ImportError
        anndata is needed and missing.
    """
    try:
        import anndata  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise ImportError(f"{path}: needs anndata: pip install anndata") from None
    path.open("rb").close()  # says by itself why it cannot be
    with damaged(path, Exception):
        found = anndata.read_h5ad(path, backed="r")
    if found.X is None:
        raise DataError(f"{path}: has no counts: its X is empty")
    return found


def read_named_h5ad(path: Path, max_bytes: int) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """Return the matrix, and what its cells and genes are called."""
    import scipy.sparse as sp

    data = open_h5ad(path)
    kept, names = data.X, (tuple(map(str, data.obs_names)), tuple(map(str, data.var_names)))
    try:
        sparse = hasattr(kept, "to_memory")
        check_size(path, 12 * len(kept.group["data"]) if sparse else 8 * kept.shape[0] * kept.shape[1], max_bytes)
        with damaged(path, Exception):
            X = kept.to_memory() if sparse else kept[:]
    finally:
        data.file.close()
    if sparse:
        X = sp.csc_array(X) if X.format == "csc" else sp.csr_array(X)
    return X.astype(np.float32 if X.dtype == np.float32 else np.float64, copy=False), *names


def read_h5ad(path: Path, max_bytes: int) -> Any:
    """Return the matrix."""
    return read_named_h5ad(path, max_bytes)[0]
