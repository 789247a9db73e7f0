import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls
from sklearn.exceptions import NotFittedError

from mho import NMF

ENGINES = ["digital", "analog", "hybrid"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array])
def test_new_samples_are_folded_in_exactly(X, make_low_rank, engine, form):
    model = NMF(4, engine=engine, random_state=0, max_iter=20).fit(X)
    new = make_low_rank(m=15, seed=9)
    W = model.transform(form(new))
    np.testing.assert_allclose(W, [nnls(model.components_.T, x)[0] for x in new], atol=1e-8)


@pytest.mark.parametrize("engine", ENGINES)
def test_fit_transform_is_fit_and_then_transform(X, engine):
    model, twin = (NMF(4, engine=engine, random_state=0, max_iter=10) for _ in range(2))
    np.testing.assert_allclose(model.fit_transform(X), twin.fit(X).transform(X), rtol=1e-12)


def test_more_components_than_features_can_hold(X):
    """The components depend on one another, so the weights are not unique; the fit is."""
    model = NMF(30, init="random", random_state=0, max_iter=5).fit(X[:, :6])
    W = model.transform(X[:, :6])
    expected = [nnls(model.components_.T, x)[1] for x in X[:, :6]]
    np.testing.assert_allclose(np.linalg.norm(X[:, :6] - W @ model.components_, axis=1), expected, atol=1e-8)


def test_there_and_back(X):
    model = NMF(4, random_state=0, max_iter=50).fit(X)
    W = model.transform(X)
    np.testing.assert_array_equal(model.inverse_transform(W), W @ model.components_)
    assert np.linalg.norm(model.inverse_transform(W) - X) <= model.reconstruction_err_ * (1 + 1e-9)


def test_the_result_is_ones_own(X):
    model = NMF(4, random_state=0, max_iter=5).fit(X)
    before = model.components_.copy()
    W = model.transform(X)
    assert W.flags.c_contiguous
    W[:] = -1
    np.testing.assert_array_equal(model.components_, before)


@pytest.mark.parametrize(
    ("use", "kind", "says"),
    [
        (lambda model, X: NMF().transform(X), NotFittedError, "not fitted"),
        (lambda model, X: NMF().inverse_transform(X), NotFittedError, "not fitted"),
        (lambda model, X: model.transform(X[:, 1:]), ValueError, "X has 29 features, but NMF is expecting 30"),
        (lambda model, X: model.transform(-X), ValueError, "X .*negative"),
        (lambda model, X: model.transform(np.full((1, 30), np.nan)), ValueError, "X contains NaN.*missing='nan'"),
        (lambda model, X: model.inverse_transform(X), ValueError, "X must have 4 columns, one per component, got 30"),
        (lambda model, X: model.inverse_transform(np.full((1, 4), np.nan)), ValueError, "X contains NaN"),
    ],
)
def test_bad_samples_are_named(X, use, kind, says):
    with pytest.raises(kind, match=says):
        use(NMF(4, random_state=0, max_iter=2).fit(X), X)
