"""The film ratings, on every engine and by offsets alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.data import movielens
from mho.demo.plan import Plan, Progress
from mho.demo.results import RatingResults, Run
from mho.engines import Engine
from mho.recommend import BiasBaseline, Recommender, rmse, split_random

__all__ = ["measure_ratings"]

_HELD_OUT = 0.1

_BASELINES = {
    "Offsets, Surprise’s settings": (15, 10),
    "Offsets, tuned": (4, 2),
}
"""Ridge on users' and on items' offsets."""


@dataclass(frozen=True, eq=False)
class Split:
    """Known ratings, and those to be predicted: users, items, stars."""

    known: list[np.ndarray]
    asked: list[np.ndarray]

    def score(self, model: Recommender | BiasBaseline) -> float:
        """Return the held-out RMSE, stars."""
        users, items, stars = self.asked
        return rmse(stars, model.predict(users, items))

    def baseline(self, reg_user: float, reg_item: float) -> float:
        """Return the held-out RMSE of offsets alone, stars."""
        return self.score(BiasBaseline(reg_user=reg_user, reg_item=reg_item).fit(*self.known))


def measure_ratings(plan: Plan, seed: int, progress: Progress) -> RatingResults:
    """Predict held-out ratings with every engine."""
    table = movielens()
    columns = table.users, table.items, table.ratings
    train, test = split_random(len(table.ratings), _HELD_OUT, seed)
    split = Split([c[train] for c in columns], [c[test] for c in columns])
    return RatingResults(
        n_users=table.n_users,
        n_items=table.n_items,
        n_train=len(train),
        n_test=len(test),
        n_components=plan.rating_components,
        baselines=tuple((name, split.baseline(*ridge)) for name, ridge in _BASELINES.items()),
        runs=tuple(_fit(split, name, engine, plan, seed, progress) for name, engine in plan.engines(seed).items()),
    )


def _fit(split: Split, name: str, engine: Engine, plan: Plan, seed: int, progress: Progress) -> Run:
    curve: list[float] = []

    def report(record: dict[str, Any]) -> None:
        curve.append(split.score(model))
        progress(f"ratings, {name}", record["iteration"], plan.rating_iterations, f"RMSE {curve[-1]:.4f}")

    model = Recommender(
        plan.rating_components,
        engine=engine,
        max_iter=plan.rating_iterations,
        random_state=seed,
        callback=report,
    )
    model.fit(*split.known)
    return Run.of(name, engine, model.history_, tuple(curve), score=curve[-1])
