"""Pieces of the page: numbers with units, tables, cells."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["difference", "percent", "quantity", "table"]

_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


def quantity(value: float | None, unit: str) -> str:
    """Return a value of two to three digits with a prefixed unit; a dash for what does not exist."""
    if value is None:
        return "–"
    if value == 0:
        return f"0 {unit}"
    factor, prefix = next((p for p in _PREFIXES if abs(value) >= 0.9995 * p[0]), _PREFIXES[-1])
    scaled = value / factor
    digits = 0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2
    return f"{scaled:.{digits}f} {prefix}{unit}"


def percent(share: float, digits: int = 0) -> str:
    """Return a share in per cent."""
    return f"{100 * share:.{digits}f} %"


def difference(value: float) -> str:
    """Return a signed number with four decimals."""
    return f"{value:+.4f}".replace("-", "−")


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column names the rows; it scrolls by itself where the page is narrow.

    Parameters
    ----------
    caption : str
        Above the table.
    header : sequence of str
        One per column.
    rows : sequence of sequence of str
        A cell for each column.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return (
        f'<div class="scroll" role="region" aria-label="{escape(caption)}" tabindex="0"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Sequence[str]) -> str:
    name, *values = row
    return f'<th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(value)}</td>" for value in values)
