"""The matrix to factorize, and which file it came from."""

from __future__ import annotations

import hashlib
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
    """

    path: Path
    sha256: str
    X: Any

    def __str__(self) -> str:
        m, n = self.X.shape
        stored = f", {self.X.nnz:,} entries stored" if hasattr(self.X, "nnz") else ""
        return f"{self.path}, {m:,} x {n:,}{stored}"


def read_source(path: Path, settings: Settings) -> Source:
    """Read a matrix and check its entries here, where the file can be named.

    Raises
    ------
    DataError
        The file is damaged, or its entries are negative, infinite, or NaN without ``missing="nan"``.
    """
    from mho import checks
    from mho.data import DataError, read_matrix

    X = read_matrix(path, layout=settings.layout, max_bytes=settings.max_bytes)
    try:
        if hasattr(X, "nnz"):
            checks.check_values(X.data, str(path))
        else:
            checks.as_matrix(X, str(path), missing=settings.missing == "nan", nan_advice=checks.NAN_ADVICE)
    except ValueError as error:
        raise DataError(str(error)) from None
    with path.open("rb") as stream:
        return Source(path=path, sha256=hashlib.file_digest(stream, "sha256").hexdigest(), X=X)
