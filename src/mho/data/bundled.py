"""Small real data that comes with mho; the licences lie beside the files, in ``files/LICENSES.md``."""

from __future__ import annotations

import bz2
import io
import lzma
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate

import numpy as np

from mho import checks

__all__ = ["Ratings", "camera", "movielens"]

_CAMERA_SIZE = 512


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratings:
    """Ratings in stars of items by users.

    Attributes
    ----------
    users, items : ndarray of shape (n_ratings,), int64
        Indices, 0 to n_users - 1 and 0 to n_items - 1, all in use.
    ratings : ndarray of shape (n_ratings,), float64
        Stars.
    user_ids : ndarray of shape (n_users,), int64
        What the source calls each user, ascending.
    item_ids : ndarray of shape (n_items,), int64
        What the source calls each item, ascending.
    titles : tuple of str, length n_items
        Titles of the items.
    genres : tuple of tuple of str, length n_items
        Genres of each item; empty where the source lists none.

    Examples
    --------
    >>> import mho
    >>> ratings = mho.data.movielens()
    >>> ratings.n_users, ratings.n_items, len(ratings.ratings)
    (671, 9066, 100004)
    """

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    user_ids: np.ndarray
    item_ids: np.ndarray
    titles: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.item_ids)


def camera(size: int = 256) -> np.ndarray:
    """Return the "camera" photograph (Lav Varshney, CC0, from scikit-image).

    Parameters
    ----------
    size : int
        Side in pixels, a divisor of 512; smaller pictures are means over blocks of the 512 x 512 one.

    Returns
    -------
    ndarray of shape (size, size), float64
        Grey levels from 0 (black) to 1.

    Raises
    ------
    ValueError
        `size` does not divide 512.
    """
    size = checks.positive_int(size, "size", limit=_CAMERA_SIZE)
    if _CAMERA_SIZE % size:
        raise ValueError(f"size must divide {_CAMERA_SIZE}, got {size}")
    (steps,) = _arrays("camera.xz", 1)  # each row but the first less the one above, modulo 256
    grey = np.cumsum(steps, axis=0, dtype=np.uint8)
    block = _CAMERA_SIZE // size
    return grey.reshape(size, block, size, block).mean(axis=(1, 3)) / 255


def movielens() -> Ratings:
    """Return MovieLens latest-small (GroupLens, 2016): 100,004 ratings, 0.5 to 5 stars, by 671 users of 9,066 films.

    For research, not for commercial use; publications must cite Harper-2015,
    https://doi.org/10.1145/2827872 (the whole terms: ``mho/data/files/MOVIELENS-README.txt``).
    """
    user, step_bytes, half_stars = _arrays("ratings.xz", 3)
    item = np.cumsum(step_bytes.T.copy().view("<i4"))  # from one rating's item to the next, bytes of a kind together
    user_ids, users = np.unique(user.astype(np.int64), return_inverse=True)
    item_ids, items = np.unique(item.astype(np.int64), return_inverse=True)
    films = _films()
    return Ratings(
        users=users,
        items=items,
        ratings=half_stars / 2,
        user_ids=user_ids,
        item_ids=item_ids,
        titles=tuple(films[i][0] for i in item_ids),
        genres=tuple(_genres(films[i][1]) for i in item_ids),
    )


def _films() -> dict[int, tuple[str, str]]:
    """Return title and genres by id: packed by columns, the steps of the ids first."""
    lines = bz2.decompress(_bundled("movies.bz2")).decode().split("\n")[:-1]
    steps, titles, genres = (lines[i * len(lines) // 3 : (i + 1) * len(lines) // 3] for i in range(3))
    return dict(zip(accumulate(map(int, steps)), zip(titles, genres, strict=True), strict=True))


def _genres(field: str) -> tuple[str, ...]:
    return () if field == "(no genres listed)" else tuple(field.split("|"))


def _arrays(name: str, count: int) -> list[np.ndarray]:
    stream = io.BytesIO(lzma.decompress(_bundled(name)))
    return [np.load(stream, allow_pickle=False) for _ in range(count)]


def _bundled(name: str) -> bytes:
    return (files("mho.data") / "files" / name).read_bytes()
