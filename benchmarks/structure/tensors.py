"""Non-negative CP of a hyperspectral picture to equal error: mho beside tensorly's HALS, from the same starts."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from units import Row, Unit, timed

from mho.nmf import CP

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

COMPONENTS, PEER_ITERATIONS, ITERATIONS, SEEDS = sized((10, 30, 100, 5), (3, 5, 50, 1))


def tensors(path: str) -> Iterator[Unit]:
    """Yield, for each start, both programs' times to the error that tensorly has after its iterations."""
    X = np.load(path).astype(float)
    for seed in range(SEEDS):
        yield Unit({"method": "CP"}, seed, lambda seed=seed: _compared(X, _start(X, seed)))


def _compared(X: np.ndarray, start: list[np.ndarray]) -> Row:
    """Both programs' times; mho's is that of as many iterations as it needs, found in runs before."""
    errors, theirs = timed(lambda: _tensorly(X, start))
    model = CP(COMPONENTS, max_iter=ITERATIONS, tol=0).fit(X, factors=start)
    enough, reached, ours = 0, np.inf, theirs
    if model.reconstruction_err_ <= errors[-1]:
        enough = next(row["iteration"] for row in model.history_ if row["error"] <= errors[-1])
        while reached > errors[-1]:
            short, ours = timed(lambda most=enough: CP(COMPONENTS, max_iter=most, tol=0).fit(X, factors=start))
            reached, enough = short.reconstruction_err_, enough + 1
    ratio = theirs["cpu"] / ours["cpu"] if enough else float("nan")
    times = {
        f"{name}_{key}": value for name, one in (("tensorly", theirs), ("mho", ours)) for key, value in one.items()
    }
    return {"ratio": ratio, "error": float(errors[-1]), **times, "mho_error": model.reconstruction_err_}


def _tensorly(X: np.ndarray, start: list[np.ndarray]) -> list[float]:
    """Errors after each iteration."""
    from tensorly.cp_tensor import CPTensor
    from tensorly.decomposition import non_negative_parafac_hals

    init = CPTensor((None, [factor.copy() for factor in start]))
    given = {"n_iter_max": PEER_ITERATIONS, "tol": 1e-300, "init": init, "return_errors": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return non_negative_parafac_hals(X, COMPONENTS, **given)[1]


def _start(X: np.ndarray, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    factors = [rng.random((n, COMPONENTS)) for n in X.shape]
    factors[0] *= X.sum() / np.prod([factor.sum(axis=0) for factor in factors], axis=0).sum()
    return factors
