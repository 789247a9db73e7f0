import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition import NMF as SklearnNMF
from sklearn.decomposition._nmf import _initialize_nmf as sklearn_start

from mho import NMF, Digital

INITS = ["auto", "random", "nndsvd", "nndsvda", "nndsvdar"]


def _errors(model):
    return np.array([record["error"] for record in model.history_])


def _objective(model, X):
    W, H = model.W_, model.components_
    fit = np.sum((X - W @ H) ** 2) / 2
    ridge = model.l2_W * np.sum(W**2) / 2 + model.l2_H * np.sum(H**2) / 2
    return fit + ridge + model.l1_W * W.sum() + model.l1_H * H.sum()


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("k", [1, 4, 30])
def test_the_error_never_rises(X, init, k):
    errors = _errors(NMF(k, init=init, random_state=0, tol=0, max_iter=60).fit(X))
    assert (np.diff(errors) <= 1e-12).all()
    assert errors[-1] < 0.5


@pytest.mark.parametrize("init", INITS)
def test_the_error_never_rises_on_a_sparse_matrix(thinned, init):
    errors = _errors(NMF(4, init=init, random_state=0, tol=0, max_iter=60).fit(sp.csr_array(thinned)))
    assert (np.diff(errors) <= 1e-12).all()


@pytest.mark.parametrize(
    "penalty", [{"l1_W": 0.3, "l1_H": 0.2}, {"l2_W": 1.0, "l2_H": 0.5}, {"l1_W": 0.5, "l2_H": 0.5}]
)
def test_the_penalised_objective_never_rises(X, penalty):
    seen = []
    model = NMF(
        4, random_state=0, tol=0, max_iter=60, callback=lambda record: seen.append(_objective(model, X)), **penalty
    )
    model.fit(X)
    assert len(seen) == 60
    assert (np.diff(seen) <= 1e-10 * seen[0]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_matrix_of_low_rank_is_recovered(make_low_rank, dtype):
    X = make_low_rank(noise=0).astype(dtype)
    model = NMF(4, init="random", random_state=0, tol=0, max_iter=3000).fit(X)
    assert model.history_[-1]["error"] < 1e-3
    assert np.abs(model.W_ @ model.components_ - X).max() < 1e-2


def test_the_reported_error_is_the_error(X):
    for given in (X, X.astype(np.float32), sp.csr_array(X)):
        model = NMF(4, random_state=0, max_iter=7, tol=0).fit(given)
        residual = np.linalg.norm(X - model.W_ @ model.components_)
        assert model.reconstruction_err_ == pytest.approx(residual, rel=1e-4)
        assert model.history_[-1]["error"] == pytest.approx(residual / np.linalg.norm(X), rel=1e-4)


def test_scikit_learn_ends_no_lower_from_the_same_start(X):
    W, H = sklearn_start(X, 4, init="nndsvdar", random_state=0)
    peer = SklearnNMF(4, init="custom", solver="cd", max_iter=20_000, tol=1e-10)
    peer.fit_transform(X, W=W.copy(), H=H.copy())
    ours = NMF(4, tol=0, max_iter=3000).fit(X, W=W, H=H)
    assert ours.reconstruction_err_ == pytest.approx(peer.reconstruction_err_, rel=0.01)


def test_at_rest_the_conditions_of_optimality_hold(X):
    model = NMF(4, random_state=0, tol=0, max_iter=5000).fit(X)
    W, H = model.W_, model.components_
    for factor, gradient in ((W, (W @ H - X) @ H.T), (H, W.T @ (W @ H - X))):
        assert gradient.min() > -1e-4
        assert np.abs(factor * gradient).max() < 1e-4


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array])
def test_dense_and_sparse_are_one_problem(thinned, make):
    X, rng = thinned, np.random.default_rng(0)
    W, H = rng.random((40, 4)), rng.random((4, 30))
    dense, sparse = (
        NMF(4, engine=Digital(sweeps=4), tol=0, max_iter=40).fit(given, W=W, H=H) for given in (X, make(X))
    )
    np.testing.assert_allclose(sparse.components_, dense.components_, atol=1e-9)
    np.testing.assert_allclose(_errors(sparse), _errors(dense), rtol=1e-9)
    auto = NMF(4, engine=Digital(sweeps=4), tol=0, max_iter=10, random_state=0)
    np.testing.assert_allclose(_errors(auto.fit(make(X))), _errors(auto.fit(X)), rtol=1e-6)


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("scale", [1e-30, 1e-13, 1e-6, 1e6, 1e30])
def test_the_unit_of_x_does_not_matter(X, init, scale):
    """The factors are those of X times the root of the scale, whichever start is asked for."""
    plain, scaled = (NMF(4, init=init, random_state=0, tol=0, max_iter=20).fit(X * c) for c in (1.0, scale))
    np.testing.assert_allclose(_errors(scaled), _errors(plain), rtol=1e-3)


