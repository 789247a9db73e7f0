"""Options of reading a table: what the file itself does not say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mho import checks

__all__ = ["NAMELESS", "TableFormat"]

NAMELESS = "field "
"""What the number of a column without a name follows."""


@dataclass(frozen=True, kw_only=True)
class TableFormat:
    """Format of a table of user, item and rating, as the caller says it.

    Attributes
    ----------
    columns : tuple of str
        Names of the user's, the item's and the rating's column, or their numbers from 1; the last may be left out. By
        default those of `interaction_columns`, and in a text without a header the first ones.
    usual : tuple of str
        Names of the columns of an earlier table: they are taken where they are all there and `columns` says nothing.
    sep : str
        What parts the fields of a text; by default a tab, ::, a semicolon, | or a comma, as the first lines show.
        Quotes are read where it is one character.
    decimal : {"", ".", ","}
        What parts the fraction of a rating in a text; by default as the ratings show. The other one parts thousands.
    range : (float, float) or None
        Lowest and highest rating; other rows are set aside. By default every rating >= 0 is taken.

    Examples
    --------
    >>> from mho.data import TableFormat
    >>> TableFormat(columns=("who", "what"), sep=";", decimal=",").columns
    ('who', 'what')
    """

    columns: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    sep: str = ""
    decimal: Literal["", ".", ","] = ""
    range: tuple[float, float] | None = None

    @property
    def usual_places(self) -> tuple[str, ...]:
        """Numbers of the columns of an earlier table that had no names; else empty."""
        places = tuple(name.removeprefix(NAMELESS) for name in self.usual)
        return places if all(name.startswith(NAMELESS) for name in self.usual) else ()

    def __post_init__(self) -> None:
        checks.one_of(self.decimal, "decimal", ("", ".", ","))
        if self.columns and not 2 <= len(set(self.columns)) == len(self.columns) <= 3:
            raise ValueError(f"columns must be two or three different names, got {','.join(self.columns)!r}")
        if any(mark in self.sep for mark in '"\r\n'):
            raise ValueError(f"sep must have no quotes or line feeds in it, got {self.sep!r}")
        if self.range is not None and not -math.inf < self.range[0] < self.range[1] < math.inf:
            raise ValueError(f"range must be a lower and a higher number, got {self.range[0]:g}:{self.range[1]:g}")
