"""Plain text: aligned, and unable to steer a terminal whatever a file or its name holds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

__all__ = ["WIDTH", "columns", "printable", "table", "wrapped"]

WIDTH = 100
"""Columns of a line at most, where words allow it."""


def printable(text: str) -> str:
    """Return the text in one line, with control characters written out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def wrapped(text: str, *, indent: int = 0, later: int | None = None) -> str:
    """Return a paragraph in lines of at most `WIDTH` columns.

    Parameters
    ----------
    text : str
        Words to wrap.
    indent : int
        Columns before the first line.
    later : int, optional
        Columns before the others; by default as many.
    """
    first, others = " " * indent, " " * (indent if later is None else later)
    return textwrap.fill(
        printable(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Lay out rows of name and value."""
    return columns(rows)


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Lay out rows of equally many cells, the first row being the header if there is one."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
