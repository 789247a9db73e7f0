"""Neighbours: items recommended for the items that somebody chose, with non-negative weights between items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.engines import Engine
from mho.recommend.item_features import joined
from mho.recommend.item_weights import ItemTable, ItemWeights, fitted_weights, statements
from mho.recommend.list_defaults import Candidates, HeldOut, Scorer, choose, item_shares
from mho.recommend.model import POPULARITY_ALONE, Half, Model, Side, positive
from mho.recommend.strengths import strength_scale, weights_of

__all__ = ["LIST_PART", "LIST_SAMPLE", "LIST_TERMS", "NeighbourModel"]

_RIDGES = (800.0, 400.0, 200.0, 100.0, 50.0, 25.0, 12.5)
_FEATURES = (0.0, 0.5, 1.0, 2.0)
"""What features count for: of twenty words for all items less, of many that tell few items from all others more."""

LIST_TERMS = (0.0, 0.01, 0.1, 0.3, 1.0, 3.0)
_USUAL_RIDGE = 100.0

_CAP, _CAP_OF_MANY, _MANY = 100, 50, 10_000
"""Neighbours of an item, and of one of many items: time and memory grow with the square."""

_POWER = 0.125
"""A user with many choices says less by each: it weighs by this power of one over their number."""

_RELATIVE = 0.5
"""Ridge of a weight beside the one of all, in squares of the length of the neighbour's column: what it would be if a
third of all that users chose were left out at random, again and again (Steck-2020)."""

LIST_SAMPLE = 500_000
"""Choices that are looked at to choose among these: neighbours of fewer users are others."""

LIST_PART = 0.1
"""What is held out of them: neighbours of a fifth fewer choices are much worse where a few items have most of all."""

_AGAIN, _SPLITS = 300_000, 8
"""Choices that are looked at in all splits together, and splits at most: of tables of some 40,000 choices nDCG@10 is
.002 more with settings by 8 splits than by 4, on average of seven splits of five tables."""

_TIE = 1e-6
"""What popularity weighs at least: of items that nothing speaks for, the most chosen come first."""


@dataclass(frozen=True, kw_only=True)
class NeighbourModel(Model):
    """x_ui ~ sum_j x_uj b_ji with B >= 0 and nothing on its diagonal, the items j nearest to i by cosine alone.

    Each item's column of B is a non-negative least-squares problem with the columns of its neighbours as the matrix:
    |x_i - X b_i|^2 + sum_j (l2 + |x_j|^2 / 2) b_ji^2, as in EASE (Steck-2019, Steck-2020) and SLIM (Ning-2011), but
    with few unknowns, whatever the number of items. A user's row weighs by the eighth root of one over the number of
    choices in it, so that those who choose everything do not decide; the mean square of these weights is 1. There are
    no factors: a score is a sum over what the user chose, which is why an item is recommended, and a new user needs a
    product, no solve.

    Attributes
    ----------
    cap : int or None
        Neighbours of an item, at most; fewer than there are items. None: 100, or 50 from 10,000 items on.
    l2 : float or None
        Ridge on the weights, > 0, beside half of the square of the length of a neighbour's column.
    popularity : float or None
        What a score has more for an item that everybody chose, >= 0; at 0 it orders only what is otherwise equal. Where
        this or the ridge is None, `fit` takes those whose lists of held-out choices are best, of at most half a million
        choices, on this CPU. Popularity alone decides where no list is better than it by 1.5 standard errors.
    weighting : {"presence", "log", "linear"} or None
        x_ui: 1, or by strength as in `ImplicitModel`. None: presence or log, whichever lists are better with.
    least, typical : float or None
        As in `ImplicitModel`.
    features : float or None
        What an item's features, given to `fit`, count for beside who chose it: their length, where the root of the mean
        square of all items' columns is 1, >= 0. None: 0, a half, 1 or 2, by the same lists.

    Examples
    --------
    >>> import mho
    >>> from mho.recommend import NeighbourModel
    >>> users, items = ["ann", "ann", "bob", "bob", "cem"], ["tea", "milk", "tea", "jam", "milk"]
    >>> shelf = mho.Recommender(model=NeighbourModel(l2=1.0)).fit(users, items)
    >>> shelf.recommend(["cem"], 1).items.tolist()
    ['tea']
    """

    cap: int | None = None
    l2: float | None = None
    popularity: float | None = None
    weighting: Literal["presence", "log", "linear"] | None = None
    least: float | None = None
    typical: float | None = None
    features: float | None = None

    quality: ClassVar[str] = "relative_error"
    offsets: ClassVar[int] = 0
    has_factors: ClassVar[bool] = False
    has_weights: ClassVar[bool] = True
    choices: ClassVar[bool] = True
    duplicates: ClassVar = "sum"

    def __post_init__(self) -> None:
        if self.cap is not None:
            checks.positive_int(self.cap, "cap")
        for name in ("l2", "least", "typical"):
            if getattr(self, name) is not None:
                positive(getattr(self, name), name)
        for name in ("popularity", "features"):
            if getattr(self, name) is not None:
                checks.nonnegative_number(getattr(self, name), name)
        checks.one_of(self.weighting, "weighting", (None, "presence", "log", "linear"))

    def settled(self, known: Any, k: int, rng: np.random.Generator, features: Any = None) -> NeighbourModel:
        """See `Model.settled`."""
        model = self._for_strengths(known.data)._for_items(known.shape[1])
        if features is None:
            model = replace(model, features=0.0)
        if None not in (model.l2, model.popularity, model.weighting, model.features):
            return model
        counts = _FEATURES if model.features is None else [model.features]
        settings = [(how, l2, w) for how in model._weightings(known.data) for w in counts for l2 in model.ridges()]
        terms = LIST_TERMS if self.popularity is None else [self.popularity]
        fits = model.inner_fits(settings, features)
        candidates = Candidates(
            fits=fits,
            settings=settings,
            fame=lambda share: share,
            terms=terms,
            sample=LIST_SAMPLE,
            again=_AGAIN,
            splits=_SPLITS // len(counts),
            part=LIST_PART,
            nearly=0.01,
        )
        found = choose(known, candidates, rng)
        usual = settings[-1][0], _USUAL_RIDGE if self.l2 is None else self.l2, counts[0]
        alone = POPULARITY_ALONE if self.popularity is None else self.popularity
        (weighting, l2, weight), popularity = found or (usual, alone)
        return replace(model, weighting=weighting, l2=l2, popularity=popularity, features=weight)

    def ridges(self) -> Sequence[float]:
        """Return the ridges that are compared."""
        return _RIDGES if self.l2 is None else [self.l2]

    def inner_fits(
        self, settings: Sequence[tuple[Any, float, Any]], features: Any = None
    ) -> Callable[[HeldOut], Iterator[Scorer]]:
        """Return a function that fits to a held-out split by each of the `settings`.

        These are weighting, ridge, and what `features`, csr_array (n_items, f), count for.
        """

        def fits(held_out: HeldOut) -> Iterator[Scorer]:
            for how, weight in dict.fromkeys((how, weight) for how, _, weight in settings):
                X = replace(self, weighting=how).evidence(held_out.train)
                ridges = [l2 for own, l2, of_features in settings if (own, of_features) == (how, weight)]
                asked = X[held_out.users]
                table = joined(statements(X, self.user_weights(np.diff(X.indptr))), features, weight)
                for weights in fitted_weights(table, ridges, self.cap or _CAP, relative=_RELATIVE):
                    yield lambda part, B=weights.matrix, asked=asked: [(asked[part] @ B).toarray()]

        return fits

    def _for_strengths(self, values: np.ndarray) -> NeighbourModel:
        least, typical = strength_scale(values)
        return replace(
            self,
            least=least if self.least is None else self.least,
            typical=typical if self.typical is None else self.typical,
        )

    def _for_items(self, n: int) -> NeighbourModel:
        if self.cap is None:
            return replace(self, cap=min(_CAP if n < _MANY else _CAP_OF_MANY, max(1, n - 1)))
        if self.cap >= n:
            raise ValueError(f"cap must be below the number of items, {n}, got {self.cap}")
        return self

    def _weightings(self, values: np.ndarray) -> Sequence[Any]:
        if self.weighting is not None:
            return [self.weighting]
        return ["presence"] if values.min() == values.max() else ["log", "presence"]

    def evidence(self, known: Any) -> Any:
        """Return x (m, n_items) of strengths `known`, csr_array of that shape."""
        if self.weighting == "presence":
            data = np.ones(known.nnz, np.float32)
        else:
            assert self.weighting is not None, "settled when fitted"
            assert self.least is not None, "settled when fitted"
            assert self.typical is not None, "settled when fitted"
            data = weights_of(known.data, self.weighting, self.least, self.typical).astype(np.float32)
        return sp.csr_array((data, known.indices, known.indptr), shape=known.shape)

    def speaking(self, P: np.ndarray, items: Side, known: Any, unit: float) -> Any:
        """See `Model.speaking`."""
        return self.evidence(known)

    def user_weights(self, counts: np.ndarray) -> np.ndarray:
        """See `Model.user_weights`."""
        weight = np.maximum(counts, 1.0) ** -_POWER
        return (weight / np.sqrt(np.mean(weight[counts > 0] ** 2))).astype(np.float32)

    @property
    def feature_weight(self) -> float:
        """See `Model.feature_weight`."""
        return self.features or 0.0

    def weights_in(self, engine: Engine, table: ItemTable, targets: np.ndarray | None = None) -> ItemWeights:
        """See `Model.weights_in`."""
        assert self.l2 is not None, "settled when fitted"
        assert self.cap is not None, "settled when fitted"
        ridges, settings = [self.l2], {"relative": _RELATIVE, "engine": engine, "targets": targets}
        return fitted_weights(table, ridges, self.cap, **settings)[0]

    @property
    def popularity_alone(self) -> bool:
        """See `Model.popularity_alone`."""
        return self.popularity is not None and self.popularity >= POPULARITY_ALONE

    @property
    def typical_strength(self) -> float:
        """See `Model.typical_strength`: of the table that was fitted."""
        return 1.0 if self.typical is None else self.typical

    def item_offsets(self, known: Any) -> np.ndarray:
        """See `Model.item_offsets`: popularity."""
        return max(self.popularity or 0.0, _TIE) * item_shares(known)

    def unit(self, values: np.ndarray) -> float:
        """See `Model.unit`."""
        return 1.0

    def prior(self, k: int) -> np.ndarray:
        """See `Model.prior`: no factors."""
        return np.zeros(0)

    def start(self, n: int, k: int, rng: np.random.Generator) -> Side:
        """See `Model.start`: no factors."""
        return Side(np.zeros((n, 0)))

    def solve(self, engine: Engine, fixed: Side, known: Any, unit: float, start: Side | None = None) -> Half:
        """See `Model.solve`: no factors."""
        return Half(Side(np.zeros((known.shape[1], 0))), 0.0)

    def norm_of(self, known: Any) -> float:
        """See `Model.norm_of`: an error is the share that weights between items leave."""
        return 1.0

    def pairs(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.pairs`: zeros, without factors."""
        return np.zeros(len(P))

    def scores(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.scores`: zeros, without factors."""
        return np.zeros((len(P), len(Q)))

    def parts(self, p: np.ndarray, q: np.ndarray) -> dict[str, float]:
        """See `Model.parts`."""
        return {}
