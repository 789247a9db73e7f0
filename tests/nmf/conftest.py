import numpy as np
import pytest


def _low_rank(m=40, n=30, k=4, noise=0.05, seed=0):
    """A non-negative matrix near rank k, its factors half zero."""
    rng = np.random.default_rng(seed)
    W, H = rng.random((m, k)) * (rng.random((m, k)) < 0.6), rng.random((k, n)) * (rng.random((k, n)) < 0.6)
    W[:, 0], H[0] = rng.random(m) + 0.1, rng.random(n) + 0.1  # so that no row or column is zero
    return W @ H + noise * rng.random((m, n))


@pytest.fixture
def make_low_rank():
    return _low_rank


@pytest.fixture
def X():
    return _low_rank()


@pytest.fixture
def thinned(X):
    """X with about a third of its entries zero, no row or column whole."""
    keep = np.random.default_rng(6).random(X.shape) < 0.65
    keep[:, 0], keep[0] = True, True
    return np.where(keep, X, 0.0)
