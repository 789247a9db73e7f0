"""Lists of neighbours and of both together as they come, beside the same models tuned, on tables of many shapes.

    python benchmarks/recommend/tuned.py --ml100k ml-100k.inter --lastfm sequences.txt.gz

Files and tables are those of `defaults.py`, and `--only` names those that are measured. A fifth of each user's choices
is held out. Tuned: the best of a grid by nDCG@10 on a fifth held out inside the training part, then fitted to all of
it; of neighbours cap and ridge, of both components and share, each with the popularity term chosen as ever. Strengths
are counts where a table has them, and "log strengths" is the fit to their logarithms. Each run adds lines of JSON to
`tuned.jsonl` beside this file; `scripts/neighbour_tables.py` makes the table of the page.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from defaults import Table, tables

from mho import Recommender
from mho.recommend import split_by_user
from mho.recommend.contest import Entry, contest
from mho.recommend.peers import popularity

sys.path.insert(0, str(Path(__file__).parents[1]))
import provenance
from measure import parser, smoke, where

CAPS, RIDGES = (50, 100, 200), (400.0, 100.0, 25.0)
COMPONENTS, SHARES = (16, 32, 64), (0.25, 0.5, 0.75)
MODELS: tuple[Any, ...] = ("neighbours", "mixed")


def halves(table: Table, seed: int) -> tuple[Any, Any]:
    """Return strengths of what is learned from, and of what is held out."""
    shape = table.users.max() + 1, table.items.max() + 1
    values = np.ones(len(table.users)) if table.strengths is None else table.strengths
    parts = split_by_user(table.users, 0.2, seed)
    train, test = (sp.csr_array((values[x], (table.users[x], table.items[x])), shape=shape) for x in parts)
    return train, test


def grid(name: str, settled: Any, n_items: int) -> Iterator[tuple[str, int | None, Any]]:
    """Yield settings by name, components and model, of which the model as it comes has been settled."""
    if name == "neighbours":
        for cap, l2 in product(sorted({min(cap, n_items - 1) for cap in CAPS}), RIDGES):
            yield f"cap {cap}, l2 {l2:g}", None, replace(settled, cap=cap, l2=l2, popularity=None)
        return
    for k, share in product(sorted({min(k, n_items) for k in COMPONENTS}), SHARES):
        yield f"k {k}, share {share:g}", k, replace(settled, share=share, popularity=None)


def entry(name: str, settings: Iterator[tuple[str, int | None, Any]], seed: int) -> Entry:
    """Return a recommender of some settings, of which the best is taken."""

    def fit(k: int | None, model: Any) -> Callable[[Any], Callable[[np.ndarray], np.ndarray]]:
        return lambda train: Recommender(k, model=model, random_state=seed).fit(train).list_scores

    return Entry(name, [(label, fit(k, model)) for label, k, model in settings])


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
        settled = Recommender(model=own, random_state=seed).fit(train).model_
        entries = [
            Entry("popularity", [("", popularity)]),
            entry("default", iter([("as it comes", None, own)]), seed),
            entry("tuned", grid(own, settled, train.shape[1]), seed),
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
