"""The results as text, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mho.demo.markup import quantity
from mho.demo.results import Results, Run
from mho.demo.sections import NAMES

__all__ = ["figures", "summary"]

_HEADER = ("iterations", "seconds here", "chip time", "chip energy", "writing")


def summary(results: Results) -> str:
    """Return two aligned tables: error and quality, wall time here, and the chip's modelled time and energy."""
    photo = [
        (NAMES[run.engine], f"{run.curve[-1]:.4f}", f"{run.score:.2f} dB", *_costs(run)) for run in results.photo.runs
    ]
    baselines = [(name, f"{rmse:.4f}", *("",) * len(_HEADER)) for name, rmse in results.ratings.baselines]
    ratings = [(NAMES[run.engine], f"{run.score:.4f}", *_costs(run)) for run in results.ratings.runs]
    m, n = results.photo.original.shape
    return "\n\n".join(
        (
            _aligned(
                (f"Photograph, {m} x {n}, k = {results.photo.n_components}", "relative error", "PSNR", *_HEADER), photo
            ),
            _aligned(
                (f"Film ratings, k = {results.ratings.n_components}", "held-out RMSE", *_HEADER), baselines + ratings
            ),
            "Chip time and energy are modelled, writing the arrays included; the last column is its share of the time.",
        )
    )


def figures(results: Results) -> dict[str, Any]:
    """Return figures as numbers: errors, dB or stars, seconds and joules, each engine by its name."""
    photo, ratings = results.photo, results.ratings
    return {
        "photo": {
            "shape": photo.original.shape,
            "components": photo.n_components,
            "engines": {
                run.engine: {"relative_error": run.curve[-1], "psnr": run.score, **_told(run)} for run in photo.runs
            },
        },
        "ratings": {
            "components": ratings.n_components,
            "baselines_rmse": dict(ratings.baselines),
            "engines": {run.engine: {"rmse": run.score, **_told(run)} for run in ratings.runs},
        },
    }


def _told(run: Run) -> dict[str, Any]:
    here = {"iterations": len(run.curve), "seconds": run.digital_seconds + run.simulation_seconds}
    if run.chip is None:
        return here
    seconds, joules, writing = (getattr(run.chip, name).typical for name in ("seconds", "joules", "write_seconds"))
    return {**here, "chip_seconds": seconds, "chip_joules": joules, "chip_write_seconds": writing}


def _costs(run: Run) -> tuple[str, ...]:
    here = quantity(run.digital_seconds + run.simulation_seconds, "s")
    if run.chip is None:
        return str(len(run.curve)), here, "", "", ""
    seconds, joules = run.chip.seconds.typical, run.chip.joules.typical
    share = f"{100 * run.chip.write_seconds.typical / seconds:.0f} %"
    return str(len(run.curve)), here, quantity(seconds, "s"), quantity(joules, "J"), share


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = (
        "  ".join((row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))))
        for row in (header, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)
