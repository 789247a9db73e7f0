"""Data of one's own on many chips: a matrix learned digitally, and what is lost where chips answer with it."""

from __future__ import annotations

import copy
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from mho import checks
from mho.engines import Digital, Engine, nnls
from mho.nmf import NMF
from mho.recommend import RatingModel, Recommender, rmse

__all__ = ["OwnData", "Picture", "RatedTable"]

_ITERATIONS = 20
"""Of the digital fit."""


class OwnData(ABC):
    """A use of data: the error of its answers by any engine, the smaller the better.

    Parameters
    ----------
    *parts : array_like
        Data and settings, by which a table of its chips is told from others.

    Attributes
    ----------
    digital : float
        Error with digital answers.
    about : str
        Answers and matrix in a few words.
    bars : tuple of str
        Names that `limit` knows.

    Examples
    --------
    A use of your own: a spectrum to be taken apart, its data the marks of a plan that goes on.

    >>> import numpy as np
    >>> import mho
    >>> from mho.sweep import OwnData
    >>> class Spectrum(OwnData):
    ...     def __init__(self, A, b):
    ...         super().__init__(A, b)
    ...         self.A, self.b = A, b
    ...         self.digital = self.score(mho.Digital())
    ...
    ...     def score(self, engine):
    ...         return float(np.linalg.norm(self.A @ mho.nnls(self.A, self.b, engine=engine) - self.b))
    ...
    ...     def limit(self, name, value):
    ...         return (1 + value) * self.digital
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> round(Spectrum(A, np.array([2.0, 3.0, 5.0])).digital, 3)
    0.667
    """

    digital: float
    about: str
    bars: tuple[str, ...]

    def __init__(self, *parts: Any) -> None:
        digest = hashlib.sha256()
        for part in parts:
            array = np.asarray(part)
            digest.update(repr(array.shape).encode())
            digest.update("\0".join(map(str, array)).encode() if array.dtype.kind in "OU" else array.tobytes())
        self._mark = digest.hexdigest()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mark})"

    @abstractmethod
    def score(self, engine: Engine) -> float:
        """Return the error of the answers that an engine gives.

        Parameters
        ----------
        engine : Engine
            Solver.
        """

    @abstractmethod
    def limit(self, name: str, value: float) -> float:
        """Return the largest error that meets a bar.

        Parameters
        ----------
        name : str
            One of `bars`; "loss": share by which the error is above the digital one.
        value : float
            Above zero.
        """


class RatedTable(OwnData):
    """Ratings held out, predicted by users' factors from a chip that holds the items' factors.

    The items most often rated lie nearest to the op-amps, so that rows that are on together are close to each other.

    Parameters
    ----------
    users, items, ratings : array_like of shape (n,)
        Table; see `mho.Recommender.fit`.
    train, test : array_like of int
        Positions of the ratings to learn from, and of those that are predicted.
    n_components : int
        Components.
    most_users : int
        Users, drawn from those with ratings held out, whom each chip answers.
    most_items : int
        Items, those most often rated, that a chip holds; ratings of others are left out.
    lowest : float
        Lowest rating that there can be, at most zero.
    seed : int
        Of the digital fit, and of the users.

    Examples
    --------
    >>> import mho
    >>> from mho.recommend import split_random
    >>> from mho.sweep import RatedTable
    >>> table = mho.data.movielens()
    >>> train, test = split_random(len(table.ratings), 0.1, 0)
    >>> use = RatedTable(table.users, table.items, table.ratings, train, test, n_components=8, most_users=20)
    >>> bool(use.score(mho.Analog("ideal", seed=0)) < 1.02 * use.digital)
    True
    """

    bars = ("rmse", "loss")

    def __init__(
        self,
        users: Any,
        items: Any,
        ratings: Any,
        train: Any,
        test: Any,
        *,
        n_components: int = 16,
        most_users: int = 100,
        most_items: int = 1024,
        lowest: float = 0.0,
        seed: int = 0,
    ) -> None:
        users, items, ratings = (_taken(column) for column in (users, items, ratings))
        items = _by_popularity(items, items[train])
        train, test = (
            np.asarray(part)[items[part] < checks.positive_int(most_items, "most_items")] for part in (train, test)
        )
        super().__init__(users, items, ratings, train, test, [n_components, most_users, seed], [lowest])
        self.recommender = Recommender(
            n_components,
            model=RatingModel(lowest=lowest, popularity=0.0),
            max_iter=_ITERATIONS,
            random_state=checks.nonnegative_int(seed, "seed"),
        ).fit(users[train], items[train], ratings[train])
        known = np.intersect1d(users[test], self.recommender.user_ids_)
        if not len(known):
            raise ValueError("test must hold ratings of users of whom others are learned from, got none")
        rng = np.random.default_rng(seed)
        self.users = rng.choice(known, min(checks.positive_int(most_users, "most_users"), len(known)), replace=False)
        kept = test[np.isin(users[test], self.users)]
        self.held_out = users[kept], items[kept], ratings[kept]
        self.digital = self.score(Digital())
        self.about = (
            f"{len(kept):,} ratings of {len(self.users):,} users held out, {n_components} factors of "
            f"{len(self.recommender.item_ids_):,} items: digital RMSE {self.digital:.4g}"
        )

    def score(self, engine: Engine) -> float:
        """Return the RMSE of the ratings held out."""
        answering = copy.copy(self.recommender)
        answering.engine_ = engine
        answering.solve_users(self.users)
        users, items, ratings = self.held_out
        return rmse(ratings, answering.predict(users, items))

    def limit(self, name: str, value: float) -> float:
        """Return the largest RMSE; see `OwnData.limit`."""
        checks.one_of(name, "bar", self.bars)
        return value if name == "rmse" else (1 + value) * self.digital


