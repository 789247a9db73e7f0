"""Weights between items out of core: statements of users on disk in both orders, mapped; blocks of items by workers."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.data.sealed_npy import array_stream, read_array, write_array
from mho.engines import Digital
from mho.operands import index_dtype
from mho.recommend.distributed.block_step import Work, peak_rss
from mho.recommend.distributed.block_table import BlockTable
from mho.recommend.distributed.blocks import Block
from mho.recommend.item_weights import ItemTable
from mho.recommend.model import Model, Side

__all__ = ["WeightStep", "read_weights", "solve_weights", "write_statements"]

_WEIGHT = np.dtype([("row", np.int32), ("column", np.int32), ("value", np.float32)])


@dataclass(frozen=True)
class WeightStep:
    """Weights between items.

    Attributes
    ----------
    model : Model
        Settled.
    table : Path
        Of the `BlockTable`, whose ratings are mapped.
    statements : Path
        Folder of `write_statements`.
    solved : Path
        Folder for the weights, a file for each block of items.
    """

    model: Model
    table: Path
    statements: Path
    solved: Path


def write_statements(folder: Path, table: BlockTable, model: Model, sides: tuple[Side, Side], unit: float) -> None:
    """Write what users say to the new `folder`, by user and by item, from one block in memory at a time.

    Parameters
    ----------
    folder : Path
        What a run that was killed has left there is removed.
    table : BlockTable
        Ratings, or strengths.
    model : Model
        Settled.
    sides : (Side, Side)
        Rows of users and of items.
    unit : float
        Of the model.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    counts = np.diff(table.known().indptr)
    weight = model.user_weights(counts)
    length, value = (table.n_ratings,), np.dtype(np.float32)
    with array_stream(folder / "by-user.npy", length, value) as stream:
        for begin, spoken in _by_user(table, model, sides, unit):
            users = np.repeat(begin + np.arange(spoken.shape[0]), np.diff(spoken.indptr))
            stream.write(_times(spoken.data, weight, users))
    index = np.dtype(index_dtype(max(table.n_ratings, table.n_items)))
    pointers = [np.zeros(1, index)]
    with (
        array_stream(folder / "by-item.npy", length, value) as values,
        array_stream(folder / "users.npy", length, index) as rows,
    ):
        for matrix in _by_item(table, model, sides, unit):
            values.write(_times(matrix.data, weight, matrix.indices))
            rows.write(matrix.indices.astype(index, copy=False).tobytes())
            pointers.append(pointers[-1][-1] + matrix.indptr[1:].astype(index))
    write_array(folder / "pointers.npy", np.concatenate(pointers))


def _by_user(table: BlockTable, model: Model, sides: tuple[Side, Side], unit: float) -> Iterator[tuple[int, Any]]:
    users, items = sides
    for block in table.users:
        yield block.begin, model.speaking(users.rows[block.begin : block.end], items, block.read().T, unit)


def _by_item(table: BlockTable, model: Model, sides: tuple[Side, Side], unit: float) -> Iterator[Any]:
    users, items = sides
    for block in table.items:
        known = sp.csr_array(block.read())
        yield model.speaking(users.rows, Side(items.rows[block.begin : block.end]), known, unit).tocsc()


def _times(values: np.ndarray, weight: np.ndarray | None, users: np.ndarray) -> bytes:
    return (values if weight is None else values * weight[users]).astype(np.float32, copy=False).tobytes()


def solve_weights(step: WeightStep, block: Block) -> Work:
    """Solve the weights of a block of items and write them: a function of files, so it can be done again elsewhere."""
    begun, busy = time.perf_counter(), time.process_time()
    table = _statements(step)
    targets = np.arange(block.begin, block.end)
    found = step.model.weights_in(Digital(), table, targets)
    weights = found.matrix.tocoo()
    written = np.empty(weights.nnz, _WEIGHT)
    written["row"], written["column"], written["value"] = *weights.coords, weights.data
    write_array(step.solved / _name(block), written)
    squares = float(np.sum(table.lengths[targets] ** 2))
    return Work(
        worker=os.getpid(),
        ratings=int(np.sum(np.diff(table.by_item.indptr)[targets])),
        rows=len(targets),
        fixed=table.n_items,
        numbers=weights.nnz,
        error=found.left * squares,
        norm=squares,
        seconds=time.perf_counter() - begun,
        processor_seconds=time.process_time() - busy,
        peak_bytes=peak_rss(),
    )


def read_weights(folder: Path, n: int) -> Any:
    """Return all weights in `folder`, csr_array (n, n).

    Raises
    ------
    DataError
        A file is damaged.
    """
    found = np.concatenate([read_array(path) for path in sorted(folder.glob("*.npy"))])
    return sp.coo_array((found["value"], (found["row"], found["column"])), shape=(n, n)).tocsr()


_kept: dict[Path, ItemTable] = {}


def _statements(step: WeightStep) -> ItemTable:
    """Map the statements once for all blocks of a step."""
    table = _kept.get(step.solved)
    if table is None:
        _kept.clear()
        known = BlockTable.open(step.table).known()
        arrays = (read_array(step.statements / f"{name}.npy", mapped=True) for name in ("by-user", "by-item", "users"))
        by_user, by_item, users = arrays
        pointers = read_array(step.statements / "pointers.npy")
        own = sp.csr_array((by_user, known.indices, known.indptr), shape=known.shape)
        other = sp.csc_array((by_item, users, pointers), shape=known.shape)
        table = _kept[step.solved] = ItemTable(own, other)
    return table


def _name(block: Block) -> str:
    return f"{block.begin:010d}.npy"
