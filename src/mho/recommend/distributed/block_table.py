"""Ratings on disk in Parquet blocks, by user and by item, made without ever holding all of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.data import DataError, lock_folder
from mho.data.output import sync_folder
from mho.data.sealed_json import read_facts, write_facts
from mho.data.sealed_npy import array_stream, read_array, write_array
from mho.operands import index_dtype
from mho.recommend.column_cuts import column_cuts
from mho.recommend.distributed.block_files import Batch, counts, deal, sort
from mho.recommend.distributed.blocks import Block

__all__ = ["BlockTable"]

_SIDES = "users", "items"
_FACTS, _KNOWN, _FORMAT = "table.json", "known", "mho table in blocks 2"
_UNFINISHED, _WAIT_SECONDS = ".known.part", 3600.0


@dataclass(frozen=True)
class BlockTable:
    """Ratings, or strengths of choices, in files by blocks of users and of items.

    Attributes
    ----------
    folder : Path
    n_users, n_items, n_ratings : int
    mean : float
        Of the ratings.
    users, items : tuple of Block
        All ratings, by user and by item; the columns of a block are its users, or its items.
    columns : tuple of str
        What the columns of user, item and rating were called.
    duplicates : {"last", "sum"}
        What is kept of a pair that occurs more than once.
    """

    folder: Path
    n_users: int
    n_items: int
    n_ratings: int
    mean: float
    users: tuple[Block, ...]
    items: tuple[Block, ...]
    columns: tuple[str, ...] = ()
    duplicates: Literal["last", "sum"] = "last"

    @classmethod
    def write(
        cls,
        folder: str | os.PathLike[str],
        batches: Iterable[Batch],
        shape: tuple[int, int],
        *,
        block_ratings: int = 2**22,
        ids: tuple[np.ndarray, np.ndarray] | None = None,
        columns: tuple[str, ...] = (),
        duplicates: Literal["last", "sum"] = "last",
    ) -> BlockTable:
        """Write ratings to a new `folder` and return the table; needs the memory of one batch and of one block.

        Parameters
        ----------
        folder : path
            It takes about 24 bytes a rating while the blocks are made, and less than half of that in the end.
        batches : iterable of (users, items, ratings)
            Gone through twice: whole numbers below `shape`, and ratings >= 0, which become float32.
        shape : (n_users, n_items)
            Users and items, rated or not.
        block_ratings : int
            Most ratings of a block, unless one user or item has more.
        ids : (ndarray of shape (n_users,), ndarray of shape (n_items,)), optional
            Numbers or text that users and items are called by; by default their numbers.
        columns : tuple of str
            What the columns were called, to be kept.
        duplicates : {"last", "sum"}
            What is kept of a pair that occurs more than once: the last rating, or the sum, for models of choices.

        Raises
        ------
        ValueError
            A number of a user or item is out of range, or a rating not finite or below zero.
        """
        folder = Path(folder)
        folder.mkdir()
        most = checks.positive_int(block_ratings, "block_ratings")
        checks.one_of(duplicates, "duplicates", ("last", "sum"))
        cuts = [column_cuts(np.append(0, np.cumsum(count)), most) for count in counts(batches, shape)]
        for side, side_cuts in zip(_SIDES, cuts, strict=True):
            (folder / side).mkdir()
            for begin in side_cuts[:-1]:
                (folder / side / f"{begin:010d}.raw").touch()
        for users, items, ratings in batches:
            deal(folder / "users", cuts[0], items, users, ratings)
            deal(folder / "items", cuts[1], users, items, ratings)
        sorted_users = [sort(folder / "users", begin, duplicates) for begin in cuts[0][:-1]]
        for begin in cuts[1][:-1]:
            sort(folder / "items", begin, duplicates)
        for side, names in zip(_SIDES, ids or (), strict=False):
            write_array(folder / f"{side}.npy", names)
        n_ratings, total = map(sum, zip(*sorted_users, strict=True))
        facts = {"n_users": shape[0], "n_items": shape[1], "n_ratings": n_ratings, "mean": total / n_ratings}
        facts |= {"columns": columns, "duplicates": duplicates}
        write_facts(folder / _FACTS, _FORMAT, facts | dict(zip(_SIDES, cuts, strict=True)))
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> BlockTable:
        """Return the table that `write` wrote to `folder`.

        Raises
        ------
        DataError
            There is no whole table.
        """
        folder = Path(folder).resolve()
        try:
            facts, sealed = read_facts(folder / _FACTS, _FORMAT, None)
            facts["columns"] = tuple(facts.get("columns", ()))
            shape = facts["n_users"], facts["n_items"]
            for side, n in zip(_SIDES, shape, strict=True):
                _check_cuts(side, facts[side], n)
            users, items = (
                tuple(
                    Block(folder / side / f"{begin:010d}.parquet", begin, end, rows, sealed)
                    for begin, end in pairwise(facts.pop(side))
                )
                for side, rows in zip(_SIDES, shape[::-1], strict=True)
            )
            return cls(folder=folder, **facts, users=users, items=items)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{folder}: holds no whole table of ratings: {error}") from None

    @property
    def ids(self) -> tuple[np.ndarray, np.ndarray]:
        """Ids of users and of items."""
        users, items = (
            read_array(path) if (path := self.folder / f"{side}.npy").exists() else np.arange(n)
            for side, n in zip(_SIDES, (self.n_users, self.n_items), strict=True)
        )
        return users, items

    def known(self) -> Any:
        """Return all ratings as a csr_array (n_users, n_items) whose arrays stay on disk, mapped into memory.

        The first call writes them to the folder, 8 bytes a rating.
        """
        folder = self.folder / _KNOWN
        if not folder.is_dir():
            with lock_folder(self.folder, wait=_WAIT_SECONDS):
                if not folder.is_dir():  # another process may have written the same meanwhile
                    self._write_known(folder)
        arrays = [read_array(folder / f"{name}.npy", mapped=True) for name in ("values", "columns", "pointers")]
        return sp.csr_array(tuple(arrays), shape=(self.n_users, self.n_items))

    def _write_known(self, folder: Path) -> None:
        """Write all ratings to the new `folder`, which has its name when it is whole; the table's folder is locked."""
        unfinished = self.folder / _UNFINISHED
        shutil.rmtree(unfinished, ignore_errors=True)  # of a process that was killed
        unfinished.mkdir()
        try:
            self._write_arrays(unfinished)
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        sync_folder(self.folder)

    def _write_arrays(self, folder: Path) -> None:
        index = np.dtype(index_dtype(max(self.n_ratings, self.n_items)))
        pointers, end, length = np.zeros(self.n_users + 1, index), 0, (self.n_ratings,)
        with (
            array_stream(folder / "values.npy", length, np.dtype(np.float32)) as values,
            array_stream(folder / "columns.npy", length, index) as columns,
        ):
            for block in self.users:
                part = block.read()
                values.write(part.data.astype(np.float32, copy=False).tobytes())
                columns.write(part.indices.astype(index, copy=False).tobytes())
                pointers[block.begin + 1 : block.end + 1] = end + part.indptr[1:]
                end += part.nnz
        if end != self.n_ratings:
            raise DataError(f"{self.folder}: its blocks hold {end:,} ratings, not {self.n_ratings:,}")
        write_array(folder / "pointers.npy", pointers)


def _check_cuts(side: str, cuts: Any, n: int) -> None:
    """Check where the blocks of one side, users or items, begin and end."""
    whole = isinstance(cuts, list) and len(cuts) > 0 and all(type(cut) is int for cut in cuts)
    if not whole or cuts[0] != 0 or cuts[-1] != n or any(end <= begin for begin, end in pairwise(cuts)):
        raise ValueError(f"its blocks of {side} do not go from 0 to {n}")
