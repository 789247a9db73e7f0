"""`mho demo`: a photograph and film ratings on every engine, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.progress import Progress, progress
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber

__all__ = ["demo"]


def demo(
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out"))] = Path("mho-demo"),
    seed: WholeNumber = 0,
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)] = False,
    json: Json = False,
) -> None:
    """Factorize a photograph and film ratings on every engine and write a page with the results.

    Takes 20 to 30 seconds of one core and needs no network. Prints the figures and where the page is.

    Parameters
    ----------
    out
        Folder for the page; made if it is not there.
    seed
        For the starting factors and the errors of the chip, at least 0.
    quiet
        Show no progress.
    json
        Print the figures as JSON.
    """
    from mho.demo import figures, run, summary

    with progress(quiet=quiet) as shown:
        page, results = run(out, seed=seed, progress=_Follower(shown))
    if json:
        print(as_json({"page": page, **figures(results)}))
        return
    print(f"{summary(results)}\n\nThe pictures and curves: {page}")


class _Follower:
    """Hears of tasks one after the other, and begins a stage with each."""

    def __init__(self, shown: Progress) -> None:
        self._shown, self._task = shown, ""

    def __call__(self, task: str, done: int, total: int, quality: str) -> None:
        if task != self._task:
            self._shown.stage(task)
            self._task = task
        self._shown.iteration(done, total, quality)
