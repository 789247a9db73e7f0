"""Both demonstrations."""

from __future__ import annotations

from mho.demo.films import measure_ratings
from mho.demo.photo import measure_photo
from mho.demo.plan import Plan, Progress, silent
from mho.demo.results import Results

__all__ = ["measure"]


def measure(plan: Plan | None = None, *, seed: int = 0, progress: Progress | None = None) -> Results:
    """Factor the photograph and the ratings on the digital, the analogue and the hybrid engine.

    Parameters
    ----------
    plan : Plan, optional
        How much to do.
    seed : int
        Of the starts, the split and the chip's errors.
    progress : callable, optional
        See `Progress`.
    """
    plan, progress = plan or Plan(), progress or silent
    photo = measure_photo(plan, seed, progress)
    ratings = measure_ratings(plan, seed, progress)
    return Results(design=plan.design, passes=plan.passes, seed=seed, photo=photo, ratings=ratings)
