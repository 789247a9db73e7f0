"""cNMF on scanpy's reduced PBMC, in a Python that has it: run by cells.py, which tells how.

    PYTHON peer_cells.py FOLDER TILES STARTS

Goes on where it was stopped, and writes FOLDER/cnmf-TILES.npz when all starts are there.
"""

import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import scanpy as sc
import scipy.sparse as sp
from cnmf import cNMF

K = 10
FEW = 10
"""Starts below which spectra have too few neighbours to tell outliers by: none is left out."""


def counts(tiles):
    """The cells again and again, each entry of a copy times a factor of its own about 1; and all genes."""
    found = sc.datasets.pbmc68k_reduced().raw
    assert found is not None
    X = sp.csr_matrix(found.X).astype(np.float64)
    rng = np.random.default_rng(0)
    copies = [X]
    for _ in range(tiles - 1):
        copies.append(X.copy())
        copies[-1].data *= rng.gamma(100, 0.01, X.nnz)
    whole = sp.csr_matrix(sp.vstack(copies))
    names = pd.DataFrame(index=[f"cell{i}" for i in range(tiles * len(found.obs_names))])
    return sc.AnnData(X=whole, obs=names, var=pd.DataFrame(index=list(found.var_names)))


def main():
    warnings.simplefilter("ignore")
    folder, tiles, starts = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    source, genes = folder / f"tiled-{tiles}.h5ad", folder / "genes.txt"
    run = cNMF(output_dir=str(folder), name=f"run-{tiles}")
    begun = time.process_time()
    if not source.exists():
        data = counts(tiles)
        data.write(source)
        genes.write_text("\n".join(data.var_names))
        run.prepare(str(source), [K], n_iter=starts, tpm_fn=str(source), seed=14, genes_file=str(genes))
        (folder / f"cost-{tiles}.txt").write_text("")
    else:
        run.update_nmf_iter_params()
    noted = folder / f"cost-{tiles}.txt"

    def note():
        """What was done since the last note: a start that is broken off is made again, and counted once."""
        nonlocal begun
        now = time.process_time()
        with noted.open("a") as stream:
            stream.write(f"{now - begun} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}\n")
        begun = now

    def noting(X, nmf_kwargs):
        found = cNMF._nmf(run, X, nmf_kwargs)
        note()
        return found

    run._nmf = noting
    threshold = 0.5 if starts >= FEW else 2.0
    run.factorize(skip_completed_runs=True)
    run.combine()
    near = max(0.3, 1.01 / starts)  # of three starts .3 would be no neighbour, and every spectrum an outlier
    run.consensus(K, threshold, near, show_clustering=False, build_ref=False)
    note()
    names = K, str(threshold).replace(".", "_")
    result = run.paths["consensus_spectra"] % names, run.paths["gene_spectra_score"] % names
    seconds, gib = zip(*(map(float, line.split()) for line in noted.read_text().splitlines()), strict=True)
    spectra, scores = (pd.DataFrame(**np.load(path, allow_pickle=True)) for path in result)
    normed = sc.read(run.paths["normalized_counts"]).X
    seeds = pd.DataFrame(**np.load(run.paths["nmf_replicate_parameters"], allow_pickle=True)).nmf_seed
    np.savez(
        folder / f"cnmf-{tiles}.npz",
        **{name: getattr(normed, name) for name in ("data", "indices", "indptr", "shape")},
        spectra=spectra.to_numpy(float),
        scores=scores.to_numpy(float),
        seeds=seeds.to_numpy(np.int64),
        seconds=sum(seconds),
        gib=max(gib),
    )


if __name__ == "__main__":
    main()
