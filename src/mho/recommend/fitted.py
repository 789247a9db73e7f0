"""A recommender's knowledge: factors of both sides and what they were fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho.caching import cached_property
from mho.engines import Engine
from mho.recommend.interactions import Interactions
from mho.recommend.model import Model, Side

__all__ = ["Fitted"]


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
    """

    model: Model
    table: Interactions
    users: Side
    items: Side
    prior: np.ndarray
    unit: float

    @classmethod
    def start(cls, model: Model, table: Interactions, k: int, rng: np.random.Generator) -> Fitted:
        """Return the starting point: users at the prior, items scattered so that `k` components can part."""
        m, n = table.known.shape
        model.check(table.known.data)
        unit, prior = model.unit(table.known.data), model.prior(k)
        users = Side(np.tile(prior.astype(table.known.dtype), (m, 1)))
        choosing = rng.spawn(1)[0]  # what is drawn to choose must not change where the factors start
        settled = model.settled(table.known, k, choosing)
        return cls(settled, table, users, model.start(n, k, rng), prior, unit)

    @property
    def n_components(self) -> int:
        """K."""
        return len(self.prior) - self.model.offsets

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
        return self.unit * self.model.quality_of(error, self.table.known)

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
        return replace(self, table=table, users=self._longer(self.users, m), items=self._longer(self.items, n))

    def solved_users(self, engine: Engine, positions: np.ndarray) -> Fitted:
        """Return a copy with the users at `positions` solved against the items."""
        half = self.model.solve(engine, self.items, sp.csc_array(self.table.known[positions].T), self.unit)
        return replace(self, users=_with_rows(self.users, positions, half.side))

    def solved_items(self, engine: Engine, positions: np.ndarray) -> Fitted:
        """Return a copy with the items at `positions` solved against the users."""
        columns = sp.csc_array(self.table.known[:, positions])
        half = self.model.solve(engine, self.users, columns, self.unit)
        return replace(self, items=_with_rows(self.items, positions, half.side))

    def merits(self, P: np.ndarray, items: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the sort keys (m, n) of items at positions `items` (n,) in the lists of users with rows `P` (m, c)."""
        scores = self.model.scores(P, self.items.rows[items])
        if self.added is not None:
            scores += self.added[items]
        return scores if self.ahead is None else scores + self.ahead[items]

    def scored(self, merits: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return the scores (n,) that `merits` (n,) of items at positions `items` (n,) are made of."""
        return merits if self.ahead is None else merits - self.ahead[items]

    def pairs(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        """Return the scores (n,) of users and items at positions (n,), pair by pair; see `at_users`, `at_items`."""
        scores = self.model.pairs(self.at_users(users), self.at_items(items))
        return scores if self.added is None else scores + np.append(self.added, 0.0)[items]

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
