"""The part of the report on the photograph."""

from __future__ import annotations

from html import escape

import numpy as np

from mho.demo.chart import Axis, Curve, chart
from mho.demo.markup import percent, quantity, table
from mho.demo.png import data_uri
from mho.demo.results import PhotoResults, Results, Run
from mho.demo.sections import NAMES, cost_table, writing_share

__all__ = ["fields"]

_WHITE_ERROR = 0.1
"""Error that the map shows as white, in grey levels."""


def fields(results: Results) -> dict[str, str]:
    """Return the pieces of the page by name."""
    photo = results.photo
    return {
        "photo_text": _introduction(photo),
        "pictures": _pictures(photo),
        "photo_chart": _chart(photo.runs),
        "photo_quality": _quality(photo),
        "photo_cost": cost_table("Photograph: time and energy", photo.runs),
        "photo_losses": _losses(results),
    }


def _introduction(photo: PhotoResults) -> str:
    m, n = photo.original.shape
    k = photo.n_components
    return (
        f"The grey levels X of {m} × {n} pixels become W H with W {m} × {k} and H {k} × {n}: {k * (m + n):,} numbers "
        f"for {m * n:,} pixels, {percent(photo.storage)}. That counts numbers, not bytes: as a way to store pictures "
        "it is no match for JPEG, and lossless PNG needs about as little. It is here because its errors can be seen."
    )


def _pictures(photo: PhotoResults) -> str:
    figures = [_figure("Original", "", [("whole", photo.original), ("detail", _detail(photo.original))])]
    for run, picture in zip(photo.runs, photo.reconstructions, strict=True):
        error = np.abs(picture - photo.original) / _WHITE_ERROR
        parts = [("whole", picture), ("detail", _detail(picture)), ("error", error)]
        figures.append(_figure(NAMES[run.engine], f"{run.score:.1f} dB", parts))
    return "\n".join(figures)


def _figure(name: str, note: str, parts: list[tuple[str, np.ndarray]]) -> str:
    pictures = "".join(f'<img src="{data_uri(grey)}" alt="{escape(name)}: {part}">' for part, grey in parts)
    return f"<figure><figcaption><strong>{escape(name)}</strong>{note or '&nbsp;'}</figcaption>{pictures}</figure>"


def _detail(picture: np.ndarray) -> np.ndarray:
    """The head and the camera: a quarter of the picture in each direction."""
    m, n = picture.shape
    top, left = round(0.11 * m), round(0.36 * n)
    return picture[top : top + m // 4, left : left + n // 4]


def _chart(runs: tuple[Run, ...]) -> str:
    longest = max(len(run.curve) for run in runs)
    highest = 100 * max(max(run.curve) for run in runs)
    curves = [
        Curve(NAMES[run.engine], range(1, len(run.curve) + 1), [100 * e for e in run.curve], run.engine) for run in runs
    ]
    ends = "; ".join(f"{NAMES[run.engine]} ends at {percent(run.curve[-1], 1)}" for run in runs)
    x = Axis("Iteration", 1, longest, log=True)
    return chart(curves, x, Axis("Relative error, %", 0, highest), f"Relative error by iteration. {ends}.")


def _quality(photo: PhotoResults) -> str:
    rows = [(NAMES[r.engine], str(len(r.curve)), f"{r.score:.2f}", f"{100 * r.curve[-1]:.2f}") for r in photo.runs]
    header = "Engine", "Iterations", "PSNR, dB", "Relative error, %"
    return table(f"Photograph: quality at rank {photo.n_components}", header, rows)


def _losses(results: Results) -> str:
    digital, analog, hybrid = results.photo.runs
    assert hybrid.chip is not None
    return (
        f"Where the chip loses: alone it stops {digital.score - analog.score:.1f} dB short of the digital engine, "
        "since each write has fresh errors and nothing repairs those of the last. "
        f"With {results.passes} digital passes it comes within {digital.score - hybrid.score:.1f} dB. "
        f"{_overtaken(digital, hybrid)} The chip needs {quantity(hybrid.chip.seconds.typical, 's')} in the model; "
        f"{writing_share(hybrid)}."
    )


def _overtaken(digital: Run, hybrid: Run) -> str:
    """When the digital engine alone is as good as the hybrid at its end."""
    as_good = np.flatnonzero(np.array(digital.curve) <= hybrid.curve[-1])
    if not len(as_good):
        return "The digital engine alone does not get as far as the hybrid."
    iterations = int(as_good[0]) + 1
    seconds = digital.digital_seconds * iterations / len(digital.curve)
    return f"The digital engine alone is as good after {iterations} iterations, about {quantity(seconds, 's')} here."
