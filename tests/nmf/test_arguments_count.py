"""What is given to fit counts in fit_transform, transform and partial_fit too, or is refused."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from mho import NMF

FORMS = {
    "dense": (None, np.asarray),
    "sparse": (None, sp.csr_array),
    "nan": ("nan", lambda X: np.where(X > 0.9, np.nan, X)),
    "unstored": ("unstored", sp.csc_array),
}


@pytest.fixture
def weights(X):
    return np.random.default_rng(3).integers(1, 5, X.shape).astype(float)


def _reference(given, weights, H):
    """Rows of W by scipy, each entry times the root of its weight, what is not known left out."""
    X = given.toarray() if sp.issparse(given) else given
    rows = [(~np.isnan(x), x, np.sqrt(v)) for x, v in zip(X, weights, strict=True)]
    return [nnls((root * H).T[known], (root * x)[known])[0] for known, x, root in rows]


@pytest.mark.parametrize("form", FORMS)
def test_weights_count_in_fit_transform_and_in_transform(X, weights, form):
    missing, make = FORMS[form]
    given = make(X)
    V = sp.csr_array(weights) if sp.issparse(given) else weights
    model = NMF(4, missing=missing, random_state=0, max_iter=10)
    W = model.fit_transform(given, weights=V)
    expected = _reference(given, weights, model.components_)
    np.testing.assert_allclose(W, expected, atol=1e-8)
    np.testing.assert_allclose(model.transform(given, weights=V), expected, atol=1e-8)
    assert np.abs(model.transform(given) - expected).max() > 1e-4


def test_an_outlier_without_weight_leaves_no_trace():
    rng = np.random.default_rng(0)
    X = (rng.random((30, 3)) + 0.1) @ (rng.random((3, 20)) + 0.1)
    spoilt, weights = X.copy(), np.ones(X.shape)
    spoilt[::4, 5], weights[::4, 5] = 100, 0
    model = NMF(3, random_state=0, max_iter=300, tol=0)
    W = model.fit_transform(spoilt, weights=weights)
    assert np.linalg.norm(W @ model.components_ - X) < 1e-2 * np.linalg.norm(X)


def test_rows_without_any_weight_are_told(X, weights):
    weights[[2, 9]] = 0
    model = NMF(4, random_state=0, max_iter=5, tol=0)
    with pytest.warns(UserWarning, match="2 rows and 0 columns of X hold no known entry above zero") as said:
        W = model.fit_transform(X, weights=weights)
    assert len(said) == 1
    assert said[0].filename == __file__
    with pytest.warns(UserWarning, match="2 of 40 rows of X have no known entry"):
        np.testing.assert_array_equal(model.transform(X, weights=weights)[[2, 9]], 0)
    assert W[[2, 9]].max() == 0


@pytest.mark.parametrize("step", [lambda m, X: m.fit(X), lambda m, X: m.partial_fit(X)])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_a_ridge_for_every_known_entry_counts_all_where_all_are_known(X, step, form):
    m, n = X.shape
    known = step(NMF(4, l2_W=0.01, l2_H=0.02, l2_per="known", random_state=0, max_iter=30), form(X))
    row = step(NMF(4, l2_W=0.01 * n, l2_H=0.02 * m, random_state=0, max_iter=30), form(X))
    np.testing.assert_allclose(known.components_, row.components_, rtol=1e-9)
    np.testing.assert_allclose(known.transform(form(X)), row.transform(form(X)), rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "given", "says"),
    [
        (
            {"engine": "analog", "algorithm": "hals"},
            {},
            "algorithm with an engine other than 'digital' or 'torch' must be .*'auto'",
        ),
        (
            {"loss": "kullback-leibler", "algorithm": "hals"},
            {},
            "algorithm with loss='kullback-leibler' must be .*'auto'",
        ),
        (
            {"algorithm": "compressed"},
            {"weights": np.ones((40, 30))},
            "algorithm with weights must be .*got 'compressed'",
        ),
    ],
)
def test_an_algorithm_that_cannot_be_followed_is_refused(X, options, given, says):
    with pytest.raises(ValueError, match=says):
        NMF(4, **options).fit(X, **given)


def test_weights_of_a_divergence_are_refused_in_transform_as_in_fit(X, weights):
    model = NMF(4, loss="kullback-leibler", random_state=0, max_iter=5).fit(X)
    with pytest.raises(ValueError, match="weights are for loss='frobenius', got loss='kullback-leibler'"):
        model.transform(X, weights=weights)
