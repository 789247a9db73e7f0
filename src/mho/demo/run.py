"""From nothing to the report."""

from __future__ import annotations

from pathlib import Path

from mho.demo.measure import measure
from mho.demo.plan import Plan, Progress
from mho.demo.report import write
from mho.demo.results import Results

__all__ = ["run"]


def run(
    out: Path | str = "mho-demo",
    *,
    seed: int = 0,
    plan: Plan | None = None,
    progress: Progress | None = None,
) -> tuple[Path, Results]:
    """Measure and write the report; return its path, ``out/index.html``, and what was measured.

    Parameters
    ----------
    out : path
        Folder of the report; made if it is not there.
    seed, plan, progress
        As `measure` takes them.

    Raises
    ------
    OSError
        `out` cannot be made or written to; found out before the work begins.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    results = measure(plan, seed=seed, progress=progress)
    return write(results, out), results
