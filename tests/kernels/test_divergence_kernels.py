"""Newton steps on divergences, against formulas in numpy and scipy."""

import numpy as np
import pytest
from scipy.special import kl_div

from mho import kernels

KL, IS, STORED = 0, 1, 2
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
LOSSES = pytest.mark.parametrize("loss", [KL, IS])
SHAPES = pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (7, 65, 3), (70, 37, 17), (33, 5, 40)])


def _value(loss, B, Y):
    return kl_div(B, Y) if loss == KL else B / Y - np.log(B / Y) - 1


def _slope(loss, B, Y):
    """The derivative of the divergence in Y."""
    ratio = np.divide(B, Y, out=np.zeros_like(Y), where=B > 0)
    return 1 - ratio if loss == KL else (1 - ratio) / Y


def _case(m, n, k, dtype, loss, seed=0):
    rng = np.random.default_rng(seed)
    A, X = rng.random((m, k)).astype(dtype), (0.1 + rng.random((k, n))).astype(dtype)
    B = (
        rng.poisson(3.0, (m, n)).astype(dtype)
        if loss == KL
        else rng.gamma(2.0, 1.0, (m, n)).astype(dtype) + dtype(0.01)
    )
    return A, B, X


def _dense(A, B, X, loss, steps, sweeps=4, price=None, threads=1):
    """The answer and the fit."""
    k, n = X.shape
    X, fit = np.array(X, order="C"), np.full(n, np.nan)
    price = np.zeros((2, k)) if price is None else price
    kernels.divergence_dense(B, np.ascontiguousarray(A.T), price.astype(A.dtype), loss, X, steps, sweeps, fit, threads)
    return X, fit


def _sparse(A, B, X, loss, steps, sweeps=4, price=None, threads=1):
    X, fit = np.array(X.T, order="C"), np.full(X.shape[1], np.nan)
    price = np.zeros((5, A.shape[1])) if price is None else price.copy()
    if loss == STORED:
        price[0] = A.sum(axis=0)
    arrays = B.indptr, B.indices, B.data
    kernels.divergence_sparse(A, *arrays, price.astype(A.dtype), loss, X, steps, sweeps, fit, threads)
    return X.T, fit


@DTYPES
@LOSSES
@SHAPES
def test_without_a_step_the_divergence_is_computed(dtype, loss, m, n, k):
    A, B, X = _case(m, n, k, dtype, loss)
    same, fit = _dense(A, B, X, loss, 0)
    np.testing.assert_array_equal(same, X)
    expected = _value(loss, B.astype(float), A.astype(float) @ X)
    np.testing.assert_allclose(fit, expected.sum(axis=0), rtol=1e-4 if dtype == np.float32 else 1e-12, atol=m * 1e-7)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 0.9999, 1.0, 1.0001, 7.0, 1e8])
@LOSSES
def test_the_divergence_has_all_digits_near_and_far(loss, scale):
    B = np.geomspace(1e-6, 1e6, 101)[None]
    fit = _dense(np.full((1, 1), scale), B, B, loss, 0)[1]
    u = np.longdouble(1) / np.longdouble(scale)
    once = np.log1p(u - 1)
    expected = B * scale * (u * once - (u - 1)) if loss == KL else np.full(B.shape, (u - 1) - once)
    np.testing.assert_allclose(fit, expected[0].astype(float), rtol=1e-11, atol=1e-24)


@LOSSES
@pytest.mark.parametrize("priced", [False, True])
@SHAPES
def test_many_steps_end_where_the_conditions_for_a_minimum_hold(loss, priced, m, n, k):
    A, B, X = _case(m, n, k, np.float64, loss)
    l1, l2 = (0.3, 0.2) if priced else (0.0, 1e-3)  # a little ridge, so that every minimum is a single point
    price = np.stack([np.full(k, l1), np.full(k, l2)])
    X, _ = _dense(A, B, X, loss, 300, 8, price)
    w = A.T @ _slope(loss, B, A @ X) + l1 + l2 * X
    size = A.T @ np.abs(_slope(loss, B, A @ X)) + l1 + l2 * X + 1
    assert X.min() >= 0
    assert (w / size).min() > -1e-6
    assert np.abs(X * w / size).max() <= 1e-6 * X.max()


@DTYPES
@LOSSES
@pytest.mark.parametrize("sweeps", [1, 4])
def test_no_step_raises_the_objective(dtype, loss, sweeps):
    A, B, X = _case(50, 70, 8, dtype, loss)
    X[:, ::3] *= dtype(1e-4)  # far from the minimum on both sides
    X[:, 1::3] *= dtype(1e4)
    last = np.full(70, np.inf)
    for _ in range(40):
        X, fit = _dense(A, B, X, loss, 1, sweeps)
        assert np.all(fit <= last * (1 + 1e-6 * (dtype == np.float32)))
        last = fit


