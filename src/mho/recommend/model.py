"""Masked non-negative matrix factorization with offsets, alternated over any engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.cost import estimate
from mho.engines import Engine, Penalty, Sparse, engine_for
from mho.nmf.loop import phase_ends
from mho.recommend.ratings import RatingTable

__all__ = ["RatingModel"]


@dataclass(frozen=True)
class Side:
    """All users, or all items.

    Attributes
    ----------
    offsets : ndarray of shape (n,)
    factors : ndarray of shape (n, k)
    """

    offsets: np.ndarray
    factors: np.ndarray

    @classmethod
    def like(cls, prior: np.ndarray, n: int) -> Side:
        """Return n rows (1 + k,) of the prior."""
        return cls(np.full(n, prior[0]), np.tile(prior[1:], (n, 1)))

    def at(self, position: np.ndarray, prior: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return offsets and factors at `position`; position n is an unknown one, which has the prior's."""
        return np.append(self.offsets, prior[0])[position], np.vstack([self.factors, prior[1:]])[position]


class RatingModel:
    """r_ui ~ a_u + d_i + p_u . q_i with everything non-negative and pulled to positive means.

    With one side fixed the other is a non-negative least-squares problem per user (or item) with the matrix [1, Q]
    and the right-hand side r_u - d, in which only the rows that were rated take part: on a chip their word lines are
    on and the others off. A ridge towards zero would drag every prediction down, so it pulls towards means that
    together predict the mean rating. Ratings are divided by their mean first, which makes the strengths below fit
    any scale of ratings.

    Parameters
    ----------
    n_components : int
        Length k of p and q.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves.
    max_iter : int
        Alternations.
    l2, l2_offset : float
        Ridge on factors and on offsets, > 0. The defaults were chosen on a split inside MovieLens latest-small.
    product : float
        The part of the mean rating, between 0 and 1, that p . q has where nothing is known.
    random_state : int or None
        Seed of the starting factors and of the engine's errors.
    callback : callable, optional
        Called with each record of `history_`; a true answer stops. `predict` may be called in it.

    Attributes
    ----------
    history_ : list of dict
        Per iteration "iteration", "rmse" (on the training ratings), "seconds" (wall time so far, without the
        callback), "engine", and with a chip "chip_seconds" and "chip_joules" (modelled, so far, writing included).
    """

    def __init__(
        self,
        n_components: int = 16,
        *,
        engine: str | Engine = "digital",
        max_iter: int = 20,
        l2: float = 4.5,
        l2_offset: float = 4.0,
        product: float = 0.28,
        random_state: int | None = 0,
        callback: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        self.n_components, self.engine, self.max_iter = n_components, engine, max_iter
        self.l2, self.l2_offset, self.product = l2, l2_offset, product
        self.random_state, self.callback = random_state, callback

    def fit(self, users: Any, items: Any, ratings: Any) -> Self:
        """Fit to known ratings. An interrupt leaves the last complete iteration fitted.

        Parameters
        ----------
        users, items : array_like of shape (n,)
            Ids, whole numbers or text. A pair of user and item may occur once.
        ratings : array_like of shape (n,)
            Finite, >= 0, not all zero.

        Raises
        ------
        TypeError, ValueError
            Naming the argument.
        """
        engine = engine_for(self.engine, seed=self.random_state)
        phases = phase_ends(engine.phases(), checks.positive_int(self.max_iter, "max_iter"))
        table = RatingTable.of(users, items, ratings)
        self._begin(table)
        by_item = table.matrix(self._mean)
        by_user = sp.csc_array(by_item.T)
        seconds = 0.0
        stages = (stage.exact() for stage, length in phases for _ in range(length))
        for number, stage in enumerate(stages, 1):
            begun = time.perf_counter()
            squared_error = self._alternate(stage, by_user, by_item)
            seconds += time.perf_counter() - begun
            record = {
                "iteration": number,
                "rmse": self._mean * float(np.sqrt(squared_error / len(table.r))),
                "seconds": seconds,
                "engine": type(stage).__name__.lower(),
                **_chip_cost(engine),
            }
            self.history_.append(record)
            if self.callback is not None and self.callback(record):
                break
        return self

    def predict(self, users: Any, items: Any) -> np.ndarray:
        """Return the ratings (n,), within the range of the training ratings; an id not seen has the prior.

        Parameters
        ----------
        users, items : array_like of shape (n,)
            Ids, of the kind that `fit` was given.
        """
        if not hasattr(self, "_sides"):
            raise RuntimeError("fit the model before predict")
        u, i = self._ids.encode(users, items)
        a, P = self._sides[0].at(u, self._prior)
        d, Q = self._sides[1].at(i, self._prior)
        return np.clip(self._mean * (a + d + np.einsum("nk,nk->n", P, Q)), *self._range)

    @property
    def user_offsets_(self) -> np.ndarray:
        """a, in ratings, (n_users,)."""
        return self._mean * self._sides[0].offsets

    @property
    def item_offsets_(self) -> np.ndarray:
        """d, in ratings, (n_items,)."""
        return self._mean * self._sides[1].offsets

    @property
    def user_factors_(self) -> np.ndarray:
        """P, in roots of ratings, (n_users, k)."""
        return np.sqrt(self._mean) * self._sides[0].factors

    @property
    def item_factors_(self) -> np.ndarray:
        """Q, in roots of ratings, (n_items, k)."""
        return np.sqrt(self._mean) * self._sides[1].factors

    def _begin(self, table: RatingTable) -> None:
        """Set both sides to the prior, the item factors scattered around it so that they can part."""
        m, n = len(table.ids.users), len(table.ids.items)
        k = checks.positive_int(self.n_components, "n_components", limit=n, what="items")
        prior = _prior(k, self.product)
        penalty = _penalty(self.l2, self.l2_offset, prior)
        mean = float(table.r.mean())
        if mean == 0:
            raise ValueError("ratings must not all be zero")
        scatter = np.random.default_rng(self.random_state).uniform(0.7, 1.3, (n, k))
        self._ids, self._mean, self._range = table.ids, mean, table.range
        self._prior, self._penalty = prior, penalty
        self._sides = Side.like(prior, m), Side(np.full(n, prior[0]), prior[1:] * scatter)
        self.history_: list[dict[str, Any]] = []

    def _alternate(self, engine: Engine, by_user: sp.csc_array, by_item: sp.csc_array) -> float:
        """Solve for the users, then for the items; return the squared error in units of the mean rating.

        Both sides are replaced at once, so that an interrupt leaves a pair that belongs together.
        """
        users, _ = _half_step(engine, self._sides[1], by_user, self._penalty)
        items, squared_error = _half_step(engine, users, by_item, self._penalty)
        self._sides = users, items
        return squared_error


def _half_step(engine: Engine, fixed: Side, ratings: sp.csc_array, penalty: Penalty) -> tuple[Side, float]:
    """Solve min |[1, F] x - (r - f)|^2 + penalty for each column r (n_fixed,) of the known ratings."""
    A = np.column_stack([np.ones(len(fixed.offsets)), fixed.factors])
    rest = ratings.data - fixed.offsets[ratings.indices]
    B = Sparse(sp.csc_array((rest, ratings.indices, ratings.indptr), shape=ratings.shape), missing=True)
    programmed = engine.program(A, penalty=penalty)
    X = programmed.solve(B)
    return Side(X[0], X[1:].T), programmed.squared_error(B, X)


def _prior(k: int, product: float) -> np.ndarray:
    """Where offset and factors are pulled to, (1 + k,): two such rows together predict the mean rating, 1."""
    if checks.nonnegative_number(product, "product") > 1:
        raise ValueError(f"product must be at most 1, got {product}")
    return np.append((1 - product) / 2, np.full(k, np.sqrt(product / k)))


def _penalty(l2: float, l2_offset: float, prior: np.ndarray) -> Penalty:
    strengths = checks.nonnegative_number(l2_offset, "l2_offset"), checks.nonnegative_number(l2, "l2")
    if 0 in strengths:
        raise ValueError(f"l2 and l2_offset must be above 0, got {l2} and {l2_offset}")
    return Penalty(l2=np.append(strengths[0], np.full(len(prior) - 1, strengths[1])), prior=prior)


def _chip_cost(engine: Engine) -> dict[str, float]:
    ledger = engine.ledger()
    if ledger is None:
        return {}
    spent = estimate(ledger)
    return {"chip_seconds": spent.seconds.typical, "chip_joules": spent.joules.typical}