class Picture(OwnData):
    """A grey picture W H whose codes H are found by a chip that holds W.

    Parameters
    ----------
    X : array_like of shape (m, n)
        Grey levels from 0 (black) to 1 (white).
    n_components : int
        Components.
    seed : int
        Of the digital fit.

    Examples
    --------
    >>> import mho
    >>> from mho.sweep import Picture
    >>> picture = Picture(mho.data.camera(32), n_components=4)
    >>> bool(picture.score(mho.Analog("ideal", seed=0)) < 1.1 * picture.digital)
    True
    """

    bars = ("psnr", "rmse", "loss")

    def __init__(self, X: Any, *, n_components: int = 16, seed: int = 0) -> None:
        X = np.ascontiguousarray(checks.as_matrix(X, "X"), np.float64)
        if X.max(initial=0.0) > 1:
            raise ValueError(f"X must hold grey levels from 0 to 1, got {X.max():g}")
        super().__init__(X, [n_components, seed])
        self.X = X
        self.W = NMF(n_components, max_iter=10 * _ITERATIONS, random_state=seed).fit(X).W_
        self.digital = self.score(Digital())
        psnr = -20 * np.log10(self.digital)
        self.about = f"a picture of {X.shape[0]} x {X.shape[1]}, {n_components} components: digital PSNR {psnr:.2f} dB"

    def score(self, engine: Engine) -> float:
        """Return the root mean square error of the picture, white being 1."""
        shown = np.minimum(self.W @ nnls(self.W, self.X, engine=engine), 1.0)
        return float(np.sqrt(np.mean((self.X - shown) ** 2)))

    def limit(self, name: str, value: float) -> float:
        """Return the largest root mean square error; see `OwnData.limit`."""
        limits: Mapping[str, float] = {
            "psnr": 10 ** (-value / 20),
            "rmse": value,
            "loss": (1 + value) * self.digital,
        }
        return limits[checks.one_of(name, "bar", self.bars)]


def _by_popularity(items: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Places (n,) of items in the order of how often they are among those `known`."""
    ids, codes = np.unique(items, return_inverse=True)
    counts = np.bincount(np.searchsorted(ids, known), minlength=len(ids))
    places = np.empty(len(ids), np.int64)
    places[np.argsort(-counts, kind="stable")] = np.arange(len(ids))
    return places[codes]


def _taken(column: Any) -> np.ndarray:
    """A column as an array of its values."""
    return column.ids[column.codes] if hasattr(column, "codes") else np.asarray(column)
