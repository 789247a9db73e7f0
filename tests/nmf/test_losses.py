"""The estimator with a loss other than the squared error, and with weights; the methods have tests of their own."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition import NMF as SklearnNMF

from mho import NMF

LOSSES = ["kullback-leibler", "itakura-saito"]


@pytest.fixture
def counts(make_low_rank):
    return np.random.default_rng(2).poisson(20 * make_low_rank(m=60, n=40, k=3, noise=0)) + 1.0


@pytest.mark.parametrize("loss", LOSSES)
def test_no_worse_than_scikit_learn(counts, loss):
    rng = np.random.default_rng(0)
    W, H = rng.random((60, 3)) + 0.1, rng.random((3, 40)) + 0.1
    peer = SklearnNMF(3, beta_loss=loss, solver="mu", init="custom", max_iter=300, tol=0)
    peer.fit_transform(counts, W=W.copy(), H=H.copy())
    ours = NMF(3, loss=loss, tol=0, max_iter=300).fit(counts, W=W, H=H)
    assert ours.reconstruction_err_ <= 1.001 * peer.reconstruction_err_
    assert "newton" in ours.history_[0]["algorithm"]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_error_falls_and_folding_in_finds_the_rows_again(counts, loss):
    model = NMF(3, loss=loss, random_state=0, tol=0, max_iter=300)
    W = model.fit_transform(counts)
    errors = [record["error"] for record in model.history_]
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(errors))
    assert 0 < errors[-1] < 0.5
    np.testing.assert_allclose(W @ model.components_, model.W_ @ model.components_, rtol=0.02, atol=0.1)


def test_sparse_counts(counts):
    counts = counts - 1
    dense, sparse = (NMF(3, loss="kullback-leibler", init="random", random_state=0, max_iter=30, tol=0) for _ in "ab")
    dense.fit(counts)
    sparse.fit(sp.csr_array(counts))
    np.testing.assert_allclose(sparse.reconstruction_err_, dense.reconstruction_err_, rtol=1e-6)


def test_weights(make_low_rank):
    X = make_low_rank(m=40, n=30, k=3, noise=0.1)
    weights = np.random.default_rng(3).integers(0, 3, X.shape).astype(float)
    weighted = NMF(3, random_state=0, init="random", tol=0, max_iter=2000).fit(X, weights=weights)
    direct = np.sqrt(np.sum(weights * (X - weighted.W_ @ weighted.components_) ** 2))
    assert weighted.reconstruction_err_ == pytest.approx(direct, rel=1e-9)
    plain = NMF(3, random_state=0, init="random", tol=0, max_iter=2000).fit(X)
    assert direct < np.sqrt(np.sum(weights * (X - plain.W_ @ plain.components_) ** 2))


@pytest.mark.parametrize(
    ("options", "fitted", "message"),
    [
        ({"loss": "hubert"}, {}, "loss must be one of 'frobenius', 'kullback-leibler', .*, got 'hubert'"),
        ({"loss": "kullback-leibler", "engine": "analog"}, {}, "for engine='digital'.*engine='analog'"),
        ({"engine": "hybrid"}, {"weights": np.ones((60, 40))}, "for engine='digital'.*and weights"),
        ({"loss": "itakura-saito"}, {"weights": np.ones((60, 40))}, "weights for 'frobenius'"),
        ({}, {"weights": np.ones((60, 39))}, "weights .*60, 40"),
        ({}, {"weights": -np.ones((60, 40))}, "weights contains a negative entry"),
    ],
)
def test_what_does_not_go_together_is_said(counts, options, fitted, message):
    with pytest.raises(ValueError, match=message):
        NMF(3, **options).fit(counts, **fitted)


def test_itakura_saito_wants_entries_above_zero(counts):
    with pytest.raises(ValueError, match=r"X .*0"):
        NMF(3, loss="itakura-saito").fit(counts - counts.min())
