"""Latency of one right-hand side: `mho.nnls` beside `scipy.optimize.nnls`, interleaved, median of each.

    python benchmarks/nmf/latency.py [--smoke]

Prints one line a size, of positive and of mixed signs, then residuals on columns that are nearly alike.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import nnls as scipy_nnls

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, sized, where

SIZES = [(16, 4), (100, 4), (20, 8), (100, 8), (32, 16), (100, 16), (1000, 16), (100, 32), (200, 64)]
SIZES, ROUNDS, PROBLEMS = sized((SIZES, 2000, 200), (SIZES[:1], 10, 2))


def interleaved(first, second, rounds=ROUNDS):
    """Median microseconds of two functions, called in turn."""
    taken = [], []
    for i in range(rounds + 100):
        for kept, work in zip(taken, (first, second), strict=True):
            begun = time.perf_counter_ns()
            work()
            if i >= 100:
                kept.append(time.perf_counter_ns() - begun)
    return tuple(statistics.median(kept) / 1e3 for kept in taken)


def main():
    rng = np.random.default_rng(0)
    rows, residuals = [], {}
    print(f"{'m':>5} {'k':>3} {'signs':>8} {'scipy us':>9} {'mho us':>7} {'ratio':>6} {'difference':>10}")
    for m, k in SIZES:
        for shift in (0.0, 0.5):
            A = rng.random((m, k)) - shift
            b = A @ np.maximum(rng.standard_normal(k), 0) + 0.1 * rng.standard_normal(m)
            theirs, ours = interleaved(lambda A=A, b=b: scipy_nnls(A, b), lambda A=A, b=b: mho.nnls(A, b))
            apart = np.abs(mho.nnls(A, b) - scipy_nnls(A, b)[0]).max()
            signs = "mixed" if shift else "positive"
            rows.append([m, k, signs, round(theirs, 1), round(ours, 1), round(ours / theirs, 2), float(apart)])
            print(f"{m:5} {k:3} {signs:>8} {theirs:9.1f} {ours:7.1f} {ours / theirs:6.2f} {apart:10.1e}")
    print(f"residual over scipy's, {PROBLEMS} problems of 30 x 10 for each condition, largest:")
    for condition in (1e3, 1e6, 1e9, 1e12):
        worst = 0.0
        for _ in range(PROBLEMS):
            U, V = np.linalg.qr(rng.standard_normal((30, 10)))[0], np.linalg.qr(rng.standard_normal((10, 10)))[0]
            A, b = (U * np.geomspace(1, 1 / condition, 10)) @ V.T, rng.standard_normal(30)
            worst = max(worst, mho.nnls(A, b, return_residual=True)[1] / scipy_nnls(A, b, maxiter=10000)[1])
        print(f"  condition {condition:.0e}: 1 + {worst - 1:.1e}")
        residuals[f"{condition:.0e}"] = worst - 1
    keep(ROOT / "docs/measured/estimator.json", {"one nnls": {"rows": rows, "residuals": residuals} | where()})


if __name__ == "__main__":
    main()
