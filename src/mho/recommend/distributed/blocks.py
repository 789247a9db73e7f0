"""A table cut into Parquet blocks, each a run of whole columns in their order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.recommend.column_cuts import column_cuts

__all__ = ["RETRIES", "Block", "write_blocks", "write_entries"]

RETRIES = 2
"""Of a block whose files could not be read; one that was on a lost worker does not count."""


@dataclass(frozen=True)
class Block:
    """Columns `begin` to `end` (excluded) of a table with `n_rows` rows.

    Attributes
    ----------
    path : Path
        A Parquet file with an entry per row: its row and column in the whole table and its value, by column.
    begin, end : int
    n_rows : int
    """

    path: Path
    begin: int
    end: int
    n_rows: int

    def read(self) -> Any:
        """Return these columns, csc_array of shape (n_rows, end - begin)."""
        import pyarrow.parquet as pq

        entries = pq.read_table(self.path)
        row, column, value = (entries.column(name).to_numpy() for name in ("row", "column", "value"))
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

    pq.write_table(pa.table({"row": row, "column": column, "value": value}), path)


def _write(path: Path, table: Any, begin: int, end: int) -> Block:
    part = slice(table.indptr[begin], table.indptr[end])
    column = np.repeat(np.arange(begin, end, dtype=np.int32), np.diff(table.indptr[begin : end + 1]))
    write_entries(path, table.indices[part].astype(np.int32, copy=False), column, table.data[part])
    return Block(path, begin, end, table.shape[0])
