"""One HTML page of a contest: figures with intervals, differences to the first, offline, light and dark."""

from __future__ import annotations

import html
import os

from mho.data import replacing
from mho.recommend.contest import Contest, Result
from mho.recommend.list_metrics import METRICS

__all__ = ["write_contest"]

_WIDTH, _ROW = 640, 30

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: light dark; --own: #2563a8; --line: #8886 }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th, td {{ text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--line) }}
th:first-child, td:first-child {{ text-align: left }}
.scroll {{ overflow-x: auto }} svg {{ max-width: 100%; height: auto }} text {{ fill: currentColor; font-size: 13px }}
small {{ opacity: .75 }}
</style></head><body>
<h1>{title}</h1><p>{note}</p>
<h2>nDCG with 95 % intervals</h2>{chart}
<h2>All figures</h2><div class="scroll">{table}</div>
<h2>Differences to the first</h2><div class="scroll">{differences}</div>
<p><small>Means over {users:,} users of whom something was held out, lists of {length}. Intervals by resampling users;
p by random signs of the differences, user by user. Peers were tuned on a split inside the training part.</small></p>
</body></html>
"""


def write_contest(path: str | os.PathLike[str], found: Contest, *, title: str, note: str = "") -> None:
    """Write the page.

    Parameters
    ----------
    path : path
        HTML file; replaced.
    found : Contest
        What is shown.
    title, note : str
        Heading, and a line below it.
    """
    text = _PAGE.format(
        title=html.escape(title),
        note=html.escape(note),
        chart=_chart(found.results),
        table=_figures(found.results),
        differences=_differences(found.results),
        users=found.users,
        length=found.length,
    )
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _chart(results: list[Result]) -> str:
    spans = [(one.mean("ndcg"), *one.interval("ndcg")) for one in results]
    top = max(high for _, _, high in spans) or 1.0
    left, width = 180, _WIDTH - 200
    rows = []
    for place, (one, (mean, low, high)) in enumerate(zip(results, spans, strict=True)):
        y = _ROW * place + _ROW // 2
        x, a, b = (left + width * value / top for value in (mean, low, high))
        rows.append(
            f'<text x="0" y="{y + 4}">{html.escape(one.name)}</text>'
            f'<line x1="{a:.1f}" x2="{b:.1f}" y1="{y}" y2="{y}" stroke="var(--own)" stroke-width="3"/>'
            f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="var(--own)"><title>{mean:.4f}</title></circle>'
        )
    axis = f'<line x1="{left}" x2="{left}" y1="0" y2="{_ROW * len(results)}" stroke="var(--line)"/>'
    size = f'viewBox="0 0 {_WIDTH} {_ROW * len(results)}" width="{_WIDTH}"'
    return f'<svg {size} role="img" aria-label="nDCG of each">{axis}{"".join(rows)}</svg>'


def _figures(results: list[Result]) -> str:
    names = [*METRICS, "coverage", "seconds"]
    rows = [
        [
            f"{html.escape(one.name)} <small>{html.escape(one.setting)}</small>",
            *(f"{one.mean(name):.4f}" for name in METRICS),
            f"{one.coverage:.3f}",
            f"{one.seconds:.2f}",
        ]
        for one in results
    ]
    return _table(["", *(name.replace("_", " ") for name in names)], rows)


def _differences(results: list[Result]) -> str:
    rows = []
    for one in results[1:]:
        mean, low, high, p = one.against(results[0])
        rows.append([html.escape(one.name), f"{mean:+.4f}", f"{low:+.4f} to {high:+.4f}", f"{p:.4f}"])
    return _table([f"nDCG less that of {html.escape(results[0].name)}", "mean", "95 % interval", "p"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    cells = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
