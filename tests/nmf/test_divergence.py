"""Kullback-Leibler and Itakura-Saito, against scikit-learn's values, its solver and the conditions for a minimum."""

from itertools import islice, pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition import non_negative_factorization
from sklearn.decomposition._nmf import _beta_divergence
from sklearn.metrics import d2_tweedie_score

from mho import NMF
from mho.engines import Dense, Penalty, Sparse
from mho.nmf import divergence as dv
from mho.nmf.loop import alternate, extrapolate

KL, IS = dv.LOSSES
BETA = {KL: 1, IS: 0}
NONE = (Penalty(), Penalty())
LOSSES = pytest.mark.parametrize("loss", dv.LOSSES)
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def _data(loss, m=60, n=45, k=4, dtype=np.float64, seed=0):
    """Counts with many zeros, or powers, around a product of rank k."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(0.5, 1.0, (m, k)) @ rng.gamma(0.5, 1.0, (k, n)) + 0.05
    return (rng.poisson(mean) if loss == KL else mean * rng.gamma(3.0, 1 / 3, (m, n)) + 1e-3).astype(dtype)


def _start(X, k=4, seed=1):
    rng = np.random.default_rng(seed)
    level = np.sqrt(np.nanmean(X) / k)
    return tuple((level * rng.uniform(0.5, 1.5, shape)).astype(X.dtype) for shape in ((len(X), k), (k, X.shape[1])))


def _iterates(X, start, loss, count, penalties=NONE, how=alternate):
    return list(islice(how(dv.DivergenceProblem(X, loss, *penalties), *start), count))


def _null(X, loss):
    return dv.DivergenceProblem(X, loss, *NONE).null


@LOSSES
@DTYPES
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_error_is_the_share_of_the_deviance_that_is_not_explained(loss, dtype, order):
    array = np.asarray(_data(loss, dtype=dtype), order=order)
    array.flags.writeable = False
    X, start = Dense(array), _start(array)
    last = _iterates(X, start, loss, 10)[-1]
    Y = last.W.astype(float) @ last.H
    expected = 1 - d2_tweedie_score(array.ravel(), np.maximum(Y, 1e-300).ravel(), power=2 - BETA[loss])
    assert last.error == pytest.approx(expected, rel=1e-4 if dtype == np.float32 else 1e-9)
    assert dv.divergence(X, last.W, last.H, loss) == pytest.approx(last.error * _null(X, loss), rel=1e-5)
    assert last.W.dtype == last.H.dtype == dtype


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.csc_array])
def test_the_divergence_is_scikit_learns(form):
    array = _data(KL)
    start, X = _start(array), form(array)
    operand = Sparse(X) if sp.issparse(X) else Dense(X)
    assert dv.divergence(operand, *start, KL) == pytest.approx(_beta_divergence(array, *start, 1), rel=1e-9)


@LOSSES
@pytest.mark.parametrize("seed", range(3))
def test_as_many_iterations_bring_at_least_what_scikit_learns_bring(loss, seed):
    array = _data(loss, seed=seed)
    start = _start(array)
    theirs = non_negative_factorization(
        array,
        *(f.copy() for f in start),
        n_components=4,
        init="custom",
        solver="mu",
        beta_loss=loss,
        max_iter=40,
        tol=0,
    )
    ours = _iterates(Dense(array), start, loss, 40)[-1]
    assert _beta_divergence(array, ours.W, ours.H, BETA[loss]) <= _beta_divergence(array, *theirs[:2], BETA[loss])


@LOSSES
@DTYPES
@pytest.mark.parametrize("how", [alternate, extrapolate])
@pytest.mark.parametrize("prices", [(0.0, 0.0), (0.5, 0.3)])
def test_the_objective_never_rises(loss, dtype, how, prices):
    X = Dense(_data(loss, dtype=dtype))
    penalties = Penalty(l1=prices[0], l2=prices[1]), Penalty(l1=prices[1], l2=prices[0])
    values = [iterate.objective for iterate in _iterates(X, _start(X.array), loss, 60, penalties, how)]
    slack = 1e-6 if dtype == np.float32 else 1e-13
    assert all(after <= before + slack for before, after in pairwise(values))
    assert values[-1] < 0.9 * values[0]


@LOSSES
def test_a_long_run_ends_where_the_conditions_for_a_minimum_hold(loss):
    X = _data(loss, m=30, n=25, k=2) + (loss == KL)
    penalties = Penalty(l1=0.2, l2=0.1), Penalty(l1=0.1, l2=0.3)
    last = _iterates(Dense(X), _start(X, 2), loss, 1000, penalties, extrapolate)[-1]
    Y = last.W @ last.H
    slope = 1 - X / Y if loss == KL else 1 / Y - X / Y**2
    for factor, w in (
        (last.W, slope @ last.H.T + 0.2 + 0.1 * last.W),
        (last.H, last.W.T @ slope + 0.1 + 0.3 * last.H),
    ):
        assert w.min() > -1e-5
        assert np.abs(factor * w).max() < 1e-5


@pytest.mark.parametrize("wrap", [Dense, lambda X: Sparse(sp.csr_array(X))])
def test_a_ridge_for_each_known_entry_is_one_for_the_row_where_all_are_known(wrap):
    array = _data(KL)
    m, n = array.shape
    known = _iterates(wrap(array), _start(array), KL, 5, (Penalty(l2_known=0.01), Penalty(l2_known=0.02)))[-1]
    whole = _iterates(wrap(array), _start(array), KL, 5, (Penalty(l2=0.01 * n), Penalty(l2=0.02 * m)))[-1]
    np.testing.assert_allclose(known.H, whole.H, rtol=1e-9, atol=1e-12)
    assert known.objective == pytest.approx(whole.objective, rel=1e-9)


def test_a_price_makes_factors_sparser():
    X = Dense(_data(KL))
    free, priced = (_iterates(X, _start(X.array), KL, 40, (Penalty(), Penalty(l1=p)))[-1].H for p in (0.0, 20.0))
    assert priced.sum() < free.sum()


def test_zeros_that_are_not_stored_are_data():
    array = _data(KL)
    dense, *sparse = (
        _iterates(X, _start(array), KL, 10)[-1]
        for X in (Dense(array), Sparse(sp.csr_array(array)), Sparse(sp.csc_array(array)))
    )
    for other in sparse:
        assert other.error == pytest.approx(dense.error, rel=1e-9)
        np.testing.assert_allclose(other.H, dense.H, rtol=1e-6, atol=1e-9)


@DTYPES
@LOSSES
@pytest.mark.parametrize("unit", [1e-10, 1e10])
def test_the_unit_of_a_sparse_matrix_says_nothing(dtype, loss, unit):
    """Vectors that a column does not fill add nothing, not even rounding."""
    array = _data(loss, dtype=dtype)
    for missing in {False, True} if loss == KL else {True}:
        one, other = (
            _iterates(
                Sparse(sp.csr_array(array * dtype(scale)), missing=missing),
                [factor * dtype(scale**0.5) for factor in _start(array)],
                loss,
                30,
            )[-1]
            for scale in (1.0, unit)
        )
        assert other.error == pytest.approx(one.error, rel=2e-3 if dtype == np.float32 else 1e-8)


@LOSSES
def test_what_is_missing_says_nothing(loss):
    """The same factors whatever stands in the holes."""
    array = _data(loss).astype(float)
    holes = np.random.default_rng(2).random(array.shape) < 0.3
    array[holes] = np.nan
    nan = _iterates(Sparse(array), _start(array), loss, 15)[-1]
    known = np.nonzero(~holes)
    stored = sp.csr_array((array[known], known), shape=array.shape)
    unstored = _iterates(Sparse(stored, missing=True), _start(array), loss, 15)[-1]
    np.testing.assert_allclose(unstored.H, nan.H, rtol=1e-9)
    Y = (nan.W @ nan.H)[known]
    assert _beta_divergence(array[known][None], np.ones((1, 1)), Y[None], BETA[loss]) == pytest.approx(
        nan.error * _null(Sparse(array), loss), rel=1e-9
    )
    assert nan.error < _iterates(Sparse(array), _start(array), loss, 1)[-1].error


@pytest.mark.parametrize(
    "wrap", [Dense, lambda X: Sparse(sp.csr_array(X)), lambda X: Sparse(np.where(X > 0, X, np.nan))]
)
def test_empty_rows_and_columns_get_zero_factors(wrap):
    array = _data(KL).astype(float)
    array[3], array[:, 5] = 0, 0
    for last in _iterates(wrap(array), _start(array), KL, 5):
        assert np.isfinite(last.error)
        np.testing.assert_array_equal(last.W[3], 0)
        np.testing.assert_array_equal(last.H[:, 5], 0)


def test_a_matrix_of_zeros_has_no_error():
    last = _iterates(Dense(np.zeros((4, 3))), (np.ones((4, 2)), np.ones((2, 3))), KL, 3)[-1]
    assert last.error == 0
    np.testing.assert_array_equal(last.H, 0)


@DTYPES
def test_a_start_with_zeros_in_the_way_is_lifted(dtype):
    array = _data(KL, dtype=dtype)
    W, H = _start(array)
    W[2], H[:, 3] = 0, 0
    X = Dense(array)
    assert dv.divergence(X, W, H, KL) == np.inf
    lifted = dv.reachable(X, W, H, KL)
    assert np.isfinite(dv.divergence(X, *lifted, KL))
    assert min(factor.min() for factor in lifted) > 0
    assert lifted[0].dtype == dtype
    assert W[2].max() == 0


def test_a_start_with_harmless_zeros_stays_so_that_a_run_can_go_on():
    array = _data(KL)
    X = Dense(array)
    whole = _iterates(X, _start(array), KL, 12)
    half = whole[5]
    assert (half.H == 0).any()
    W, H = dv.reachable(X, half.W, half.H, KL)
    np.testing.assert_array_equal(_iterates(X, (W, H), KL, 6)[-1].H, whole[-1].H)


@LOSSES
@DTYPES
def test_new_columns_are_folded_in_to_rest(loss, dtype):
    X = _data(loss, dtype=dtype)
    A = _start(X, 5)[0] + dtype(0.1)
    B = Dense(_data(loss, n=20, dtype=dtype, seed=5) * np.geomspace(1e-3, 1e3, 20).astype(dtype))
    found = dv.fold_in(A, B, loss, Penalty())
    Y = A.astype(float) @ found
    slope = 1 - B.array / Y if loss == KL else (1 - B.array / Y) / Y
    w, size = A.T @ slope, A.T @ np.abs(slope)
    limit = 1e-2 if dtype == np.float32 else 1e-6
    assert found.dtype == dtype
    assert (w / size).min() > -limit
    assert np.abs(found * w / size).max() <= limit * found.max()


def test_folding_in_takes_penalties_sparse_and_missing_forms():
    A, B = _start(_data(KL))[0], _data(KL, n=12, seed=5)
    penalty = Penalty(l1=0.5, l2=0.2)
    dense, sparse, known = (
        dv.fold_in(A, X, KL, penalty)
        for X in (Dense(B), Sparse(sp.csc_array(B)), Sparse(np.where(B > 0, B, np.nan).astype(float)))
    )
    np.testing.assert_allclose(sparse, dense, atol=1e-6)
    seen = B > 0
    ratio = np.divide(B, A @ known, out=np.zeros(B.shape), where=seen)
    w = A.T @ (seen - ratio) + 0.5 + 0.2 * known
    assert w.min() > -1e-6
    assert np.abs(w * known).max() < 1e-6


def test_folding_in_what_the_components_do_not_reach():
    """A feature without a component, and a sample of zeros."""
    A = np.array([[0.0], [1.0], [2.0]])
    found = dv.fold_in(A, Dense(np.array([[9.0, 0.0], [1.0, 0.0], [5.0, 0.0]])), KL, Penalty())
    np.testing.assert_allclose(found, [[2.0, 0.0]], rtol=1e-9)


@pytest.mark.parametrize(
    "wrap", [Dense, lambda X: Sparse(sp.csr_array(X)), lambda X: Sparse(X + 0.0 * X, missing=True)]
)
def test_itakura_saito_takes_no_zeros(wrap):
    X = np.ones((3, 4))
    dv.check_positive(wrap(X), IS)
    X[1, 2] = 0
    with pytest.raises(ValueError, match=r"X must be above zero for loss='itakura-saito', 1 of its 12 .*add a floor"):
        dv.check_positive(wrap(X), IS)
    dv.check_positive(wrap(X), KL)


def test_itakura_saito_rests_after_as_few_steps_as_newton_takes():
    rng = np.random.default_rng(0)
    A = rng.gamma(0.5, size=(96, 6))
    X = Dense(A @ rng.gamma(0.5, size=(6, 60)) * rng.gamma(10, 0.1, (96, 60)) + 1e-6)
    found = dv.fold_in(A, X, IS, Penalty(), limit=12)
    ratio = X.array / (A @ found)
    slope = A.T @ ((1 - ratio) / (A @ found))
    curvature = (A**2).T @ (ratio / (A @ found) ** 2)
    moves = np.where((found > 0) | (slope < 0), slope / curvature, 0)  # one step of each unknown alone
    assert np.abs(moves).max() < 1e-6 * found.max()


@LOSSES
@DTYPES
@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_the_error_of_a_perfect_fit_is_not_below_zero(loss, dtype, form):
    """Rounding left 1e-7 less than nothing, of which the reconstruction error is the root."""
    X = np.outer(np.arange(1.0, 5), np.arange(1.0, 4)).astype(dtype)
    fit = NMF(2, loss=loss, random_state=0).fit(sp.csr_array(X) if form == "sparse" else X)
    assert not any(np.signbit(record["error"]) for record in fit.history_)
    assert 0 <= fit.reconstruction_err_ < 1e-2
