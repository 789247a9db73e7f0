"""`mho recommend tune`: the best settings for a table, by what is held out inside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from mho.cli.progress import progress
from mho.cli.recommend.options import Components, OutFile, Quiet, TableFile, check_components
from mho.cli.recommend.rejected import check_rejected
from mho.cli.recommend.table import RATINGS, TableOptions, read_table
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of
from mho.cli.tables import columns
from mho.cli.target import check_target

__all__ = ["tune"]


def tune(
    source: TableFile,
    /,
    *,
    out: OutFile,
    model: Literal["ratings", "implicit", "neighbours", "mixed", "mixed-ratings"] = "ratings",
    n_components: Components = None,
    max_iter: WholeNumber = 20,
    test: float = 0.1,
    seed: WholeNumber = 0,
    reading: TableOptions = TableOptions(),  # noqa: B008
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Try settings of a model on a part of a table, and fit the best of them to all of it.

    A share of each user's rows is held out. Ratings are compared by RMSE, lists by nDCG at 10. The winner's figure
    on the rows that chose it is a little too good: measure it on others, or take `bench`.

    Parameters
    ----------
    source
        As for `fit`; - is standard input.
    out
        File for the recommender.
    model
        As for `fit`.
    n_components
        As for `fit`.
    max_iter
        Iterations of each fit.
    test
        Share of each user's rows that is held out.
    seed
        For starting factors and what is held out.
    quiet
        Show nothing but warnings and errors.
    json
        Print what was tried as JSON.
    """
    from mho import Recommender, checks
    from mho.recommend.grids import settings_for

    check_components(n_components)
    checks.positive_int(max_iter, "--max-iter")
    source = file_of(source, most=reading.max_bytes)
    check_target(out, [source], suffixes=[".npz"])
    check_rejected(out, source)
    table = read_table(source, reading, out, quiet=quiet)
    if table.ratings is None and model in RATINGS:
        raise ValueError(f"{source}: has no column of ratings; name it by --columns, or take --model neighbours")
    tried = settings_for(model, len(table.items.ids), reading.lowest())
    make = lambda own: Recommender(n_components, model=own, max_iter=max_iter, random_state=seed)  # noqa: E731
    with progress(quiet=quiet, unit="setting") as shown:
        shown.stage(f"trying {len(tried)} settings of {model}")
        trials = _trials([make(own) for _, own in tried], table, (test, seed, model in RATINGS), shown)
        best = make(tried[trials[0][0]][1])
        shown.stage(f"learning from {len(table):,} rows")
        best.fit(table.users, table.items, table.ratings, columns=table.columns.names).save(out)
    _tell(out, [(tried[place][0], scores) for place, scores in trials], json=json, by=_figure(model))


def _figure(model: str) -> str:
    return "rmse" if model in RATINGS else "ndcg"


def _trials(candidates: list[Any], table: Any, split: tuple[float, int, bool], shown: Any) -> list[tuple[int, Any]]:
    """Return the place of each candidate and its scores, the best first."""
    from mho.recommend import tune as library_tune

    test, seed, ratings = split
    users, items = table.users.ids[table.users.codes], table.items.ids[table.items.codes]
    by = "rmse" if ratings else "ndcg"
    found = []
    for place, candidate in enumerate(candidates):
        (trial,) = library_tune([candidate], users, items, table.ratings, by=by, test=test, seed=seed)
        found.append((place, trial.scores))
        shown.iteration(place + 1, len(candidates), f"{by} {getattr(trial.scores, by):.4f}")
    sign = 1 if ratings else -1
    return sorted(found, key=lambda one: sign * getattr(one[1], by))


def _tell(out: Path, trials: list[tuple[dict[str, Any], Any]], *, json: bool, by: str) -> None:
    if json:
        told = [{**settings, by: getattr(scores, by), "coverage": scores.coverage} for settings, scores in trials]
        print(as_json({"recommender": out, "trials": told}))
        return
    head = (*trials[0][0], by, "coverage")
    rows = [
        (*(f"{value:g}" for value in settings.values()), f"{getattr(scores, by):.4f}", f"{scores.coverage:.3f}")
        for settings, scores in trials
    ]
    print(columns([head, *rows]))
    print(f"{out}: fitted to all rows with the first of these")
