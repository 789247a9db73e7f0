"""Quality on MovieLens 100k: held-out rating error, and lists of ten beside implicit ALS, on every engine.

    python benchmarks/recommend/quality.py ml-100k.inter [--smoke]

The file is `recbole/dataset_example/ml-100k/ml-100k.inter` of the package recbole 1.2.1: the ratings in the order in
which they were published, so that its fifths are the official test sets u1 to u5. The peer is implicit, as
`benchmarks/requirements.txt` has it, installed beside mho.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import Analog, Hybrid, Recommender
from mho.chip import preset
from mho.recommend import BiasBaseline, ImplicitModel, RatingModel, mae, rmse

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import few, parser, sized, smoke

FOUR_BIT = preset("pku-2025-4bit")
ENGINES = {
    "digital": lambda seed: "digital",
    "chip, 4 bit, 2 %": lambda seed: Analog(FOUR_BIT, seed=seed),
    "hybrid, 2 passes": lambda seed: Hybrid(FOUR_BIT, passes=2, seed=seed),
}
RELEVANT, LENGTH = 4, 10
COMPONENTS, FOLDS = sized((32, 5), (3, 2))
CONFIDENCES = sized((1, 2, 3, 5, 10), (2,))


class Ratings:
    """Users, items and stars, and what the folds are."""

    def __init__(self, path: str) -> None:
        columns = np.loadtxt(path, delimiter="\t", skiprows=1, usecols=(0, 1, 2)).T
        self.users, self.items = (np.unique(x, return_inverse=True)[1] for x in columns[:2])
        self.stars = columns[2]
        self.shape = self.users.max() + 1, self.items.max() + 1
        n = len(self.stars)
        self.folds = {
            "random": np.array_split(np.random.default_rng(0).permutation(n), FOLDS),
            "u1-u5": np.array_split(np.arange(n), FOLDS),
        }

    def columns(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.users[rows], self.items[rows], self.stars[rows]

    def rest(self, rows: np.ndarray) -> np.ndarray:
        return np.setdiff1d(np.arange(len(self.stars)), rows)


def made_up() -> Ratings:
    rng = np.random.default_rng(0)
    users, items = np.divmod(rng.choice(20 * 16, 160, replace=False), 16)
    table = np.column_stack([users, items, rng.integers(1, 6, 160)])
    with tempfile.TemporaryDirectory() as folder:
        np.savetxt(path := f"{folder}/made-up.inter", table, fmt="%d", delimiter="\t", header="user item rating")
        return Ratings(path)


def rating_errors(data: Ratings, folds: str, make: Callable[[int], Any]) -> tuple[float, float]:
    """Return the mean RMSE and MAE over the folds."""
    errors = []
    for seed, fold in enumerate(data.folds[folds]):
        model = make(seed).fit(*data.columns(data.rest(fold)))
        predicted = model.predict(*data.columns(fold)[:2])
        errors.append((rmse(data.stars[fold], predicted), mae(data.stars[fold], predicted)))
    return tuple(np.mean(errors, axis=0))


def ratings_table(data: Ratings) -> Iterable[tuple[str, ...]]:
    yield ("RMSE / MAE", *data.folds)
    makers: dict[str, Callable[[int], Any]] = {"offsets alone (Surprise's settings)": lambda seed: BiasBaseline()}
    for k, (name, engine) in itertools.product((8, 16), ENGINES.items()):
        if k == 16 or name == "digital":
            makers[f"ratings, k = {k}, {name}"] = lambda seed, k=k, engine=engine: Recommender(k, engine=engine(seed))
    for name, make in few(makers.items()):
        yield (name, *("{:.4f} / {:.4f}".format(*rating_errors(data, folds, make)) for folds in data.folds))


def list_quality(scores: np.ndarray, seen: tuple, wanted: tuple) -> tuple[float, float]:
    """Return nDCG and recall of the best ten unseen items: the same few lines for every library."""
    scores = np.array(scores)
    scores[seen] = -np.inf
    relevant = np.zeros(scores.shape, bool)
    relevant[wanted] = True
    users = np.flatnonzero(relevant.any(axis=1))
    top = np.argsort(-scores[users], axis=1, kind="stable")[:, :LENGTH]
    hits, counts = np.take_along_axis(relevant[users], top, axis=1), relevant[users].sum(axis=1)
    discount = 1 / np.log2(2 + np.arange(LENGTH))
    ndcg = hits @ discount / np.cumsum(discount)[np.minimum(counts, LENGTH) - 1]
    return float(ndcg.mean()), float((hits.sum(axis=1) / counts).mean())


def popularity(shape: tuple, users: np.ndarray, items: np.ndarray, stars: np.ndarray) -> np.ndarray:
    return np.tile(np.bincount(items, minlength=shape[1]), (shape[0], 1)).astype(float)


def ours(make: Callable[[], Recommender], *, ratings: bool = False) -> Callable:
    def scores(shape: tuple, users: np.ndarray, items: np.ndarray, stars: np.ndarray) -> np.ndarray:
        model = make().fit(users, items, stars if ratings else None)
        found = np.full(shape, -1e9)  # an item that nobody chose is in no list
        offsets = model.user_offsets_[:, None] + model.item_offsets_ + model.list_offsets_
        product = model.user_factors_ @ model.item_factors_.T
        found[np.ix_(model.user_ids_, model.item_ids_)] = offsets + product
        return found

    return scores


def implicit_als(regularization: float, alpha: float) -> Callable:
    from implicit.cpu.als import AlternatingLeastSquares

    def scores(shape: tuple, users: np.ndarray, items: np.ndarray, stars: np.ndarray) -> np.ndarray:
        chosen = sp.csr_matrix((np.ones(len(users)), (users, items)), shape=shape)
        settings = {"regularization": regularization, "alpha": alpha, "iterations": 20, "random_state": 0}
        model = AlternatingLeastSquares(factors=COMPONENTS, **settings)
        model.fit(chosen, show_progress=False)
        return model.user_factors @ model.item_factors.T

    return scores


def mean_quality(data: Ratings, scores: Callable, splits: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    found = []
    for train, test in splits:
        users, items, stars = data.columns(train)
        wanted = test[data.stars[test] >= RELEVANT]
        found.append(list_quality(scores(data.shape, users, items, stars), (users, items), data.columns(wanted)[:2]))
    return np.mean(found, axis=0)


def tuned(data: Ratings, grid: dict[str, Callable]) -> tuple[str, Callable]:
    """Return the best by nDCG on a fifth held out at random inside the training part of u1."""
    train = np.random.default_rng(1).permutation(data.rest(data.folds["u1-u5"][0]))
    held_out = [(train[len(train) // 5 :], train[: len(train) // 5])]
    return max(grid.items(), key=lambda entry: mean_quality(data, entry[1], held_out)[0])


def lists_table(data: Ratings) -> Iterable[tuple[str, ...]]:
    yield f"u1-u5, all unseen items ranked, relevant from {RELEVANT} stars", f"nDCG@{LENGTH}", f"recall@{LENGTH}"
    rows = {"popularity": popularity}
    if not smoke() or find_spec("implicit"):
        grid = itertools.product(sized((5, 10, 20, 40), (10,)), CONFIDENCES)
        name, als = tuned(data, {f"l2 {l2}, alpha {a}": implicit_als(l2, a) for l2, a in grid})
        rows[f"implicit ALS, k = {COMPONENTS}, tuned ({name})"] = als
    rows["predicted ratings used as a list, k = 16"] = ours(
        lambda: Recommender(16, model=RatingModel(popularity=0.0)), ratings=True
    )
    rows["ratings as it comes, k = 16"] = ours(lambda: Recommender(16), ratings=True)
    models = [
        ImplicitModel(l2=l2, confidence=c) for l2, c in itertools.product(sized((10, 20, 30, 40), (10,)), CONFIDENCES)
    ]
    own = {str(j): ours(lambda m=m: Recommender(COMPONENTS, model=m)) for j, m in enumerate(models)}
    model = models[int(tuned(data, own)[0])]
    rows[f"implicit, k = {COMPONENTS}, digital, as it comes"] = ours(lambda: Recommender(COMPONENTS, model="implicit"))
    for engine in ENGINES:
        make = lambda engine=engine: Recommender(COMPONENTS, model=model, engine=ENGINES[engine](0))  # noqa: E731
        rows[f"implicit, k = {COMPONENTS}, {engine}, tuned (l2 {model.l2}, confidence {model.confidence})"] = ours(make)
    splits = [(data.rest(fold), fold) for fold in data.folds["u1-u5"]]
    for label, scores in few(rows.items()):
        yield (label, *(f"{figure:.4f}" for figure in mean_quality(data, scores, splits)))


TABLES = {"lists": lists_table, "ratings": ratings_table}


def show(rows: Iterable[tuple[str, ...]]) -> None:
    for number, row in enumerate(rows):
        print("| " + " | ".join(row) + " |", flush=True)
        if number == 0:
            print("|" + " --- |" * len(row), flush=True)
    print()


def main() -> None:
    options = parser(__doc__)
    options.add_argument("ratings", nargs=sized(None, "?"))
    options.add_argument("--only", choices=TABLES)
    arguments = options.parse_args()
    data = made_up() if smoke() else Ratings(arguments.ratings)
    for name, table in TABLES.items():
        if arguments.only in (None, name):
            show(table(data))


if __name__ == "__main__":
    main()
