import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mho import NMF, Analog, Digital

# missing="unstored" is not here: it takes sparse matrices only, and the checks feed dense ones.
ESTIMATORS = [
    NMF(2),
    NMF(2, missing="nan"),
    NMF(2, init="random", l2_W=0.1, l1_H=0.1),
    NMF(2, loss="kullback-leibler", max_iter=20),
    NMF(2, engine="analog", max_iter=5),
    NMF(2, engine="hybrid", max_iter=5),
]


@pytest.mark.filterwarnings("ignore:.*hold no known entry above zero|.*are all zero:UserWarning")
@parametrize_with_checks(ESTIMATORS)
def test_what_scikit_learn_asks_of_an_estimator(estimator, check):
    check(estimator)


def test_the_precision_of_x_is_kept(X):
    for dtype in (np.float32, np.float64):
        model = NMF(4, random_state=0, max_iter=5)
        W = model.fit_transform(X.astype(dtype))
        assert {W.dtype, model.W_.dtype, model.components_.dtype} == {np.dtype(dtype)}
        assert model.inverse_transform(W).dtype == dtype


def test_single_precision_finds_what_double_precision_finds(X):
    start = np.random.default_rng(0).random((40, 4)), np.random.default_rng(1).random((4, 30))
    double, single = (
        NMF(4, algorithm="hals", tol=0, max_iter=30).fit(X.astype(t), W=start[0], H=start[1])
        for t in (np.float64, np.float32)
    )
    np.testing.assert_allclose(single.components_, double.components_, atol=2e-3)


@pytest.mark.parametrize(
    "kind", ["whole numbers", "booleans", "list", "data frame", "coo", "lil", "csr_matrix", "int64 indices"]
)
def test_x_may_be_of_many_kinds(kind):
    pandas = pytest.importorskip("pandas")
    X = np.random.default_rng(0).integers(0, 2, (12, 9))
    X[0] = X[:, 0] = 1
    wide = sp.csr_array(X.astype(float))
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    kinds = {
        "whole numbers": X,
        "booleans": X.astype(bool),
        "list": X.tolist(),
        "data frame": pandas.DataFrame(X),
        "coo": sp.coo_array(X),
        "lil": sp.lil_array(X),
        "csr_matrix": sp.csr_matrix(X),
        "int64 indices": wide,
    }
    start = {"W": np.random.default_rng(1).random((12, 2)), "H": np.random.default_rng(2).random((2, 9))}
    expected = NMF(2, engine=Digital(sweeps=4), max_iter=10, tol=0).fit(X.astype(float), **start)
    np.testing.assert_allclose(
        NMF(2, engine=Digital(sweeps=4), max_iter=10, tol=0).fit(kinds[kind], **start).components_, expected.components_
    )


def test_names_and_data_frames_come_out(X):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"c{j}" for j in range(30)])
    model = NMF(3, random_state=0, max_iter=3).set_output(transform="pandas")
    W = model.fit_transform(frame)
    assert list(W.columns) == ["nmf0", "nmf1", "nmf2"]
    assert list(model.get_feature_names_out()) == ["nmf0", "nmf1", "nmf2"]
    assert list(model.feature_names_in_) == list(frame.columns)


def test_a_clone_has_the_settings_and_none_of_the_results(X):
    model = NMF(3, engine=Digital(sweeps=2), l1_H=0.5, l2_W=0.5, random_state=0, max_iter=3).fit(X)
    copy = clone(model)
    assert copy.get_params() == model.get_params() | {"engine": copy.engine}
    assert copy.engine == model.engine
    assert not hasattr(copy, "components_")


def test_a_clone_with_a_chip_has_a_chip_of_its_own(X):
    model = NMF(3, engine=Analog(seed=0), random_state=0, max_iter=3)
    copy = clone(model).fit(X)
    assert copy.engine.ledger().solves > 0
    assert model.engine.ledger().solves == 0


def test_a_fitted_model_survives_pickling(X):
    for engine in ("digital", "analog"):
        model = NMF(3, engine=engine, random_state=0, max_iter=3).fit(X)
        copy = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(copy.components_, model.components_)
        np.testing.assert_array_equal(copy.transform(X), pickle.loads(pickle.dumps(model)).transform(X))


def test_it_works_inside_a_pipeline_and_a_grid_search(X):
    assert make_pipeline(MaxAbsScaler(), NMF(3, max_iter=3)).fit_transform(X).shape == (40, 3)
    search = GridSearchCV(
        NMF(3, random_state=0, max_iter=5),
        {"n_components": np.array([2, 3]), "init": np.array(["random", "nndsvd"])},
        scoring=lambda model, X, y=None: -float(np.linalg.norm(X - model.inverse_transform(model.transform(X)))),
        error_score="raise",
        cv=2,
    )
    assert search.fit(X).best_params_["n_components"] == 3


def test_transform_gives_each_sample_its_own_weights(X):
    """Solved for the components as they are, exactly, so neither order nor company matters."""
    model = NMF(3, random_state=0, max_iter=20).fit(X)
    W = model.transform(X)
    np.testing.assert_array_equal(model.transform(X[::-1]), W[::-1])
    np.testing.assert_allclose(model.transform(X[3:4]), W[3:4], rtol=1e-12)


def test_no_warning_of_anothers(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NMF(3, random_state=0).fit_transform(X)
        NMF(3, random_state=0).fit_transform(sp.csr_array(X))
