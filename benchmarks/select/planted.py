"""Planted numbers of components, found by entries held out.

    python benchmarks/select/planted.py [FIRST LAST] [--smoke]

Factors are gamma(.5); noise is a gamma factor of mean 1 on every entry (Frobenius) or Poisson's (Kullback-Leibler), so
that nothing is clipped. Runs the trials of these numbers and keeps them in planted.jsonl, one a line; then tells from
all that are there the share that is exact. Those that are to be exact in 95 % (m, n >= 150 and noise <= .1 or mean
>= 2) run until there are 200 of them, the harder ones only below number 80, a whole cycle of ranks, sizes and levels.
"""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
import provenance
from measure import ROOT, arguments, keep, sized, smoke, where

PLANTED = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20)
SIZES = sized(((150, 150), (300, 150), (500, 200), (120, 80)), ((40, 30),) * 4)
KEPT = Path(__file__).with_suffix(".jsonl")
CYCLE = 80
WANTED = sized(200, 1)


def setting(number):
    """Return planted rank, shape, loss, its level, and whether it is one of those that are to be exact."""
    k, (m, n) = PLANTED[number % 10], SIZES[number // 2 % 4]
    loss = "kullback-leibler" if number % 2 else "frobenius"
    level = ((2, 5, 20, 1) if number % 2 else (0.1, 0.05, 0.3, 0.6))[number // 20 % 4]
    easy = level >= 2 if number % 2 else level <= 0.1
    return k, (m, n), loss, level, easy and min(m, n) >= sized(150, 0)


def problem(number):
    k, (m, n), _, level, _ = setting(number)
    rng = np.random.default_rng(9000 + number)
    X = rng.gamma(0.5, size=(m, k)) @ rng.gamma(0.5, size=(k, n))
    X /= X.mean()
    noisy = rng.poisson(level * X).astype(float) if number % 2 else X * rng.gamma(1 / level**2, level**2, size=X.shape)
    return noisy[noisy.sum(axis=1) > 0][:, noisy.sum(axis=0) > 0]


def trial(number):
    k, shape, loss, level, easy = setting(number)
    X, begin = problem(number), time.process_time()
    found = mho.NMF("cv", loss=loss, max_iter=200, random_state=number).fit(X).n_components_
    seconds = round(time.process_time() - begin, 2)
    row = {"number": number, "loss": loss, "level": level, "shape": shape, "easy": easy, "planted": k}
    return row | {"found": found, "cpu_seconds": seconds}


def kept_rows():
    lines = KEPT.read_text(encoding="utf-8").splitlines() if KEPT.exists() and not smoke() else []
    return {row["number"]: row for row in map(json.loads, lines)}


def run(first, last):
    rows = kept_rows()
    for number in range(first, last):
        easy = setting(number)[4]
        if not easy and number >= CYCLE:
            continue
        if easy and sum(row["easy"] for row in rows.values()) >= WANTED and number not in rows:
            continue
        rows[number] = trial(number)
        print(rows[number], flush=True)
        if not smoke():
            text = "".join(json.dumps(rows[i]) + "\n" for i in sorted(rows))
            KEPT.write_text(text, encoding="utf-8")
            provenance.note(KEPT)
    return rows


def told(rows):
    """Print and return the shares that are exact."""
    tally, misses = defaultdict(list), []
    for row in rows.values():
        exact = row["found"] == row["planted"]
        shape = "x".join(map(str, row["shape"]))
        tally[row["loss"], row["level"], shape].append(exact)
        if row["easy"] and not exact:
            misses.append([row["loss"], row["level"], shape, row["planted"], row["found"]])
    easy = [row["found"] == row["planted"] for row in rows.values() if row["easy"]]
    curve = [[*key, sum(outcomes), len(outcomes)] for key, outcomes in sorted(tally.items())]
    for line in curve:
        print("{} {} {}: exact {} of {}".format(*line))
    print(f"m, n >= 150 and noise <= .1 or mean >= 2: exact {sum(easy)} of {len(easy)} ({np.mean(easy):.1%})")
    print(f"CPU seconds of a trial: median {np.median([row['cpu_seconds'] for row in rows.values()]):.1f}")
    return {"exact": sum(easy), "of": len(easy), "misses": misses, "curve": curve}


def main():
    first, last = map(int, arguments() or sized((0, 0), (0, 2)))
    found = told(run(first, last))
    keep(ROOT / "docs/measured/estimator.json", {"planted": found | where()})


if __name__ == "__main__":
    main()
