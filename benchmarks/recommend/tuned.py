"""Lists of neighbours and of both together as they come, beside the same models tuned, on tables of many shapes.

    python benchmarks/recommend/tuned.py --ml100k ml-100k.inter --lastfm sequences.txt.gz

Files and tables are those of `defaults.py`, and `--only` names those that are measured. A fifth of each user's choices
is held out. Tuned: the best of a grid by nDCG@10 on a fifth held out inside the training part, then fitted to all of
it; of neighbours cap and ridge, of both components and share, and of each the popularity term. Strengths are
counts where a table has them, and "log strengths" is the fit to their logarithms. Each run adds lines of JSON to
`tuned.jsonl` beside this file; `scripts/neighbour_tables.py` makes the table of the page.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from defaults import Table, tables

from mho import Recommender
from mho.recommend import split_by_user
from mho.recommend.contest import Entry, contest
from mho.recommend.list_defaults import item_shares
from mho.recommend.peers import Fit, popularity

sys.path.insert(0, str(Path(__file__).parents[1]))
import provenance
from measure import parser, smoke, where

CAPS, RIDGES = (50, 100, 200), (400.0, 100.0, 25.0)
COMPONENTS, SHARES, TERMS = (16, 32, 64), (0.25, 0.5, 0.75), (0.0, 0.1, 1.0)
MODELS: tuple[Any, ...] = ("neighbours", "mixed")

Scores = Callable[[np.ndarray], np.ndarray]
Fitting = Callable[..., Recommender]


def halves(table: Table, seed: int) -> tuple[Any, Any]:
    """Return strengths of what is learned from, and of what is held out."""
    shape = table.users.max() + 1, table.items.max() + 1
    values = np.ones(len(table.users)) if table.strengths is None else table.strengths
    parts = split_by_user(table.users, 0.2, seed)
    train, test = (sp.csr_array((values[x], (table.users[x], table.items[x])), shape=shape) for x in parts)
    return train, test


def once(fit: Fitting) -> Fitting:
    """Return `fit`, which keeps what it has made of a table: settings that are combined share their fits."""
    kept: dict[Any, tuple[Any, Recommender]] = {}

    def kept_fit(train: Any, *settings: Any) -> Recommender:
        key = id(train), *settings
        if key not in kept:
            kept[key] = train, fit(train, *settings)
        return kept[key][1]

    return kept_fit


def tuned(name: str, settled: Any, n_items: int, seed: int) -> Entry:
    """Return a model with the best settings of a grid; what is not in it is as it `settled` with the table."""
    return Entry("tuned", list({"neighbours": _neighbours, "mixed": _mixed}[name](settled, n_items, seed)))


def _neighbours(settled: Any, n_items: int, seed: int) -> Iterator[tuple[str, Fit]]:
    @once
    def fit(train: Any, cap: int, l2: float) -> Recommender:
        return Recommender(model=replace(settled, cap=cap, l2=l2, popularity=0.0), random_state=seed).fit(train)

    def scored(train: Any, cap: int, l2: float, term: float) -> Scores:
        made, added = fit(train, cap, l2), term * item_shares(train)
        return lambda users: made.list_scores(users) + added

    for cap, l2, term in product(sorted({min(cap, n_items - 1) for cap in CAPS}), RIDGES, TERMS):
        yield f"cap {cap}, l2 {l2:g}, popularity {term:g}", partial(scored, cap=cap, l2=l2, term=term)


def _mixed(settled: Any, n_items: int, seed: int) -> Iterator[tuple[str, Fit]]:
    @once
    def fit(train: Any, k: int | None) -> Recommender:
        model = settled.neighbours if k is None else settled.factors
        return Recommender(k, model=replace(model, popularity=0.0), random_state=seed).fit(train)

    def scored(train: Any, k: int, share: float, term: float) -> Scores:
        one, other, added = fit(train, k), fit(train, None), term * item_shares(train)
        return lambda users: (1 - share) * one.list_scores(users) + share * other.list_scores(users) + added

    for k, share, term in product(sorted({min(k, n_items) for k in COMPONENTS}), SHARES, TERMS):
        yield f"k {k}, share {share:g}, popularity {term:g}", partial(scored, k=k, share=share, term=term)


def logged(name: Any, seed: int) -> Entry:
    """Return a recommender that is fitted to logarithms of strengths."""

    def fit(train: Any) -> Callable[[np.ndarray], np.ndarray]:
        logs = sp.csr_array((np.log1p(train.data), train.indices, train.indptr), shape=train.shape)
        return Recommender(model=name, random_state=seed).fit(logs).list_scores

    return Entry("log strengths", [("", fit)])


def measured(name: str, table: Table, seed: int) -> Iterator[dict]:
    """Yield the figures of each model on one split of a table."""
    train, test = halves(table, seed)
    for own in MODELS:
        made = Recommender(model=own, random_state=seed).fit(train)
        entries = [
            Entry("popularity", [("", popularity)]),
            Entry("default", [("as it comes", lambda _, made=made: made.list_scores)]),
            tuned(own, made.model_, train.shape[1], seed),
        ]
        entries += [] if table.strengths is None else [logged(own, seed)]
        found = {one.name: one for one in contest(train, test, entries, seed=seed).results}
        figures = {who: one.mean("ndcg") for who, one in found.items()}
        _, low, high, _ = found["default"].against(found["tuned"])
        told = {"setting": found["tuned"].setting, "coverage": found["default"].coverage, "low": low, "high": high}
        yield {"table": name, "model": own, "seed": seed, **figures, **told}


def main() -> None:
    """Measure, write and show."""
    options: argparse.ArgumentParser = parser(__doc__)
    options.add_argument("--ml100k", type=Path)
    options.add_argument("--lastfm", type=Path)
    options.add_argument("-o", "--out", type=Path, default=Path(__file__).with_suffix(".jsonl"))
    options.add_argument("--seeds", type=int, nargs="+", default=[0])
    options.add_argument("--only", nargs="+", metavar="TABLE")
    arguments = options.parse_args()
    with open(os.devnull, "w") if smoke() else arguments.out.open("a") as out:
        for name, table in tables(arguments):
            for seed in arguments.seeds if not arguments.only or name in arguments.only else ():
                for found in measured(name, table, seed):
                    print(json.dumps({**found, **where()}), file=out, flush=True)
                    print(found, flush=True)
    if not smoke():
        provenance.note(arguments.out)


if __name__ == "__main__":
    main()
