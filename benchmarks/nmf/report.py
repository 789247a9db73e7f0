"""Make docs/measured/benchmarks.md and docs/measured/benchmarks.svg of results.jsonl."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cases import CASES, Case

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import smoke, write

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "measured"
_ELSEWHERE = ("rcppml", "spark", "libmf")
"""Whose memory is another process's."""

Record = dict[str, Any]

HEAD = """# Benchmarks

How long mho and the libraries that one would otherwise take need **to reach the same error**. `make bench` measures all
of it again; `python benchmarks/nmf/run.py --case photo` one case.

![Seconds of each library over seconds of mho](benchmarks.svg)

{machine}, two threads each.
Every library in a process of its own, all loaded before any clock starts, run in turn (A B C A B C ...); medians. How
many iterations the target takes is found beforehand; then runs of just that many are timed. The error is computed anew,
in float64, from the factors that come back. Who can take a start gets the same one; `mho` makes its own and the time
includes it, `mho-same-start` takes the given one. **Ratio** is a library's time over mho's (in brackets: over that of
`mho-same-start`); above 1 mho is faster.
"""

TAIL = """## How to read it

- **Target.** Dense and sparse: the relative error |X - W H| / |X| that scikit-learn's coordinate descent reaches from
  the common start in 200 iterations, times 1.002 (1.0002 where X is sparse). Ratings: root mean square error on
  ratings held out. Least squares: largest violation of the optimality conditions, relative to the largest |A'b|.
- **Where mho hardly wins.** On the sparse case whose groups are found within six iterations it is ahead of scikit-learn
  by a quarter: making the second order of X and the start takes as long as the iterations. Where documents mix topics,
  which takes ten times as many, it is ahead by far. The size of Netflix is in [the recommender](../do/recommend.md).
- **Ratings.** mho minimises the sum of squares plus a ridge on each row as often as it has ratings; cmfrec and Spark
  share that objective and get mho's ridge, LIBMF's was chosen on the ratings held out, as mho's (`peers_ratings.py`).
  The time is that of the fit, from the library's own form of the matrix; "load" is from triplets to that form. Spark,
  whose fits at k = 32 take too long to search for the number of iterations, was run there with 8.
- **Beyond input** is the peak memory of a first fit, less what the process held with the input loaded. The bound is
  three times the factors plus 64 MiB, plus the second order of a sparse input. Memory of a library that works in
  a process of its own (R, Java, LIBMF) is not seen.
- scipy's solver, one right-hand side at a time, is timed on 200 of the 20,000 and scaled.
"""


def main() -> None:
    records = [json.loads(line) for line in (HERE / "results.jsonl").read_text().splitlines()]
    by_case = {name: rows for name in CASES if (rows := [r for r in records if r["case"] == name])}
    parts = [HEAD.format(machine=_machine(records)), *(_section(CASES[n], rows) for n, rows in by_case.items()), TAIL]
    write(DOCS / "benchmarks.md", "\n".join([*parts, _versions(records)]))
    if not smoke():
        _plot(by_case)


def _section(case: Case, rows: list[Record]) -> str:
    lines = [
        f"## {case.title}, k = {case.k}\n",
        f"{_target(case)} {case.target:g}.\n",
        "| library | seconds | ratio | iterations | error reached | beyond input, MiB |",
        "|---|---|---|---|---|---|",
        *(_row(row, rows) for row in rows),
    ]
    return "\n".join([*lines, *_remarks(case, rows), ""])


def _row(row: Record, rows: list[Record]) -> str:
    if not row.get("median"):
        return f"| {row['library']} | {row.get('failed', 'not measured')} | | | | |"
    beyond = f"{row['beyond_mib']:.0f}" if row["library"] != "rcppml" and row["library"] != "spark" else ""
    error = f"{max(row['errors']):.5g}"
    return (
        f"| {row['library']} | {row['median']:.3g} | {_ratios(row, rows)} | {row['iterations']} | {error} | {beyond} |"
    )


def _ours(rows: list[Record]) -> list[Record]:
    return [row for row in rows if row["library"].startswith("mho") and row.get("median")]


def _ratios(row: Record, rows: list[Record]) -> str:
    if row["library"].startswith("mho"):
        return ""
    best, *others = [f"{row['median'] / ours['median']:.3g}" for ours in _ours(rows)] or ["-"]
    return best + "".join(f" ({other})" for other in others)


def _target(case: Case) -> str:
    return {"masked": "Held-out RMSE", "nnls": "KKT residual at most"}.get(case.kind, "Relative error")


def _remarks(case: Case, rows: list[Record]) -> Iterator[str]:
    for row in _ours(rows):
        bound = 3 * row["factors_mib"] + 64 + _other_order(case, row)
        yield f"\n`{row['library']}`: {row['beyond_mib']:.0f} MiB beyond the input, bound {bound:.0f}."
    if case.kind != "masked":
        return
    for row in rows:
        if row.get("median") and row["iterations"] > 2:
            each = (row["median"] - row["two_iterations"]) / (row["iterations"] - 2)
            text = (
                f"`{row['library']}`: load {row['load_seconds']:.2f} s, two iterations {row['two_iterations']:.2f} s, "
            )
            yield f"\n{text}one more {each:.3g} s."
    nnz = _entries(case)
    flops = 4 * nnz * (case.k * (case.k + 1) / 2 + case.k)
    peak = max(row.get("sgemm_gflops", 0) for row in rows)
    yield f"\nFloor of an iteration: {flops / 1e9:.1f} GFLOP, {flops / peak / 1e9:.2f} s at {peak:.0f} GFLOP/s."


def _entries(case: Case) -> float:
    return 0.9 * case.arguments["nnz"] if case.kind == "masked" else case.arguments["m"] * case.arguments["n"]


def _other_order(case: Case, row: Record) -> float:
    if case.kind not in ("sparse", "masked"):
        return 0.0
    return 8 * _entries(case) * case.arguments.get("density", 1.0) / 2**20


def _machine(records: list[Record]) -> str:
    first = records[-1]
    return f"Measured on {first['cores']} cores with {first['isa']}"


def _versions(records: list[Record]) -> str:
    versions = {row["library"]: row for row in records if row.get("version") and not row["library"].startswith("mho-")}
    lines = [f"| {name} | {row['version']} | {'; '.join(row['pools'])} |" for name, row in sorted(versions.items())]
    return "\n".join(["| library | version | threads, by threadpoolctl |", "|---|---|---|", *lines, ""])


def _plot(by_case: dict[str, list[Record]]) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "mho"
    bars = [
        (f"{name}  {row['library']}", row["median"] / _ours(rows)[0]["median"])
        for name, rows in by_case.items()
        for row in rows
        if row.get("median") and _ours(rows) and not row["library"].startswith("mho")
    ]
    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.24 * len(bars)), layout="constrained")
    labels, ratios = zip(*bars, strict=True)
    drawn = axes.barh(labels, ratios, color="tab:blue")
    axes.bar_label(drawn, fmt="%.3g", padding=3)
    limits = min(0.5, min(ratios) / 2), 4 * max(ratios)
    axes.set(xscale="log", xlabel="seconds / seconds of mho, to the same error", xlim=limits)
    axes.axvline(1, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(DOCS / "benchmarks.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
