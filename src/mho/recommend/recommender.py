"""The recommender: a model of what is known, fitted by alternating least squares on any engine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np

from mho import checks
from mho.cost import estimate
from mho.engines import Engine, Hybrid, engine_for
from mho.nmf.loop import phase_ends
from mho.recommend.checked_users import solved_checked
from mho.recommend.cold_items import feature_weights, with_items
from mho.recommend.explanation import Explanation, explain
from mho.recommend.files import read, write
from mho.recommend.fitted import Fitted
from mho.recommend.half_steps import Cluster, HalfSteps, here
from mho.recommend.implicit_model import ImplicitModel
from mho.recommend.interactions import Interactions, column_names, is_table
from mho.recommend.item_features import aligned, feature_rows, features_of
from mho.recommend.mixed_model import MixedModel
from mho.recommend.mixed_rating_model import MixedRatingModel
from mho.recommend.model import Model, positive
from mho.recommend.neighbour_model import NeighbourModel
from mho.recommend.queries import (
    for_likeness,
    for_visitor,
    most_popular,
    predicted,
    recommended,
    similar_items,
    similar_users,
)
from mho.recommend.rating_model import RatingModel
from mho.recommend.top import Top

__all__ = ["MODELS", "Recommender"]

MODELS: dict[str, Callable[[], Model]] = {
    "ratings": RatingModel,
    "implicit": ImplicitModel,
    "neighbours": NeighbourModel,
    "mixed": MixedModel,
    "mixed-ratings": MixedRatingModel,
}


class Recommender:
    """Predicts ratings, or recommends by what was chosen: several models, because one does the other's work badly.

    Ids are numbers, text, times or anything that can be hashed.

    Parameters
    ----------
    n_components : int, optional
        Number k of components, at most the number of items; by default 16, or 64 with "mixed" (32 from 200,000
        pairs on). Of no account with "neighbours", which has none.
    model : {"ratings", "implicit", "neighbours", "mixed", "mixed-ratings"} or Model
        What the table means. "ratings": how much each user liked some items; `predict` gives ratings (`RatingModel`).
        "implicit": what each user chose; `recommend` ranks what they did not choose (`ImplicitModel`).
        "neighbours": the same by weights between items, which makes better lists of most tables (`NeighbourModel`).
        "mixed": lists by both (`MixedModel`). "mixed-ratings": ratings, with neighbours of what factors leave
        (`MixedRatingModel`).
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves.
    max_iter : int
        Alternations.
    random_state : int or None
        Seed of the starting factors and of the engine's errors.
    cluster : Cluster, optional
        Workers that solve for `fit` and `resume`, such as a `mho.recommend.distributed.DaskCluster`; by default this
        process does.
    callback : callable, optional
        Called with each record of `history_`; a true answer stops. Everything else may be called in it.

    Attributes
    ----------
    user_ids_, item_ids_ : ndarray of shape (n_users,), (n_items,)
        In the order of the factors.
    user_factors_, item_factors_ : ndarray of shape (n_users, k), (n_items, k)
        P and Q, >= 0; of ratings in roots of the unit of the ratings.
    user_offsets_, item_offsets_ : ndarray of shape (n_users,), (n_items,)
        Of ratings, in their unit; with "implicit" zero of users and the popularity of items.
    list_offsets_ : ndarray of shape (n_items,)
        What is added to predicted ratings, in their unit, only to put items in order; with "implicit" zero.
    columns_ : tuple of str
        Names of the columns of user, item and rating that it was fitted to.
    history_ : list of dict
        Per iteration "iteration", "seconds" (wall time so far, without the callback), "engine", on the training pairs
        "rmse" (ratings) or "relative_error" (implicit), and with a chip "chip_seconds" and "chip_joules" (modelled, so
        far, writing included).

    Examples
    --------
    >>> import mho
    >>> users, items = ["ann", "ann", "bob", "bob", "cem"], ["tea", "milk", "tea", "jam", "milk"]
    >>> mho.Recommender(2, model="implicit").fit(users, items).recommend(["cem"], 1).items.tolist()
    ['tea']
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        model: Literal["ratings", "implicit", "neighbours", "mixed", "mixed-ratings"] | Model = "ratings",
        engine: str | Engine = "digital",
        max_iter: int = 20,
        random_state: int | None = 0,
        cluster: Cluster | None = None,
        callback: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        self.n_components, self.model, self.engine, self.max_iter = n_components, model, engine, max_iter
        self.random_state, self.cluster, self.callback = random_state, cluster, callback

    # -- learning ------------------------------------------------------------------------------------------------

    def fit(
        self,
        users: Any,
        items: Any = None,
        ratings: Any = None,
        *,
        columns: Sequence[Any] = (),
        item_features: tuple[Any, Any] | None = None,
    ) -> Self:
        """Fit from the beginning. An interrupt leaves the last complete iteration fitted.

        Parameters
        ----------
        users : array_like of shape (n,), DataFrame, pyarrow.Table or scipy sparse of shape (n_users, n_items)
            Ids; or a table whose columns, or named index, say what is user, item and rating
            (`mho.data.interaction_columns`); or a matrix that stores what is known, its ids then being row and column
            numbers.
        items : array_like of shape (n,), optional
            Ids; left out beside a table or matrix.
        ratings : array_like of shape (n,), optional
            Finite, >= 0, not all zero; by default 1. Implicit: strengths, > 0. Of a pair that occurs more than once
            the last rating counts, or the sum of the strengths. Negative ones are taken by
            ``RatingModel(lowest=...)``.
        columns : sequence of str, length 2 or 3, optional
            Of a table, the names of the columns of user, item and rating, where they say something else. Beside arrays,
            what they are called, to be kept with the model.
        item_features : (array_like of shape (n,), array_like or scipy sparse of shape (n, n_features)), optional
            Ids of items, and features >= 0 of each, such as 1 for each genre of a film; no more features than items
            that were chosen. With "neighbours" and "mixed": weights between items explain them as they do choices
            (`NeighbourModel.features`). Items that nobody chose are taken in as by `add_items`.

        Raises
        ------
        TypeError, ValueError
            Naming the argument.
        """
        model, engine = self._model(), engine_for(self.engine, seed=self.random_state)
        phases = phase_ends(engine.phases(), checks.positive_int(self.max_iter, "max_iter"))
        table = Interactions.of(users, items, ratings, model.duplicates, model.lowest, columns)
        del users, items, ratings  # whoever called may not hold them either
        k = model.components(self.n_components, len(table.items), table.known.nnz) if model.has_factors else 0
        known, cold, cold_features = None, (), None
        if item_features is not None:
            if not (model.has_weights and model.choices):
                raise ValueError("item_features go with model='neighbours' and 'mixed'; others take them by add_items")
            known, cold, cold_features = aligned(item_features, table.items)
        start = Fitted.start(model, table, k, checks.generator(self.random_state, "random_state"), known)
        self._fitted, self.engine_, self.history_ = start, engine, []
        self._alternate([model.alternating(stage) for stage, length in phases for _ in range(length)])
        return self.add_items(cold, cold_features) if len(cold) else self

    def resume(self, iterations: int) -> Self:
        """Do more `iterations` over everything known so far: after an interrupt, or after `partial_fit`."""
        stage = self._require().model.alternating(self._engine())
        self._alternate([stage] * checks.positive_int(iterations, "iterations"))
        return self

    def partial_fit(self, users: Any, items: Any = None, ratings: Any = None) -> Self:
        """Take in more of what `fit` takes, new ids included, and solve again only for those in it.

        First their users against the items as they are, then their items. `resume` goes on to what a fit of everything
        would give. Without an earlier fit it is one.

        Parameters
        ----------
        users, items, ratings
            As in `fit`. A new rating of a known pair replaces the old one; strengths add up.
        """
        if not hasattr(self, "_fitted"):
            return self.fit(users, items, ratings)
        fitted, u, i = self._merged(users, items, ratings)
        engine = self._engine()
        self._fitted = fitted.solved_users(engine, u).solved_items(engine, i).related(engine, i)[0]
        return self

    def fold_in(
        self, users: Any, items: Any = None, ratings: Any = None, *, side: Literal["users", "items"] = "users"
    ) -> Self:
        """Take in new users (or items) by one least-squares problem each; nobody else's factors change.

        Parameters
        ----------
        users, items, ratings
            As in `fit`.
        side : {"users", "items"}
            Whose rows are solved: everybody's that occurs here, with all that is known of them. An id of the other side
            that is new has the prior's row.
        """
        checks.one_of(side, "side", ("users", "items"))
        fitted, u, i = self._merged(users, items, ratings)
        engine = self._engine()
        if side == "users":
            self._fitted = fitted.solved_users(engine, u)
        else:
            self._fitted = fitted.solved_items(engine, i).related(engine, i)[0]
        return self

    def solve_users(self, users: Any = None, *, check: int | None = None) -> Self:
        """Find the factors of users once more, from what is known of them, by this recommender's engine.

        Parameters
        ----------
        users : array_like, optional
            Ids of users that are known; by default all.
        check : int, optional
            For a hybrid engine: its chip solves, and digital arithmetic once more for those users of whose best `check`
            new items the chip's own errors could turn one; their share is then `checked_share_`.

        Raises
        ------
        ValueError
            A user is not known, the model has no factors, or the engine has no chip beside digital arithmetic.
        """
        fitted = self._require()
        if not fitted.model.has_factors:
            raise ValueError("the model must have factors to be solved for, and neighbours have none")
        every = np.arange(len(self.user_ids_))
        positions = every if users is None else fitted.table.users.require(users)
        if check is None:
            self._fitted = fitted.solved_users(self._engine(), positions)
            return self
        length = checks.positive_int(check, "check")
        if not isinstance(self.engine_, Hybrid):
            raise ValueError(f"check goes with engine='hybrid', which has both, got {self.engine_!r}")
        self._fitted, critical = solved_checked(fitted, self.engine_, positions, length)
        self.checked_share_ = float(critical.mean())
        return self

    def add_items(
        self, items: Any, features: Any, *, known_features: Any = None, cap: int = 50, l2: float = 1.0
    ) -> Self:
        """Take in items that nobody has chosen yet, each as a non-negative sum of known ones with like features.

        What is known of them later, `partial_fit` and `fold_in` take. The more popular of known items stay ahead where
        popularity counts; ``recommend(among=items)`` lists new ones alone.

        Parameters
        ----------
        items : array_like of shape (n_new,)
            Ids that are not known.
        features : array_like or scipy sparse of shape (n_new, n_features), >= 0
            Of the new items, such as 1 for each genre of a film.
        known_features : array_like or scipy sparse of shape (n_items, n_features), >= 0, optional
            Of the known items, in the order of `item_ids_`; no more features than items. By default those that `fit`
            was given.
        cap : int
            Known items in one sum, at most.
        l2 : float
            Ridge of the sum's weights, in mean squares of the length of a known item's features, > 0.

        Raises
        ------
        ValueError, TypeError
            Naming the argument.
        """
        fitted = self._require()
        kept = known_features is None
        if kept and fitted.features is None:
            raise ValueError("known_features are needed where fit was given no item_features")
        known_features = fitted.features if kept else known_features
        feature_rows(known_features, "known_features", len(fitted.items), "items")
        feature_rows(features, "features", np.size(items), "items")
        cap = checks.positive_int(cap, "cap")
        weights = feature_weights(known_features, features, cap=cap, l2=positive(l2, "l2"))
        self._fitted = with_items(fitted, items, weights, features_of(features, "features") if kept else None)
        return self

    # -- answers -------------------------------------------------------------------------------------------------

    def predict(self, users: Any, items: Any) -> np.ndarray:
        """Return the scores (n,), pair by pair: ratings, within the range of those known; or strengths of preference.

        Parameters
        ----------
        users, items : array_like of shape (n,)
            Ids of the kind that `fit` was given. One that is not known has the prior's row.
        """
        return predicted(self._require(), users, items)

    def recommend(self, users: Any = None, n: int = 10, *, among: Any = None, seen: bool = False) -> Top:
        """Return the best items of each user, computed by blocks of users in bounded memory.

        Predicted ratings do not order a list alone, but together with popularity; see `RatingModel.popularity`.

        Parameters
        ----------
        users : array_like of shape (m,), optional
            Ids that are known; by default everybody.
        n : int
            Items for each.
        among : array_like, optional
            Ids of the only items that may be recommended.
        seen : bool
            Recommend also what a user has rated or chosen already.

        Raises
        ------
        ValueError
            An id is not known; `fold_in` takes new ones.
        """
        return recommended(self._require(), users, checks.positive_int(n, "n"), among, seen=seen)

    def recommend_for(self, items: Any, ratings: Any = None, n: int = 10) -> Top:
        """Return the best items of a visitor, who is folded in and not kept.

        Parameters
        ----------
        items : array_like of shape (m,)
            Ids of what the visitor rated or chose; one that is not known takes no part. Where none is known, as of
            somebody who has just come, the best items of all users together.
        ratings : array_like of shape (m,), optional
            As in `fit`; by default choices have the typical strength of the table that was fitted.
        n : int
            Items wanted, of those the visitor has not named.

        Notes
        -----
        With engine="hybrid" the visitor's factors are digital ones, the chip finding where to begin, so that no list
        hangs by its errors. With engine="analog" they are the chip's, and the list is not checked; `fold_in` and
        `solve_users` with ``check`` tell of which lists that matters.
        """
        fitted, n = self._require(), checks.positive_int(n, "n")
        if not np.size(items):
            return most_popular(fitted, n)
        nobody, model = np.zeros(np.size(items), np.int8), fitted.model
        if ratings is None and model.choices:
            ratings = np.full(np.size(items), model.typical_strength)
        visit = Interactions.of(nobody, items, ratings, model.duplicates, model.lowest)
        fitted.model.check(visit.known.data)
        return for_visitor(fitted, self._engine(), visit, n)

    def recommend_to(self, features: Any, n: int = 10, *, known_features: Any, cap: int = 50, l2: float = 1.0) -> Top:
        """Return the best items of users of whom features alone are known, such as their age or country.

        A newcomer is one non-negative least-squares problem, the sum of known users that makes its features; its scores
        are the mean of theirs by these weights. Who is like nobody gets the best items of all users together.

        Parameters
        ----------
        features : array_like or scipy sparse of shape (m, n_features), >= 0
            Of the newcomers, who are called by their numbers, from 0 on, in the answer.
        n : int
            Items for each.
        known_features : array_like or scipy sparse of shape (n_users, n_features), >= 0
            Of the known users, in the order of `user_ids_`; no more features than users.
        cap : int
            Known users in one sum, at most.
        l2 : float
            Ridge of the sum's weights, in mean squares of the length of a known user's features, > 0.

        Raises
        ------
        ValueError, TypeError
            Naming the argument.
        """
        fitted, n = self._require(), checks.positive_int(n, "n")
        feature_rows(known_features, "known_features", len(fitted.users), "users")
        feature_rows(features, "features")
        limits = {"cap": checks.positive_int(cap, "cap"), "l2": positive(l2, "l2")}
        weights = feature_weights(known_features, features, **limits, what="users")
        return for_likeness(fitted, weights.tocsc(), n)

    def similar_items(self, item: Any, n: int = 10) -> Top:
        """Return the `n` items most like `item`: by the cosine of their factors, less the prior's."""
        return similar_items(self._require(), item, checks.positive_int(n, "n"))

    def similar_users(self, user: Any, n: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids (n,) of the users most like `user`, and the cosines of their factors, less the prior's.

        Without factors, of what they chose.
        """
        return similar_users(self._require(), user, checks.positive_int(n, "n"))

    def explain(self, user: Any, item: Any) -> Explanation:
        """Return the parts of the score of `item` for `user`, and the user's own items that speak for it."""
        return explain(self._require(), user, item)

    def list_scores(self, users: Any = None) -> np.ndarray:
        """Return the scores (m, n_items) by which lists of `users` (m,), by default of everybody, are ordered."""
        fitted = self._require()
        u = slice(None) if users is None else fitted.table.users.require(users)
        return fitted.merits(fitted.users.rows[u], fitted.table.known[u])

    # -- keeping -------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything that was learned to `path`, in numpy's .npz format; whole, or not at all.

        Raises
        ------
        TypeError
            Ids that are neither numbers, text nor times.
        """
        write(path, self._require(), self.history_)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, engine: str | Engine = "digital") -> Self:
        """Return the recommender that `save` wrote to `path`, to go on with `engine`. Nothing in the file is executed.

        `path` may also be the folder of a `mho.recommend.distributed.OutOfCore`: its ratings stay on disk.

        Raises
        ------
        DataError
            The file is damaged or another.
        """
        fitted, history = read(path)
        loaded = cls(fitted.n_components, model=fitted.model, engine=engine)
        loaded._fitted, loaded.history_, loaded.engine_ = fitted, history, engine_for(engine, seed=0)
        return loaded

    # -- what was learned ----------------------------------------------------------------------------------------

    @property
    def user_ids_(self) -> np.ndarray:
        """(n_users,)."""
        return self._require().table.users.known

    @property
    def item_ids_(self) -> np.ndarray:
        """(n_items,)."""
        return self._require().table.items.known

    @property
    def user_factors_(self) -> np.ndarray:
        """P (n_users, k)."""
        return self._require().factors(self._fitted.users)

    @property
    def item_factors_(self) -> np.ndarray:
        """Q (n_items, k)."""
        return self._require().factors(self._fitted.items)

    @property
    def user_offsets_(self) -> np.ndarray:
        """(n_users,)."""
        return self._require().offsets(self._fitted.users)

    @property
    def item_offsets_(self) -> np.ndarray:
        """(n_items,)."""
        fitted = self._require()
        added = 0.0 if fitted.added is None else fitted.added
        return fitted.offsets(fitted.items) + fitted.unit * added

    @property
    def list_offsets_(self) -> np.ndarray:
        """(n_items,): what is added to predicted ratings, in their unit, only to put items in order."""
        fitted = self._require()
        return np.zeros(len(fitted.items)) if fitted.ahead is None else fitted.unit * fitted.ahead

    @property
    def known_(self) -> Any:
        """Known ratings, from the model's lowest on, or strengths, sparse of shape (n_users, n_items)."""
        return self._require().table.known

    @property
    def item_weights_(self) -> Any:
        """csr_array (n_items, n_items), >= 0: in column j the weights of the items that speak for j; or None."""
        return self._require().weights

    @property
    def columns_(self) -> tuple[str, ...]:
        """Names of the columns of user, item and rating that it was fitted to; empty if they had none."""
        return self._require().table.columns

    @property
    def fitted(self) -> Fitted:
        """Everything that was learned, as one value."""
        return self._require()

    @property
    def model_(self) -> Model:
        """The fitted model."""
        return self._require().model

    @property
    def unit_(self) -> float:
        """Unit of the model in that of the ratings: their mean at the time of the fit; implicit: 1."""
        return self._require().unit

    @property
    def predicts_ratings(self) -> bool:
        """Whether scores are ratings, rather than strengths of preference."""
        return not self._require().model.choices

    def encode(self, users: Any, items: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of `users` and `items` (n,) in the factors; n_users or n_items for one that is not known."""
        table = self._require().table
        return table.users.encode(users), table.items.encode(items)

    # -- inside --------------------------------------------------------------------------------------------------

    def _model(self) -> Model:
        if isinstance(self.model, Model):
            return self.model
        return MODELS[checks.one_of(self.model, "model", tuple(MODELS))]()

    def _require(self) -> Fitted:
        if not hasattr(self, "_fitted"):
            raise RuntimeError("fit the recommender first")
        return self._fitted

    def _engine(self) -> Engine:
        """Return the engine that finishes an alternating loop; it solves what comes after the fit."""
        return self.engine_.phases()[-1][0].exact()

    def _merged(self, users: Any, items: Any, ratings: Any) -> tuple[Fitted, np.ndarray, np.ndarray]:
        """Return the fit with more interactions, and the positions of the users and items of those."""
        fitted = self._require()
        model, columns = fitted.model, fitted.table.columns
        alike = is_table(users) and set(columns) <= set(column_names(users))
        more = Interactions.of(users, items, ratings, model.duplicates, model.lowest, columns if alike else ())
        fitted.model.check(more.known.data)
        table = fitted.table.merged(more, fitted.model.duplicates)
        return fitted.with_table(table), table.users.encode(more.users.known), table.items.encode(more.items.known)

    def _alternate(self, stages: list[Engine]) -> None:
        """Solve for the users, then for the items, stage by stage; then for weights between items, if there are any."""
        fitted = self._fitted
        if not fitted.model.has_factors:
            self._relate(told=True)
            return
        with here(fitted) if self.cluster is None else self.cluster.placed(fitted, stages) as halves:
            errors: dict[int, list[float]] = {}
            levelled: Engine | None = None
            for stage in stages:
                if stage is levelled:
                    continue
                record = self._iterate(stage, halves)
                of_stage = errors.setdefault(id(stage), [])
                of_stage.append(record[fitted.model.quality])
                if self.callback is not None and self.callback(record):
                    break
                if stage is not stages[-1] and stage.levels_off(of_stage):
                    levelled = stage
        self._relate(told=False)

    def _relate(self, *, told: bool) -> None:
        """Fit weights between items; where there are no factors that is `told` as an iteration."""
        begun, engine = time.perf_counter(), self._engine()
        self._fitted, error = self._fitted.related(engine)
        if not told:
            return
        record = self._record(engine, error, time.perf_counter() - begun)
        if self.callback is not None:
            self.callback(record)

    def _iterate(self, stage: Engine, halves: HalfSteps) -> dict[str, Any]:
        """Replace both sides at once, so that an interrupt leaves a pair that belongs together."""
        begun = time.perf_counter()
        users = halves.users(stage, self._fitted.items, self._fitted.users).side
        items = halves.items(stage, users, self._fitted.items)
        self._fitted = replace(self._fitted, users=users, items=items.side)
        return self._record(stage, items.error, time.perf_counter() - begun)

    def _record(self, stage: Engine, error: float, seconds: float) -> dict[str, Any]:
        """Add what an iteration of so many seconds has come to to the history, and return it."""
        before = self.history_[-1] if self.history_ else {"iteration": 0, "seconds": 0.0}
        record = {
            "iteration": before["iteration"] + 1,
            self._fitted.model.quality: self._fitted.quality_of(error),
            "seconds": before["seconds"] + seconds,
            "engine": type(stage).__name__.lower(),
            **_chip_cost(self.engine_),
        }
        self.history_.append(record)
        return record


def _chip_cost(engine: Engine) -> dict[str, float]:
    ledger = engine.ledger()
    if ledger is None:
        return {}
    spent = estimate(ledger)
    return {"chip_seconds": spent.seconds.typical, "chip_joules": spent.joules.typical}
