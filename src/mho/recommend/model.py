"""Objective of a recommender: the contract of its two models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from mho import checks
from mho.caching import cached_property
from mho.engines import Engine

__all__ = ["POPULARITY_ALONE", "Half", "Model", "Side"]

POPULARITY_ALONE = 1000.0
"""Popularity term of lists of choices from which on it decides alone."""


@dataclass(frozen=True, eq=False)
class Side:
    """All users, or all items.

    Attributes
    ----------
    rows : ndarray of shape (n, c), >= 0
        One for each; the model knows what its c numbers are.
    """

    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def gram(self) -> np.ndarray:
        """The sum of the rows' outer products, (c, c)."""
        return self.rows.T @ self.rows


@dataclass(frozen=True, eq=False)
class Half:
    """One side solved against the other.

    Attributes
    ----------
    side : Side
    error : float
        Sum of the squared errors, as the model weighs them, in its units.
    """

    side: Side
    error: float


class Model(ABC):
    """One of the two things that a table of users and items can mean.

    Every number is >= 0, and rows are such that a score is in `unit` of the caller's values.
    """

    quality: ClassVar[str]
    """The name in `history_` of the root of an error's share of `norm_of`, in the caller's unit."""

    duplicates: ClassVar[Literal["last", "sum"]]
    """What counts of a pair that occurs more than once."""

    choices: ClassVar[bool]
    """Whether values are strengths of choices, above 0 and by default 1, or else ratings."""

    lowest: float = 0.0
    """The lowest value that there can be, from which this model counts; <= 0."""

    offsets: ClassVar[int]
    """How many of a row's numbers are offsets; the others are factors."""

    has_factors: ClassVar[bool] = True
    """Whether users and items have factors, which alternate."""

    has_weights: ClassVar[bool] = False
    """Whether there are weights between items, fitted last."""

    def settled(self, known: Any, k: int, rng: np.random.Generator, features: Any = None) -> Model:
        """Return this model with everything chosen that depends on the table `known` (users, items).

        It is for `k` components; what is drawn to choose is drawn from `rng`. A model whose weights between items
        are of choices takes `features` of items, csr_array (n_items, f), too.
        """
        return self

    @property
    def popularity_alone(self) -> bool:
        """Whether lists are those of popularity, and scores part at most what is equally popular."""
        return False

    @property
    def typical_strength(self) -> float:
        """That of a choice of which nothing else is known."""
        return 1.0

    def item_offsets(self, known: Any) -> np.ndarray | None:
        """Return offsets of every user's scores (n_items,) because of the table `known`; None for none."""
        return None

    def list_offsets(self, known: Any) -> np.ndarray | None:
        """Return terms (n_items,) that order items, in no told score, by what is `known` (users, items); or None."""
        return None

    def speaking(self, P: np.ndarray, items: Side, known: Any, unit: float) -> Any:
        """Return statements of users, which weights between items pass on, csr_array (m, n_items); None without these.

        Parameters
        ----------
        P : ndarray of shape (m, c)
            Rows of the users.
        items : Side
            All items.
        known : csr_array of shape (m, n_items)
            What the users rated or chose, in the caller's values, of which `unit` is the model's one.
        unit : float
            Unit of the model.
        """
        return None

    def user_weights(self, counts: np.ndarray) -> np.ndarray | None:
        """Return factors (m,) of users' statements in weights between items, by their `counts` of these.

        None for one and all alike.
        """
        return None

    @property
    def feature_weight(self) -> float:
        """Weight of features of items in weights between them, beside choices."""
        return 0.0

    def weights_in(self, engine: Engine, table: Any, targets: np.ndarray | None = None) -> Any:
        """Return the `ItemWeights` fitted by `engine` to the `ItemTable` `table`, statements times `user_weights`.

        Of the items at positions `targets` (t,) alone, if these are given.
        """
        raise NotImplementedError(f"{type(self).__name__} has no weights between items")

    def usual_components(self, n_known: int) -> int:
        """Return the components where nobody says how many, of a table of `n_known` pairs."""
        return 16

    def components(self, asked: int | None, n_items: int, n_known: int) -> int:
        """Return the components of a fit: as many as are `asked` for, or the usual number; at most `n_items`.

        The usual number goes by the pairs of the table, `n_known`.
        """
        if asked is None:
            return min(self.usual_components(n_known), n_items)
        limit = n_items if self.has_factors else None
        return checks.positive_int(asked, "n_components", limit=limit, what="items")

    def components_of(self, width: int) -> int:
        """Return the components that were asked for where rows have `width` numbers."""
        return width - self.offsets

    def check(self, values: np.ndarray) -> None:
        """Refuse `values` (n,) that this model cannot take; they are finite and >= 0."""
        if self.choices and not values.all():
            raise ValueError("ratings are strengths of choices and must be above 0 here, got 0; leave such pairs out")

    @abstractmethod
    def unit(self, values: np.ndarray) -> float:
        """Return the unit of the model in those of the caller's `values` (n,)."""

    @abstractmethod
    def prior(self, k: int) -> np.ndarray:
        """Return the row (c,) of somebody of whom nothing is known, with `k` components."""

    @abstractmethod
    def start(self, n: int, k: int, rng: np.random.Generator) -> Side:
        """Return `n` rows scattered by `rng`, so that `k` components can part."""

    def alternating(self, engine: Engine) -> Engine:
        """Return the engine used inside alternating iterations for `engine`; here, the one that solves to rest."""
        return engine.exact()

    @abstractmethod
    def solve(self, engine: Engine, fixed: Side, known: Any, unit: float, start: Side | None = None) -> Half:
        """Solve for the other side: column by column of `known` (n_fixed, n), by `engine`, with `fixed` as it is.

        `known` has the caller's values, of which `unit` is the model's one; `start` is the other side as it was: what
        an engine that does not solve to rest goes on from.
        """

    @abstractmethod
    def norm_of(self, known: Any) -> float:
        """Return the norm of `known`, of which an error is told as the root of its share; those of parts add up."""

    @abstractmethod
    def pairs(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """Return the scores (n,) of users with rows `P` (n, c) for items with rows `Q` (n, c), pair by pair."""

    @abstractmethod
    def scores(self, P: np.ndarray, Q: np.ndarray) -> np.ndarray:
        """Return the scores (m, n) of users with rows `P` (m, c) for all items with rows `Q` (n, c)."""

    def query(self, p: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the vector (c,) and number of a user with row `p` (c,): scores are items' rows @ vector + number.

        Both are >= 0, as the rows of items are.
        """
        return p, 0.0

    @abstractmethod
    def parts(self, p: np.ndarray, q: np.ndarray) -> dict[str, float]:
        """Return the parts of the score of one user with row `p` (c,) for one item with row `q` (c,), by name."""


def positive(value: Any, name: str) -> float:
    """Return `value` as a float above zero."""
    number = checks.nonnegative_number(value, name)
    checks.at_least(number, name, 0, strict=True)
    return number
