"""A table cut into Parquet blocks, each a run of whole columns in their order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.data import DataError, replacing
from mho.data.errors import damaged
from mho.data.seal import BLANK, check_seal
from mho.recommend.column_cuts import column_cuts

__all__ = ["Block", "write_blocks", "write_entries"]

_SEAL = "mho_seal"


@dataclass(frozen=True)
class Block:
    """Columns `begin` to `end` (excluded) of a table with `n_rows` rows.

    Attributes
    ----------
    path : Path
        A Parquet file with an entry per row: its row and column in the whole table and its value, by column.
    begin, end : int
    n_rows : int
    sealed : bool
        Whether the file must have a seal; those of 0.1.0 have none.
    """

    path: Path
    begin: int
    end: int
    n_rows: int
    sealed: bool = True

    def read(self) -> Any:
        """Return these columns, csc_array of shape (n_rows, end - begin).

        Raises
        ------
        DataError
            The file is damaged.
        OSError
            It cannot be read.
        """
        if not check_seal(self.path) and self.sealed:
            raise DataError(f"{self.path}: is damaged: its checksum is gone")
        row, column, value = _entries(self.path)
        ordered = not len(row) or (self.begin <= column[0] and column[-1] < self.end and (np.diff(column) >= 0).all())
        if not ordered or (len(row) and not 0 <= row.min() <= row.max() < self.n_rows):
            raise DataError(f"{self.path}: is not columns {self.begin} to {self.end} of its table")
        pointers = np.searchsorted(column, np.arange(self.begin, self.end + 1))
        return sp.csc_array((value, row, pointers), shape=(self.n_rows, self.end - self.begin))


def write_blocks(folder: Path, table: Any, entries: int) -> list[Block]:
    """Write the `table`, csc_array (m, n), to a new `folder` in blocks of at most `entries` entries.

    A column that has more is a block of its own: it takes one worker's memory to solve it.
    """
    folder.mkdir()
    cuts = column_cuts(table.indptr, entries)
    return [_write(folder / f"{begin:010d}.parquet", table, begin, end) for begin, end in pairwise(cuts)]


def write_entries(path: Path, row: np.ndarray, column: np.ndarray, value: np.ndarray) -> None:
    """Write the entries of a block, by column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"row": row, "column": column, "value": value}).replace_schema_metadata({_SEAL: BLANK})
    with replacing(path, sealed=True) as temporary, temporary.open("wb") as stream:
        pq.write_table(table, stream)


def _entries(path: Path) -> tuple[np.ndarray, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with path.open("rb") as stream, damaged(path, pa.ArrowException, OSError, ValueError, KeyError):
        entries = pq.read_table(stream)
        return tuple(entries.column(name).to_numpy() for name in ("row", "column", "value"))


def _write(path: Path, table: Any, begin: int, end: int) -> Block:
    part = slice(table.indptr[begin], table.indptr[end])
    column = np.repeat(np.arange(begin, end, dtype=np.int32), np.diff(table.indptr[begin : end + 1]))
    write_entries(path, table.indices[part].astype(np.int32, copy=False), column, table.data[part])
    return Block(path, begin, end, table.shape[0])
