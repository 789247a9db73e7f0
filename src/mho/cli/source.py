"""The matrix to factorize, and which file it came from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mho.cli.settings import Settings

__all__ = ["Source", "read_source"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A matrix from a file.

    Attributes
    ----------
    path : Path
    sha256 : str
        Of the bytes of the file: a resumed run must go on with the same input.
    X : ndarray or scipy sparse of shape (m, n)
        Non-negative.
    rows, columns : tuple of str
        Their names, where the file has any.
    weights : ndarray, scipy sparse or None
        Of the same shape.
    decimal_commas : bool
        Whether the file writes 3,5 for 3.5.
    """

    path: Path
    sha256: str
    X: Any
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    weights: Any = None
    decimal_commas: bool = False

    def __str__(self) -> str:
        m, n = self.X.shape
        stored = f", {self.X.nnz:,} entries stored" if hasattr(self.X, "nnz") else ""
        named = [what for what, names in (("rows", self.rows), ("columns", self.columns)) if names]
        commas = ", decimal commas" if self.decimal_commas else ""
        return f"{self.path}, {m:,} x {n:,}{stored}{', named ' + ' and '.join(named) if named else ''}{commas}"

    def names(self) -> dict[str, str]:
        """Return the names as they are written beside the factors."""
        found = {"row_names": self.rows, "column_names": self.columns}
        return {key: json.dumps(names, ensure_ascii=False) for key, names in found.items() if names}


def read_source(path: Path, settings: Settings) -> Source:
    """Read a matrix and check its entries here, where the file can be named.

    Raises
    ------
    DataError
        The file is damaged, or its entries are negative, infinite, or NaN without ``missing="nan"``.
    """
    return _read(path, settings, str(path))


def _read(path: Path, settings: Settings, name: str) -> Source:
    from mho import checks
    from mho.data import DataError
    from mho.data.named_matrix import read_named_matrix

    found = read_named_matrix(path, layout=settings.layout, max_bytes=settings.max_bytes)
    X = found.X
    try:
        if hasattr(X, "nnz"):
            checks.check_values(X.data, name)
        else:
            checks.as_matrix(X, name, missing=settings.missing == "nan", nan_advice=checks.NAN_ADVICE)
    except ValueError as error:
        raise DataError(str(error)) from None
    weights = None if settings.weights is None else _weights(settings, X)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    names = {"rows": found.rows, "columns": found.columns, "decimal_commas": found.decimal_commas}
    return Source(path=path, sha256=sha256, X=X, weights=weights, **names)


def _weights(settings: Settings, X: Any) -> Any:
    from mho.data.named_matrix import read_named_matrix

    assert settings.weights is not None
    weights = read_named_matrix(settings.weights, layout=settings.layout, max_bytes=settings.max_bytes).X
    if weights.shape != X.shape:
        raise ValueError(f"--weights {settings.weights}: must have the input's shape {X.shape}, got {weights.shape}")
    return weights
