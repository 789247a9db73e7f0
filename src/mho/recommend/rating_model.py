"""Ratings: offsets and factors, fitted to the pairs that were rated and to nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.engines import Digital, Engine, Penalty
from mho.operands import Shifted, Sparse
from mho.recommend.list_defaults import Candidates, HeldOut, Scorer, alternated, choose, item_shares
from mho.recommend.model import Half, Model, Side, positive

__all__ = ["RatingModel"]

_SWEEPS = 24
"""Coordinate sweeps of a half-step: cheap beside the sums that they work on, and close to a solution."""

_TERMS = (0.0, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0)
_POPULARITY_ALONE = 1e4

_STEP = 16.0
"""From one place of the list of the most rated to the next, where it decides: more than ratings differ by, in means."""

_POPULAR = 256
"""Items that a list is looked for among: predicted ratings differ little, so that it may reach far down."""


@dataclass(frozen=True, kw_only=True)
class RatingModel(Model):
    """r_ui ~ a_u + d_i + p_u . q_i with everything non-negative and pulled to positive means.

    It predicts ratings. The order of its predictions alone is a poor list of the best ten, worse than plain popularity,
    because what a few people rated highly comes first; so lists are in the order of prediction and popularity
    together. For better ones there is `ImplicitModel`.

    With one side fixed the other is a non-negative least-squares problem per user (or item) with the matrix [1, Q] and
    the right-hand side r_u - d, in which only the rows that were rated take part: on a chip their word lines are on
    and the others off. A ridge towards zero would drag every prediction down, so it pulls towards means that together
    predict the mean rating. Ratings are divided by their mean first, which makes the strengths fit any scale. Of a pair
    that was rated more than once the last rating counts.

    Attributes
    ----------
    l2, l2_offset : float
        Ridge on factors and on offsets, > 0. The defaults do well on both MovieLens 100k and MovieLens latest-small,
        the chip among the engines; `tune` finds those of other data.
    product : float
        The part of the mean rating, between 0 and 1, that p . q has where nothing is known.
    lowest : float
        Lowest rating that there can be, <= 0, where ratings may be negative: -10 for those from -10 to 10. The model
        counts from there, so that everything in it is non-negative; what is predicted is in the ratings' own scale.
    popularity : float or None
        Lists are in the order of the predicted rating, in units of the mean one, plus `popularity` times
        log(1 + number of ratings of the item), >= 0; with 0 in that of the predicted ratings. No prediction changes.
        None: `fit` takes what makes the best lists of ratings held out of at most 100,000, on this CPU: those that
        have most of what was rated above the mean, and no less of all that was rated than popularity has. Popularity
        alone decides where no list is better than it by 1.5 standard errors (1e4, and of items as often rated the
        first in `item_ids_`). `Recommender.model_` tells what was taken.

    Examples
    --------
    >>> import mho
    >>> from mho.recommend import RatingModel
    >>> users, items, stars = ["ann", "ann", "bob", "bob", "cem"], [1, 2, 1, 3, 2], [5, 4, 5, 1, 4]
    >>> model = mho.Recommender(2, model=RatingModel(l2=2.0)).fit(users, items, stars)
    >>> bool(1 <= model.predict(["cem"], [1])[0] <= 5)
    True
    """

    l2: float = 4.5
    l2_offset: float = 4.0
    product: float = 0.5
    lowest: float = 0.0
    popularity: float | None = None

    quality: ClassVar[str] = "rmse"
    offsets: ClassVar[int] = 1
    choices: ClassVar[bool] = False
    duplicates: ClassVar = "last"

    def __post_init__(self) -> None:
        positive(self.l2, "l2")
        positive(self.l2_offset, "l2_offset")
        checks.nonnegative_number(-self.lowest, "-lowest")
        if self.popularity is not None:
            checks.nonnegative_number(self.popularity, "popularity")
        if checks.nonnegative_number(self.product, "product") > 1:
            raise ValueError(f"product must be at most 1, got {self.product}")

    def settled(self, known: Any, k: int, rng: np.random.Generator, features: Any = None) -> RatingModel:
        """See `Model.settled`."""
        if self.popularity is not None:
            return self
        unit = self.unit(known.data)
        start = self.start(known.shape[1], k, rng)
        sides = alternated(lambda _, fixed, columns: self.solve(Digital(), fixed, columns, unit).side, [self.l2], start)

        def fits(held_out: HeldOut) -> Iterator[Scorer]:
            for users, items in sides(held_out):
                P = users.rows[held_out.users]
                yield lambda part, P=P, Q=items.rows: [self.scores(P[part], Q)]

        candidates = Candidates(
            fits=fits,
            settings=[self.l2],
            fame=lambda share: np.log1p(share * known.shape[0]),
            terms=_TERMS,
            popular=_POPULAR,
            liked=unit,
        )
        found = choose(known, candidates, rng)
        return replace(self, popularity=_POPULARITY_ALONE if found is None else found[1])

    @property
    def popularity_alone(self) -> bool:
        """See `Model.popularity_alone`."""
        return self.popularity is not None and self.popularity >= _POPULARITY_ALONE

    def list_offsets(self, known: Any) -> np.ndarray | None:
        """See `Model.list_offsets`: popularity, or an item's place in the list of the most rated ones."""
        if not self.popularity:
            return None
        counts = np.rint(item_shares(known) * known.shape[0])
        return _STEP * _places(counts) if self.popularity_alone else self.popularity * np.log1p(counts)

    def unit(self, values: np.ndarray) -> float:
        """See `Model.unit`: the mean rating."""
        if not values.any():
            raise ValueError("ratings must not all be zero")
        return float(values.mean(dtype=np.float64))

    def prior(self, k: int) -> np.ndarray:
        """See `Model.prior`: two such rows together predict the mean rating, 1."""
        return np.append((1 - self.product) / 2, np.full(k, np.sqrt(self.product / k)))

    def start(self, n: int, k: int, rng: np.random.Generator) -> Side:
        """See `Model.start`."""
        rows = np.tile(self.prior(k), (n, 1))
        rows[:, 1:] *= rng.uniform(0.7, 1.3, (n, k))
        return Side(rows)

    def alternating(self, engine: Engine) -> Engine:
        """See `Model.alternating`: a few sweeps on this CPU, since the other side is about to change."""
        return Digital(sweeps=_SWEEPS) if engine == Digital() else engine

    def solve(self, engine: Engine, fixed: Side, known: Any, unit: float, start: Side | None = None) -> Half:
        """See `Model.solve`: min |[1, F] x - (r / unit - f)|^2 + ridge for each column r of the known ratings.

        Everything but r is multiplied by the unit, since r may be all that memory holds.
        """
        rows, F = known.indices, fixed.rows
        if known.nnz < len(F):  # of many items a new user has rated few; the others take no part
            used, rows = np.unique(rows, return_inverse=True)
            F = F[used]
        columns = sp.csc_array((known.data, rows, known.indptr), shape=(len(F), known.shape[1]))
        B = Shifted(Sparse.from_checked(columns, missing=True), (unit * F[:, 0]).astype(known.dtype))
        A = np.full_like(F, unit, known.dtype)
        A[:, 1:] *= F[:, 1:]
        programmed = engine.program(A, penalty=self._penalty(F.shape[1] - 1, unit))
        X = programmed.solve(B, start=None if start is None else start.rows.T)
        return Half(Side(X.T), programmed.squared_error(B, X) / unit**2)

    def norm_of(self, known: Any) -> float:
        """See `Model.norm_of`: the number of ratings, for the root mean squared error of the known ones."""
        return float(known.nnz)

    def pairs(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.pairs`."""
        return P[:, 0] + Q[:, 0] + np.einsum("nk,nk->n", P[:, 1:], Q[:, 1:])

    def scores(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.scores`."""
        return P[:, :1] + np.column_stack([np.ones(len(P)), P[:, 1:]]) @ Q.T

    def query(self, p: np.ndarray) -> tuple[np.ndarray, float]:
        """See `Model.query`."""
        return np.append(1.0, p[1:]), float(p[0])

    def parts(self, p: np.ndarray, q: np.ndarray) -> dict[str, float]:
        """See `Model.parts`."""
        offsets = {"user offset": float(p[0]), "item offset": float(q[0])}
        return offsets | {f"component {f}": float(x) for f, x in enumerate(p[1:] * q[1:])}

    def _penalty(self, k: int, unit: float) -> Penalty:
        return Penalty(l2=unit**2 * np.append(self.l2_offset, np.full(k, self.l2)), prior=self.prior(k))


def _places(counts: np.ndarray) -> np.ndarray:
    """Return places (n,) from n for the largest of the counts down to 1; of equal ones the first is ahead."""
    places = np.empty(len(counts))
    places[np.argsort(-counts, kind="stable")] = np.arange(len(counts), 0.0, -1.0)
    return places
