"""The items that a page recommends, and the one file that holds them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.recommend.phone.rules import ChoiceRule, RatingRule
from mho.recommend.phone.text import packed_lines

__all__ = ["Catalogue", "quantised"]

_WELL_KNOWN = 300
"""Items that a visitor is shown first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """Items: their numbers in the model, and what a visitor reads.

    Attributes
    ----------
    rows : ndarray of shape (n, c), >= 0
        [offset, factors], c = 1 + k, in the model's units; of a `RatingRule` also with what only orders, c = 2 + k.
    titles : sequence of str, length n
        Any text; the page never takes it for markup.
    rule : RatingRule or ChoiceRule
        How visitors are folded in.
    details : sequence of str, length n, optional
        A second line: a year, a genre, a maker. The search finds it too.
    popularity : ndarray of shape (n,), optional
        How often each was rated or chosen; the page shows the highest first.
    neighbours : sparse array of shape (n, n), >= 0, optional
        What a like of the item of a row adds to the score of the item of a column; of a `ChoiceRule` alone.
    """

    rows: np.ndarray
    titles: Sequence[str]
    rule: RatingRule | ChoiceRule
    details: Sequence[str] = ()
    popularity: np.ndarray | None = None
    neighbours: Any = None

    def __post_init__(self) -> None:
        n, columns = checks.as_matrix(self.rows, "rows").shape
        self.rule.check_columns(columns)
        self._check_neighbours(n)
        for name in ("titles", "details", "popularity"):
            given = getattr(self, name)
            if given is not None and len(given) != n and not (name == "details" and len(given) == 0):
                raise ValueError(f"{name} must have one entry for each of {n} rows, got {len(given)}")

    def _check_neighbours(self, n: int) -> None:
        if self.neighbours is None:
            if isinstance(self.rule, ChoiceRule) and np.shape(self.rows)[1] < 2:
                raise ValueError("rows must have a factor beside the offset where there are no neighbours")
            return
        if not isinstance(self.rule, ChoiceRule):
            raise ValueError("neighbours must be left out where visitors give ratings: likes alone add up")
        if self.neighbours.shape != (n, n) or (self.neighbours.nnz and not self.neighbours.data.min() >= 0):
            raise ValueError(f"neighbours must be ({n}, {n}), none below zero, got {self.neighbours.shape}")

    def packed(self) -> bytes:
        """Return the file that the page reads.

        It is gzip over a length (uint32) and JSON of that length; the titles and the different details (see
        `packed_lines`); which detail each item has, three planes of bytes, low first; the 8-bit levels, column
        after column; and of neighbours what `packed_neighbours` gives. Items are in the order of their titles, details
        in that of how many items have them.
        """
        titles = [_line(title) for title in self.titles]
        order = np.array(sorted(range(len(titles)), key=lambda i: (titles[i].casefold(), i)))
        levels, steps = quantised(np.asarray(self.rows)[order])
        neighbours = None if self.neighbours is None else packed_neighbours(self.neighbours, order)
        details, detail = _numbered([_line(detail) for detail in self.details] or [""] * len(titles))
        head = {
            "size": len(titles),
            "details": len(details),
            "steps": steps.tolist(),
            "rule": self.rule.as_dict(),
            "known": self._well_known(order).tolist(),
            "neighbours": neighbours and neighbours[0],
        }
        text = json.dumps(head, allow_nan=False, separators=(",", ":")).encode()
        parts = [
            np.array(len(text), "<u4").tobytes() + text,
            packed_lines([titles[i] for i in order]),
            packed_lines(details),
            _planes(detail[order]),
            levels.T.tobytes(),
            neighbours[1] if neighbours else b"",
        ]
        return _gzip(b"".join(parts))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain lists and numbers, none of them rounded, for JSON and programs in other languages.

        `rows` are in the order of `items`. Of neighbours, `targets[begin[j]:begin[j + 1]]` are the items that a like of
        item j speaks for, and `weights` there what it adds to their scores.
        """
        details = self.details or [""] * len(self.titles)
        found: dict[str, Any] = {
            "format": "mho recommender",
            "version": 1,
            "rule": self.rule.as_dict(),
            "items": [{"title": t, "detail": d} for t, d in zip(self.titles, details, strict=True)],
            "rows": np.asarray(self.rows, np.float64).tolist(),
            "neighbours": None,
        }
        if self.neighbours is not None:
            B = sp.csr_array(self.neighbours)
            B.sort_indices()
            parts = {"begin": B.indptr, "targets": B.indices, "weights": B.data.astype(np.float64)}
            found["neighbours"] = {name: part.tolist() for name, part in parts.items()}
        return found

    def _well_known(self, order: np.ndarray) -> np.ndarray:
        """Positions in `order` of the most popular items; without popularity those with the largest rows."""
        rows = np.asarray(self.rows)
        weight = rows.sum(axis=1) if self.popularity is None else np.asarray(self.popularity, np.float64)
        return np.argsort(-weight[order], kind="stable")[:_WELL_KNOWN]


def quantised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `rows` (n, c) as 8-bit levels (n, c) of a step (c,) for each column, 255 steps being its maximum."""
    steps = rows.max(axis=0).astype(np.float64) / 255
    levels = np.rint(rows / np.where(steps > 0, steps, 1))
    return levels.astype(np.uint8), steps


