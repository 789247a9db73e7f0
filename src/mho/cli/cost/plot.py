"""The bill as a picture: stacked bars, a tornado, and curves that show where the chip breaks even."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mho.cli.quantity import engineering, engineering_range
from mho.cli.target import check_target

if TYPE_CHECKING:
    from mho.cost import Cost, Curve, Estimate, Swing

__all__ = ["check_plotting", "plot"]

_COMPARED = ("H100", "FPGA VU9P", "this CPU")
_UNITS = {"seconds": "s", "joules": "J"}
_SMALLEST = 1e-3
"""Share of the whole that a bar of the tornado is at least."""


def check_plotting(path: Path, workload: str) -> None:
    """Refuse before the work what would fail after it: another format, no matplotlib, a file that must not be written.

    Parameters
    ----------
    path : Path
        The file.
    workload : str
        May be a file, which is read.
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise ValueError(f"--plot must end in .svg or .png, got {path}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ImportError("--plot needs matplotlib: pip install 'mho[sweep]'") from None
    check_target(path, [workload], option="--plot")


def plot(
    path: Path, chip: Estimate, costs: Mapping[str, Cost], swings: tuple[Swing, ...], curves: tuple[Curve, ...]
) -> None:
    """Write an SVG or, by the ending of its name, a PNG, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    chip : Estimate
        Bill of the chip.
    costs : mapping of str to Cost
        Of each platform.
    swings : tuple of Swing
        One for each number.
    curves : tuple of Curve
        One panel each, with the platforms as horizontal lines.
    """
    import matplotlib
    from matplotlib.figure import Figure

    from mho.data import replacing

    figure = Figure(figsize=(4.5 * len(curves), 10), layout="constrained")
    axes = figure.subplots(3, len(curves))
    for column, quantity in enumerate(("seconds", "joules")):
        _bars(axes[0, column], chip, costs, quantity)
        _tornado(axes[0, 2 + column], swings, quantity, getattr(chip, quantity).typical)
    for column, curve in enumerate(curves):
        for row, quantity in ((1, "seconds"), (2, "joules")):
            _curve(axes[row, column], curve, costs, quantity)
    axes[1, 0].legend(fontsize="x-small")
    kind = path.suffix[1:].lower()
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)


def _bars(axes: Any, chip: Estimate, costs: Mapping[str, Cost], quantity: str) -> None:
    """The chip as shares of its whole, and the totals of all as text: their sizes differ too much for one axis."""
    total, left = getattr(chip, quantity).typical, 0.0
    for part in sorted(chip.parts, key=lambda p: -getattr(p, quantity).typical):
        share = getattr(part, quantity).typical / total
        if share > 0:
            axes.barh([0], [share], left=left, label=f"{part.name} {100 * share:.2g} %")
            left += share
    whole = engineering_range(getattr(chip, quantity), _UNITS[quantity])
    axes.set(xlim=(0, 1), ylim=(-2.5, 0.6), yticks=[], xlabel=f"share of the chip's {whole}")
    axes.legend(loc="lower left", fontsize="x-small", ncols=2)
    others = (f"{name} {engineering(getattr(costs[name], quantity).typical, _UNITS[quantity])}" for name in _COMPARED)
    axes.set_title("; ".join(others), fontsize=8)


def _tornado(axes: Any, swings: tuple[Swing, ...], quantity: str, typical: float) -> None:
    ends = {swing.name: getattr(swing, quantity) for swing in swings}
    moving = sorted((e[1] - e[0], name) for name, e in ends.items() if e[1] - e[0] > _SMALLEST * typical)[-8:]
    names = [name.replace("_", " ") for _, name in moving]
    axes.barh(names, [width for width, _ in moving], left=[ends[name][0] for _, name in moving])
    axes.axvline(typical, color="black", lw=1)
    axes.use_sticky_edges = False
    axes.set_xlabel(f"{quantity}, one number from low to high", loc="left")
    axes.ticklabel_format(axis="x", style="scientific", scilimits=(-2, 3))
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(axis="y", labelsize="x-small")


def _curve(axes: Any, curve: Curve, costs: Mapping[str, Cost], quantity: str) -> None:
    axes.plot(curve.values, getattr(curve, quantity), "o-", ms=3, label="chip, writing counted")
    for color, name in enumerate(_COMPARED, start=1):
        axes.axhline(getattr(costs[name], quantity).typical, color=f"C{color}", ls="--", lw=1, label=name)
    wide = max(curve.values) > 20 * min(curve.values)
    axes.set(xlabel=curve.name, ylabel=quantity, yscale="log", xscale="log" if wide else "linear")
    axes.minorticks_off()  # half of the file, and without labels
