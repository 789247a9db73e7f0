"""Agreement of clusters with digits, every method but k-means on one graph."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.datasets import load_digits
from sklearn.metrics import normalized_mutual_info_score as agreement
from units import Row, Unit, chips, seeded

from mho.cluster import SymNMF, neighbor_graph

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import smoke


def clusters(mnist: str) -> Iterator[Unit]:
    """Yield the units of 1,797 digits of scikit-learn's and 5,000 of MNIST."""
    table = pd.read_csv(mnist, header=None).to_numpy(float)
    sets: dict[str, Any] = {} if smoke() else {"digits, 1797": load_digits(return_X_y=True)}
    sets[f"MNIST, {len(table)}"] = table[:, :-1], table[:, -1]
    for name, (X, digit) in sets.items():
        for method, (make, seeds) in _methods(X).items():
            key = {"set": name, "method": method}
            yield from seeded(key, seeds, lambda seed, make=make, digit=digit: _measured(make, digit, seed))


def _measured(make: Callable[[int], Any], digit: np.ndarray, seed: int) -> Row:
    begun = time.perf_counter()
    labels = make(seed).labels_
    return {"nmi": float(agreement(digit, labels)), "seconds": time.perf_counter() - begun}


def _methods(X: np.ndarray) -> dict[str, tuple[Callable[[int], Any], int]]:
    """Clusterings from a seed, and from how many, by their names; SymNMF and spectral clustering of the same graph."""
    graph = neighbor_graph(X)
    given: dict[str, Any] = {"affinity": "precomputed"}
    once: dict[str, Any] = {"n_init": 1}

    def ours(engine: Callable[[int], Any] = lambda seed: "digital", **settings: Any) -> Callable[[int], Any]:
        return lambda seed: SymNMF(10, engine=engine(seed), random_state=seed, **settings, **given).fit(graph)

    return {
        "SymNMF, CPU": (ours(), 10),
        "spectral clustering": (lambda seed: SpectralClustering(10, random_state=seed, **given).fit(graph), 10),
        **{f"SymNMF, {name}": (ours(engine), seeds) for name, (engine, seeds) in chips().items()},
        "SymNMF, random start": (ours(init="random"), 5),
        "k-means on pixels": (lambda seed: KMeans(10, random_state=seed, **once).fit(X), 5),
    }
