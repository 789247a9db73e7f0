"""The photograph, on every engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from mho.data import camera
from mho.demo.plan import Plan, Progress
from mho.demo.results import PhotoResults, Run
from mho.engines import Engine
from mho.image import FactoredImage, factor_image, psnr

__all__ = ["measure_photo"]


def measure_photo(plan: Plan, seed: int, progress: Progress) -> PhotoResults:
    """Factor the photograph on every engine."""
    original = camera(plan.picture_size)
    runs, factored = [], []
    for name, engine in plan.engines(seed).items():
        picture = _factor(original, name, engine, plan, seed, progress)
        curve = tuple(record["error"] for record in picture.history)
        runs.append(Run.of(name, engine, picture.history, curve, score=psnr(original, picture.reconstruction)))
        factored.append(picture)
    return PhotoResults(
        original=original,
        n_components=plan.picture_components,
        storage=factored[0].storage,
        runs=tuple(runs),
        reconstructions=tuple(picture.reconstruction for picture in factored),
    )


def _factor(
    original: np.ndarray, name: str, engine: Engine, plan: Plan, seed: int, progress: Progress
) -> FactoredImage:
    iterations = plan.picture_iterations(name)

    def report(record: dict[str, Any]) -> None:
        progress(f"photo, {name}", record["iteration"], iterations, f"error {record['error']:.2%}")

    return factor_image(
        original,
        plan.picture_components,
        engine=engine,
        max_iter=iterations,
        tol=0,  # a noisy engine would never be told to stop, so none is
        random_state=seed,
        callback=report,
    )
