"""Ratings on disk in Parquet blocks, by user and by item, made without ever holding all of them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.data import DataError, replacing
from mho.recommend.column_cuts import column_cuts
from mho.recommend.distributed.block_files import Batch, counts, deal, sort
from mho.recommend.distributed.blocks import Block

__all__ = ["BlockTable"]

_SIDES = "users", "items"
_FACTS, _KNOWN = "table.json", "known"


@dataclass(frozen=True)
class BlockTable:
    """What is known of `n_users` users and `n_items` items: of a pair that was rated twice the last rating.

    Attributes
    ----------
    folder : Path
    n_users, n_items, n_ratings : int
    mean : float
        Of the ratings.
    users, items : tuple of Block
        All ratings, by user and by item; the columns of a block are its users, or its items.
    """

    folder: Path
    n_users: int
    n_items: int
    n_ratings: int
    mean: float
    users: tuple[Block, ...]
    items: tuple[Block, ...]

    @classmethod
    def write(
        cls,
        folder: str | os.PathLike[str],
        batches: Iterable[Batch],
        shape: tuple[int, int],
        *,
        block_ratings: int = 2**22,
        ids: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> BlockTable:
        """Write ratings to a new `folder` and return the table; needs the memory of one batch and of one block.

        Parameters
        ----------
        folder : path
            It takes about 24 bytes a rating while the blocks are made, and less than half of that in the end.
        batches : iterable of (users, items, ratings)
            Gone through twice: whole numbers below `shape`, and ratings >= 0, which become float32.
        shape : (n_users, n_items)
        block_ratings : int
            Most ratings of a block, unless one user or item has more.
        ids : (ndarray of shape (n_users,), ndarray of shape (n_items,)), optional
            Numbers or text that users and items are called by; by default their numbers.

        Raises
        ------
        ValueError
            A number of a user or item is out of range, or a rating not finite or below zero.
        """
        folder = Path(folder)
        folder.mkdir()
        most = checks.positive_int(block_ratings, "block_ratings")
        cuts = [column_cuts(np.append(0, np.cumsum(count)), most) for count in counts(batches, shape)]
        for side, side_cuts in zip(_SIDES, cuts, strict=True):
            (folder / side).mkdir()
            for begin in side_cuts[:-1]:
                (folder / side / f"{begin:010d}.raw").touch()
        for users, items, ratings in batches:
            deal(folder / "users", cuts[0], items, users, ratings)
            deal(folder / "items", cuts[1], users, items, ratings)
        sorted_users = [sort(folder / "users", begin) for begin in cuts[0][:-1]]
        for begin in cuts[1][:-1]:
            sort(folder / "items", begin)
        for side, names in zip(_SIDES, ids or (), strict=False):
            np.save(folder / f"{side}.npy", names)
        n_ratings, total = map(sum, zip(*sorted_users, strict=True))
        facts = {"n_users": shape[0], "n_items": shape[1], "n_ratings": n_ratings, "mean": total / n_ratings}
        with replacing(folder / _FACTS) as temporary:
            temporary.write_text(json.dumps(facts | dict(zip(_SIDES, cuts, strict=True))))
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> BlockTable:
        """Return what `write` wrote to `folder`.

        Raises
        ------
        DataError
            There is no whole table.
        """
        folder = Path(folder).resolve()
        try:
            facts = json.loads((folder / _FACTS).read_text())
            shape = facts["n_users"], facts["n_items"]
            users, items = (
                tuple(
                    Block(folder / side / f"{begin:010d}.parquet", begin, end, rows)
                    for begin, end in pairwise(facts.pop(side))
                )
                for side, rows in zip(_SIDES, shape[::-1], strict=True)
            )
            return cls(folder=folder, **facts, users=users, items=items)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{folder}: holds no whole table of ratings: {error}") from None

    @property
    def ids(self) -> tuple[np.ndarray, np.ndarray]:
        """What users and items are called."""
        users, items = (
            np.load(path) if (path := self.folder / f"{side}.npy").exists() else np.arange(n)
            for side, n in zip(_SIDES, (self.n_users, self.n_items), strict=True)
        )
        return users, items

    def known(self) -> Any:
        """Return all ratings as a csr_array (n_users, n_items) whose arrays stay on disk, mapped into memory.

        The first call writes them to the folder, 8 bytes a rating.
        """
        folder = self.folder / _KNOWN
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(prefix=_KNOWN, dir=self.folder) as scratch:
                self._write_known(Path(scratch, _KNOWN))
                if not folder.is_dir():  # another process may have written the same meanwhile
                    Path(scratch, _KNOWN).rename(folder)
        arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("values", "columns", "pointers")]
        return sp.csr_array(tuple(arrays), shape=(self.n_users, self.n_items))

    def _write_known(self, folder: Path) -> None:
        folder.mkdir()
        index = sp.get_index_dtype(maxval=max(self.n_ratings, self.n_items))
        shapes = {"values": (self.n_ratings, np.float32), "columns": (self.n_ratings, index)}
        values, columns = (
            np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype, (length,))
            for name, (length, dtype) in shapes.items()
        )
        pointers, end = np.zeros(self.n_users + 1, index), 0
        for block in self.users:
            part = block.read()
            place = slice(end, end + part.nnz)
            values[place], columns[place] = part.data, part.indices
            pointers[block.begin + 1 : block.end + 1] = end + part.indptr[1:]
            end += part.nnz
        np.save(folder / "pointers.npy", pointers)