@DTYPES
def test_rows_and_columns_and_views_are_read_alike(dtype):
    A, B, X = _case(40, 30, 5, dtype, KL)
    expected, fit = _dense(A, B, X, KL, 3)
    wide = np.zeros((80, 90), dtype)
    wide[::2, ::3] = B
    for form in (np.asfortranarray(B), wide[::2, ::3], B[::-1].copy()[::-1]):
        form.flags.writeable = False
        got, same = _dense(A, form, X, KL, 3)
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(same, fit)


@DTYPES
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (7, 65, 3), (300, 37, 17), (33, 5, 40), (40, 20, 24)])
def test_zeros_as_data_are_what_a_dense_matrix_would_say(make_sparse, dtype, index, m, n, k):
    B = abs(make_sparse(m, n, dtype=dtype, index=index))
    A, _, X = _case(m, n, k, dtype, KL)
    got, fit = _sparse(A, B, X, STORED, 2)
    expected, same = _dense(A, B.toarray(), X, KL, 2)
    tolerance = {"rtol": 1e-3, "atol": 1e-3} if dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-10}
    np.testing.assert_allclose(got, expected, **tolerance)
    np.testing.assert_allclose(fit, same, **tolerance)


@LOSSES
@pytest.mark.parametrize(("m", "n", "k"), [(9, 70, 3), (300, 20, 17), (40, 20, 24)])
def test_what_is_not_stored_takes_no_part(make_sparse, loss, m, n, k):
    B = make_sparse(m, n)
    B.data = np.abs(B.data) + 0.01
    A, _, X = _case(m, n, k, np.float64, loss)
    got, fit = _sparse(A, B, X, loss, 2)
    for j in range(n):
        rows = B.indices[B.indptr[j] : B.indptr[j + 1]]
        if len(rows) == 0:
            assert fit[j] == 0
            np.testing.assert_array_equal(got[:, j], 0)
            continue
        own = B.data[B.indptr[j] : B.indptr[j + 1], None]
        expected, same = _dense(A[rows], own, X[:, j : j + 1], loss, 2)
        np.testing.assert_allclose(got[:, j : j + 1], expected, rtol=1e-8, atol=1e-10)
        assert fit[j] == pytest.approx(same[0], rel=1e-9, abs=1e-12)


def test_a_ridge_for_each_known_entry(make_sparse):
    B = abs(make_sparse(30, 8))
    A, _, X = _case(30, 8, 4, np.float64, KL)
    price = np.array([[0.0], [0.3], [0.2], [0.01], [0.05]]) * np.ones((5, 4))
    got, _ = _sparse(A, B, X, KL, 200, price=price)
    for j in range(1, 8):
        rows, b = B.indices[B.indptr[j] : B.indptr[j + 1]], B.data[B.indptr[j] : B.indptr[j + 1]]
        w = A[rows].T @ (1 - b / (A[rows] @ got[:, j])) + 0.3 + 0.2 * got[:, j] + len(b) * (0.01 + 0.05 * got[:, j])
        assert w.min() > -1e-6
        assert np.abs(w * got[:, j]).max() < 1e-6


def test_the_number_of_threads_changes_nothing(make_sparse):
    A, B, X = _case(60, 999, 5, np.float64, KL)
    sparse = abs(make_sparse(60, 999))
    for run, matrix, loss in ((_dense, B, KL), (_sparse, sparse, STORED)):
        once, often = (run(A, matrix, X, loss, 2, threads=threads) for threads in (1, 5))
        np.testing.assert_array_equal(once[0], often[0])
        np.testing.assert_array_equal(once[1], often[1])


def test_a_zero_model_of_what_is_not_zero_is_infinitely_far():
    B = np.array([[1.0, 0.0], [2.0, 3.0]])
    fit = _dense(np.ones((2, 1)), B, np.zeros((1, 2)), KL, 0)[1]
    np.testing.assert_array_equal(fit, np.inf)
    assert _dense(np.ones((2, 1)), np.zeros((2, 1)), np.zeros((1, 1)), KL, 0)[1] == 0


def test_a_row_that_nothing_reaches_does_not_stop_the_others():
    A = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    B = np.array([[5.0], [1.0], [3.0]])
    X, fit = _dense(A, B, np.ones((2, 1)), KL, 20)
    np.testing.assert_allclose(X[:, 0], [1, 2], rtol=1e-9)
    assert fit == np.inf


def test_a_step_leaves_zero_again():
    X = np.array([[0.0], [1.0]])
    X, _ = _dense(np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([[2.0], [1.0]]), X, KL, 20)
    np.testing.assert_allclose(X[:, 0], [2, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"A": np.ones((2, 5))}, "A must be"),
        ({"price": np.zeros((3, 2))}, "price must be"),
        ({"answer": np.ones((2, 9))}, "answer must be"),
        ({"fit": np.ones(9)}, "fit must be"),
        ({"loss": 3}, "loss must be"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(change, says):
    given = {
        "X": np.ones((4, 3)),
        "A": np.ones((2, 4)),
        "price": np.zeros((2, 2)),
        "loss": 0,
        "answer": np.ones((2, 3)),
        "steps": 1,
        "sweeps": 1,
        "fit": np.ones(3),
        "threads": 1,
    } | change
    with pytest.raises(ValueError, match=says):
        kernels.divergence_dense(*given.values())
