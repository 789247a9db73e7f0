"""mho in the benchmark."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from adapter import RIDGES, Fit, Input, timed


def mho_nmf(data: Input) -> Fit:
    """Its own start and everything else as it comes; the start is part of the time."""
    _warm_up()
    return lambda n: _fitted(data, {}, n)


def mho_same_start(data: Input) -> Fit:
    """From the start that the peers get."""
    _warm_up()
    return lambda n: _fitted(data, {"W": data.W, "H": data.H}, n)


def mho_ratings(data: Input) -> Fit:
    """Missing is missing; a ridge for each known entry."""
    from mho import NMF

    ridge, k = RIDGES[data.case.k], data.case.k
    X: Any = None

    def fit(n: int) -> tuple[np.ndarray, np.ndarray]:
        model = NMF(k, missing="unstored", l2_W=ridge, l2_H=ridge, l2_per="known", max_iter=n, tol=0, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X)
        return model.W_, model.components_

    def load() -> None:
        nonlocal X
        X = sp.csr_array((data.values, (data.users, data.items)), shape=data.shape)

    _warm_up()
    data.load_seconds, _ = timed(load)
    return lambda n: timed(lambda: fit(n))


def mho_nnls(data: Input) -> Fit:
    """Exact solutions."""
    import mho

    _warm_up()
    return lambda n: timed(lambda: (data.A, mho.nnls(data.A, data.B)))


def _fitted(data: Input, start: dict[str, np.ndarray], n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    from mho import NMF

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, model = timed(lambda: NMF(data.case.k, max_iter=n, tol=0, random_state=0).fit(data.X, **start))
    return seconds, (model.W_, model.components_)


def _warm_up() -> None:
    """Load what is loaded late, so that it counts neither as time nor as memory of the problem."""
    import mho

    small = np.random.default_rng(0).random((40, 30), np.float32)
    mho.NMF(3, max_iter=2, tol=0, random_state=0).fit(small)
    mho.nnls(small[:, :3].astype(np.float64), small.astype(np.float64))
