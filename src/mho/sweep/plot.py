"""The error of the chips against each swept property."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.output import replacing
from mho.sweep.hypercube import SweepRange
from mho.sweep.plan import Sweep
from mho.sweep.yields import Requirement

__all__ = ["check_plotting", "plot", "plot_requirements", "plot_yields"]

_LOG_RATIO = 20.0
"""From this ratio of its largest to its smallest value an axis is logarithmic."""

_ABREAST = 4
"""Panels in a row of the picture."""

_DECADES_ALONE = 100.0
"""From this ratio of its ends a logarithmic axis is labelled at powers of ten only."""

_FEWEST_TO_RANK = 3


def check_plotting() -> None:
    """Raise ImportError where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("a plot needs matplotlib: pip install 'mho[sweep]'") from None


def plot(path: Path, sweep: Sweep, rows: list[dict[str, Any]]) -> None:
    """Write an SVG with a panel for each swept property; failed chips are left out.

    A property with values has the median and the 10 to 90 % band of all chips with each value. One with a range has a
    dot for each point, the median of its chips, and Spearman's rank correlation of the dots.

    Parameters
    ----------
    path : Path
        Replaced only once the new picture is complete.
    sweep : Sweep
        The plan.
    rows : list of dict
        As `trials` yields them.
    """
    values = {name: list(dict.fromkeys(values)) for name, values in sweep.values.items()}
    if sweep.ranges:  # what was only fixed for the sampling needs no panel
        values = {name: distinct for name, distinct in values.items() if len(distinct) > 1}
    names = [*values, *sweep.ranges]
    down, across = -(-len(names) // _ABREAST), min(len(names), _ABREAST)
    figure = _figure(down, across, (4 * across, 3 * down))
    panels = iter(figure.axes)
    for name, axes in zip(names, panels, strict=False):
        if name in values:
            _draw_bands(axes, name, values[name], rows)
        else:
            _draw_points(axes, name, sweep.ranges[name], rows)
    for axes in panels:  # those left over
        axes.remove()
    _save(figure, path)


def _draw_bands(axes: Any, name: str, values: list[Any], rows: list[dict[str, Any]]) -> None:
    low, median, high = (100 * band for band in _bands(name, values, rows))
    numeric = all(isinstance(value, int | float) and np.isfinite(value) for value in values)
    places = values if numeric else range(len(values))
    axes.plot(places, median, "o-", ms=3)
    axes.fill_between(places, low, high, alpha=0.25, linewidth=0)
    if not numeric:
        axes.set_xticks(places, [str(value) for value in values])
    elif _wide(values):
        _make_logarithmic(axes, min(values), max(values))
    _label(axes, name, median)


def _draw_points(axes: Any, name: str, span: SweepRange, rows: list[dict[str, Any]]) -> None:
    place, median = _medians(name, rows)
    axes.plot(place, 100 * median, "o", ms=3, alpha=0.6, markeredgewidth=0)
    if span.log:
        _make_logarithmic(axes, span.low, span.high)
    _label(axes, name, 100 * median)
    axes.set_title(f"Spearman's ρ {_rank_correlation(place, median)}", fontsize="medium")


def _make_logarithmic(axes: Any, low: float, high: float) -> None:
    axes.set_xscale("log")
    if high < _DECADES_ALONE * low:  # powers of ten alone would hardly label it
        from matplotlib.ticker import LogLocator

        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()


def _label(axes: Any, name: str, error: np.ndarray) -> None:
    axes.set(xlabel=name, ylabel="error, %", **({"yscale": "log"} if _wide(error) else {"ylim": (0, None)}))


def _wide(values: Any) -> bool:
    return len(values) > 0 and min(values) > 0 and max(values) >= _LOG_RATIO * min(values)


def _bands(name: str, values: list[Any], rows: list[dict[str, Any]]) -> np.ndarray:
    """Percentiles 10, 50 and 90 of the error at each value: (3, len(values)), NaN where every chip failed."""
    bands = np.full((3, len(values)), np.nan)
    for column, value in enumerate(values):
        errors = [row["error"] for row in rows if row[name] == value and not row["failure"]]
        if errors:
            bands[:, column] = np.percentile(errors, [10, 50, 90])
    return bands


def _medians(name: str, rows: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """Value of a property and median error of each point, without points where every chip failed."""
    errors: dict[int, list[float]] = {}
    places: dict[int, float] = {}
    for row in rows:
        if not row["failure"]:
            errors.setdefault(row["point"], []).append(row["error"])
            places[row["point"]] = row[name]
    return np.array([*places.values()]), np.array([np.median(found) for found in errors.values()])


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> str:
    """With its sign; a word where ranks say nothing."""
    from scipy.stats import spearmanr

    if len(x) < _FEWEST_TO_RANK or np.ptp(x) == 0 or np.ptp(y) == 0:
        return "undefined"
    return f"= {spearmanr(x, y)[0]:+.2f}"


def plot_yields(path: Path, rows: list[dict[str, Any]], bar: float) -> None:
    """Write an SVG with the share of chips whose error is at most so large, a step line for each treatment.

    Parameters
    ----------
    path : Path
        Replaced only once the new picture is complete.
    rows : list of dict
        As `trials` yields them; a chip that failed never comes below.
    bar : float
        Largest error of a good chip.
    """
    figure = _figure(1, 1, (8, 3.5))
    axes = figure.axes[0]
    for treatment in dict.fromkeys(row["treatment"] for row in rows):
        errors = np.sort([row["error"] for row in rows if row["treatment"] == treatment])
        good = errors[np.isfinite(errors)]
        axes.step(
            [*good, *good[-1:]], [*(np.arange(len(good)) / len(errors)), len(good) / len(errors)], label=treatment
        )
    axes.axvline(bar, color="0.5", linestyle=":", label=f"bar, {bar:.3g}")
    axes.set(xlabel="error", ylabel="share of chips", ylim=(0, 1.02))
    figure.legend(loc="outside right upper", frameon=False, fontsize="small")
    _save(figure, path)


def plot_requirements(path: Path, found: Sequence[Requirement], share: float) -> None:
    """Write an SVG with a panel for each property: yield by value, with its 95 % interval.

    Parameters
    ----------
    path : Path
        Replaced only once the new picture is complete.
    found : sequence of Requirement
        Properties.
    share : float
        Share of chips that has to meet the bar, drawn as a line.
    """
    across = min(3, len(found))
    down = -(-len(found) // across)
    figure = _figure(down, across, (3.4 * across, 2.6 * down))
    for axes, one in zip(figure.axes, found, strict=False):
        values, tried = zip(*one.tried, strict=True)
        middle = [100 * found.share for found in tried]
        axes.fill_between(values, [100 * y.low for y in tried], [100 * y.high for y in tried], alpha=0.25, linewidth=0)
        axes.plot(values, middle, "o-", ms=3)
        axes.axhline(100 * share, color="0.5", linestyle=":")
        axes.set(xscale="log", xlabel=f"{one.knob}{_UNITS.get(one.knob, '')}", ylabel="yield, %", ylim=(-3, 103))
        axes.set_xticks(values, [f"{value:g}" for value in values], fontsize="small")
        axes.minorticks_off()
    for axes in figure.axes[len(found) :]:
        axes.remove()
    _save(figure, path)


_UNITS = {"offset": ", V", "ohms": " a segment", "stuck": ", share of cells", "sigma": ", share of full scale"}


def _figure(down: int, across: int, inches: tuple[float, float]) -> Any:
    check_plotting()
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, layout="constrained")
    figure.subplots(down, across, squeeze=False)
    return figure


def _save(figure: Any, path: Path) -> None:
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
