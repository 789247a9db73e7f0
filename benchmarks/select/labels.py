"""Which component a sample is said to belong to: rules on sets whose classes are known.

    python benchmarks/select/labels.py [--smoke]

Every pair of ten digits, six triples, and iris, wine and cancer of scikit-learn (columns of the last two by their
largest), with as many components as classes, one fit of each loss. Told is the share of samples whose component's
class is theirs, components and classes matched as well as they can be. --smoke: two pairs.
"""

import itertools
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

import mho
from mho.nmf.stability import labels_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, sized, where

ROUNDS = 50


def clusters(W, H):
    """Clusters of the usages' directions: k-means from the component of which each sample has most, lengths 1."""
    rows = W / np.linalg.norm(W, axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
    labels, mean = labels_of(W), rows.mean(axis=0)
    for _ in range(ROUNDS):
        centres = np.stack([rows[labels == j].mean(axis=0) if np.any(labels == j) else mean for j in range(len(H))])
        before, labels = labels, np.argmin(np.square(centres).sum(axis=1) - 2 * rows @ centres.T, axis=1)
        if np.array_equal(before, labels):
            break
    return labels


RULES = {
    "length of the usage 1": lambda W, H: labels_of(W),
    "sum of the usage 1": lambda W, H: np.argmax(W / W.sum(axis=0), axis=1),
    "length of the part": lambda W, H: np.argmax(W * np.linalg.norm(H, axis=1), axis=1),
    "sum of the spectrum 1": lambda W, H: np.argmax(W * H.sum(axis=1), axis=1),
    "largest of the spectrum 1": lambda W, H: np.argmax(W * H.max(axis=1), axis=1),
    "clusters of directions": clusters,
    "as the iterations leave it": lambda W, H: np.argmax(W, axis=1),
}
"""What is taken as a usage before the largest is; of a part, of its rows' lengths."""

LOSSES = ("frobenius", "kullback-leibler")


def sets():
    X, y = load_digits(return_X_y=True)
    pairs = list(itertools.combinations(range(10), 2))
    triples = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (1, 5, 9), (0, 4, 8), (2, 3, 7)]
    for digits in [*pairs[: sized(45, 2)], *triples[: sized(6, 0)]]:
        chosen = np.isin(y, digits)
        yield X[chosen], np.searchsorted(digits, y[chosen])
    if sized(1, 0):
        yield load_iris(return_X_y=True)
        for load in (load_wine, load_breast_cancer):
            X, y = load(return_X_y=True)
            yield X / X.max(axis=0), y


def right(labels, truth):
    k = truth.max() + 1
    counts = np.zeros((k, k))
    np.add.at(counts, (labels, truth), 1)
    return counts[linear_sum_assignment(-counts)].sum() / len(truth)


def main():
    warnings.simplefilter("ignore")
    shares = {loss: {rule: [] for rule in RULES} for loss in LOSSES}
    for X, truth in sets():
        X = X[:, X.sum(axis=0) > 0]
        for loss, found in shares.items():
            settings = {"init": "random", "random_state": 0, "tol": 1e-5, "max_iter": 400}
            fit = mho.NMF(int(np.max(truth)) + 1, loss=loss, **settings).fit(X)
            for rule, label in RULES.items():
                found[rule].append(right(label(fit.W_, fit.components_), truth))
    means = {
        loss: {rule: round(float(np.mean(one)), 4) for rule, one in found.items()} for loss, found in shares.items()
    }
    count = len(shares["frobenius"]["length of the part"])
    print(f"{count} sets: {means}")
    keep(ROOT / "docs/measured/estimator.json", {"labels": means | {"sets": count} | where()})


if __name__ == "__main__":
    main()
