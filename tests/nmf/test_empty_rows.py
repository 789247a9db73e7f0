"""A row or column that holds nothing says so once and gets zero factors."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp

from mho import NMF

ROW, COLUMN = 3, 5


def _emptied(X, value):
    X = X.copy()
    X[ROW], X[:, COLUMN] = value, value
    return X


def _fit(given, **options):
    model = NMF(4, random_state=0, max_iter=5, tol=0, **options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        W = model.fit_transform(given)
    return model, W, [str(warning.message) for warning in caught]


CASES = {
    "dense": (0.0, None, lambda X: X),
    "single": (0.0, None, lambda X: X.astype(np.float32)),
    "sparse": (0.0, None, sp.csr_array),
    "unstored": (0.0, "unstored", sp.csc_array),
    "nan": (np.nan, "nan", lambda X: X),
}


@pytest.mark.parametrize("engine", ["digital", "analog", "hybrid"])
@pytest.mark.parametrize("init", ["auto", "random"])
@pytest.mark.parametrize("case", CASES)
def test_an_empty_row_and_column_get_zero_factors_and_one_warning(X, engine, init, case):
    value, missing, form = CASES[case]
    model, W, said = _fit(form(_emptied(X, value)), engine=engine, init=init, missing=missing)
    assert len(said) == 1
    assert said[0].startswith("1 rows and 1 columns of X")
    for factor in (model.W_[ROW], W[ROW], model.components_[:, COLUMN]):
        np.testing.assert_array_equal(factor, 0)
    assert all(np.isfinite(part).all() for part in (model.W_, W, model.components_))
    assert np.isfinite(model.history_[-1]["error"])


@pytest.mark.parametrize("engine", ["digital", "analog", "hybrid"])
@pytest.mark.parametrize("init", ["auto", "random", "nndsvd", "nndsvda"])
@pytest.mark.parametrize("shape", [(8, 6), (80, 60)])  # the larger one is thin enough to be compressed
def test_nothing_but_zeros(engine, init, shape):
    model, W, said = _fit(np.zeros(shape), engine=engine, init=init)
    assert len(said) == 1
    for part in (W, model.W_, model.components_):
        np.testing.assert_array_equal(part, 0)
    assert model.reconstruction_err_ == 0


@pytest.mark.parametrize("engine", ["digital", "analog", "hybrid"])
@pytest.mark.parametrize("form", [lambda: np.full((8, 6), np.nan), lambda: sp.csr_array((8, 6))])
def test_nothing_known_at_all(engine, form):
    given = form()
    model, W, said = _fit(given, engine=engine, missing="unstored" if sp.issparse(given) else "nan")
    assert len(said) == 1
    for part in (W, model.W_, model.components_):
        np.testing.assert_array_equal(part, 0)


def test_start_factors_at_an_empty_row_go_to_zero(X):
    X = _emptied(X, 0.0)
    with pytest.warns(UserWarning, match="1 rows and 1 columns"):
        model = NMF(4, max_iter=3).fit(X, W=np.ones((40, 4)), H=np.ones((4, 30)))
    np.testing.assert_array_equal(model.W_[ROW], 0)
    np.testing.assert_array_equal(model.components_[:, COLUMN], 0)


def test_the_warning_points_at_the_callers_line(X):
    with pytest.warns(UserWarning, match="rows and") as caught:
        NMF(4, max_iter=1).fit(_emptied(X, 0.0))
    assert caught[0].filename == __file__
