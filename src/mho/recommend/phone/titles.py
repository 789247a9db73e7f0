"""Titles of items, from a table with a header."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mho.data import DataError, title_rows
from mho.data.text import shown

__all__ = ["read_titles"]

_SHOWN = 3


def read_titles(path: str | os.PathLike[str], ids: Iterable[object]) -> tuple[list[str], list[str]]:
    """Return the titles (n,) and details (n,) of items; what is not in the file is called by its id.

    Parameters
    ----------
    path : path
        Delimited UTF-8 text (`mho.data.title_rows`), gzipped if its name ends in .gz. Further columns become the
        detail, joined; ``a|b`` in them is a list.
    ids : iterable of length n
        Ids of the items, compared as text.

    Raises
    ------
    DataError
        Not such a file, none of the items is in it, or one twice; the message has the line.
    """
    wanted = [str(item) for item in ids]
    found: dict[str, tuple[str, str]] = dict.fromkeys(wanted, ("", ""))
    for line, item, title, details in title_rows(Path(path), found):
        if item not in found:
            continue
        if found[item][0]:
            raise DataError(f"{path}: line {line} names {shown(item)} again")
        found[item] = title or item, ", ".join(detail.replace("|", ", ") for detail in details if detail)
    if not any(title for title, _ in found.values()):
        some = ", ".join(wanted[:_SHOWN])
        raise DataError(f"{path}: names none of the items, which are {some} ...; it must have an id and a title a line")
    return [found[item][0] or item for item in wanted], [found[item][1] for item in wanted]
