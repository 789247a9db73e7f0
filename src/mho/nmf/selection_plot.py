"""The picture of a selection: errors of entries held out, and stability, by number of components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["draw"]


def draw(found: Any, path: str | Path | None) -> Any:
    """Return the figure of a `Selection`, written to `path` where there is one."""
    from matplotlib.figure import Figure

    panels = 2 if found.stability else 1
    figure = Figure(figsize=(6, 3 * panels), layout="constrained")
    axes = np.ravel(figure.subplots(panels, 1, sharex=True))
    _draw_errors(axes[0], found)
    if found.stability:
        _draw_stability(axes[1], found)
    axes[-1].set_xlabel("number of components")
    if path is not None:
        figure.savefig(path)
    return figure


def _draw_errors(axis: Any, found: Any) -> None:
    for errors in found.errors:
        axis.plot(found.components, errors, color="0.8", linewidth=1)
    axis.errorbar(found.components, found.mean, yerr=np.nan_to_num(found.standard_error), color="C0", marker="o")
    axis.axvline(found.best, color="C3", linestyle="--", linewidth=1)
    axis.set_title(f"{found.best} components predict entries held out best", fontsize="medium")
    axis.set_ylabel("error of entries held out")


def _draw_stability(axis: Any, found: Any) -> None:
    for name, color in (("cophenetic", "C0"), ("dispersion", "C1"), ("silhouette", "C2")):
        for kept, style in ((found.stability, "-"), (found.shuffled, ":")):
            if kept:
                numbers = sorted(kept)
                label = name if style == "-" else f"{name}, rows shuffled"
                axis.plot(
                    numbers, [getattr(kept[k], name) for k in numbers], style, color=color, marker=".", label=label
                )
    axis.set_ylabel("agreement of starts")
    axis.legend(fontsize="small")
