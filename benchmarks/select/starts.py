"""A hundred starts beside single fits: processor time, and errors.

    MHO_NUM_THREADS=1 python benchmarks/select/starts.py [NEWS.npz]

Dense 2000 x 1000 with k = 20; a sparse matrix of documents (scipy's .npz) where one is named. Single fits are
`mho.NMF(k, init="random")` as it is by default.
"""

import sys
import time

import numpy as np
import scipy.sparse as sp

import mho


def compared(name, X, k, starts=100):
    mho.NMF(k, max_iter=2, tol=0).fit(X)
    taken, errors = [], []
    for seed in range(7):
        begun = time.process_time()
        model = mho.NMF(k, init="random", random_state=seed, max_iter=400).fit(X)
        taken.append(time.process_time() - begun)
        errors.append(model.history_[-1]["error"])
    begun = time.process_time()
    runs = mho.many_starts(X, k, starts, random_state=0)
    whole, single = time.process_time() - begun, float(np.median(taken))
    begun = time.process_time()
    race = None if sp.issparse(X) else mho.many_starts(X, k, starts, racing=True, random_state=0)
    raced = time.process_time() - begun
    print(f"{name}: a single fit {single:.3f} s, error {np.median(errors):.5f} (median of 7)")
    print(f"  {starts} starts: {whole / single:.1f} single fits, error {np.median(runs.errors):.5f} (median)", end="")
    print(f", {runs.errors.min():.5f} (best), {runs.errors.max():.5f} (worst)")
    if race is not None:
        print(f"  racing: {raced / single:.1f} single fits, error {race.errors.min():.5f} (best)")


def main():
    rng = np.random.default_rng(0)
    X = rng.gamma(0.5, size=(2000, 20)) @ rng.gamma(0.5, size=(20, 1000)) + 0.1 * rng.random((2000, 1000))
    compared("dense 2000 x 1000, k = 20", X.astype(np.float32), 20)
    for path in sys.argv[1:]:
        compared(f"{path}, k = 20", sp.csr_array(sp.load_npz(path)).astype(np.float32), 20)


if __name__ == "__main__":
    main()
