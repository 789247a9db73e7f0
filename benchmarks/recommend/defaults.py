"""Lists of both models as they come, beside popularity, on tables of many shapes.

    python benchmarks/recommend/defaults.py --ml100k ml-100k.inter --lastfm sequences.txt.gz
    python benchmarks/recommend/defaults.py --ml100k ml-100k.inter --model ratings -o defaults-ratings.jsonl

`ml-100k.inter` is that of the package recbole 1.2.1, `sequences.txt.gz` holds a user and then artists in each line. A
table whose file is not named is left out; `--only` names the tables that are measured. The result goes to
`defaults.jsonl` beside this file. Lists of ratings are scored by all that was held out and by what has four stars.

The rule for the defaults was chosen with the tables of DEVELOPMENT in sight. Those of REPORTED were not looked at
before the rule was settled, and nothing was changed after they had been.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mho import Recommender
from mho.data import movielens
from mho.recommend import RatingModel, split_by_user

sys.path.insert(0, str(Path(__file__).parents[1]))
import provenance
from measure import parser, sized, smoke

LENGTH, COMPONENTS = 10, sized(16, 3)
LISTS = "popularity", "predictions", "default"
DEVELOPMENT = ("films", "films, counts", "films, 100 users", "films, low stars", "fame alone, 600 users")
REPORTED = (
    "ml-100k",
    "ml-100k, counts",
    "ml-100k, Pareto counts",
    "ml-100k, one star",
    "ml-100k, 150 users",
    "Last.fm",
    "Last.fm, Pareto counts",
    "shop, long tail",
    "shop, fame alone",
    "films, Pareto counts",
    "films, one star",
)


@dataclass(frozen=True, eq=False)
class Table:
    """Pairs, numbered from 0 on, each once, and strengths or None."""

    users: np.ndarray
    items: np.ndarray
    strengths: np.ndarray | None = None

    def part(self, kept: np.ndarray) -> Table:
        """Return some of the pairs, numbered anew."""
        users, items = (np.unique(x[kept], return_inverse=True)[1] for x in (self.users, self.items))
        return Table(users, items)

    def of_users(self, number: int, seed: int = 0) -> Table:
        """Return the pairs of some users."""
        drawn = np.random.default_rng(seed).permutation(self.users.max() + 1)[:number]
        return self.part(np.isin(self.users, drawn))

    def counted(self, *, tail: float | None = None, seed: int = 0) -> Table:
        """Return the pairs with counts: Pareto's with an exponent `tail`, else Poisson's of lognormal rates."""
        rng, n = np.random.default_rng(seed), len(self.users)
        if tail is not None:
            return Table(self.users, self.items, np.ceil(rng.pareto(tail, n)).clip(1, 1e6))
        user, item = rng.lognormal(0, 0.6, self.users.max() + 1), rng.lognormal(0, 0.4, self.items.max() + 1)
        rates = 8 * user[self.users] * item[self.items] * rng.lognormal(0, 1.2, n)
        return Table(self.users, self.items, 1.0 + rng.poisson(rates))


def films() -> tuple[Table, np.ndarray]:
    """MovieLens latest-small, which comes with mho, and its stars."""
    stars = movielens()
    return Table(stars.users, stars.items), stars.ratings


def ml_100k(path: Path) -> tuple[Table, np.ndarray]:
    """MovieLens 100k and its stars."""
    columns = np.loadtxt(path, delimiter="\t", skiprows=1, usecols=(0, 1, 2)).T
    users, items = (np.unique(x, return_inverse=True)[1] for x in columns[:2])
    return Table(users, items), columns[2]


def last_fm(path: Path) -> Table:
    """Who listened to whom."""
    lines = [np.array(line.split(), int) for line in gzip.open(path, "rt")]
    users = np.concatenate([np.full(len(line) - 1, line[0]) for line in lines])
    pairs = np.unique(np.column_stack([users, np.concatenate([line[1:] for line in lines])]), axis=0)
    users, items = (np.unique(x, return_inverse=True)[1] for x in pairs.T)
    return Table(users, items)


def drawn(users: int, items: int, pairs: int, *, fame: float, circles: int = 0, seed: int = 0) -> Table:
    """Choices by Zipf's fame, and of users who keep to a circle of items nine times in ten if there are circles."""
    rng = np.random.default_rng(seed)
    weight = 1 / np.arange(1, items + 1) ** fame
    lengths = np.maximum(2, rng.multinomial(pairs, rng.dirichlet(np.full(users, 0.7))))
    of_item, found = rng.integers(0, max(circles, 1), items), []
    for user, length in enumerate(np.minimum(lengths, items // 4)):
        liked = of_item == rng.integers(0, circles) if circles else np.ones(items, bool)
        keys = np.log(weight * np.where(liked, 1.0, 1 / (9 * max(circles, 1)))) + rng.gumbel(size=items)
        found.append(np.column_stack([np.full(length, user), np.argpartition(-keys, length)[:length]]))
    return Table(*np.concatenate(found).T)


def tables(arguments: argparse.Namespace) -> Iterator[tuple[str, Table]]:
    """Yield every table whose file is there, by name."""
    if smoke():
        yield "fame alone, 60 users", drawn(60, 80, 800, fame=1.0, seed=4).counted(seed=1)
        return
    small, stars = films()
    yield "films", small
    yield "films, counts", small.counted(seed=1)
    yield "films, 100 users", small.of_users(100, seed=5)
    yield "films, low stars", small.part(stars <= 2)
    yield "fame alone, 600 users", drawn(600, 800, 20_000, fame=1.0, seed=4)
    if arguments.ml100k:
        table, stars_100k = ml_100k(arguments.ml100k)
        yield "ml-100k", table
        yield "ml-100k, counts", table.counted(seed=11)
        yield "ml-100k, Pareto counts", table.counted(tail=1.1, seed=12)
        yield "ml-100k, one star", table.part(stars_100k == 1)
        yield "ml-100k, 150 users", table.of_users(150, seed=13)
    if arguments.lastfm:
        table = last_fm(arguments.lastfm)
        yield "Last.fm", table
        yield "Last.fm, Pareto counts", table.counted(tail=1.1, seed=14)
    yield "shop, long tail", drawn(4000, 6000, 40_000, fame=0.7, circles=40, seed=15)
    yield "shop, fame alone", drawn(4000, 6000, 40_000, fame=0.9, seed=16)
    yield "films, Pareto counts", small.counted(tail=1.1, seed=17)
    yield "films, one star", small.part(stars == 1)


def rated(arguments: argparse.Namespace) -> Iterator[tuple[str, Table]]:
    """Yield tables of stars, by name."""
    small, stars = films()
    yield "films", Table(small.users, small.items, stars)
    if arguments.ml100k:
        table, stars_100k = ml_100k(arguments.ml100k)
        yield "ml-100k", Table(table.users, table.items, stars_100k)
        some = np.flatnonzero(np.isin(table.users, np.random.default_rng(13).permutation(table.users.max() + 1)[:150]))
        yield "ml-100k, 150 users", Table(*(x[some] for x in (table.users, table.items, stars_100k)))


def ndcg(scores: np.ndarray, seen: tuple, wanted: tuple) -> np.ndarray:
    """Return the nDCG of the best ten unseen items of each user of whom something is held out."""
    scores = scores.copy()
    scores[seen] = -np.inf
    relevant = np.zeros(scores.shape, bool)
    relevant[wanted] = True
    users = np.flatnonzero(relevant.any(axis=1))
    top = np.argsort(-scores[users], axis=1, kind="stable")[:, :LENGTH]
    hits, counts = np.take_along_axis(relevant[users], top, axis=1), relevant[users].sum(axis=1)
    discount = 1 / np.log2(2 + np.arange(LENGTH))
    return hits @ discount / np.cumsum(discount)[np.minimum(counts, LENGTH) - 1]


def own_scores(table: Table, train: np.ndarray, strengths: np.ndarray | None, seed: int) -> np.ndarray:
    """Return the scores (users, items) of a default fit to the pairs `train`."""
    model = Recommender(COMPONENTS, model="implicit", random_state=seed)
    model.fit(table.users[train], table.items[train], strengths)
    found = np.full((table.users.max() + 1, table.items.max() + 1), -1e9)  # an item that nobody chose is in no list
    found[np.ix_(model.user_ids_, model.item_ids_)] = model.item_offsets_ + model.user_factors_ @ model.item_factors_.T
    return found


def measured(name: str, table: Table, seeds: int) -> dict:
    """Return mean nDCG of popularity and of the default, and the gain's interval over users and seeds."""
    popular, own, logs = [], [], []
    for seed in range(seeds):
        train, test = split_by_user(table.users, 0.2, seed)
        seen, wanted = ((table.users[x], table.items[x]) for x in (train, test))
        shape = table.users.max() + 1, table.items.max() + 1
        score: Callable = lambda scores, seen=seen, wanted=wanted: ndcg(scores, seen, wanted)  # noqa: E731
        popular.append(score(np.tile(np.bincount(seen[1], minlength=shape[1]) / 1.0, (shape[0], 1))))
        strengths = None if table.strengths is None else table.strengths[train]
        own.append(score(own_scores(table, train, strengths, seed)))
        if strengths is not None:
            logs.append(score(own_scores(table, train, np.log1p(strengths), seed)))
    gains = [float(np.mean(a - b)) for a, b in zip(own, popular, strict=True)]
    errors = [float(np.std(a - b, ddof=1) / np.sqrt(len(a))) for a, b in zip(own, popular, strict=True)]
    return {
        "table": name,
        "reported": name in REPORTED,
        "pairs": len(table.users),
        "popularity": float(np.mean([x.mean() for x in popular])),
        "default": float(np.mean([x.mean() for x in own])),
        "log strengths": float(np.mean([x.mean() for x in logs])) if logs else None,
        "gains": gains,
        "standard errors": errors,
    }


def measured_ratings(name: str, table: Table, seeds: int) -> dict:
    """Return mean nDCG of popularity, of predictions alone and of the default, of all and of what has four stars."""
    assert table.strengths is not None
    found: dict[str, list] = {"all": [], "four stars": []}
    chosen = []
    for seed in range(seeds):
        train, test = split_by_user(table.users, 0.2, seed)
        known = [x[train] for x in (table.users, table.items, table.strengths)]
        shape = table.users.max() + 1, table.items.max() + 1
        lists = [np.tile(np.bincount(known[1], minlength=shape[1]) / 1.0, (shape[0], 1))]
        for model in (RatingModel(popularity=0.0), RatingModel()):
            fit = Recommender(COMPONENTS, model=model, random_state=seed).fit(*known)
            scores = np.full(shape, -1e9)  # an item that nobody rated is in no list
            raw = fit.item_offsets_ + fit.list_offsets_ + fit.user_factors_ @ fit.item_factors_.T
            scores[np.ix_(fit.user_ids_, fit.item_ids_)] = raw
            lists.append(scores)
        assert isinstance(fit.model_, RatingModel)
        chosen.append(fit.model_.popularity)
        for label, least in (("all", 0.0), ("four stars", 4.0)):
            wanted = test[table.strengths[test] >= least]
            pairs = table.users[wanted], table.items[wanted]
            found[label].append([ndcg(x, (known[0], known[1]), pairs) for x in lists])
    result = {"table": name, "model": "ratings", "seeds": seeds, "popularity terms": chosen}
    for label, runs in found.items():
        gains = [own - popular for popular, _, own in runs]
        result[label] = {
            **{x: float(np.mean([run[i].mean() for run in runs])) for i, x in enumerate(LISTS)},
            "gains": [float(x.mean()) for x in gains],
            "standard errors": [float(x.std(ddof=1) / np.sqrt(len(x))) for x in gains],
        }
    return result


def row_of_ratings(result: dict) -> str:
    """Return a line of the table of ratings in the docs."""
    cells = [result["table"], str(result["seeds"])]
    for label in ("all", "four stars"):
        figures = result[label]
        worst = int(np.argmin(figures["gains"]))
        cells += [f"{figures[x]:.4f}" for x in LISTS]
        cells += [f"{figures['gains'][worst]:+.4f} ± {2 * figures['standard errors'][worst]:.4f}"]
    return "| " + " | ".join([*cells, ", ".join(f"{x:g}" for x in result["popularity terms"])]) + " |"


def row(result: dict) -> str:
    """Return a line of the table in the docs."""
    log = "" if result["log strengths"] is None else f"{result['log strengths']:.4f}"
    gains = np.array(result["gains"])
    worst = int(np.argmin(gains))
    cells = [
        result["table"],
        f"{result['pairs']:,}",
        f"{result['popularity']:.4f}",
        f"{result['default']:.4f}",
        log,
        f"{gains.mean():+.4f}",
        f"{gains[worst]:+.4f} ± {2 * result['standard errors'][worst]:.4f}",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure, write and show."""
    options = parser(__doc__)
    options.add_argument("--ml100k", type=Path)
    options.add_argument("--lastfm", type=Path)
    options.add_argument("-o", "--out", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    options.add_argument("--model", choices=("implicit", "ratings"), default="implicit")
    options.add_argument("--seeds", type=int, default=sized(5, 1))
    options.add_argument("--only", nargs="+", metavar="TABLE")
    arguments = options.parse_args()
    if arguments.model == "ratings":
        print("| table | seeds | all: popularity | predictions | default | least gain", end=" ")
        print("| four stars: popularity | predictions | default | least gain | terms |")
        print("|" + " --- |" * 11)
        chosen, measure, line = rated(arguments), measured_ratings, row_of_ratings
    else:
        print("| table | pairs | popularity | default | log strengths | gain | least gain of the seeds |")
        print("|" + " --- |" * 7)
        chosen, measure, line = tables(arguments), measured, row
    with open(os.devnull, "w") if smoke() else arguments.out.open("w") as out:
        for name, table in chosen:
            if arguments.only and name not in arguments.only:
                continue
            result = measure(name, table, arguments.seeds)
            print(line(result), flush=True)
            print(json.dumps(result), file=out, flush=True)
    if not smoke():
        provenance.note(arguments.out)


if __name__ == "__main__":
    main()
