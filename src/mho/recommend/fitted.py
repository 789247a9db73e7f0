"""A recommender's knowledge: factors of both sides and what they were fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.caching import cached_property
from mho.engines import Engine
from mho.recommend.interactions import Interactions
from mho.recommend.item_features import joined
from mho.recommend.item_weights import statements
from mho.recommend.model import Model, Side

__all__ = ["Fitted"]

_PAIRS = 1 << 15
"""Pairs that are worked on at a time."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """Both sides after a complete iteration, and the table.

    Attributes
    ----------
    model : Model
    table : Interactions
    users, items : Side
        In the order of the table's labels.
    prior : ndarray of shape (c,)
    unit : float
        Of the model, in the values of the table.
    weights : csr_array of shape (n_items, n_items) or None
        What a user's own items say for each item, by column; None where the model has no such weights, or not yet.
    features : csr_array of shape (n_items, f) or None
        Of the items, which these weights explain beside choices.
    """

    model: Model
    table: Interactions
    users: Side
    items: Side
    prior: np.ndarray
    unit: float
    weights: Any = None
    features: Any = None

    @classmethod
    def start(cls, model: Model, table: Interactions, k: int, rng: np.random.Generator, features: Any = None) -> Fitted:
        """Return the starting point: users at the prior, items scattered so that `k` components can part."""
        m, n = table.known.shape
        model.check(table.known.data)
        choosing = rng.spawn(1)[0]  # what is drawn to choose must not change where the factors start
        model = model.settled(table.known, k, choosing, features)
        unit, prior = model.unit(table.known.data), model.prior(k)
        users = Side(np.tile(prior.astype(table.known.dtype), (m, 1)))
        return cls(model, table, users, model.start(n, k, rng), prior, unit, None, features)

    @property
    def n_components(self) -> int:
        """K."""
        return self.model.components_of(len(self.prior))

    def factors(self, side: Side) -> np.ndarray:
        """Return the factors (n, k), in roots of the unit of the values."""
        return float(np.sqrt(self.unit)) * side.rows[:, self.model.offsets :]

    def offsets(self, side: Side) -> np.ndarray:
        """Return the offsets (n,) in the rows of a side, in the unit of the values."""
        return self.unit * side.rows[:, : self.model.offsets].sum(axis=1)

    @cached_property
    def added(self) -> np.ndarray | None:
        """Scores (n_items,) that the table adds for every user, in the model's units; None for nothing."""
        return self.model.item_offsets(self.table.known)

    @cached_property
    def ahead(self) -> np.ndarray | None:
        """Scores (n_items,) that count only where items are put in order, in the model's units; None for nothing."""
        return self.model.list_offsets(self.table.known)

    def quality_of(self, error: float) -> float:
        """Return a model's error as the number that the model shows, in the unit of the values."""
        return self.unit * float(np.sqrt(error / self.model.norm_of(self.table.known)))

    def in_values(self, scores: Any) -> Any:
        """Return scores of the model in the caller's values."""
        return self.unit * scores + self.model.lowest

    def both_orders(self) -> tuple[Any, Any]:
        """Return the table with a column for each user, sharing its entries, and with one for each item."""
        return self.table.known.T, self.table.known.tocsc()

    def at_users(self, positions: np.ndarray) -> np.ndarray:
        """Return the users' rows (n, c); position n_users is somebody unknown."""
        return self._at(self.users, positions)

    def at_items(self, positions: np.ndarray) -> np.ndarray:
        """Return the items' rows (n, c); position n_items is something unknown."""
        return self._at(self.items, positions)

    def with_table(self, table: Interactions) -> Fitted:
        """Return these factors with another table, whose labels begin with this one's; what is new has the prior."""
        m, n = table.known.shape
        weights = None if self.weights is None else _resized(self.weights, (n, n))
        features = None if self.features is None else _resized(self.features, (n, self.features.shape[1]))
        users, items = self._longer(self.users, m), self._longer(self.items, n)
        return replace(self, table=table, users=users, items=items, weights=weights, features=features)

    def related(self, engine: Engine, targets: np.ndarray | None = None) -> tuple[Fitted, float]:
        """Return a copy with weights between items fitted, and the share of squares that they leave.

        Parameters
        ----------
        engine : Engine
            Solver.
        targets : ndarray of shape (t,), optional
            Positions of the only items whose columns are fitted anew.
        """
        spoken = self.speaking(self.users.rows, self.table.known)
        if spoken is None:
            return self, 0.0
        table = statements(spoken, self.model.user_weights(np.diff(spoken.indptr)))
        table = joined(table, self.features, self.model.feature_weight)
        found = self.model.weights_in(engine, table, targets)
        weights = found.matrix
        if targets is not None and self.weights is not None:
            kept = np.ones(weights.shape[1], np.float32)
            kept[targets] = 0
            weights = sp.csr_array(self.weights @ sp.diags_array(kept) + weights)
            weights.eliminate_zeros()
        return replace(self, weights=weights), found.left

    def speaking(self, P: np.ndarray, known: Any) -> Any:
        """Return the statements of users with rows `P` (m, c) who have `known`, csr_array (m, n_items); or None."""
        return self.model.speaking(P, self.items, known, self.unit)

    def solved_users(self, engine: Engine, positions: np.ndarray) -> Fitted:
        """Return a copy with the users at `positions` solved against the items."""
        half = self.model.solve(engine, self.items, sp.csc_array(self.table.known[positions].T), self.unit)
        return replace(self, users=_with_rows(self.users, positions, half.side))

    def solved_items(self, engine: Engine, positions: np.ndarray) -> Fitted:
        """Return a copy with the items at `positions` solved against the users."""
        columns = sp.csc_array(self.table.known[:, positions])
        half = self.model.solve(engine, self.users, columns, self.unit)
        return replace(self, items=_with_rows(self.items, positions, half.side))

    def merits(self, P: np.ndarray, known: Any, items: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the sort keys (m, n) of items at positions `items` (n,) in the lists of users.

        Parameters
        ----------
        P : ndarray of shape (m, c)
            Rows of the users.
        known : csr_array of shape (m, n_items)
            What they have, in the caller's values.
        items : ndarray of shape (n,) or slice
            By default all.
        """
        scores = self.model.scores(P, self.items.rows[items])
        if self.weights is not None:
            weights = self.weights if isinstance(items, slice) else self.weights[:, items]
            scores += (self.speaking(P, known) @ weights).toarray()
        if self.added is not None:
            scores += self.added[items]
        return scores if self.ahead is None else scores + self.ahead[items]

    def scored(self, merits: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return the scores (n,) that `merits` (n,) of items at positions `items` (n,) are made of."""
        return merits if self.ahead is None else merits - self.ahead[items]

    def pairs(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return the scores (n,) of users and items at positions (n,), pair by pair; see `at_users`, `at_items`."""
        scores = self.model.pairs(self.at_users(users), self.at_items(items))
        if self.weights is not None:
            scores += self._spoken_pairs(users, items)
        return scores if self.added is None else scores + np.append(self.added, 0.0)[items]

    def reasons(self, user: int, item: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the items (r,) of the user at position `user` that speak for the one at `item`, and by how much."""
        spoken = self.speaking(self.users.rows[[user]], self.table.known[[user]])
        column = self.weights[:, [item]].toarray()[:, 0]
        parts = spoken.data * column[spoken.indices]
        told = np.flatnonzero(parts)
        return spoken.indices[told], parts[told].astype(np.float64)

    def _spoken_pairs(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return sums (n,) of weights from users to items, pair by pair; 0 of and for anybody unknown."""
        m, n = self.table.known.shape
        there = np.flatnonzero((users < m) & (items < n))
        total, columns = np.zeros(len(users)), self.weights.tocsc()
        for begin in range(0, len(there), _PAIRS):
            some = there[begin : begin + _PAIRS]
            asked, row = np.unique(users[some], return_inverse=True)
            spoken = self.speaking(self.users.rows[asked], self.table.known[asked])
            total[some] = spoken[row].multiply(columns[:, items[some]].T).sum(axis=1)
        return total

    def at_large(self) -> np.ndarray:
        """Return the row (1, c) of somebody of whom nothing is known: what is best for it is popular.

        Of choices that is the prior's row, which leaves the popularity alone; of ratings that of all users together.
        """
        return self.prior[None] if self.model.choices else self.users.rows.mean(axis=0, keepdims=True)

    def _at(self, side: Side, positions: np.ndarray) -> np.ndarray:
        rows = side.rows[np.minimum(positions, len(side) - 1)]
        rows[positions == len(side)] = self.prior
        return rows

    def _longer(self, side: Side, n: int) -> Side:
        if n == len(side):
            return side
        return Side(np.vstack([side.rows, np.tile(self.prior, (n - len(side), 1))]))


def _with_rows(side: Side, positions: np.ndarray, solved: Side) -> Side:
    rows = side.rows.copy()
    rows[positions] = solved.rows
    return Side(rows)


def _resized(matrix: Any, shape: tuple[int, int]) -> Any:
    """Return a sparse matrix with empty rows and columns behind its own; itself where it has that shape."""
    if matrix.shape == shape:
        return matrix
    longer = matrix.copy()
    longer.resize(shape)
    return longer
