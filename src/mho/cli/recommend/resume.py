"""`mho recommend resume`: more iterations of a recommender that was interrupted or has taken in more."""

from __future__ import annotations

from typing import Literal

from mho.cli.errors import note
from mho.cli.progress import progress
from mho.cli.recommend.dask import Workers, dask_cluster
from mho.cli.recommend.options import FittedFile, Quiet
from mho.cli.recommend.out_of_core import resume_blocks
from mho.cli.recommend.run import figures, run, summary
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.target import check_target

__all__ = ["resume"]


def resume(
    source: FittedFile,
    /,
    *,
    max_iter: WholeNumber = 20,
    engine: Literal["digital", "analog", "hybrid"] = "digital",
    workers: Workers = Workers(),  # noqa: B008
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Go on with everything that a recommender knows, and write it to the same file.

    Parameters
    ----------
    source
        What `fit` or `fold-in` wrote: a file, or the folder of an out-of-core fit.
    max_iter
        Iterations, those done before included.
    engine
        Who solves; the hybrid engine's last iterations are digital, and these are such.
    quiet
        Show nothing but warnings and errors.
    json
        Print the summary as JSON.
    """
    from mho import Recommender, checks

    checks.positive_int(max_iter, "--max-iter")
    if source.is_dir():
        checks.one_of(engine, "--engine", ("digital",))
        resume_blocks(source, max_iter, workers, quiet=quiet, json=json)
        return
    check_target(source)
    model = Recommender.load(source, engine=engine)
    done = model.history_[-1]["iteration"] if model.history_ else 0
    if done >= max_iter:
        note(f"{source} already has {done} iterations; raise --max-iter to go on")
        return
    with dask_cluster(workers, source) as model.cluster, progress(quiet=quiet) as shown:
        shown.stage(f"going on with {source.name}", done)
        run(model, lambda: model.resume(max_iter - done), source, max_iter, shown)
    if json:
        print(as_json(figures(model, source)))
    elif not quiet:
        print(summary(model, source))
