"""The items that a page recommends, and the one file that holds them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mho import checks
from mho.recommend.phone.rules import ChoiceRule, RatingRule

__all__ = ["Catalogue", "quantised"]

_WELL_KNOWN = 300
"""Items that a visitor is shown first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalogue:
    """Items: their numbers in the model, and what a visitor reads.

    Attributes
    ----------
    rows : ndarray of shape (n, c), >= 0
        Of ratings [offset, factors], c = 1 + k, in the model's units; of choices the factors, c = k.
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
        """Return the file that the page reads: gzip over a length (uint32), JSON of that length, and 8-bit columns.

        Items are in the order of their titles, which makes titles that begin alike short.
        """
        titles = [_line(title) for title in self.titles]
        order = np.array(sorted(range(len(titles)), key=lambda i: (titles[i].casefold(), i)))
        levels, steps = quantised(np.asarray(self.rows)[order])
        details = [_line(detail) for detail in self.details] or [""] * len(titles)
        kinds, kind = np.unique([details[i] for i in order], return_inverse=True)
        head = {
            "titles": [titles[i] for i in order],
            "details": kinds.tolist(),
            "detail": kind.tolist(),
            "steps": steps.tolist(),
            "rule": self.rule.as_dict(),
            "known": self._well_known(order).tolist(),
        }
        text = json.dumps(head, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        size = np.uint32(len(text)).astype("<u4").tobytes()
        return gzip.compress(size + text + levels.T.tobytes(), 9, mtime=0)

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


def _line(text: str) -> str:
    """Return `text` as one line of valid Unicode."""
    return " ".join(str(text).encode("utf-8", "replace").decode().split())
