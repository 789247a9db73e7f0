"""Lists by neighbours, by factors and by both, beside usual peers; ratings with neighbours; the chip; time.

    python benchmarks/recommend/neighbours.py lists --ml100k ml-100k.inter --lastfm sequences.txt.gz --seeds 0 1 2 3 4
    python benchmarks/recommend/neighbours.py ratings --ml100k ml-100k.inter
    python benchmarks/recommend/neighbours.py chip --ml100k ml-100k.inter
    python benchmarks/recommend/neighbours.py cold --ml100k ml-100k.inter --lastfm sequences.txt.gz --seeds 0 1 2
    python benchmarks/recommend/neighbours.py features --ml100k ml-100k.inter --lastfm sequences.txt.gz
    python benchmarks/recommend/neighbours.py time --interactions 10000000 --items 100000

Files are those of `defaults.py`. `--table PATH` takes any other table, as `mho recommend fit` does, with
`--range=-10:10` for ratings of that scale, and `--liked 4` where only ratings from there on are choices. A fifth of
each user's choices is held out at random, for each seed; every held-out choice is relevant. This library's models are
as they come; peers are tuned by nDCG on a fifth held out inside the training part. Each run adds lines of JSON to
`neighbours.jsonl` beside this file, and `scripts/neighbour_tables.py` writes the tables of the page from them.
`implicit` takes part where it is installed. --smoke: a small shop's lists, and the time of a small table.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from defaults import Table, drawn, films, last_fm, ml_100k
from made_up import of_brands, of_jokes

from mho import Analog, Recommender
from mho.chip import preset
from mho.data import TableFormat, movielens, read_interactions
from mho.recommend import MixedRatingModel, NeighbourModel, RatingModel, evaluate, rmse, split_by_user, split_random
from mho.recommend.contest import Entry, contest, own_entry, peer_entries
from mho.recommend.list_metrics import list_metrics, ranked

sys.path.insert(0, str(Path(__file__).parents[1]))
import provenance
from measure import parser, peak_gib, sized, smoke, timed, where

OWN = "implicit", "neighbours", "mixed"
COMPONENTS = sized(16, 3)
CMFREC = tuple(product((16, 40), (1.0, 10.0), (0.5, 5.0)))
"""Components, ridge and weight of attributes of cmfrec, the best of which is taken."""

POPULAR = 400
"""Items of the chip's table: the twin takes a tenth of a second to write each item's neighbours."""


def tables(arguments: argparse.Namespace) -> Iterator[tuple[str, Table]]:
    """Yield tables by name; of those without a file none."""
    if smoke():
        yield "shop, small", drawn(40, 60, 500, fame=0.7, seed=15)
        return
    if arguments.table:
        table, values = own_table(arguments)
        liked = arguments.liked
        yield arguments.table.stem, table if liked is None else table.part(values >= liked)
        return
    if arguments.ml100k:
        table, stars = ml_100k(arguments.ml100k)
        yield "ml-100k", table
        yield "ml-100k, from 4 stars", table.part(stars >= 4)
    if arguments.lastfm:
        yield "Last.fm", last_fm(arguments.lastfm)
    yield "films", films()[0]
    yield "shop, long tail", drawn(4000, 6000, 40_000, fame=0.7, circles=40, seed=15)
    yield "shop, fame alone", drawn(4000, 6000, 40_000, fame=0.9, seed=16)
    yield "shop of brands, 22,000 x 12,000", numbered(of_brands())


def numbered(pairs: np.ndarray) -> Table:
    """Return a table of pairs (n, 2), whose users and items are numbered anew."""
    return Table(*(np.unique(x, return_inverse=True)[1] for x in pairs.T))


def own_table(arguments: argparse.Namespace) -> tuple[Table, np.ndarray]:
    """Return the table of --table, and its ratings."""
    found = read_interactions(arguments.table, TableFormat(range=arguments.range))
    values = np.ones(len(found)) if found.ratings is None else np.asarray(found.ratings, float)
    return Table(found.users.codes, found.items.codes), values


def halves(table: Table, seed: int) -> tuple[sp.csr_array, sp.csr_array]:
    """Return what is learned from and what is held out."""
    shape = table.users.max() + 1, table.items.max() + 1
    parts = split_by_user(table.users, 0.2, seed)
    train, test = (sp.csr_array((np.ones(len(x)), (table.users[x], table.items[x])), shape=shape) for x in parts)
    return train, test


def lists(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield the figures of every table and seed."""
    for name, table in tables(arguments):
        for seed in arguments.seeds if not arguments.only or name in arguments.only else ():
            train, test = halves(table, seed)
            k = arguments.components
            make = lambda own, seed=seed, k=k: lambda: Recommender(k, model=own, random_state=seed)  # noqa: E731
            entries = [own_entry(own, make(own)) for own in OWN] + peer_entries(int(table.items.max()) + 1)
            entries = [one for one in entries if not arguments.who or one.name in arguments.who]
            for one in contest(train, test, entries, seed=seed).results:
                low, high = one.interval("ndcg")
                figures = {"ndcg": one.mean("ndcg"), "low": low, "high": high, "recall": one.mean("recall")}
                own = one.name if k is None or smoke() or one.name not in OWN else f"{one.name}, k = {k}"
                told = {"table": name, "seed": seed, "who": own, "setting": one.setting}
                yield {**told, **figures, "coverage": one.coverage, "seconds": one.seconds}


