"""Signatures of simulated catalogues: those recovered beside scikit-learn's and nimfa's KL, and the time of many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import NMF
from units import CHIP, Row, Unit, seeded, timed

from mho.nmf import consensus
from mho.signatures import Signatures, match

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "signatures"))
from test_signatures import catalogue

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

SAMPLES, KNOWN = sized((500, 10), (40, 2))
STARTS, NUMBERS = sized((100, range(2, 13)), (3, range(2, 3)))
FEW = sized(5, 2)
"""Starts on a chip, one made anew for each."""

CASES = {"2,000 mutations for each signature": 4000.0, "100 mutations for each signature": 200.0}
"""Scale of the gamma distribution of shape 1/2 that exposures are of."""

RECOVERED = 0.9
"""Cosine from which a signature counts as recovered."""


def signatures(_: str) -> Iterator[Unit]:
    """Yield the units of ten signatures in 500 samples, the number told but in one row."""
    for case, scale in CASES.items():
        for method, find in _methods().items():
            yield from seeded(
                {"case": case, "method": method}, 5, lambda seed, find=find, scale=scale: _measured(find, scale, seed)
            )


def signature_times(_: str) -> Iterator[Unit]:
    """Yield the units of the consensus of 100 starts for each number of signatures from 2 to 12."""
    X = catalogue(SAMPLES, KNOWN, 0)[0].astype(np.float32)
    for k in NUMBERS:
        yield Unit({"signatures": str(k)}, 0, lambda k=k: _timed(X, k))


def _timed(X: np.ndarray, k: int) -> Row:
    given = {"loss": "kullback-leibler", "scale": False, "threshold": 2.0, "max_iter": 200, "random_state": 0}
    found, times = timed(lambda: consensus(X, k, starts=STARTS, **given))
    return {**times, "silhouette": found.silhouette}


def _measured(find: Callable[[np.ndarray, int], np.ndarray], scale: float, seed: int) -> Row:
    X, known, _ = catalogue(SAMPLES, KNOWN, seed, scale=scale)
    spectra, times = timed(lambda: find(X, seed))
    cosine = match(spectra, known).cosine
    recovered = int(np.sum(cosine >= RECOVERED))
    return {"f1": 2 * recovered / (len(spectra) + KNOWN), "cosine": float(cosine.sum() / KNOWN), **times}


def _methods() -> dict[str, Callable[[np.ndarray, int], np.ndarray]]:
    def ours(numbers: Any) -> Callable[[np.ndarray, int], np.ndarray]:
        return lambda X, seed: Signatures(numbers, random_state=seed).fit(X).components_

    return {
        "mho.Signatures": ours(KNOWN),
        "mho.Signatures, of 2 to 12 the number": ours(NUMBERS),
        "scikit-learn, KL, best of 20 starts": _scikit_learn,
        "nimfa, KL, best of 3 starts": _nimfa,
        f"least squares, {FEW} starts, CPU": lambda X, seed: _least_squares(X, seed, None),
        f"least squares, {FEW} starts, chip": lambda X, seed: _least_squares(X, seed, CHIP),
    }


def _least_squares(X: np.ndarray, seed: int, chip: Any) -> np.ndarray:
    given: dict[str, Any] = {"chip": chip, "scale": False, "threshold": 2.0}
    found = consensus(X, KNOWN, starts=FEW, random_state=seed, **given)
    spectra = np.zeros((KNOWN, X.shape[1]))
    spectra[:, found.columns] = found.spectra
    return spectra


def _scikit_learn(X: np.ndarray, seed: int) -> np.ndarray:
    given: dict[str, Any] = {"n_components": KNOWN, "beta_loss": "kullback-leibler", "max_iter": 200}
    given |= {"init": "random", "solver": "mu"}
    models = [NMF(random_state=1000 * seed + start, **given).fit(X) for start in range(20)]
    return min(models, key=lambda model: model.reconstruction_err_).components_


def _nimfa(X: np.ndarray, seed: int) -> np.ndarray:
    # its name before NumPy 2, which nimfa 1.4.0 is older than
    vars(np)["mat"] = np.asmatrix  # pyright: ignore[reportIndexIssue]
    import nimfa

    np.random.seed(seed)  # noqa: NPY002, nimfa draws its starts from it
    found = nimfa.Nmf(X, rank=KNOWN, seed="random_vcol", update="divergence", objective="div", max_iter=200, n_run=1)
    fits = [found() for _ in range(3)]
    return np.asarray(min(fits, key=lambda fit: fit.distance(metric="kl")).coef())
