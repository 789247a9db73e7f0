"""The error of the chips against each swept property."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mho.data.output import replacing
from mho.sweep.plan import Sweep

__all__ = ["check_plotting", "plot"]

_LOG_RATIO = 20.0
"""From this ratio of its largest to its smallest value an axis is logarithmic."""


def check_plotting() -> None:
    """Raise ImportError where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("a plot needs matplotlib: pip install 'mho[sweep]'") from None


def plot(path: Path, sweep: Sweep, rows: list[dict[str, Any]]) -> None:
    """Write an SVG: median and 10 to 90 % of all chips with each value of each property; failed chips are left out.

    Parameters
    ----------
    path : Path
        Replaced only once the new picture is complete.
    sweep : Sweep
        The plan, one panel for each of its properties.
    rows : list of dict
        As `trials` yields them.
    """
    check_plotting()
    import matplotlib
    from matplotlib.figure import Figure

    count = len(sweep.values)
    figure = Figure(figsize=(4 * count, 3), layout="constrained")
    for axes, name in zip(figure.subplots(1, count, squeeze=False)[0], sweep.values, strict=True):
        _draw(axes, name, list(dict.fromkeys(sweep.values[name])), rows)
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def _draw(axes: Any, name: str, values: list[Any], rows: list[dict[str, Any]]) -> None:
    low, median, high = (100 * band for band in _bands(name, values, rows))
    numeric = all(isinstance(value, int | float) and np.isfinite(value) for value in values)
    places = values if numeric else range(len(values))
    axes.plot(places, median, "o-", ms=3)
    axes.fill_between(places, low, high, alpha=0.25, linewidth=0)
    if not numeric:
        axes.set_xticks(places, [str(value) for value in values])
    elif _wide(values):
        axes.set_xscale("log")
    axes.set(xlabel=name, ylabel="error, %", **({"yscale": "log"} if _wide(median) else {"ylim": (0, None)}))


def _wide(values: Any) -> bool:
    return min(values) > 0 and max(values) >= _LOG_RATIO * min(values)


def _bands(name: str, values: list[Any], rows: list[dict[str, Any]]) -> np.ndarray:
    """Percentiles 10, 50 and 90 of the error at each value: (3, len(values)), NaN where every chip failed."""
    bands = np.full((3, len(values)), np.nan)
    for column, value in enumerate(values):
        errors = [row["error"] for row in rows if row[name] == value and not row["failure"]]
        if errors:
            bands[:, column] = np.percentile(errors, [10, 50, 90])
    return bands