def ratings(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield the errors of ratings with and without neighbours."""
    for name, table, stars in rated(arguments):
        factors = RatingModel(popularity=0.0, lowest=min(0.0, float(stars.min())))
        for seed in arguments.seeds if not arguments.only or name in arguments.only else ():
            train, test = split_random(len(stars), 0.2, seed)
            for model in (factors, MixedRatingModel(factors=factors)):
                fit = Recommender(COMPONENTS, model=model, random_state=seed)
                fit.fit(table.users[train], table.items[train], stars[train])
                error = rmse(stars[test], fit.predict(table.users[test], table.items[test]))
                yield {"table": f"{name}, ratings", "seed": seed, "who": type(model).__name__, "rmse": error}


def rated(arguments: argparse.Namespace) -> Iterator[tuple[str, Table, np.ndarray]]:
    """Yield tables of ratings by name."""
    if arguments.table:
        yield arguments.table.stem, *own_table(arguments)
        return
    if arguments.ml100k:
        yield "ml-100k", *ml_100k(arguments.ml100k)
    pairs, values = of_jokes()
    yield "jokes from -10 to 10", numbered(pairs), values


def chip(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield the lists of neighbours fitted by this CPU and by the chip, of the most chosen items."""
    table, _ = ml_100k(arguments.ml100k)
    table = table.part(np.isin(table.items, np.argsort(-np.bincount(table.items))[:POPULAR]))
    train, test = split_by_user(table.users, 0.2, 0)
    model = NeighbourModel(cap=50, l2=100.0, popularity=0.0, weighting="presence")
    for who, engine in (("this CPU", "digital"), ("chip, 4 bit, 2 %", Analog(preset("pku-2025-4bit"), seed=0))):
        fit = Recommender(model=model, engine=engine).fit(table.users[train], table.items[train])
        pairs = table.users[test], table.items[test], np.ones(len(test))
        ndcg, recall = evaluate(fit, *pairs).ndcg, evaluate(fit, *pairs, n=20).recall
        yield {"table": f"ml-100k, {POPULAR} items", "who": who, "ndcg": ndcg, "recall20": recall}


def described(arguments: argparse.Namespace) -> Iterator[tuple[str, Table, np.ndarray]]:
    """Yield tables whose items have features, by name."""
    yield "films", films()[0], film_genres()
    if arguments.ml100k:
        yield "films of ml-100k", ml_100k(arguments.ml100k)[0], genres_100k(arguments.ml100k)
    if arguments.lastfm:
        yield "artists of Last.fm", last_fm(arguments.lastfm), attributes(arguments.lastfm)


def features(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield lists of items that others chose, with and without features that weights between items explain too."""
    for name, table, block in described(arguments):
        for seed in arguments.seeds if not arguments.only or name in arguments.only else ():
            train, test = halves(table, seed)
            for own in arguments.who or ("neighbours",):
                for who, given in ((own, None), (f"{own}, features", (np.arange(len(block)), block))):
                    made = Recommender(model=own, random_state=seed).fit(train, item_features=given)
                    entry = Entry(who, [("", lambda _, made=made: made.list_scores)])
                    (one,) = contest(train, test, [entry], seed=seed).results
                    told = {
                        "ndcg": one.mean("ndcg"),
                        "coverage": one.coverage,
                        "weight": made.fitted.model.feature_weight,
                    }
                    yield {"table": name, "seed": seed, "who": who, **told}


def cold(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield the lists of items that nobody has chosen, by their features, for users who chose others."""
    for name, table, features in described(arguments):
        for seed in arguments.seeds if not arguments.only or name in arguments.only else ():
            rng = np.random.default_rng(seed)
            new = rng.random(len(features)) < 0.2
            held_out = new[table.items]
            users, items = table.users[~held_out], table.items[~held_out]
            shape = table.users.max() + 1, len(features)
            pairs = table.users[held_out], table.items[held_out]
            wanted = sp.csr_array((np.ones(held_out.sum()), pairs), shape=shape)[:, np.flatnonzero(new)]
            asked = np.intersect1d(np.flatnonzero(np.diff(wanted.indptr)), users)
            for who, scores in cold_scores(features, new, (users, items), asked):
                yield {"table": f"cold {name}", "seed": seed, "who": who, "ndcg": cold_ndcg(scores, wanted[asked])}


def cold_ndcg(scores: np.ndarray, wanted: sp.csr_array) -> float:
    """Return the nDCG@10 of lists by `scores` (users, new items) of what is wanted, stored at the same places."""
    lists = ranked(np.array(scores, float), sp.csr_array(scores.shape), 10)
    return float(list_metrics(lists, wanted, np.full(scores.shape[1], 0.5))["ndcg"].mean())


def film_genres() -> np.ndarray:
    """Return the genres (films, genres), 0 or 1, of the films as `films` numbers them."""
    told = movielens()
    return marked([told.genres[item] for item in np.unique(told.items)])


def genres_100k(path: Path) -> np.ndarray:
    """Return the genres (films, genres), 0 or 1, as `ml_100k` numbers the films, from the file beside its own."""
    lines = path.with_suffix(".item").read_text("utf-8").splitlines()[1:]
    told = {int(line.split("\t")[0]): line.split("\t")[3].split() for line in lines}
    rated = np.unique(np.loadtxt(path, delimiter="\t", skiprows=1, usecols=1, dtype=int))
    return marked([told[item] for item in rated.tolist()])


def marked(words: Sequence[Sequence[str]]) -> np.ndarray:
    """Return which word each has, (n, words), 0 or 1."""
    names = sorted({name for some in words for name in some})
    return np.array([[float(name in some) for name in names] for some in words])


def cold_scores(
    features: np.ndarray, new: np.ndarray, known: tuple[np.ndarray, np.ndarray], asked: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the scores (users, new items) of this library's models, and of simple ones."""
    users, items = known
    chosen = sp.csr_array((np.ones(len(users)), (users, items)), shape=(users.max() + 1, len(new)))
    fame = np.bincount(items, minlength=len(new)) @ features / np.maximum(features[~new].sum(axis=0), 1)
    yield "mean popularity of its attributes", np.tile((features @ fame)[new], (len(asked), 1))
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    yield "cosine of attributes", (chosen[asked] @ unit) @ unit[new].T
    if find_spec("cmfrec"):
        yield "cmfrec, collective factors", cmfrec_scores(features, new, chosen, asked)
    for own in ("neighbours", "implicit"):
        fit = Recommender(COMPONENTS, model=own).fit(users, items)
        fit.add_items(np.flatnonzero(new), features[new], known_features=features[fit.item_ids_])
        yield own, fit.list_scores(asked)[:, -int(new.sum()) :]


def cmfrec_scores(features: np.ndarray, new: np.ndarray, chosen: sp.csr_array, asked: np.ndarray) -> np.ndarray:
    """Return the scores (users, new items) of the library cmfrec, whose items and attributes share their factors.

    With the settings that are best for a fifth of the known items, taken for new ones.
    """
    inner = ~new & (np.random.default_rng(1000).random(len(new)) < 0.2)
    wanted = chosen[:, np.flatnonzero(inner)]
    some = np.flatnonzero(np.diff(wanted.indptr))
    told = [cmfrec_fit(chosen, features, (new | inner, inner), some, *setting) for setting in CMFREC]
    best = int(np.argmax([cold_ndcg(scores, wanted[some]) for scores in told]))
    return cmfrec_fit(chosen, features, (new, new), asked, *CMFREC[best])


def cmfrec_fit(
    chosen: sp.csr_array, features: np.ndarray, cold: tuple[np.ndarray, np.ndarray], asked: np.ndarray, *setting: Any
) -> np.ndarray:
    """Return the scores of users for cold items, masks of those that are hidden and of those that are asked about."""
    from cmfrec import CMF_implicit  # pyright: ignore[reportMissingImports]

    (hidden, wanted), (k, ridge, weight) = cold, setting
    model = CMF_implicit(k=k, lambda_=ridge, w_item=weight, use_cg=False, nthreads=1, verbose=False, random_state=0)
    model.fit(X=sp.coo_matrix(chosen[:, np.flatnonzero(~hidden)]), I=features[~hidden])
    rows = np.stack([model.item_factors_cold(I=row) for row in features[wanted]])
    return model.A_[asked, -k:] @ rows[:, -k:].T


def attributes(lastfm: Path) -> np.ndarray:
    """Return the attributes (artists, attributes), 0 or 1, of the artists as `last_fm` numbers them."""
    lines = [line.split()[1:] for line in gzip.open(lastfm, "rt")]
    names = np.unique(np.concatenate([np.array(line, int) for line in lines]))
    told = json.loads(gzip.open(lastfm.with_name("item2attributes.json.gz"), "rt").read())
    found = np.zeros((len(names), 1 + max(max(x) for x in told.values() if x)))
    for row, name in enumerate(names):
        found[row, told.get(str(name), [])] = 1
    return found[:, found.any(axis=0)]


def large(interactions: int, items: int) -> sp.csr_array:
    """Return choices with long tails of users and items."""
    rng, users = np.random.default_rng(0), interactions // 20
    u = np.minimum((users * rng.random(interactions) ** 1.6).astype(np.int32), users - 1)
    i = np.minimum((items * rng.random(interactions) ** 2.2).astype(np.int32), items - 1)
    table = sp.coo_array((np.ones(interactions, np.float32), (u, i)), shape=(users, items)).tocsr()
    table.data[:] = 1
    return table


def of_time(arguments: argparse.Namespace) -> Iterator[dict]:
    """Yield the processor time of a fit, and of implicit's item-kNN, on one thread each."""
    table = large(arguments.interactions, arguments.items)
    told = {"table": f"{arguments.interactions:,} x {arguments.items:,}", "cap": 50}
    own = Recommender(model=NeighbourModel(cap=50, l2=100.0, popularity=0.0, weighting="presence"))
    seconds = timed(lambda: own.fit(table), time.process_time)[1]
    yield {**told, "who": "neighbours", "seconds": seconds, "GiB": peak_gib()}
    try:
        from implicit.nearest_neighbours import CosineRecommender
    except ImportError:
        return
    peer, given = CosineRecommender(K=50, num_threads=1), sp.csr_matrix(table)
    seconds = timed(lambda: peer.fit(given, show_progress=False), time.process_time)[1]
    yield {**told, "who": "implicit item-kNN", "seconds": seconds, "GiB": peak_gib()}


def main() -> None:
    """Measure and write."""
    runs = {"lists": lists, "ratings": ratings, "chip": chip, "cold": cold, "features": features, "time": of_time}
    options = parser(__doc__)
    options.add_argument("what", choices=runs, nargs=sized(None, "?"))
    options.add_argument("--ml100k", type=Path)
    options.add_argument("--lastfm", type=Path)
    options.add_argument("--table", type=Path)
    options.add_argument("--range", type=lambda text: tuple(map(float, text.split(":"))), metavar="LOWEST:HIGHEST")
    options.add_argument("--liked", type=float, metavar="RATING")
    options.add_argument("-o", "--out", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    options.add_argument("--seeds", type=int, nargs="+", default=[*range(sized(5, 1))])
    options.add_argument("--components", type=int, default=sized(None, 3), help="of this library's factors in lists")
    options.add_argument("--only", nargs="+", metavar="TABLE")
    options.add_argument("--who", nargs="+", metavar="NAME", help="of those whose lists are compared, some alone")
    options.add_argument("--interactions", type=int, default=sized(10_000_000, 2_000))
    options.add_argument("--items", type=int, default=sized(100_000, 100))
    arguments = options.parse_args()
    with open(os.devnull, "w") if smoke() else arguments.out.open("a") as out:
        for what in ("lists", "time") if smoke() else (arguments.what,):
            for found in runs[what](arguments):
                print(json.dumps({"what": what, **found, **where()}), file=out, flush=True)
                print(found, flush=True)
    if not smoke():
        provenance.note(arguments.out)


if __name__ == "__main__":
    main()
