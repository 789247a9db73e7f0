"""A hundred starts beside single fits: processor time, and errors.

    MHO_NUM_THREADS=1 python benchmarks/select/starts.py [NEWS.npz] [--smoke]

Dense 2000 x 1000 with k = 20; a sparse matrix of documents (scipy's .npz) where one is named, which was tf-idf of 20
Newsgroups' training part, English stop words left out, the 10,000 most frequent words. Single fits are
`mho.NMF(k, init="random")` as it is by default.
"""

import sys
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, arguments, keep, sized, timed, where

STARTS = sized(100, 4)


def compared(name, X, k, starts=STARTS):
    """Single fits before, between and after, since other work on the machine slows all by turns."""
    mho.NMF(k, max_iter=2, tol=0).fit(X)
    taken, errors = [], []

    def single(seed):
        model = mho.NMF(k, init="random", random_state=seed, max_iter=400)
        taken.append(timed(lambda: model.fit(X), time.process_time)[1])
        errors.append(model.history_[-1]["error"])

    for seed in range(4):
        single(seed)
    runs, whole = timed(lambda: mho.many_starts(X, k, starts, random_state=0), time.process_time)
    for seed in range(4, 7):
        single(seed)
    race, raced = timed(lambda: mho.many_starts(X, k, starts, racing=True, random_state=0), time.process_time)
    one = float(np.median(taken))
    row = {
        "single_seconds": round(one, 3),
        "starts": starts,
        "single_fits": round(whole / one, 1),
        "single_error": float(np.median(errors)),
        "median_error": float(np.median(runs.errors)),
        "best_error": float(runs.errors.min()),
        "worst_error": float(runs.errors.max()),
        "raced_single_fits": round(raced / one, 1),
        "raced_error": float(race.errors.min()),
    }
    print(f"{name}: {row}", flush=True)
    keep(ROOT / "docs/measured/estimator.json", {f"starts, {name}": row | where()})


def main():
    rng = np.random.default_rng(0)
    m, n, k = sized((2000, 1000, 20), (300, 200, 3))
    X = rng.gamma(0.5, size=(m, k)) @ rng.gamma(0.5, size=(k, n)) + 0.1 * rng.random((m, n))
    compared("dense", X.astype(np.float32), k)
    if sized(arguments(), ["made up"]):
        news = sp.random_array((1200, 1000), density=0.02, rng=rng) if not arguments() else sp.load_npz(arguments()[0])
        compared("documents", sp.csr_array(news).astype(np.float32), sized(20, 3))


if __name__ == "__main__":
    main()
