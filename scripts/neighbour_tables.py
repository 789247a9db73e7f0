"""Writes the tables of neighbours in docs/do/recommend.md from what was measured: python scripts/neighbour_tables.py.

The figures are those of `neighbours.jsonl` and `tuned.jsonl` in `benchmarks/recommend`, which the scripts of these
names write.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import site_pages  # pyright: ignore[reportMissingImports]

ROOT = Path(__file__).parents[1]
PAGE, MEASURED = ROOT / "docs/do/recommend.md", ROOT / "benchmarks/recommend/neighbours.jsonl"
TUNED = MEASURED.with_name("tuned.jsonl")


def rows(path: Path = MEASURED) -> list[dict[str, Any]]:
    """Return what was measured; of runs of the same the last."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    keys = [tuple(one.get(name) for name in ("what", "table", "who", "model", "seed")) for one in found]
    return list(dict(zip(keys, found, strict=True)).values())


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def of_lists(found: list[dict[str, Any]]) -> str:
    """Return nDCG@10 and coverage of each, by table."""
    found = [one for one in found if one["what"] == "lists"]
    tables, who = (list(dict.fromkeys(one[name] for one in found)) for name in ("table", "who"))
    own = [name for name in ("neighbours", "mixed", "implicit") if name in who]
    order = own + sorted(name for name in who if name not in own)
    lines = [
        ["", *(f"{t}, seeds {', '.join(sorted({str(x['seed']) for x in found if x['table'] == t}))}" for t in tables)]
    ]
    for name in order:
        cells = []
        for table in tables:
            runs = [one for one in found if one["table"] == table and one["who"] == name]
            spans = [mean([one[x] for one in runs]) for x in ("ndcg", "low", "high", "coverage")] if runs else []
            cells.append("{:.4f} ({:.3f} to {:.3f}), {:.2f}".format(*spans) if runs else "")
        lines.append([name, *cells])
    return markdown(lines)


def of_ratings(found: list[dict[str, Any]]) -> str:
    """Return the RMSE of each seed."""
    found = [one for one in found if one["what"] == "ratings"]
    seeds = sorted({one["seed"] for one in found})
    lines = [["RMSE, random fifths", *(f"seed {seed}" for seed in seeds), "mean"]]
    for table, who in dict.fromkeys((one["table"], one["who"]) for one in found):
        errors = {one["seed"]: one["rmse"] for one in found if (one["table"], one["who"]) == (table, who)}
        told = (f"{errors[seed]:.4f}" if seed in errors else "" for seed in seeds)
        lines.append([f"{table}: {who}", *told, f"{mean(list(errors.values())):.4f}"])
    return markdown(lines)


def of_chip(found: list[dict[str, Any]]) -> str:
    """Return the lists of this CPU and of the chip."""
    found = [one for one in found if one["what"] == "chip"]
    lines = [[found[0]["table"], "nDCG@10", "recall@20"]]
    return markdown(lines + [[one["who"], f"{one['ndcg']:.4f}", f"{one['recall20']:.4f}"] for one in found])


def of_cold(found: list[dict[str, Any]]) -> str:
    """Return the lists of items that nobody has chosen."""
    found = [one for one in found if one["what"] == "cold"]
    seeds = sorted({one["seed"] for one in found})
    lines = [["nDCG@10", *(f"seed {seed}" for seed in seeds)]]
    for table, who in dict.fromkeys((one["table"], one["who"]) for one in found):
        told = {one["seed"]: f"{one['ndcg']:.4f}" for one in found if (one["table"], one["who"]) == (table, who)}
        lines.append([f"{table}: {who}", *(told.get(seed, "") for seed in seeds)])
    return markdown(lines)


def of_features(found: list[dict[str, Any]]) -> str:
    """Return lists with and without features of items; the seeds' mean, and what was taken of each."""
    found = [one for one in found if one["what"] == "features"]
    lines = [["", "model", "nDCG@10", "coverage", "features count for", "seeds"]]
    for table, who in dict.fromkeys((one["table"], one["who"]) for one in found):
        runs = [one for one in found if (one["table"], one["who"]) == (table, who)]
        figures = (f"{mean([one[name] for one in runs]):.{digits}f}" for name, digits in (("ndcg", 4), ("coverage", 2)))
        taken = ", ".join(f"{one['weight']:g}" for one in runs) if "features" in who else ""
        lines.append([table, who, *figures, taken, ", ".join(str(one["seed"]) for one in runs)])
    return markdown(lines)


def of_time(found: list[dict[str, Any]]) -> str:
    """Return processor seconds of a fit; memory is the most of the process so far, which the first alone shows."""
    found = [one for one in found if one["what"] == "time"]
    if not found:
        return ""
    lines = [[f"{found[0]['table']}, {found[0]['cap']} neighbours", "processor, s", "memory, GiB"]]
    memory = [f"{one['GiB']:.2f}" if one is found[0] else "" for one in found]
    return markdown(lines + [[one["who"], f"{one['seconds']:.0f}", x] for one, x in zip(found, memory, strict=True)])


def of_serve(found: list[dict[str, Any]]) -> str:
    """Return the times of answers."""
    lines = [["", "items", "requests/s", "median, ms", "99 % below, ms", "processor, ms"]]
    for one in (one for one in found if one["what"] == "serve"):
        rate = f"{one['per_second']:.0f}" if "per_second" in one else ""
        high = f"{one['p99_ms']:.1f}" if "p99_ms" in one else ""
        times = f"{one['p50_ms']:.1f}", high, f"{one['processor_ms']:.2f}"
        lines.append([one["who"], f"{one['items']:,}", rate, *times])
    return markdown(lines)


def of_tuned(found: list[dict[str, Any]]) -> str:
    """Return nDCG@10 of models as they come and tuned, by table; the seeds' mean."""
    names = "popularity", "default", "tuned", "log strengths"
    lines = [["", "model", "popularity", "as it comes", "tuned", "of the tuned", "log strengths", "settings", "seeds"]]
    for table, model in dict.fromkeys((one["table"], one["model"]) for one in found):
        runs = [one for one in found if (one["table"], one["model"]) == (table, model)]
        means = {name: mean([one[name] for one in runs]) for name in names if name in runs[0]}
        told = {name: f"{means[name]:.4f}" if name in means else "" for name in names}
        share, settings = means["default"] / means["tuned"], "; ".join(dict.fromkeys(one["setting"] for one in runs))
        seeds = ", ".join(str(one["seed"]) for one in runs)
        figures = told["popularity"], told["default"], told["tuned"], f"{share:.3f}", told["log strengths"]
        lines.append([table, model, *figures, settings, seeds])
    return markdown(lines)


def markdown(lines: list[list[str]]) -> str:
    """Return a table, its first line the head."""
    text = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([text[0], "|" + " --- |" * len(lines[0]), *text[1:]]) + "\n"


TABLES = {
    "lists": of_lists,
    "ratings": of_ratings,
    "chip": of_chip,
    "cold": of_cold,
    "features": of_features,
    "time": of_time,
    "serve": of_serve,
}


BLOCKS = {f"neighbours {name}": partial(lambda table: table(rows()), table) for name, table in TABLES.items()}
BLOCKS["neighbours tuned"] = partial(lambda path: of_tuned(rows(path)), TUNED)


def made_anew(page: str) -> str:
    """Return the page with its tables as they are now."""
    return site_pages.made_anew(page, BLOCKS)


if __name__ == "__main__":
    site_pages.write_blocks(PAGE, BLOCKS)
