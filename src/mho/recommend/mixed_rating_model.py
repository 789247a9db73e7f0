"""Mixed ratings: factors, and what a user's other ratings differ from them by, passed on between neighbouring items."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

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

_RIDGES = (8.0, 4.0, 2.0, 1.0, 0.5)
"""Tried in this order, in squares of the mean rating's tenth."""

_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_SAMPLE, _TEST, _ALTERNATIONS = 1_000_000, 0.1, 12
_USUAL_CAP = 100


@dataclass(frozen=True, kw_only=True)
class MixedRatingModel(Model):
    """A rating model's prediction + share sum_j e_uj b_ji, e_uj being what the user's rating of j differs from it by.

    B >= 0 with nothing on its diagonal: for each item i the non-negative least-squares problem |e_i - E b_i|^2 +
    l2 |b_i|^2 over the users who rated it, with the items j nearest to it by the cosine of their differences. As these
    are of either sign, a chip fits the factors, and this CPU what is between items.

    Attributes
    ----------
    factors : RatingModel
        What is fitted first.
    cap : int or None
        Neighbours of an item, at most; fewer than there are items. None: 100, or all others of a shorter table.
    l2 : float or None
        Ridge on the weights, > 0, in squares of the mean rating.
    share : float or None
        What neighbours count for, between 0 and 1. Where this or the ridge is None, `fit` takes those that predict
        held-out ratings best, of at most a million.

    Examples
    --------
    >>> import mho
    >>> users, items, stars = ["ann", "ann", "bob", "bob", "cem"], [1, 2, 1, 3, 2], [5, 4, 5, 1, 4]
    >>> model = mho.Recommender(2, model="mixed-ratings").fit(users, items, stars)
    >>> bool(1 <= model.predict(["cem"], [1])[0] <= 5)
    True
    """

    factors: RatingModel = field(default_factory=RatingModel)
    cap: int | None = None
    l2: float | None = None
    share: float | None = None

    quality = RatingModel.quality
    offsets = RatingModel.offsets
    choices = False
    duplicates = RatingModel.duplicates

    def __post_init__(self) -> None:
        if not isinstance(self.factors, RatingModel):
            raise TypeError(f"factors must be a RatingModel, got {type(self.factors).__name__}")
        if self.cap is not None:
            checks.positive_int(self.cap, "cap")
        if self.l2 is not None:
            positive(self.l2, "l2")
        if self.share is not None and checks.nonnegative_number(self.share, "share") > 1:
            raise ValueError(f"share must be at most 1, got {self.share}")

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

    def settled(self, known: Any, k: int, rng: np.random.Generator) -> MixedRatingModel:
        """See `Model.settled`."""
        n = known.shape[1]
        if self.cap is not None and self.cap >= n:
            raise ValueError(f"cap must be below the number of items, {n}, got {self.cap}")
        cap = min(_USUAL_CAP, max(1, n - 1)) if self.cap is None else self.cap
        model = replace(self, factors=self.factors.settled(known, k, rng), cap=cap)
        if None not in (self.l2, self.share):
            return model
        l2, share = model._chosen(known, k, rng)
        return replace(model, l2=l2, share=share)

    def _chosen(self, known: Any, k: int, rng: np.random.Generator) -> tuple[float, float]:
        """Return the ridge and share of the least squared error of ratings that are held out."""
        ridges = [0.01 * l2 for l2 in _RIDGES] if self.l2 is None else [self.l2]
        shares = _SHARES if self.share is None else (self.share,)
        some = known[sampled_users(known, _SAMPLE, rng)]
        out = rng.random(some.nnz) < _TEST
        train, test = entries_at(some, ~out), entries_at(some, out)
        if not test.nnz or not train.data.any():
            return ridges[0], shares[0]
        errors = self._errors(train, test, self.start(known.shape[1], k, rng), (ridges, shares))
        best = divmod(int(np.argmin(errors)), len(shares))
        return ridges[best[0]], shares[best[1]]

    def _errors(self, train: Any, test: Any, start: Side, grid: tuple[Any, Any]) -> np.ndarray:
        """Return the squared errors (ridges, shares) of what is held out, fitted to the rest."""
        unit = self.unit(train.data)
        users, items = self._alternated(train, start, unit)
        spoken = self.speaking(users.rows, items, train, unit)
        left = self.speaking(users.rows, items, test, unit).data.astype(np.float64)
        row = np.repeat(np.arange(test.shape[0]), np.diff(test.indptr))
        errors = []
        for found in fitted_weights(ItemTable(spoken), grid[0], self.cap or _USUAL_CAP, own_rows=True):
            passed = _passed_on(spoken, found.matrix, row, test.indices)
            errors.append([np.sum((left - share * passed) ** 2) for share in grid[1]])
        return np.array(errors)

    def _alternated(self, train: Any, items: Side, unit: float) -> tuple[Side, Side]:
        by_user, by_item, engine = train.T, train.tocsc(), self.alternating(Digital())
        users = None
        with one_blas_thread():
            for _ in range(_ALTERNATIONS):
                users = self.factors.solve(engine, items, by_user, unit, users).side
                items = self.factors.solve(engine, users, by_item, unit, items).side
        assert users is not None
        return users, items

    def speaking(self, P: np.ndarray, items: Side, known: Any, unit: float) -> Any:
        """See `Model.speaking`: differences of ratings from predictions."""
        left = np.column_stack([np.ones(len(items)), items.rows])
        right = np.column_stack([P[:, :1], np.ones(len(P)), P[:, 1:]])
        fitted = np.empty(known.nnz)
        entries = known.indptr, known.indices, fitted
        kernels.sddmm(left.astype(float), right.astype(float), *entries, kernels.thread_count())
        data = (known.data / unit - fitted).astype(np.float32)
        return sp.csr_array((data, known.indices, known.indptr), shape=known.shape)

    def item_weights(self, engine: Engine, spoken: Any, targets: np.ndarray | None = None) -> ItemWeights:
        """See `Model.item_weights`: on this CPU, since differences are of either sign; times the share."""
        assert self.l2 is not None, "settled when fitted"
        assert self.cap is not None, "settled when fitted"
        assert self.share is not None, "settled when fitted"
        (found,) = fitted_weights(ItemTable(spoken), [self.l2], self.cap, targets=targets, own_rows=True)
        return ItemWeights(found.matrix * np.float32(self.share), found.left)

    def list_offsets(self, known: Any) -> np.ndarray | None:
        """See `Model.list_offsets`."""
        return self.factors.list_offsets(known)

    def unit(self, values: np.ndarray) -> float:
        """See `Model.unit`."""
        return self.factors.unit(values)

    def prior(self, k: int) -> np.ndarray:
        """See `Model.prior`."""
        return self.factors.prior(k)

    def start(self, n: int, k: int, rng: np.random.Generator) -> Side:
        """See `Model.start`."""
        return self.factors.start(n, k, rng)

    def alternating(self, engine: Engine) -> Engine:
        """See `Model.alternating`."""
        return self.factors.alternating(engine)

    def solve(self, engine: Engine, fixed: Side, known: Any, unit: float, start: Side | None = None) -> Half:
        """See `Model.solve`: for factors."""
        return self.factors.solve(engine, fixed, known, unit, start)

    def quality_of(self, error: float, known: Any) -> float:
        """See `Model.quality_of`: of factors alone."""
        return self.factors.quality_of(error, known)

    def pairs(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.pairs`: of factors."""
        return self.factors.pairs(P, Q)

    def scores(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.scores`: of factors."""
        return self.factors.scores(P, Q)

    def parts(self, p: np.ndarray, q: np.ndarray) -> dict[str, float]:
        """See `Model.parts`: of factors."""
        return self.factors.parts(p, q)


def _passed_on(spoken: Any, weights: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the entries (n,) of `spoken` @ `weights` at `rows` and `columns` (n,)."""
    return np.asarray(spoken[rows].multiply(weights.tocsc()[:, columns].T.tocsr()).sum(axis=1)).ravel().astype(float)
