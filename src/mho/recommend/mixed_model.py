"""Mixed: factors and neighbours together, lists by both and ratings with neighbours of what factors leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mho import checks
from mho.engines import Digital, Engine
from mho.recommend.implicit_model import ImplicitModel
from mho.recommend.item_weights import ItemTable, ItemWeights
from mho.recommend.list_defaults import Candidates, HeldOut, Scorer, alternated, choose
from mho.recommend.model import POPULARITY_ALONE, Half, Model, Side
from mho.recommend.neighbour_model import LIST_PART, LIST_SAMPLE, LIST_TERMS, NeighbourModel

__all__ = ["MixedModel"]

_SHARES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_COMPONENTS_OF_START = 32
_COMPONENTS, _COMPONENTS_OF_MANY, _MANY = 64, 32, 200_000
"""Components of a table, and of one of many pairs, where twice as many would take minutes."""


@dataclass(frozen=True, kw_only=True)
class MixedModel(Model):
    """(1 - share) p_u . q_i + share sum_j x_uj b_ji: an implicit model and neighbours, each fitted alone.

    Factors see what items far apart have in common, neighbours what two items do. Factors of few choices differ from
    start to start, and the mean of several fits errs less than one does: rows are those of all of them side by side.

    Attributes
    ----------
    factors : ImplicitModel
        Its popularity term takes no part.
    neighbours : NeighbourModel
        Its popularity term takes no part.
    starts : int or None
        Fits of the factors, each with as many of the components, of which the mean is taken. None: one for each 32
        components.
    share : float or None
        What neighbours count for, between 0 and 1.
    popularity : float or None
        As in `ImplicitModel`. Where this or the share is None, `fit` takes those whose lists of held-out choices are
        best; both ends, factors alone and neighbours alone, are among them.

    Examples
    --------
    >>> import mho
    >>> users, items = ["ann", "ann", "bob", "bob", "cem"], ["tea", "milk", "tea", "jam", "milk"]
    >>> shelf = mho.Recommender(2, model="mixed").fit(users, items)
    >>> sorted(shelf.recommend(["cem"], 2).items.tolist())
    ['jam', 'tea']
    """

    factors: ImplicitModel = field(default_factory=ImplicitModel)
    neighbours: NeighbourModel = field(default_factory=NeighbourModel)
    starts: int | None = None
    share: float | None = None
    popularity: float | None = None

    quality = ImplicitModel.quality
    offsets = ImplicitModel.offsets
    has_weights = True
    choices = True
    duplicates = ImplicitModel.duplicates

    def __post_init__(self) -> None:
        if not isinstance(self.factors, ImplicitModel):
            raise TypeError(f"factors must be an ImplicitModel, got {type(self.factors).__name__}")
        if not isinstance(self.neighbours, NeighbourModel):
            raise TypeError(f"neighbours must be a NeighbourModel, got {type(self.neighbours).__name__}")
        if self.starts is not None:
            checks.positive_int(self.starts, "starts")
        if self.share is not None and checks.nonnegative_number(self.share, "share") > 1:
            raise ValueError(f"share must be at most 1, got {self.share}")
        if self.popularity is not None:
            checks.nonnegative_number(self.popularity, "popularity")

    def usual_components(self, n_known: int) -> int:
        """See `Model.usual_components`: fewer of a large table."""
        return _COMPONENTS if n_known < _MANY else _COMPONENTS_OF_MANY

    @property
    def l2(self) -> float | None:
        """Ridge on the factors."""
        return self.factors.l2

    def settled(self, known: Any, k: int, rng: np.random.Generator, features: Any = None) -> MixedModel:
        """See `Model.settled`."""
        starts = min(k, self.starts or max(1, k // _COMPONENTS_OF_START))
        factors, neighbours = (
            part.settled(known, k // starts, deepcopy(rng), features) for part in (self.factors, self.neighbours)
        )
        model = replace(self, factors=factors, neighbours=neighbours, starts=starts)
        if None not in (self.share, self.popularity):
            return model
        shares = _SHARES if self.share is None else [self.share]
        candidates = Candidates(
            fits=model._inner_fits(shares, model.start(known.shape[1], k, rng), features),
            settings=shares,
            fame=lambda share: share,
            terms=LIST_TERMS if self.popularity is None else [self.popularity],
            sample=LIST_SAMPLE,
            again=LIST_SAMPLE,
            part=LIST_PART,
            nearly=0.001,
            doubt=0.5,
        )
        share, popularity = choose(known, candidates, rng) or (shares[-1], model._otherwise)
        return replace(model, share=share, popularity=popularity)

    @property
    def _otherwise(self) -> float:
        """Popularity term where no mixture is surely better than popularity: neighbours may have been found to be."""
        if self.popularity is not None:
            return self.popularity
        own = self.neighbours.popularity if self.share is None else None
        return POPULARITY_ALONE if own is None else own

    def _inner_fits(self, shares: Sequence[float], start: Side, features: Any) -> Callable[[HeldOut], Iterator[Scorer]]:
        assert self.factors.l2 is not None, "settled before"
        own = self.neighbours
        assert own.l2 is not None, "settled before"

        def solve(_: float, fixed: Side, columns: Any) -> Side:
            return self.solve(Digital(), fixed, columns, 1.0).side

        sides = alternated(solve, [self.factors.l2], start)
        of_neighbours = own.inner_fits([(own.weighting, own.l2, own.features)], features)

        def fits(held_out: HeldOut) -> Iterator[Scorer]:
            ((users, items),), (other,) = sides(held_out), of_neighbours(held_out)
            P = users.rows[held_out.users]
            yield lambda part: _by_shares(shares, self.factors.scores(P[part], items.rows), *other(part))

        return fits

    def speaking(self, P: np.ndarray, items: Side, known: Any, unit: float) -> Any:
        """See `Model.speaking`."""
        return self.neighbours.evidence(known)

    def user_weights(self, counts: np.ndarray) -> np.ndarray:
        """See `Model.user_weights`."""
        return self.neighbours.user_weights(counts)

    @property
    def feature_weight(self) -> float:
        """See `Model.feature_weight`."""
        return self.neighbours.feature_weight

    def weights_in(self, engine: Engine, table: ItemTable, targets: np.ndarray | None = None) -> ItemWeights:
        """See `Model.weights_in`: times the share, so that they go with scores."""
        assert self.share is not None, "settled when fitted"
        found = self.neighbours.weights_in(engine, table, targets)
        return ItemWeights(found.matrix * np.float32(self.share), found.left)

    @property
    def popularity_alone(self) -> bool:
        """See `Model.popularity_alone`."""
        return self.popularity is not None and self.popularity >= POPULARITY_ALONE

    @property
    def typical_strength(self) -> float:
        """See `Model.typical_strength`."""
        return self.factors.typical_strength

    def item_offsets(self, known: Any) -> np.ndarray | None:
        """See `Model.item_offsets`: popularity."""
        return replace(self.factors, popularity=self.popularity).item_offsets(known)

    def unit(self, values: np.ndarray) -> float:
        """See `Model.unit`."""
        return self.factors.unit(values)

    def prior(self, k: int) -> np.ndarray:
        """See `Model.prior`."""
        return self.factors.prior(k)

    def start(self, n: int, k: int, rng: np.random.Generator) -> Side:
        """See `Model.start`."""
        parts = self._parts(np.arange(k))
        return self._joined([self.factors.start(n, len(part), rng).rows for part in parts])

    def _parts(self, columns: np.ndarray) -> list[np.ndarray]:
        """Return those of the `columns` (k,) of rows, or (n, k), that each start has."""
        return np.array_split(columns, self.starts or 1, axis=-1)

    def _joined(self, parts: list[np.ndarray]) -> Side:
        """Return the rows of all starts, whose products are the means of those of each."""
        return Side(np.hstack(parts) / np.sqrt(len(parts)))

    def alternating(self, engine: Engine) -> Engine:
        """See `Model.alternating`."""
        return self.factors.alternating(engine)

    def solve(self, engine: Engine, fixed: Side, known: Any, unit: float, start: Side | None = None) -> Half:
        """See `Model.solve`: for the factors of each start."""
        if self.starts in (None, 1):
            return self.factors.solve(engine, fixed, known, unit)
        parts = [Side(np.sqrt(self.starts) * part) for part in self._parts(fixed.rows)]
        side = self._joined([self.factors.solve(engine, part, known, unit).side.rows for part in parts])
        return Half(side, self.factors.error_of(fixed, side, known))

    def norm_of(self, known: Any) -> float:
        """See `Model.norm_of`: of the factors."""
        return self.factors.norm_of(known)

    def pairs(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.pairs`: of the factors."""
        return self._own_share * self.factors.pairs(P, Q)

    def scores(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.scores`: of the factors."""
        return self._own_share * self.factors.scores(P, Q)

    def query(self, p: np.ndarray) -> tuple[np.ndarray, float]:
        """See `Model.query`: of the factors."""
        return self._own_share * p, 0.0

    def parts(self, p: np.ndarray, q: np.ndarray) -> dict[str, float]:
        """See `Model.parts`: of the factors."""
        return {name: self._own_share * part for name, part in self.factors.parts(p, q).items()}

    @property
    def _own_share(self) -> float:
        assert self.share is not None, "settled when fitted"
        return 1 - self.share


def _by_shares(shares: Sequence[float], one: np.ndarray, other: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the scores by factors and by neighbours together for each share of the latter."""
    for share in shares:
        yield (1 - share) * one + share * other
