"""Page of factorization's figures, docs/measured/estimator.md, from docs/measured/estimator.json.

python benchmarks/select/report.py [--smoke]
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, write_measured

PAGE = ROOT / "docs/measured/estimator.md"


def table(heads, rows):
    return [line(heads), line(["---"] * len(heads)), *map(line, rows), ""]


def line(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def measured_at(row):
    return f"Measured {row['date']} at {row['commit']} ({row['machine']})."


def planted(found):
    row = found["planted"]
    yield "## Planted numbers of components"
    yield ""
    yield f"`python benchmarks/select/planted.py 0 440` {measured_at(row)}"
    share = f"{row['exact']} of {row['of']} trials ({row['exact'] / row['of']:.1%}; wanted 95 %)"
    yield f"Exact in {share} of planted ranks 2 to 20"
    yield "with m, n >= 150 and noise <= .1 or a mean count >= 2."
    sure = [one for one in row["curve"] if one[1] in (0.05, 0.1, 5, 20) and one[2] != "120x80"]
    yield f"Without the counts of mean 2 it is {sum(r[3] for r in sure)} of {sum(r[4] for r in sure)}. The others:"
    yield ""
    yield from table(["loss", "noise or mean count", "size", "planted", "found"], row["misses"])
    yield "All, harder ones too (noise .3 and .6, mean count 1, 120 x 80):"
    yield ""
    rows = [[*key, f"{exact} of {of}"] for *key, exact, of in row["curve"]]
    yield from table(["loss", "noise or mean count", "size", "exact"], rows)


def leukaemia(found):
    row = found["leukaemia"]
    yield "## Agreement of starts: leukaemia"
    yield ""
    yield f"`python benchmarks/select/all_aml.py` {measured_at(row)} 38 samples of 5,000 genes, k = 2."
    yield ""
    kinds = [name for name in ("frobenius", "kullback-leibler", "chips") if name in row]
    heads = ["component of a sample by", *(f"{name}, {row[name]['starts']} starts" for name in kinds)]
    rows = []
    for rule in row["frobenius"]["rules"]:
        cells = [row[name]["rules"][rule] for name in kinds]
        rows.append([rule, *(f"{c['misassigned']} misassigned, cophenetic {c['cophenetic']:.4f}" for c in cells)])
    yield from table(heads, rows)
    survey = row["survey"]
    figures = ", ".join(f"{value:.4f} at {k}" for k, value in survey["cophenetic"].items())
    yield f"Survey of k = 2 to 6 from 50 starts each: {survey['seconds']} s; cophenetic {figures}."
    yield ""


def labels(found):
    row = found["labels"]
    yield "## Component of a sample"
    yield ""
    yield f"`python benchmarks/select/labels.py` {measured_at(row)} Share of samples whose component's class is theirs,"
    yield f"mean of {row['sets']} sets with known classes (leukaemia is none of them)."
    yield ""
    losses = ("frobenius", "kullback-leibler")
    rows = [[rule, *(f"{row[loss][rule]:.2%}" for loss in losses)] for rule in row["frobenius"]]
    yield from table(["component of a sample by", *losses], rows)


def dead(found):
    row = found["dead"]
    yield "## Dead components and the spread of starts"
    yield ""
    yield f"`python benchmarks/select/dead.py` {measured_at(row)}"
    yield ""
    sets = [(name, one) for name, one in row.items() if isinstance(one, dict)]
    rows = [
        [
            name,
            " x ".join(map(str, one["shape"])),
            one["k"],
            one["starts"],
            one["dead"],
            f"{one['worst_over_best']:.2%}",
            f"{one['worst_of_three_over_best']:.2%}",
        ]
        for name, one in sets
    ]
    yield from table(["data", "size", "k", "starts", "dead", "worst error over best", "of the best of three"], rows)


def level_squares(found):
    row = found["level squares"]
    yield "## Kullback-Leibler from squared errors"
    yield ""
    yield f"`python benchmarks/select/level_squares.py` {measured_at(row)}"
    yield "Error that is left and processor time over those of a fit that is given the plain start of the same seed,"
    yield f"medians of {row['seeds']} seeds; medians of all rows {row['error']:.3f} and {row['time']:.2f}."
    yield "How far means are taken towards that of all was chosen on made-up counts, of which one in a hundred is not"
    yield "zero, ratings of MovieLens, digits and the photo."
    yield ""
    heads = ["data", "k", "start", "error", "time", "iterations", "from the plain start"]
    keys = ("set", "k", "init", "error", "time", "iterations", "plain_iterations")
    yield from table(heads, [[one[key] for key in keys] for one in row["rows"]])


def starts(found):
    kinds = {name.removeprefix("starts, "): row for name, row in found.items() if name.startswith("starts, ")}
    yield "## A hundred starts beside single fits"
    yield ""
    yield "`python benchmarks/select/starts.py NEWS.npz` Processor time over that of one fit."
    yield ""
    rows = [
        [
            name,
            one["single_fits"],
            one["raced_single_fits"],
            f"{one['single_error']:.5f}",
            f"{one['median_error']:.5f}",
            f"{one['best_error']:.5f}",
            f"{one['raced_error']:.5f}",
            f"{one['date']} at {one['commit']} ({one['machine']})",
        ]
        for name, one in kinds.items()
    ]
    heads = ["matrix", "100 starts", "racing", "error of single fits", "of starts, median", "best", "of the race"]
    yield from table([*heads, "measured"], rows)


def cells(found):
    kinds = {name: row for name, row in found.items() if name.startswith("cells x")}
    if not kinds:
        return
    yield "## Consensus beside cNMF"
    yield ""
    for name, row in kinds.items():
        tiles = name.removeprefix("cells x ")
        yield f"`python benchmarks/select/cells.py PYTHON FOLDER {tiles} {row['starts']}` {measured_at(row)}"
    yield ""
    heads = ["cells x genes", "starts", "least correlation, same starts", "own starts"]
    heads += ["error of cNMF's, of the same starts', of own starts' spectra"]
    heads += ["CPU s of cNMF", "of mho, same starts", "of `mho.consensus`", "GiB of cNMF", "of mho"]
    rows = [
        [
            " x ".join(map(str, row["shape"])),
            row["starts"],
            *(row[key] for key in ("least_correlation_same_starts", "least_correlation_own_starts")),
            ", ".join(map(str, row.get("errors", ["not measured"]))),
            *(row[key] for key in ("cnmf_cpu_seconds", "same_starts_cpu_seconds", "consensus_cpu_seconds")),
            *(row[key] for key in ("cnmf_gib", "mho_gib")),
        ]
        for row in kinds.values()
    ]
    yield from table(heads, rows)
    if any(row["starts"] < 10 for row in kinds.values()):
        yield "Of less than ten starts neither leaves a spectrum out, and the median of so few is no consensus:"
        yield "where starts end in different minima, the spectra of both differ."
        yield ""


def blocks(found):
    yield "## Larger than memory"
    yield ""
    for name, row in found.items():
        if name.startswith("sparse blocks"):
            yield f"`python benchmarks/select/sparse_blocks.py FOLDER` {measured_at(row)}"
            m, n = row["shape"]
            yield f"{m:,} x {n:,} with {row['entries']:,} entries, k = 16, both factors on disk"
            yield f"({row['factors_mb']} MB): {row['cpu_seconds_a_pass']} CPU seconds a pass,"
            yield f"peak {row['peak_gib']} GiB, mapped pages of X among them."
            yield ""
    if "dense blocks" in found:
        row = found["dense blocks"]
        yield f"`python benchmarks/select/blocks.py FILE.npy {row['gigabytes']}` {measured_at(row)}"
        for kind in ("cold", "cached"):
            one = row[kind]
            plain = f"a plain read takes {one['read_seconds']} s ({one['mb_per_second']} MB/s)"
            many = " and the next ".join(map(str, one["ratios"]))
            passed = f"the first pass {many} reads, a pass {one['cpu_seconds']} CPU seconds"
            yield f"{kind.capitalize()}: {plain}, {passed}."
        yield f"Peak memory {row['peak_gib']} GiB."
        yield ""


def one_nnls(found):
    row = found["one nnls"]
    yield "## One right-hand side"
    yield ""
    yield f"`python benchmarks/nmf/latency.py` {measured_at(row)} Median microseconds, calls in turn."
    yield ""
    rows = [[f"{m} x {k}", signs, theirs, ours, ratio] for m, k, signs, theirs, ours, ratio, _ in row["rows"]]
    yield from table(["A", "signs", "`scipy.optimize.nnls`", "`mho.nnls`", "ratio"], rows)
    parts = (f"1 + {excess:.0e} at {condition}" for condition, excess in row["residuals"].items())
    yield "Residual over SciPy's, largest of 200 problems of 30 x 10 for each condition: " + ", ".join(parts) + "."
    yield ""


PARTS = {
    "planted": planted,
    "labels": labels,
    "leukaemia": leukaemia,
    "dead": dead,
    "level squares": level_squares,
    "starts": starts,
    "cells": cells,
    "blocks": blocks,
    "one nnls": one_nnls,
}


def main():
    source = PAGE.with_suffix(".json")
    found = json.loads(source.read_text("utf-8")) if source.exists() else {}
    lines = [
        one
        for name, part in PARTS.items()
        if name in found or name in ("starts", "cells", "blocks")
        for one in part(found)
    ]
    write_measured(PAGE, lines)


if __name__ == "__main__":
    main()