@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.float64, s) for s in (1e-150, 1e150)] + [(np.float32, s) for s in (1e-30, 1e30)]
)
def test_extreme_units_are_factorized_or_refused(X, dtype, scale):
    X = (X * scale).astype(dtype)
    try:
        model = NMF(4, init="random", random_state=0, tol=0, max_iter=30).fit(X)
    except ValueError:
        return
    assert np.isfinite(model.W_).all()
    assert np.isfinite(model.components_).all()
    relative = np.linalg.norm((X / scale) - (model.W_ / np.sqrt(scale)) @ (model.components_ / np.sqrt(scale)))
    assert relative / np.linalg.norm(X / scale) < 0.2
    assert model.history_[-1]["error"] < 0.2


def test_it_stops_where_nothing_is_gained_any_more(X):
    loose, tight = (NMF(4, random_state=0, tol=tol, max_iter=5000).fit(X) for tol in (1e-3, 1e-6))
    assert loose.n_iter_ < tight.n_iter_ < 5000
    assert tight.reconstruction_err_ <= loose.reconstruction_err_
    assert len(tight.history_) == tight.n_iter_


@pytest.mark.parametrize("penalty", [{"l1_W": 0.5, "l1_H": 0.5}, {"l1_H": 3.0, "l2_W": 0.1}])
def test_a_penalty_does_not_stop_it_early(penalty):
    """The error may rest, or rise, on the way to the penalised optimum; it is the objective that says when to stop."""
    rng = np.random.default_rng(1)
    X = rng.random((60, 8)) @ rng.random((8, 40)) + 0.1 * rng.random((60, 40))
    stopped = NMF(4, random_state=0, max_iter=2000, **penalty).fit(X)
    rested = NMF(4, random_state=0, max_iter=2000, tol=0, **penalty).fit(X)
    assert _objective(stopped, X) < 1.03 * _objective(rested, X)


def test_the_number_of_sweeps_is_the_engines(X):
    one, many = (NMF(4, engine=Digital(sweeps=s), random_state=0, tol=0, max_iter=5).fit(X) for s in (1, 50))
    assert many.reconstruction_err_ < one.reconstruction_err_


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 7), (7, 2)])
@pytest.mark.parametrize("init", ["auto", "random"])
def test_the_smallest_matrices(shape, init):
    X = np.random.default_rng(0).random(shape) + 0.1
    for k in (1, min(shape), max(shape)):
        model = NMF(k, init=init, random_state=0, max_iter=500).fit(X)
        assert model.W_.shape == (shape[0], k)
        assert k < min(shape) or model.history_[-1]["error"] < 0.02
    assert NMF().fit(X).components_.shape[0] == min(shape)


def test_the_same_seed_gives_the_same_factors(X):
    for engine in ("digital", "analog", "hybrid"):
        once, again, other = (NMF(4, engine=engine, random_state=s, max_iter=4).fit(X).components_ for s in (3, 3, 4))
        np.testing.assert_array_equal(once, again)
        assert (once != other).any()