def packed_neighbours(weights: Any, order: np.ndarray) -> tuple[float, bytes]:
    """Return the largest weight, and the weights (n, n) of items in another `order` as bytes.

    They are the uint32 lengths of three parts, and these: of each row how many weights it has, of each weight how many
    columns it is after the one before in its row, less one, from -1 on, both as numbers of seven bits a byte, low
    first, the high bit saying that more come; and of each weight the level l that makes it largest (l / 255)^2.
    Weights nearer to zero than to the first level are left out.
    """
    B = sp.csr_array(weights)[order][:, order]
    largest = float(B.data.max(initial=0.0))
    levels = np.rint(255 * np.sqrt(B.data / (largest or 1.0))).astype(np.uint8)
    B = sp.csr_array((levels, B.indices, B.indptr), shape=B.shape)
    B.eliminate_zeros()
    B.sort_indices()
    counts = np.diff(B.indptr)
    before = np.concatenate([[-1], B.indices[:-1]])
    before[B.indptr[:-1][counts > 0]] = -1
    parts = [_seven_bits(counts), _seven_bits(B.indices - before - 1), B.data.tobytes()]
    return largest, np.array([len(part) for part in parts], "<u4").tobytes() + b"".join(parts)


def _seven_bits(numbers: np.ndarray) -> bytes:
    """Return numbers (n,) from 0 to 2^28, seven bits a byte, low first; the high bit says that more come."""
    parts = numbers[:, None] >> np.array([0, 7, 14, 21])
    here = np.column_stack([np.ones(len(numbers), bool), parts[:, 1:] > 0])
    more = np.column_stack([here[:, 1:], np.zeros(len(numbers), bool)])
    return (parts & 127 | more << 7)[here].astype(np.uint8).tobytes()


def _numbered(details: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the different details, those of most items first, and the number of each item's."""
    different, number, count = np.unique(details, return_inverse=True, return_counts=True)
    order = np.argsort(-count, kind="stable")
    return different[order].tolist(), np.argsort(order)[number]


def _planes(numbers: np.ndarray) -> bytes:
    """Return the low bytes of `numbers`, then their middle and their high bytes, which are zero for nearly all."""
    return b"".join((numbers >> shift & 255).astype(np.uint8).tobytes() for shift in (0, 8, 16))


def _gzip(raw: bytes) -> bytes:
    """Return `raw` as gzip, with runs but without matches from afar: levels have none that help, nor sorted blocks."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS, strategy=zlib.Z_RLE)
    return deflate.compress(raw) + deflate.flush()


def _line(text: str) -> str:
    """Return `text` as one line of valid Unicode."""
    return " ".join(str(text).encode("utf-8", "replace").decode().split())
