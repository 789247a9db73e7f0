"""Picture of answers: energy against answers per programming, and the plane of speed and saving."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mho.cost import AnswersBill, Cost

__all__ = ["plot_answers"]

_LINES = (
    "phone, big core",
    "phone, small core",
    "Cortex-M4",
    "edge accelerator",
    "next edge accelerator",
    "H100, 4,096 together",
)
_MOST = 9
"""Of answers per programming, as a power of ten."""
_COLUMNS = 3


def plot_answers(path: Path, bills: Mapping[str, tuple[AnswersBill, Mapping[str, Cost]]]) -> None:
    """Write an SVG or, by the ending of its name, a PNG, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    bills : mapping of str to (AnswersBill, mapping of str to Cost)
        By the name of a use: its bill, and what an answer costs on each platform.
    """
    import matplotlib
    import numpy as np
    from matplotlib.figure import Figure

    from mho.data import replacing

    rows = -(-(len(bills) + 1) // _COLUMNS)
    figure = Figure(figsize=(4.6 * min(_COLUMNS, len(bills) + 1), 3.9 * rows), layout="constrained")
    panels = iter(np.atleast_1d(figure.subplots(rows, min(_COLUMNS, len(bills) + 1))).ravel())
    for name, (bill, costs) in bills.items():
        _course(next(panels), name, bill, costs)
    _plane(next(panels), bills)
    for empty in panels:
        empty.set_axis_off()
    figure.axes[0].legend(fontsize="x-small", loc="upper right")
    kind = path.suffix[1:].lower()
    with matplotlib.rc_context({"svg.hashsalt": "mho", "svg.fonttype": "none"}), replacing(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)


def _course(axes: Any, name: str, bill: AnswersBill, costs: Mapping[str, Cost]) -> None:
    """Joules an answer against answers per programming: platforms as level lines with their bands."""
    answers = [10 ** (i / 6) for i in range(6 * _MOST + 1)]
    low, typical, high = (
        [getattr(bill.answer_joules, end) + getattr(bill.program_joules, end) / n for n in answers]
        for end in ("low", "typical", "high")
    )
    axes.fill_between(answers, low, high, color="black", alpha=0.2, lw=0)
    axes.plot(answers, typical, color="black", lw=2, label="chip")
    often = bill.duty.rewrites.value.typical
    if often:
        each = bill.duty.answers_per_day / often
        axes.plot([each], [bill.answer_joules.typical + bill.program_joules.typical / each], "o", color="black")
    for color, platform in enumerate(_LINES):
        joules = costs[platform].joules
        axes.axhspan(joules.low, joules.high, color=f"C{color}", alpha=0.08, lw=0)
        axes.axhline(joules.typical, color=f"C{color}", ls="--", lw=1.2, label=platform)
    axes.set(title=name, xscale="log", yscale="log", xlabel="answers per programming", ylabel="J an answer")
    axes.minorticks_off()


def _plane(axes: Any, bills: Mapping[str, tuple[AnswersBill, Mapping[str, Cost]]]) -> None:
    """Speed and saving of each use beside each platform, and the two published pairs."""
    from mho.cost import CLAIMS

    for marker, (name, (bill, costs)) in zip("osD^v<>", bills.items(), strict=False):
        for color, platform in enumerate(_LINES):
            faster = costs[platform].seconds.typical / bill.latency.typical
            saving = costs[platform].joules.typical / bill.joules.typical
            axes.plot([faster], [saving], marker, color=f"C{color}", ms=5, label=name if color == 0 else None)
    for claim in CLAIMS.values():
        axes.plot([claim.faster], [claim.saving], "*", color="black", ms=11)
        axes.annotate(
            f"{claim.faster:g}x, {claim.saving:,.0f}x",
            (claim.faster, claim.saving),
            fontsize="x-small",
            xytext=(-4, 6),
            textcoords="offset points",
            ha="right",
        )
    axes.axhline(1, color="black", lw=0.8)
    axes.axvline(1, color="black", lw=0.8)
    axes.set(
        title="chip beside each platform",
        xscale="log",
        yscale="log",
        xlabel="times as fast",
        ylabel="energy saved, times",
    )
    axes.legend(fontsize="x-small", loc="lower right")
    axes.minorticks_off()
