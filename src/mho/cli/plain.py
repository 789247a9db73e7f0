"""Plain text: aligned, and unable to steer a terminal whatever a file or its name holds."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["printable", "table"]


def printable(text: str) -> str:
    """Return the text in one line, with control characters written out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Lay out rows of name and value."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {printable(value)}" for name, value in rows)
