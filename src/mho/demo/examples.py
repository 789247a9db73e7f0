"""Small example files from the bundled data: a photograph and film ratings, as a user would have them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from mho.data import Ratings, camera, movielens
from mho.demo.png import encode

__all__ = ["EXAMPLES", "Example"]

_SIDE = 128
_PICTURE = 128
_LAST_USER, _LAST_NEW_USER = 210, 220
"""Ids of users up to the first are in the tables; those after it, up to the second, are the new ones."""

_HELD_OUT = 10
"""One rating in so many is held out."""


class Example(NamedTuple):
    """An example file.

    Attributes
    ----------
    about : str
        Its content, for a list.
    make : callable
        Returns its bytes, the same each time.
    """

    about: str
    make: Callable[[], bytes]


class _Rows(NamedTuple):
    """Some ratings, by the ids of their users and items."""

    users: np.ndarray
    items: np.ndarray
    stars: np.ndarray

    def of(self, chosen: np.ndarray) -> _Rows:
        return _Rows(*(column[chosen] for column in self))


@lru_cache(maxsize=1)
def _data() -> Ratings:
    return movielens()


def _ratings(first: int, last: int) -> _Rows:
    data = _data()
    users = data.user_ids[data.users]
    return _Rows(users, data.item_ids[data.items], data.ratings).of((users >= first) & (users <= last))


def _table() -> _Rows:
    return _ratings(1, _LAST_USER)


def _held_out(rows: _Rows) -> np.ndarray:
    """Every tenth rating whose item others have rated too."""
    _, where, counts = np.unique(rows.items, return_inverse=True, return_counts=True)
    return (np.arange(len(rows.items)) % _HELD_OUT == 0) & (counts[where] > 2)


def _text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode()


def _stars(rows: _Rows) -> bytes:
    return _text(("user", "item", "rating"), zip(*(column.tolist() for column in rows), strict=True))


def _ratings_csv() -> bytes:
    rows = _table()
    return _stars(rows.of(~_held_out(rows)))


def _held_out_csv() -> bytes:
    rows = _table()
    return _stars(rows.of(_held_out(rows)))


def _chosen(rows: _Rows) -> bytes:
    liked = rows.of(rows.stars >= 4)
    return _text(("user", "item"), zip(liked.users.tolist(), liked.items.tolist(), strict=True))


def _items_csv() -> bytes:
    data = _data()
    known = set(_ratings(1, _LAST_NEW_USER).items.tolist())
    films = zip(data.item_ids.tolist(), data.titles, data.genres, strict=True)
    rows = ((item, title, ", ".join(genres)) for item, title, genres in films if item in known)
    return _text(("item", "title", "genres"), rows)


def _ratings_mtx() -> bytes:
    import scipy.sparse as sp
    from scipy.io import mmwrite

    rows = _table()
    ids = [np.unique(column, return_inverse=True)[1] for column in (rows.users, rows.items)]
    stream = io.BytesIO()
    mmwrite(stream, sp.coo_array((rows.stars, (ids[0], ids[1]))), symmetry="general")
    return stream.getvalue()


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _lost() -> np.ndarray:
    """A mask (128, 128) with a tenth of its pixels lost: strokes of a pen, drawn by a seed."""
    lost, rng = np.zeros((_PICTURE, _PICTURE)), np.random.default_rng(0)
    while lost.mean() < 0.1:
        (row, column), (down, right) = rng.uniform(0, _PICTURE, 2), rng.uniform(-30, 30, 2)
        for t in np.linspace(0, 1, 200):
            y, x = int(row + t * down), int(column + t * right)
            lost[max(0, y) : max(0, y + 2), max(0, x) : max(0, x + 2)] = 1
    return lost


def _scratched() -> np.ndarray:
    """The photograph with three bright scratches from top to bottom."""
    grey = camera(_PICTURE)
    for column in (30, 66, 100):
        grey[:, column] = 0.95
    return grey


def _system() -> tuple[np.ndarray, np.ndarray]:
    """A matrix (16, 4) and a right-hand side (16,) whose answer has a zero."""
    A = np.random.default_rng(0).random((16, 4))
    return A, A @ np.array([-0.25, 1.0, 0.5, 1.25])


EXAMPLES = {
    "photo.npy": Example(f"a photograph as a matrix, {_SIDE} x {_SIDE}", lambda: _npy(camera(_SIDE))),
    "photo.png": Example(f"the same as a picture, {_PICTURE} x {_PICTURE}", lambda: encode(camera(_PICTURE))),
    "lost.png": Example("a mask of lost pixels, which are not black in it", lambda: encode(_lost())),
    "film.png": Example("the photograph with bright scratches", lambda: encode(_scratched())),
    "ratings.csv": Example("who gave which film how many stars", _ratings_csv),
    "held-out.csv": Example("a tenth of those ratings, which ratings.csv leaves out", _held_out_csv),
    "ratings.mtx": Example("all of them as a sparse matrix, users x films", _ratings_mtx),
    "orders.csv": Example("user and item, as a shop has them: films of 4 stars or more", lambda: _chosen(_table())),
    "new.csv": Example(
        "the same of ten users who are new to orders.csv", lambda: _chosen(_ratings(_LAST_USER + 1, _LAST_NEW_USER))
    ),
    "items.csv": Example("titles and genres of the films", _items_csv),
    "a.npy": Example("a small matrix for a circuit, 16 x 4", lambda: _npy(_system()[0])),
    "b.csv": Example("a right-hand side for it", lambda: "".join(f"{b!r}\n" for b in _system()[1].tolist()).encode()),
}
"""Example files by name. The ratings are GroupLens's: see ``mho.data.movielens``."""
