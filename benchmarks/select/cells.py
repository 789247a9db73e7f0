"""cNMF beside `mho.consensus` on scanpy's reduced PBMC (700 cells x 765 genes), k = 10, and on tiles of it.

    python -m venv PEERS && PEERS/bin/pip install cnmf==1.7.1
    python benchmarks/select/cells.py PEERS/bin/python FOLDER [TILES [STARTS]] [--smoke]

One tile and 200 starts by default; 574 tiles have 100 million entries. cNMF runs first (again until it is through, if
it is stopped; its genes are all of them, and what it takes for counts are scanpy's). Then mho factorizes what cNMF did,
from the starts of its seeds, and clusters as it does; `mho.consensus` starts by itself. mho comes to rest on one tile,
on more it stops by its own tolerance, as cNMF does by its. Of less than ten starts both leave no spectrum out.

Told are the correlations of the spectra matched, the error of the best usages for them, the processor time and the peak
memory of both. --smoke: made-up cells, and scikit-learn in cNMF's place.
"""

import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF as SklearnNMF
from sklearn.decomposition._nmf import _initialize_nmf

import mho
from mho.nmf.consensus import cluster_spectra, local_density

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, arguments, keep, peak_gib, sized, smoke, timed, where

K = sized(10, 3)
REST = {"tol": 1e-6, "max_iter": 1000}
FEW = 10
"""As peer_cells.py has it."""


def start(X, seed):
    """Factors that scikit-learn begins with."""
    W, H = _initialize_nmf(X, K, init="random", random_state=seed)
    return np.ascontiguousarray(W), np.ascontiguousarray(H)


def same_starts(X, seeds, settings):
    """Spectra of all starts of these seeds."""
    pooled = []
    for seed in seeds:
        W, H = start(X, int(seed))
        pooled.append(mho.NMF(K, random_state=0, **settings).fit(X, W=W, H=H).components_)
    return np.concatenate(pooled)


def agreed(pooled, starts):
    rows = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
    kept = local_density(rows, max(1, int(0.3 * starts))) < outlier(starts)
    return cluster_spectra(rows[kept], K)[0]


def outlier(starts):
    """Distance from which a spectrum is one."""
    return 0.5 if starts >= FEW else 2.0


def error(X, spectra):
    """|X - U S| / |X| with the best usages U."""
    U = mho.nnls(spectra.T, X.T).T
    square = float((X.data**2).sum())
    explained = 2 * float(((X @ spectra.T) * U).sum()) - float(((U.T @ U) * (spectra @ spectra.T)).sum())
    return float(np.sqrt((square - explained) / square))


def matched(ours, theirs):
    """Correlation of each of their spectra with ours for it, from the least on."""
    correlation = np.corrcoef(ours, theirs)[:K, K:]
    return np.sort(correlation[linear_sum_assignment(-correlation)])


def stand_in(folder, starts):
    rng = np.random.default_rng(0)
    X = sp.csr_matrix(rng.poisson(4 * rng.gamma(0.4, size=(60, K)) @ rng.gamma(0.4, size=(K, 40))) + 0.1)
    pooled = []
    for seed in range(starts):
        W, H = start(X, seed)
        made = SklearnNMF(n_components=K, init="custom", max_iter=1000)  # pyright: ignore[reportArgumentType]
        model = made.fit(X, W=W, H=H)
        pooled.append(model.components_)
    parts = {name: getattr(X, name) for name in ("data", "indices", "indptr", "shape")}
    found = {"spectra": agreed(np.concatenate(pooled), starts), "scores": np.zeros((K, 40)), "seeds": np.arange(starts)}
    np.savez(folder / "cnmf-1.npz", **parts, **found, seconds=1.0, gib=1.0)


def measured(python, folder, tiles, starts):
    if smoke():
        stand_in(folder, starts)
    elif not (folder / f"cnmf-{tiles}.npz").exists():
        script = Path(__file__).with_name("peer_cells.py")
        subprocess.run([python, script, folder, str(tiles), str(starts)], check=True)
    theirs = np.load(folder / f"cnmf-{tiles}.npz")
    X = sp.csr_array((theirs["data"], theirs["indices"], theirs["indptr"]), shape=theirs["shape"])
    settings = REST if tiles == 1 else {}
    pooled, seconds = timed(lambda: same_starts(X, theirs["seeds"], settings), time.process_time)
    ours = agreed(pooled, starts)
    alike = matched(ours, theirs["spectra"])
    how = {"starts": starts, "threshold": outlier(starts), "scale": False, "random_state": 0}
    own, alone = timed(lambda: mho.consensus(X, K, **how), time.process_time)
    apart = matched(own.spectra, theirs["spectra"])
    gib = peak_gib()
    row = {
        "shape": X.shape,
        "entries": X.nnz,
        "starts": starts,
        "least_correlation_same_starts": round(float(alike[0]), 5),
        "least_correlation_own_starts": round(float(apart[0]), 5),
        "correlations_own_starts": apart.round(4).tolist(),
        "errors": [round(error(X, spectra), 5) for spectra in (theirs["spectra"], ours, own.spectra)],
        "cnmf_cpu_seconds": round(float(theirs["seconds"]), 1),
        "same_starts_cpu_seconds": round(seconds, 1),
        "consensus_cpu_seconds": round(alone, 1),
        "cnmf_gib": round(float(theirs["gib"]), 2),
        "mho_gib": round(gib, 2),
    }
    print(row, flush=True)
    keep(ROOT / "docs/measured/estimator.json", {f"cells x {tiles}": row | where()})


def main():
    warnings.simplefilter("ignore")
    if smoke():
        with tempfile.TemporaryDirectory() as folder:
            measured("", Path(folder), 1, 4)
        return
    python, folder, *sizes = arguments()
    tiles, starts = (int(value) for value in [*sizes, *(1, 200)[len(sizes) :]])
    Path(folder).mkdir(parents=True, exist_ok=True)
    measured(python, Path(folder), tiles, starts)


if __name__ == "__main__":
    main()
