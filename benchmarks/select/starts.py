"""A hundred starts beside single fits: processor time, and errors.

    MHO_NUM_THREADS=1 python benchmarks/select/starts.py [NEWS.npz] [--smoke]

Dense 2000 x 1000 with k = 20; a sparse matrix of documents (scipy's .npz) where one is named. Single fits are
`mho.NMF(k, init="random")` as it is by default.
"""

import sys
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, sized, timed

STARTS = sized(100, 4)


def compared(name, X, k, starts=STARTS):
    mho.NMF(k, max_iter=2, tol=0).fit(X)
    taken, errors = [], []
    for seed in range(7):
        model = mho.NMF(k, init="random", random_state=seed, max_iter=400)
        taken.append(timed(lambda model=model: model.fit(X), time.process_time)[1])
        errors.append(model.history_[-1]["error"])
    runs, whole = timed(lambda: mho.many_starts(X, k, starts, random_state=0), time.process_time)
    single = float(np.median(taken))
    print(f"{name}: a single fit {single:.3f} s, error {np.median(errors):.5f} (median of 7)")
    print(f"  {starts} starts: {whole / single:.1f} single fits, error {np.median(runs.errors):.5f} (median)", end="")
    print(f", {runs.errors.min():.5f} (best), {runs.errors.max():.5f} (worst)")
    if not sp.issparse(X):
        race, raced = timed(lambda: mho.many_starts(X, k, starts, racing=True, random_state=0), time.process_time)
        print(f"  racing: {raced / single:.1f} single fits, error {race.errors.min():.5f} (best)")


def main():
    rng = np.random.default_rng(0)
    m, n, k = sized((2000, 1000, 20), (300, 200, 3))
    X = rng.gamma(0.5, size=(m, k)) @ rng.gamma(0.5, size=(k, n)) + 0.1 * rng.random((m, n))
    compared(f"dense {m} x {n}, k = {k}", X.astype(np.float32), k)
    for path in arguments():
        compared(f"{path}, k = 20", sp.csr_array(sp.load_npz(path)).astype(np.float32), 20)


if __name__ == "__main__":
    main()
