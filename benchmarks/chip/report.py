"""docs/do/good-enough.md and its figure, of what good_enough.py and, of the uses, benchmarks/cost/uses.py found.

python benchmarks/chip/report.py
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from good_enough import DEFAULT, KNOBS, RESULTS, USES, Row
from measure import ROOT, smoke, table, write

PAGE = ROOT / "docs" / "do" / "good-enough.md"
FIGURE = ROOT / "docs" / "figures" / "good-enough.svg"
OF_USES = ROOT / "src" / "mho" / "cost" / "uses.json"


def main() -> None:
    """Write the tables of the page, and its figure."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    kept["uses"] = {"rows": [{"use": name, **use} for name, use in json.loads(OF_USES.read_text("utf-8")).items()]}
    page = PAGE.read_text(encoding="utf-8")
    for name, made in TABLES.items():
        if name in kept:
            text = "\n".join(made(kept[name]["rows"]))
            page = re.sub(
                rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=text: f"{m[1]}{t}\n{m[2]}", page, flags=re.DOTALL
            )
    write(PAGE, page)
    _figure({name: kept[f"knobs {name}"]["rows"] for name in USES if f"knobs {name}" in kept})


def _ratings_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| ratings, 100 users, 1,024 films | chips | RMSE, mean (worst) | above digital |",
        (
            f"| {r['way']} | {r['chips']} | {np.mean(r['rmse']):.4f} ({max(r['rmse']):.4f}) | "
            f"{np.mean(r['rmse']) - r['digital']:+.4f} |"
            for r in rows
        ),
    )


def _photo_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| a picture, six iterations | chips | PSNR, dB, mean (worst) | after one digital sweep | after two |",
        (
            f"| {r['side']} x {r['side']}, k = {r['k']}, {r['way'].replace(f', {DEFAULT}', '')} | {r['chips']} | "
            + " | ".join(f"{np.mean(each):.2f} ({min(each):.2f})" for each in r["psnr"])
            + " |"
            for r in rows
        ),
    )


def _errors_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| error of the answers, mean of five chips (worst) | as written | calibrated | and probed |",
        (
            f"| {r['case']} | "
            + " | ".join(
                f"{mean:.1%} ({worst:.1%})" for mean, worst in zip(r["mean"], np.max(r["each"], 0), strict=True)
            )
            + " |"
            for r in rows
        ),
    )


def _repair_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| stuck cells | problems | loss left | error, no cell stuck | repaired | stuck, as written | repaired |",
        (
            f"| {r['stuck']:.0%} | "
            + (f"{r['spare_rows']} spare rows" if "left" in r else f"of `mho chip yield`, seed {r['seed']}")
            + (f" | {r['left']:.2f} | " if "left" in r else " | - | ")
            + " | ".join(
                f"{np.mean(each):.1%} ({np.count_nonzero(np.array(each) <= 0.05)} of {len(each)})"
                for each in np.transpose(r["each"])
            )
            + " |"
            for r in rows
        ),
    )


def _knobs_table(rows: list[Row], name: str) -> Iterator[str]:
    most = USES[name][3]
    yield from table(
        f"| {name}: tolerated at a loss of {most:.3g} | median loss by value, from mild to harsh |",
        (f"| {knob}: {_tolerated(rows, knob, most)} | {_by_value(rows, knob)} |" for knob in KNOBS),
    )


def _tolerated(rows: list[Row], knob: str, most: float) -> str:
    told = "none tried"
    for r in rows:
        if r["knob"] == knob:
            if r["median"] > most:
                break
            told = f"{r['value']:g}"
    return told


def _by_value(rows: list[Row], knob: str) -> str:
    return ", ".join(f"{r['value']:g}: {r['median']:.2%}" for r in rows if r["knob"] == knob)


def _uses_table(rows: list[Row]) -> Iterator[str]:
    yield from table(
        "| use | measured by | digital | realistic chip, mean of so many chips | design |",
        (
            f"| {r['use']} | {r['metric']} | {r['digital']:.3f} | {first['mean']:.3f} ({first['chips']}) | "
            f"{r['run']['design']} |"
            for r, first in ((r, r["chip"][0]) for r in rows)
        ),
    )


TABLES: dict[str, Callable[[list[Row]], Iterator[str]]] = {
    "ratings": _ratings_table,
    "photo": _photo_table,
    "errors": _errors_table,
    "repair": _repair_table,
    "uses": _uses_table,
} | {f"knobs {name}": lambda rows, name=name: _knobs_table(rows, name) for name in USES}

_LABELS = {
    "offset": "offset, V",
    "ohms": "ohms a segment",
    "stuck": "stuck, share",
    "sigma": "sigma, share of full scale",
}


def _figure(found: dict[str, list[Row]]) -> None:
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "mho"  # the same figures make the same file
    figure = Figure(figsize=(9, 5), layout="constrained")
    panels = figure.subplots(2, 3, sharey=True).flat
    for axes, (knob, values) in zip(panels, KNOBS.items(), strict=True):
        for place, (name, rows) in enumerate(found.items()):
            line = [r for r in rows if r["knob"] == knob]
            x = [r["value"] for r in line]
            axes.plot(x, [100 * max(r["median"], 1e-4) for r in line], "o-", ms=3, color=f"C{place}", label=name)
            axes.axhline(100 * USES[name][3], color=f"C{place}", linestyle=":", linewidth=0.9)
        axes.set(xscale="log", yscale="log", xlabel=_LABELS.get(knob, knob), ylim=(0.05, 300))
        axes.set_xticks(values, [f"{value:g}" for value in values], fontsize="small")
        axes.minorticks_off()
        if values[0] > values[-1]:
            axes.invert_xaxis()
    for axes in figure.axes[::3]:
        axes.set_ylabel("loss, %")
    figure.axes[0].legend(frameon=False, fontsize="small")
    if not smoke():
        figure.savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()
