"""A table of features of items, such as the genres of films."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.data.columns import title_columns
from mho.data.csv_layout import delimiter_of, first_lines, split_fields
from mho.data.errors import DataError, check_size, damaged
from mho.data.numbers import is_number
from mho.data.text import open_bytes, shown
from mho.data.title_table import fields_of

__all__ = ["FeatureTable", "read_features"]

_MOST_JSON = 2**28


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of items.

    Attributes
    ----------
    ids : ndarray of shape (n,), str
        Items, each once.
    matrix : csr_array of shape (n, f), >= 0
    names : tuple of str, length f
        Such as genres=Comedy, or the name of a column of numbers.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> from mho.data.feature_table import FeatureTable
    >>> FeatureTable(np.array(["7"]), sp.csr_array(np.ones((1, 1))), ("genres=Comedy",)).names
    ('genres=Comedy',)
    """

    ids: np.ndarray
    matrix: Any
    names: tuple[str, ...]

    def rows(self, ids: Sequence[str]) -> Any:
        """Return the features (m, f) of the items `ids`, nothing of those that are not here."""
        place = {name: row for row, name in enumerate(self.ids.tolist())}
        at = [(row, place[name]) for row, name in enumerate(ids) if name in place]
        rows, places = np.array(at, np.int64).reshape(-1, 2).T
        chosen = sp.csr_array((np.ones(len(at), np.float32), (rows, places)), shape=(len(ids), len(self.ids)))
        return sp.csr_array(chosen @ self.matrix)


def read_features(path: Path, columns: Sequence[str] = (), split: str = "|") -> FeatureTable:
    """Read features of items.

    Parameters
    ----------
    path : Path
        Delimited text with a header, as for `mho.data.title_rows`, also .gz: the column that is called so is the item.
        Or JSON, a list of features for each item: {"7": ["jazz", 5]}.
    columns : sequence of str
        Those that hold features; by default all but the item and its title. Numbers >= 0 are one feature, as shares of
        the largest; of anything else each word is one that an item has or has not.
    split : str
        What parts the words of a field.

    Raises
    ------
    DataError
        It is no such table, an item is there twice, or a number is below zero.
    ValueError
        `split` is empty.
    """
    if not split:
        raise ValueError("split must be at least one character, got none")
    if path.name.removesuffix(".gz").endswith(".json"):
        return _table(path, _of_json(path))
    header = split_fields((lines := first_lines(path))[0], delimiter_of(path, lines))
    item, title = title_columns(header)
    for name in columns:
        if name not in header:
            raise DataError(f"{path}: has no column {shown(name)}, but {', '.join(map(shown, header))}")
    usual = [j for j in range(len(header)) if j not in ((item, title) if len(header) > 2 else (item,))]
    wanted = [header.index(name) for name in columns] or usual
    rows = [fields for _, fields in _lines(path, len(header), delimiter_of(path, lines))][1:]
    found: list[tuple[str, list[tuple[str, float]]]] = [(fields[item], []) for fields in rows]
    for j in wanted:
        _add(path, found, header[j], [fields[j].strip() for fields in rows], split)
    return _table(path, found)


def _lines(path: Path, width: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for number, fields in fields_of(path, delimiter):
        if len(fields) != width:
            raise DataError(f"{path}: line {number} has {len(fields)} fields, line 1 has {width}")
        yield number, fields


def _add(path: Path, found: list[Any], name: str, fields: list[str], split: str) -> None:
    """Add the features of one column to those of each item."""
    if all(not field or is_number(field.encode()) for field in fields) and any(fields):
        values = np.array([float(field or 0) for field in fields])
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(bad):
            raise DataError(f"{path}: {shown(name)} must hold finite numbers >= 0, has {fields[bad[0]]}")
        for (_, features), value in zip(found, (values / (values.max() or 1.0)).tolist(), strict=True):
            features.append((name, value))
        return
    for (_, features), field in zip(found, fields, strict=True):
        features += [(f"{name}={word.strip()}", 1.0) for word in dict.fromkeys(field.split(split)) if word.strip()]


def _of_json(path: Path) -> list[tuple[str, list[tuple[str, float]]]]:
    with open_bytes(path) as stream, damaged(path, UnicodeDecodeError, ValueError, RecursionError):
        text = stream.read(_MOST_JSON + 1)
        check_size(path, len(text), _MOST_JSON)
        told = json.loads(text)
    if not isinstance(told, dict) or not all(isinstance(features, list) for features in told.values()):
        raise DataError(f"{path}: must be an object with a list of features for each item")
    return [(item, [(str(one), 1.0) for one in dict.fromkeys(map(str, features))]) for item, features in told.items()]


def _table(path: Path, found: list[tuple[str, list[tuple[str, float]]]]) -> FeatureTable:
    ids = [item for item, _ in found]
    if len(set(ids)) < len(ids):
        twice, _ = Counter(ids).most_common(1)[0]
        raise DataError(f"{path}: names {shown(twice)} again")
    names = list(dict.fromkeys(name for _, features in found for name, _ in features))
    if not names:
        raise DataError(f"{path}: tells no feature of any item")
    place = {name: column for column, name in enumerate(names)}
    entries = [(row, place[name], value) for row, (_, features) in enumerate(found) for name, value in features]
    rows, columns, values = zip(*entries, strict=True)
    shape = len(ids), len(names)
    return FeatureTable(
        np.array(ids), sp.csr_array((np.array(values, np.float32), (rows, columns)), shape=shape), tuple(names)
    )
