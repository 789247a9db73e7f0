"""The items that a page recommends, and the one file that holds them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    """

    rows: np.ndarray
    titles: Sequence[str]
    rule: RatingRule | ChoiceRule
    details: Sequence[str] = ()
    popularity: np.ndarray | None = None

    def __post_init__(self) -> None:
        n, columns = checks.as_matrix(self.rows, "rows").shape
        self.rule.check_columns(columns)
        for name in ("titles", "details", "popularity"):
            given = getattr(self, name)
            if given is not None and len(given) != n and not (name == "details" and len(given) == 0):
                raise ValueError(f"{name} must have one entry for each of {n} rows, got {len(given)}")

    def packed(self) -> bytes:
        """Return the file that the page reads.

        It is gzip over a length (uint32) and JSON of that length; the titles and the different details (see
        `packed_lines`); which detail each item has, three planes of bytes, low first; and the 8-bit levels, column
        after column. Items are in the order of their titles, details in that of how many items have them.
        """
        titles = [_line(title) for title in self.titles]
        order = np.array(sorted(range(len(titles)), key=lambda i: (titles[i].casefold(), i)))
        levels, steps = quantised(np.asarray(self.rows)[order])
        details, detail = _numbered([_line(detail) for detail in self.details] or [""] * len(titles))
        head = {
            "size": len(titles),
            "details": len(details),
            "steps": steps.tolist(),
            "rule": self.rule.as_dict(),
            "known": self._well_known(order).tolist(),
        }
        text = json.dumps(head, allow_nan=False, separators=(",", ":")).encode()
        parts = [
            np.array(len(text), "<u4").tobytes() + text,
            packed_lines([titles[i] for i in order]),
            packed_lines(details),
            _planes(detail[order]),
            levels.T.tobytes(),
        ]
        return _gzip(b"".join(parts))

    def _well_known(self, order: np.ndarray) -> np.ndarray:
        """Positions in `order` of the most popular items; without popularity those with the largest rows."""
        rows = np.asarray(self.rows)
        weight = rows.sum(axis=1) if self.popularity is None else np.asarray(self.popularity)
        return np.argsort(-weight[order], kind="stable")[:_WELL_KNOWN]


def quantised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `rows` (n, c) as 8-bit levels (n, c) of a step (c,) for each column, 255 steps being its maximum."""
    steps = rows.max(axis=0).astype(np.float64) / 255
    levels = np.rint(rows / np.where(steps > 0, steps, 1))
    return levels.astype(np.uint8), steps


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
