"""Plain text: aligned, and unable to steer a terminal whatever a file or its name holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["columns", "printable", "table"]


def printable(text: str) -> str:
    """Return the text in one line, with control characters written out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Lay out rows of name and value."""
    return columns(rows)


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Lay out rows of equally many cells, the first row being the header if there is one."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
