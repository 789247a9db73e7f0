"""`mho recommend fit`: from a table to a recommender in a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.progress import progress
from mho.cli.recommend.blocks import check_blocks
from mho.cli.recommend.dask import Workers, dask_cluster
from mho.cli.recommend.item_features import ItemFeatures
from mho.cli.recommend.options import Components, OutFile, Quiet, TableFile, check_components
from mho.cli.recommend.out_of_core import BlockRun
from mho.cli.recommend.rejected import check_rejected
from mho.cli.recommend.run import figures, run, summary
from mho.cli.recommend.table import RATINGS, TableOptions, model_for, read_table, read_times
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of
from mho.cli.target import check_target

__all__ = ["EXAMPLES", "fit"]

EXAMPLES = """\
Examples:

    mho recommend fit ratings.csv -o stars.npz

    mho recommend fit orders.parquet --model implicit -k 32 -o shelf.npz

    mho recommend fit orders.parquet --model neighbours -o shelf.npz

    mho recommend fit orders.csv --model neighbours --item-features films.csv --features genres -o shelf.npz

    mho recommend fit ratings.parquet -o stars.npz --dask tcp://10.0.0.5:8786 --shared /shared/scratch

    mho recommend fit ratings.parquet -o /shared/stars --dask tcp://10.0.0.5:8786 --out-of-core

    mho recommend top shelf.npz --users 17,203 --titles items.csv
"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Decay:
    """Age of choices, as options.

    Parameters
    ----------
    time
        Column of numbers that grow with time, such as seconds: the older a choice, the less it counts.
    half_life
        Time in which a choice counts half, in the unit of that column.
    """

    time: str = ""
    half_life: float | None = None

    def check(self, model: str, *, out_of_core: bool) -> None:
        """Refuse one of both alone, and models that have no strengths."""
        if bool(self.time) != (self.half_life is not None):
            raise ValueError("--time COLUMN and --half-life TIME go together")
        if self.time and (model in RATINGS or out_of_core):
            what = "--out-of-core" if out_of_core else f"--model {model}"
            raise ValueError(f"--half-life is for choices of a table in memory, got {what}")
        if self.half_life is not None and not 0 < self.half_life < inf:
            raise ValueError(f"--half-life must be above 0, got {self.half_life:g}")

    def applied(self, source: Path, table: Any, reading: TableOptions) -> Any:
        """Return the table with strengths by their age."""
        from mho.recommend import decayed

        times = read_times(source, table, reading, self.time, "a half-life")
        return replace(table, ratings=decayed(table.ratings, times, self.half_life or 0.0))


def fit(
    source: TableFile,
    /,
    *,
    out: OutFile,
    model: Literal["ratings", "implicit", "neighbours", "mixed", "mixed-ratings"] = "ratings",
    n_components: Components = None,
    cap: WholeNumber | None = None,
    decay: Decay = Decay(),
    described: ItemFeatures = ItemFeatures(),  # noqa: B008
    engine: Literal["digital", "analog", "hybrid"] = "digital",
    max_iter: WholeNumber = 20,
    seed: WholeNumber = 0,
    reading: TableOptions = TableOptions(),  # noqa: B008
    workers: Workers = Workers(),  # noqa: B008
    out_of_core: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Learn from a table of user, item and rating.

    Rows that cannot be read are told with their line numbers, written to OUT.rejected.csv and left out. Interrupted by
    Ctrl-C or SIGTERM it writes the last complete iteration; `mho recommend resume` goes on from there.

    Parameters
    ----------
    source
        .csv, .tsv, .dat, .jsonl (also .gz) or .parquet: user, item and rating (for implicit it may be left out);
        - is standard input.
    out
        File for the recommender, usually .npz; with --out-of-core a folder.
    model
        What the table means: how much users liked items, to predict ratings; or what they chose, to recommend, by
        factors, by weights between neighbouring items or by both; mixed-ratings has both for ratings.
    n_components
        Number k of components; by default 16; of mixed 64, or 32 from 200,000 pairs on. Neighbours have none.
    cap
        Neighbours of each item, at most; by default 100, or 50 from 10,000 items on.
    engine
        Who solves: this CPU, the simulated analogue chip, or the chip first and the CPU last.
    max_iter
        Iterations.
    seed
        For the starting factors and the errors of the chip.
    out_of_core
        For a .parquet file that no memory holds: blocks of it and all that is learned are kept in OUT, a folder that
        this machine and all workers see. However a run ends, the same command goes on from the last half-step.
    quiet
        Show nothing but warnings and errors.
    json
        Print the summary as JSON.
    """
    from mho import checks

    check_components(n_components)
    checks.positive_int(max_iter, "--max-iter")
    checks.at_least(seed, "--seed", 0)
    source = file_of(source, most=reading.max_bytes)
    decay.check(model, out_of_core=out_of_core)
    described.check(model, out_of_core=out_of_core)
    learned = model_for(model, reading, cap)
    if out_of_core:
        from mho.recommend.recommender import MODELS

        kind = MODELS[model]() if learned == model else learned
        in_blocks = {"n_components": n_components, "max_iter": max_iter, "random_state": seed, "model": kind}
        check_blocks(source, out, engine=engine)
        BlockRun(out=out, workers=workers, settings=in_blocks, quiet=quiet, json=json).fit(source, reading)
        return
    sources = [source, *([described.item_features] if described.item_features else [])]
    check_target(out, sources, suffixes=[".npz"])
    check_rejected(out, source)
    with dask_cluster(workers, out) as cluster, progress(quiet=quiet) as shown:
        shown.stage(f"reading {source.name}")
        table = read_table(source, reading, out, quiet=quiet)
        if table.ratings is None and model in RATINGS:
            raise ValueError(f"{source}: has no column of ratings; name it by --columns, or take --model implicit")
        if decay.time:
            table = decay.applied(source, table, reading)
        from mho import Recommender

        settings = {"engine": engine, "max_iter": max_iter, "random_state": seed, "cluster": cluster}
        recommender = Recommender(n_components, model=learned, **settings)
        shown.stage(f"learning from {len(table):,} rows")
        read = [table.ratings, table.items, table.users]
        more = {"columns": table.columns.names, "item_features": described.read(table.items)}
        del table  # and the list is emptied: `fit` forgets columns that nobody else holds
        work = lambda: recommender.fit(read.pop(), read.pop(), read.pop(), **more)  # noqa: E731
        run(recommender, work, out, max_iter, shown)
    if json:
        print(as_json(figures(recommender, out)))
    elif not quiet:
        print(summary(recommender, out))
