"""A matrix from a file, by the ending of its name."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mho import checks
from mho.data.csv_matrix import read_csv
from mho.data.csv_triplets import read_csv_triplets
from mho.data.h5ad import read_h5ad
from mho.data.mtx import read_mtx
from mho.data.npy import read_npy
from mho.data.npz import read_npz
from mho.data.parquet import read_parquet, read_parquet_triplets

__all__ = ["LAYOUTS", "read_matrix"]

LAYOUTS = ("matrix", "triplets")
Reader = Callable[[Path, int], Any]

_MATRIX: dict[str, Reader] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".mtx": read_mtx,
    ".mtx.gz": read_mtx,
    ".parquet": read_parquet,
    ".h5ad": read_h5ad,
}
_TRIPLETS: dict[str, Reader] = {
    ".csv": read_csv_triplets,
    ".csv.gz": read_csv_triplets,
    ".parquet": read_parquet_triplets,
}


def read_matrix(path: str | os.PathLike[str], *, layout: str = "matrix", max_bytes: int = 2**33) -> Any:
    """Read a matrix; its entries are neither checked for sign nor for NaN, which is the solver's part.

    ==========================  ======================================================================================
    ``.npy``                    one 2-D array
    ``.npz``                    a scipy sparse matrix (csr, csc, coo) or exactly one 2-D array
    ``.csv``, ``.csv.gz``       numbers between commas, one row a line; an empty field or ``nan`` is NaN; a first line
                                without any number is a header
    ``.mtx``, ``.mtx.gz``       Matrix Market, dense or sparse
    ``.parquet``                every column a column of numbers, but pandas' index; null is NaN; needs pyarrow
    ``.h5ad``                   the ``X`` of an AnnData, dense or sparse; needs anndata
    ==========================  ======================================================================================

    With ``layout="triplets"`` a line of ``.csv``, ``.csv.gz`` or ``.parquet`` is one entry: row id, column id, value,
    in a text parted by commas, semicolons, tabs or ``|``, as its first line shows; further columns are left out. Ids
    are of any type. Row i of the result is the i-th id in ascending order: by value if every id of the rows is a whole
    number, else as text. Columns likewise.

    Parameters
    ----------
    path : str or path
        The file. Nothing in it is ever executed (no pickles).
    layout : {"matrix", "triplets"}
        What a line of a table stands for.
    max_bytes : int
        Refuse a matrix larger than this in memory; the default is 8 GiB. Checked before reading wherever the file says
        its size, else while reading. Reading may take twice as much for a moment.

    Returns
    -------
    ndarray of shape (m, n) or scipy.sparse.csr_array, csc_array of shape (m, n)
        float32 where the file has it, else float64.

    Raises
    ------
    DataError
        Damaged, foreign or too large; names the file and, where known, the line or byte.
    OSError
        The file cannot be opened.
    ValueError
        The ending or `layout` is not known.
    ImportError
        pyarrow is needed and missing.
    """
    readers = _TRIPLETS if checks.one_of(layout, "layout", LAYOUTS) == "triplets" else _MATRIX
    max_bytes = checks.positive_int(max_bytes, "max_bytes")
    path = Path(path)
    name = path.name.lower()
    reader = next((read for ending, read in readers.items() if name.endswith(ending)), None)
    if reader is None and path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if reader is None:
        raise ValueError(f"{path}: with layout={layout!r} the name must end in one of {', '.join(readers)}")
    return reader(path, max_bytes)
