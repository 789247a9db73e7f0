"""Mixed ratings: factors, and what a user's other ratings differ from them by, passed on between neighbouring items."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from mho import checks, kernels
from mho.engines import Digital, Engine
from mho.kernels.blas import one_blas_thread
from mho.recommend.item_weights import ItemTable, ItemWeights, fitted_weights
from mho.recommend.list_defaults import entries_at, sampled_users
from mho.recommend.model import Half, Model, Side, positive
from mho.recommend.rating_model import RatingModel

__all__ = ["MixedRatingModel"]

_RIDGES = (60.0, 30.0, 15.0, 8.0, 4.0, 2.0)
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
_FACTOR_RIDGES = (2.5, 1.6, 1.0, 0.7, 0.5)
"""Ridges on factors that are tried, in that of the model: how much of what differs is noise tells which is best."""

_SAMPLE, _TEST, _ALTERNATIONS = 1_000_000, 0.1, 12
_CAP, _CAP_OF_MANY, _MANY = 200, 100, 4_000

_MOST_STARTS, _TRIED_STARTS, _STARTED = 16, 4, 2_000_000
"""Fits of factors: as many as have so many ratings together, fewer while ridges are compared; of many ratings one does
as well as their mean."""


@dataclass(frozen=True, eq=False)
class _Split:
    """Ratings, csr_array (m, n), some of them held out."""

    train: Any
    test: Any


@dataclass(frozen=True, kw_only=True)
class MixedRatingModel(Model):
    """A rating model's prediction + share sum_j e_uj b_ji, e_uj being what the user's rating of j differs from it by.

    B >= 0 with nothing on its diagonal: for each item i the non-negative least-squares problem |e_i - E b_i|^2 +
    l2 |b_i|^2, with the items j nearest to it by the cosine of their differences. As these are of either sign, a chip
    fits the factors, and this CPU what is between items.

    Factors of few ratings differ from start to start, and the mean of several predictions errs less than one does. It
    is a rating model itself, whose rows are those of all starts side by side, scaled by their share in the mean.

    Attributes
    ----------
    factors : RatingModel
        What is fitted first.
    starts : int or None
        Fits of these, of which the mean is taken; several have half of the components each. None: as many as have two
        million ratings together, at least 1 and at most 16.
    cap : int or None
        Neighbours of an item, at most; fewer than there are items. None: 200, or 100 from 4,000 items on.
    l2 : float or None
        Ridge on the weights, > 0, in squares of the mean rating.
    share : float or None
        What neighbours count for, >= 0: differences of ratings that factors were fitted to are smaller than others are.
    over : {"raters", "all"} or None
        The users in an item's problem: those who rated it, or all, whose difference is 0 where there is no rating.
        Where this, the share or the ridge is None, `fit` takes those that predict held-out ratings best, of at most a
        million, and before them a ridge on the factors, from 0.7 to 2.5 times theirs.

    Examples
    --------
    >>> import mho
    >>> users, items, stars = ["ann", "ann", "bob", "bob", "cem"], [1, 2, 1, 3, 2], [5, 4, 5, 1, 4]
    >>> model = mho.Recommender(2, model="mixed-ratings").fit(users, items, stars)
    >>> bool(1 <= model.predict(["cem"], [1])[0] <= 5)
    True
    """

    factors: RatingModel = field(default_factory=RatingModel)
    starts: int | None = None
    cap: int | None = None
    l2: float | None = None
    share: float | None = None
    over: Literal["raters", "all"] | None = None

    quality = RatingModel.quality
    has_weights = True
    choices = False
    duplicates = RatingModel.duplicates

    def __post_init__(self) -> None:
        if not isinstance(self.factors, RatingModel):
            raise TypeError(f"factors must be a RatingModel, got {type(self.factors).__name__}")
        for name in ("cap", "starts"):
            if getattr(self, name) is not None:
                checks.positive_int(getattr(self, name), name)
        if self.l2 is not None:
            positive(self.l2, "l2")
        if self.share is not None:
            checks.nonnegative_number(self.share, "share")
        checks.one_of(self.over, "over", (None, "raters", "all"))

    @property
    def offsets(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """See `Model.offsets`: one for each start."""
        return self.starts or 1

    def components_of(self, width: int) -> int:
        """See `Model.components_of`."""
        each = width // self.offsets - 1
        return each if self.offsets == 1 else 2 * each

    @property
    def lowest(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """See `Model.lowest`."""
        return self.factors.lowest

    @property
    def popularity(self) -> float | None:
        """Popularity term of lists."""
        return self.factors.popularity

    @property
    def popularity_alone(self) -> bool:
        """See `Model.popularity_alone`."""
        return self.factors.popularity_alone

    def settled(self, known: Any, k: int, rng: np.random.Generator, features: Any = None) -> MixedRatingModel:
        """See `Model.settled`."""
        n = known.shape[1]
        if self.cap is not None and self.cap >= n:
            raise ValueError(f"cap must be below the number of items, {n}, got {self.cap}")
        cap = min(_CAP if n < _MANY else _CAP_OF_MANY, max(1, n - 1)) if self.cap is None else self.cap
        starts = self.starts or min(_MOST_STARTS, max(1, _STARTED // known.nnz))
        model = replace(self, cap=cap, starts=starts)
        if None in (self.l2, self.share, self.over):
            model = model._chosen(known, k, rng)
        return replace(model, factors=model.factors.settled(known, k, rng))

    def _chosen(self, known: Any, k: int, rng: np.random.Generator) -> MixedRatingModel:
        """Return the model with the settings of the least squared error of ratings that are held out."""
        some = known[sampled_users(known, _SAMPLE, rng)]
        out = rng.random(some.nnz) < _TEST
        split = _Split(entries_at(some, ~out), entries_at(some, out))
        if not split.test.nnz or not split.train.data.any():
            return replace(self, l2=self.l2 or _RIDGES[0], share=self.share or 0.0, over=self.over or "all")
        few = replace(self, starts=min(self.offsets, _TRIED_STARTS))
        start = few.start(known.shape[1], k, rng)
        tried = [replace(few, factors=replace(self.factors, l2=x * self.factors.l2)) for x in _FACTOR_RIDGES]
        left = [model._left(split, start) for model in tried]
        best = int(np.argmin([np.sum(test**2) for _, test in left]))
        return replace(tried[best]._best(split, *left[best]), starts=self.starts)

    def _left(self, split: _Split, items: Side) -> tuple[Any, np.ndarray]:
        """Return differences from factors: of the training part, and of the entries held out (n,)."""
        unit, train = self.unit(split.train.data), split.train
        by_user, by_item, engine = train.T, train.tocsc(), self.alternating(Digital())
        users = Side(np.tile(self.prior(self.components_of(items.rows.shape[1])), (train.shape[0], 1)))
        with one_blas_thread():
            for _ in range(_ALTERNATIONS):
                users = self.solve(engine, items, by_user, unit, users).side
                items = self.solve(engine, users, by_item, unit, items).side
        both = (self.speaking(users.rows, items, part, unit) for part in (train, split.test))
        spoken, test = both
        return spoken, test.data.astype(np.float64)

    def _best(self, split: _Split, spoken: Any, left: np.ndarray) -> MixedRatingModel:
        ridges = _RIDGES if self.l2 is None else (self.l2,)
        shares = _SHARES if self.share is None else (self.share,)
        rows = np.repeat(np.arange(split.test.shape[0]), np.diff(split.test.indptr))
        table, tried = ItemTable(spoken), []
        for over in ("raters", "all") if self.over is None else (self.over,):
            found = fitted_weights(table, ridges, self.cap or _CAP, own_rows=over == "raters")
            for l2, weights in zip(ridges, found, strict=True):
                passed = _passed_on(spoken, weights.matrix, rows, split.test.indices)
                tried += [(float(np.sum((left - x * passed) ** 2)), over, l2, x) for x in shares]
        _, over, l2, share = min(tried)
        return replace(self, over=over, l2=l2, share=share)

    def speaking(self, P: np.ndarray, items: Side, known: Any, unit: float) -> Any:
        """See `Model.speaking`: differences of ratings from predictions."""
        data = self._differences(items.rows, P, known, unit).astype(np.float32)
        return sp.csr_array((data, known.indices, known.indptr), shape=known.shape)

    def _differences(self, minor: np.ndarray, major: np.ndarray, known: Any, unit: float) -> np.ndarray:
        """Return known ratings less their predictions (nnz,), by rows of both sides; `major` is what is compressed."""
        a, b = self._offset(minor)[:, None], self._offset(major)[:, None]
        left = np.hstack([np.ones_like(a), a, minor[:, self.offsets :]])
        right = np.hstack([b, np.ones_like(b), major[:, self.offsets :]])
        fitted = np.empty(known.nnz)
        entries = known.indptr, known.indices, fitted
        kernels.sddmm(left.astype(float), right.astype(float), *entries, kernels.thread_count())
        return known.data / unit - fitted

    def _offset(self, rows: np.ndarray) -> np.ndarray:
        return rows[:, : self.offsets].sum(axis=1)

    def weights_in(self, engine: Engine, table: ItemTable, targets: np.ndarray | None = None) -> ItemWeights:
        """See `Model.weights_in`: on this CPU, since differences are of either sign; times the share."""
        assert self.l2 is not None, "settled when fitted"
        assert self.cap is not None, "settled when fitted"
        assert self.share is not None, "settled when fitted"
        own = self.over == "raters"
        (found,) = fitted_weights(table, [self.l2], self.cap, targets=targets, own_rows=own)
        return ItemWeights(found.matrix * np.float32(self.share), found.left)

    def list_offsets(self, known: Any) -> np.ndarray | None:
        """See `Model.list_offsets`."""
        return self.factors.list_offsets(known)

    def unit(self, values: np.ndarray) -> float:
        """See `Model.unit`."""
        return self.factors.unit(values)

    def prior(self, k: int) -> np.ndarray:
        """See `Model.prior`."""
        return self._joined([self.factors.prior(self._each(k))[None]] * self.offsets)[0]

    def start(self, n: int, k: int, rng: np.random.Generator) -> Side:
        """See `Model.start`."""
        return Side(self._joined([self.factors.start(n, self._each(k), rng).rows for _ in range(self.offsets)]))

    def _each(self, k: int) -> int:
        """Return the components of one start where there are `k` in all models."""
        return k if self.offsets == 1 else max(1, k // 2)

    def _joined(self, parts: list[np.ndarray]) -> np.ndarray:
        """Return rows (n, c) of the mean of models with rows `parts`, each (n, 1 + k)."""
        share = 1 / len(parts)
        offsets = [share * rows[:, :1] for rows in parts]
        return np.hstack([*offsets, *(np.sqrt(share).astype(rows.dtype) * rows[:, 1:] for rows in parts)])

    def _parted(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return the rows of each start, of which `_joined` made one."""
        n = self.offsets
        factors = np.split(rows[:, n:], n, axis=1)
        root = np.sqrt(n).astype(rows.dtype)
        return [np.hstack([n * rows[:, s : s + 1], root * factors[s]]) for s in range(n)]

    def alternating(self, engine: Engine) -> Engine:
        """See `Model.alternating`."""
        return self.factors.alternating(engine)

    def solve(self, engine: Engine, fixed: Side, known: Any, unit: float, start: Side | None = None) -> Half:
        """See `Model.solve`: for the factors of each start."""
        if self.offsets == 1:
            return self.factors.solve(engine, fixed, known, unit, start)
        begins = [None] * self.offsets if start is None else [Side(rows) for rows in self._parted(start.rows)]
        parts = [
            self.factors.solve(engine, Side(one), known, unit, begin).side.rows
            for one, begin in zip(self._parted(fixed.rows), begins, strict=True)
        ]
        rows = self._joined(parts)
        return Half(Side(rows), float(np.sum(self._differences(fixed.rows, rows, known, unit) ** 2)))

    def norm_of(self, known: Any) -> float:
        """See `Model.norm_of`: of factors alone."""
        return self.factors.norm_of(known)

    def pairs(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.pairs`: of factors."""
        n = self.offsets
        return self._offset(P) + self._offset(Q) + np.einsum("nk,nk->n", P[:, n:], Q[:, n:])

    def scores(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.scores`: of factors."""
        n = self.offsets
        return self._offset(P)[:, None] + self._offset(Q) + P[:, n:] @ Q[:, n:].T

    def query(self, p: np.ndarray) -> tuple[np.ndarray, float]:
        """See `Model.query`."""
        n = self.offsets
        return np.append(np.ones(n), p[n:]), float(p[:n].sum())

    def parts(self, p: np.ndarray, q: np.ndarray) -> dict[str, float]:
        """See `Model.parts`: of factors."""
        n = self.offsets
        whole = (np.append(row[:n].sum(), row[n:]) for row in (p, q))
        return self.factors.parts(*whole)


def _passed_on(spoken: Any, weights: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the entries (n,) of `spoken` @ `weights` at `rows` and `columns` (n,)."""
    return np.asarray(spoken[rows].multiply(weights.tocsc()[:, columns].T.tocsr()).sum(axis=1)).ravel().astype(float)
