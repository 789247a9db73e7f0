"""Implicit feedback: what was bought, heard or seen, among everything that was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.engines import Digital, Engine, Penalty
from mho.recommend.implicit_als import solve_implicit, weighted_error
from mho.recommend.list_defaults import Candidates, HeldOut, Scorer, alternated, choose, item_shares
from mho.recommend.model import POPULARITY_ALONE, Half, Model, Side, positive
from mho.recommend.strengths import Weighting, strength_scale, weights_of

__all__ = ["ImplicitModel"]


_RIDGES = (64.0, 32.0, 16.0, 8.0)
"""Tried in this order at a confidence of 3, in proportion at others.

The best one hardly depends on how large a table is: it stands for how far factors vary, beside errors of one choice.
"""

_FEW = 16.0
"""Choices of a typical user or item (geometric mean of both) below which ridges are in proportion to them."""

_TERMS = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0)
_USUAL_RIDGE = 32.0

_SAMPLE_SHARE = 0.05
"""Of a large table, the part by whose lists both are chosen."""

_TIE = 1e-6
"""What popularity weighs at least: of items that a user's factors say nothing of, the most chosen come first."""


@dataclass(frozen=True, kw_only=True)
class ImplicitModel(Model):
    """1 for what was chosen and 0 for all else ~ p_u . q_i, a choice weighing more (Hu-2008).

    It ranks; its scores, d_i + p_u . q_i, are no ratings. d_i is in proportion to the number of users that chose the
    item and takes no part in the fit. The squared error of a pair that was chosen with strength v weighs
    1 + confidence w(v), that of any other pair 1. Strengths of a pair that occurs more than once add up.

    On a chip a right-hand side switches rows on and off but cannot weigh them, so all strengths must be equal there.

    Attributes
    ----------
    l2 : float or None
        Ridge on the factors, > 0.
    confidence : float
        How much more a choice of typical strength weighs than no choice, > 0.
    popularity : float or None
        d_i of an item that everybody chose, >= 0; at 0 it orders only what the factors leave equal. Where this or the
        ridge is None, `fit` takes those whose lists of held-out choices of at most some users are best, on this CPU: a
        fifth of the table, or of a sample of a large one. Popularity alone decides where no list is better than it by
        1.5 standard errors. `Recommender.model_` tells what was taken.
    weighting : {"log", "linear"}
        w(v) = log(1 + v / least) / log(1 + typical / least), or v / typical. Counts have long tails: linear, a few
        pairs would weigh as much as all others together.
    least, typical : float or None
        Strength that counts as one, for the logarithm, and strength that has the weight 1, > 0. None: the strength that
        one in twenty pairs is below, and the median.

    Examples
    --------
    >>> import mho
    >>> from mho.recommend import ImplicitModel
    >>> users, items = ["ann", "ann", "bob", "bob", "cem"], ["tea", "milk", "tea", "jam", "milk"]
    >>> shelf = mho.Recommender(2, model=ImplicitModel(l2=1.0, confidence=2.0)).fit(users, items)
    >>> shelf.recommend(["cem"], 1).items.tolist()
    ['tea']
    """

    l2: float | None = None
    confidence: float = 3.0
    popularity: float | None = None
    weighting: Weighting = "log"
    least: float | None = None
    typical: float | None = None

    quality: ClassVar[str] = "relative_error"
    offsets: ClassVar[int] = 0
    choices: ClassVar[bool] = True
    duplicates: ClassVar = "sum"

    def __post_init__(self) -> None:
        for name in ("l2", "least", "typical"):
            if getattr(self, name) is not None:
                positive(getattr(self, name), name)
        positive(self.confidence, "confidence")
        if self.popularity is not None:
            checks.nonnegative_number(self.popularity, "popularity")
        checks.one_of(self.weighting, "weighting", ("log", "linear"))

    def settled(self, known: Any, k: int, rng: np.random.Generator, features: Any = None) -> ImplicitModel:
        """See `Model.settled`."""
        model = self._for_strengths(known.data)
        if self.l2 is not None and self.popularity is not None:
            return model
        typical = known.nnz / np.sqrt(np.prod(known.shape, dtype=np.float64))
        unit = (1 + self.confidence) / 4 * min(1.0, float(typical) / _FEW)
        ridges = [unit * ridge for ridge in _RIDGES] if self.l2 is None else [self.l2]
        terms = _TERMS if self.popularity is None else [self.popularity]

        fits = model.inner_fits(ridges, self.start(known.shape[1], k, rng))
        candidates = Candidates(fits=fits, settings=ridges, fame=lambda share: share, terms=terms, share=_SAMPLE_SHARE)
        found = choose(known, candidates, rng)
        usual = unit * _USUAL_RIDGE if self.l2 is None else self.l2
        alone = POPULARITY_ALONE if self.popularity is None else self.popularity
        l2, popularity = found or (usual, alone)
        return replace(model, l2=l2, popularity=popularity)

    def inner_fits(self, ridges: Sequence[float], start: Side) -> Callable[[HeldOut], Iterator[Scorer]]:
        """Return a function that fits to a held-out split with each of the `ridges`, from the items of `start` on."""

        def solve(l2: float, fixed: Side, columns: Any) -> Side:
            return replace(self, l2=l2).solve(Digital(), fixed, columns, 1.0).side

        sides = alternated(solve, ridges, start)

        def fits(held_out: HeldOut) -> Iterator[Scorer]:
            for users, items in sides(held_out):
                P = users.rows[held_out.users]
                yield lambda part, P=P, Q=items.rows: [self.scores(P[part], Q)]

        return fits

    def _for_strengths(self, values: np.ndarray) -> ImplicitModel:
        least, typical = strength_scale(values)
        return replace(
            self,
            least=least if self.least is None else self.least,
            typical=typical if self.typical is None else self.typical,
        )

    def weights(self, values: np.ndarray) -> np.ndarray:
        """Return w (n,) of strengths `values` (n,), 1 for the typical one."""
        assert self.least is not None, "settled when fitted"
        assert self.typical is not None, "settled when fitted"
        return weights_of(values, self.weighting, self.least, self.typical)

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
        """See `Model.prior`: chooses nothing."""
        return np.zeros(k)

    def start(self, n: int, k: int, rng: np.random.Generator) -> Side:
        """See `Model.start`."""
        return Side(rng.uniform(0, 1 / np.sqrt(k), (n, k)))

    def solve(self, engine: Engine, fixed: Side, known: Any, unit: float, start: Side | None = None) -> Half:
        """See `Model.solve`; the unit is 1."""
        extra = self._extra(known)
        assert self.l2 is not None, "settled when fitted"
        fixed = _in_double(fixed)
        X = solve_implicit(engine, fixed.rows, fixed.gram, extra, Penalty(l2=self.l2))
        return Half(Side(X), weighted_error(fixed.rows, fixed.gram, X, extra))

    def error_of(self, fixed: Side, solved: Side, known: Any) -> float:
        """Return the sum of the squared, weighed errors of rows `solved` for `known` against those that are `fixed`."""
        fixed = _in_double(fixed)
        return weighted_error(fixed.rows, fixed.gram, solved.rows, self._extra(known))

    def _extra(self, known: Any) -> Any:
        """Return the weights of chosen pairs beyond those of all others, csc_array as `known` (n_fixed, n)."""
        weights = self.weights(known.data)
        weights *= self.confidence
        return sp.csc_array((weights, known.indices, known.indptr), shape=known.shape)

    def norm_of(self, known: Any) -> float:
        """See `Model.norm_of`: what no factors at all would leave."""
        return float(known.nnz + self.confidence * self.weights(known.data).sum())

    def pairs(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.pairs`."""
        return np.einsum("nk,nk->n", P, Q)

    def scores(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """See `Model.scores`."""
        return P @ Q.T

    def parts(self, p: np.ndarray, q: np.ndarray) -> dict[str, float]:
        """See `Model.parts`."""
        return {f"component {f}": float(x) for f, x in enumerate(p * q)}


def _in_double(side: Side) -> Side:
    """Return a side in double precision; from files rows come in single."""
    return side if side.rows.dtype == np.float64 else Side(side.rows.astype(np.float64))
