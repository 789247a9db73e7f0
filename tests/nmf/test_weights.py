"""A weight for each entry, through the loop and the exact solver."""

from itertools import islice, pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from mho.engines import Dense, Digital, Penalty, Sparse
from mho.nmf.loop import Problem, alternate
from mho.nmf.weighted_engine import WeightedDigital
from mho.nmf.weighted_matrix import as_weighted

NONE = (Penalty(), Penalty())


@pytest.fixture
def weights(X):
    return np.random.default_rng(3).integers(0, 4, X.shape).astype(float)


def _start(X, k=4, seed=1):
    rng = np.random.default_rng(seed)
    return tuple(rng.uniform(0.5, 1.5, shape).astype(X.dtype) for shape in ((X.shape[0], k), (k, X.shape[1])))


def _iterates(B, engine=None, count=6, penalties=NONE, k=4):
    engine = engine or WeightedDigital(sweeps=4)
    return list(islice(alternate(Problem(B, engine, *penalties), *_start(B, k)), count))


def _stored(X, weights):
    """X and its weights by entries, in different orders; the places of weight zero are not stored."""
    some = np.nonzero(weights)
    return (
        Sparse(sp.csr_array((X[some], some), shape=X.shape), missing=True),
        sp.csc_array((weights[some], some), shape=X.shape),
    )


def test_weights_of_one_are_no_weights(X):
    known = Sparse(sp.csr_array(X), missing=True)
    for weighted in (as_weighted(Dense(X), np.ones(X.shape)), as_weighted(known, sp.csr_array(np.ones(X.shape)))):
        got, expected = _iterates(weighted)[-1], _iterates(known, Digital(sweeps=4))[-1]
        np.testing.assert_allclose(got.H, expected.H, atol=1e-12)
        assert got.error == pytest.approx(expected.error, rel=1e-12)


def test_a_weight_of_zero_is_a_missing_entry(X, weights):
    some = np.sign(weights)
    expected = _iterates(Sparse(np.where(weights > 0, X, np.nan)), Digital(sweeps=4))[-1]
    for weighted in (as_weighted(Dense(X), some), as_weighted(*_stored(X, some))):
        got = _iterates(weighted)[-1]
        np.testing.assert_allclose(got.H, expected.H, atol=1e-12)
        assert got.error == pytest.approx(expected.error, rel=1e-12)


def test_a_row_of_weight_two_is_the_row_twice(X):
    weights = np.ones(X.shape)
    weights[7] = 2
    got = WeightedDigital().program(_start(X)[0]).solve(as_weighted(Dense(X), weights))
    twice = np.vstack([_start(X)[0], _start(X)[0][7:8]])
    np.testing.assert_allclose(got, Digital().program(twice).solve(np.vstack([X, X[7:8]])), atol=1e-12)


@pytest.mark.parametrize("form", ["C", "F", "sparse", "float32", "nan"])
def test_every_form_says_the_same(X, weights, form):
    expected = _iterates(as_weighted(Dense(X), weights))[-1]
    tolerance = 1e-3 if form == "float32" else 1e-10
    if form == "sparse":
        B = as_weighted(*_stored(X, weights))
    elif form == "nan":
        B = as_weighted(Sparse(np.where(weights > 0, X, np.nan)), weights)
    else:
        dtype, order = (np.float32, "C") if form == "float32" else (np.float64, form)
        array = np.array(X, dtype, order=order)
        array.flags.writeable = False
        B = as_weighted(Dense(array), weights)
    got = _iterates(B)[-1]
    assert got.H.dtype == B.dtype
    np.testing.assert_allclose(got.H, expected.H, atol=tolerance)
    assert got.error == pytest.approx(expected.error, rel=tolerance)


def test_a_dense_matrix_is_read_some_columns_at_a_time(X, weights):
    whole = as_weighted(Dense(X), weights)
    parts = type(whole)(X, weights, block=3 * len(X) + 1)
    assert len(list(parts.parts())) == X.shape[1] // 3
    for got, expected in zip(_iterates(parts, count=3), _iterates(whole, count=3), strict=True):
        np.testing.assert_array_equal(got.W, expected.W)
        assert got.error == pytest.approx(expected.error, rel=1e-12)
    np.testing.assert_array_equal(parts.known_rows(), weights.sum(axis=0))
    np.testing.assert_array_equal(parts.T.known_rows(), weights.sum(axis=1))


@pytest.mark.parametrize("sweeps", [1, 4, None])
def test_the_error_is_that_of_the_formula_and_never_rises(X, weights, sweeps):
    iterates = _iterates(as_weighted(Dense(X), weights), WeightedDigital(sweeps=sweeps), count=25)
    for iterate in iterates:
        residual = np.sum(weights * (X - iterate.W @ iterate.H) ** 2)
        assert iterate.error == pytest.approx(np.sqrt(residual / np.sum(weights * X**2)), rel=1e-10)
    assert all(after.error <= before.error * (1 + 1e-12) for before, after in pairwise(iterates))


def test_a_perfect_fit_is_measured_to_the_last_digits(weights):
    rng = np.random.default_rng(0)
    X = rng.random((40, 1)) @ rng.random((1, 30))
    assert _iterates(as_weighted(Dense(X), weights), count=60, k=1)[-1].error < 1e-14


def test_the_exact_solver_meets_the_conditions(X, weights):
    A, l1, l2 = _start(X)[0], 0.1, 0.3
    found = WeightedDigital().program(A, penalty=Penalty(l1=l1, l2=l2)).solve(as_weighted(Dense(X), weights))
    w = A.T @ (weights * (A @ found - X)) + l1 + l2 * found
    assert found.min() >= 0
    assert w.min() > -1e-10
    assert np.abs(w * found).max() < 1e-10


def test_a_column_without_weight_gets_a_zero_factor(X, weights):
    weights[:, 4], weights[2] = 0, 0
    last = _iterates(as_weighted(Dense(X), weights))[-1]
    np.testing.assert_array_equal(last.H[:, 4], 0)
    np.testing.assert_array_equal(last.W[2], 0)


@pytest.mark.parametrize(
    ("bad", "kind", "says"),
    [
        (lambda v: -v, ValueError, "weights contains a negative entry"),
        (lambda v: v[1:], ValueError, r"weights must have X's shape \(40, 30\), got \(39, 30\)"),
        (lambda v: np.full_like(v, np.nan), ValueError, "weights contains NaN"),
        (lambda v: np.full_like(v, np.inf), ValueError, "weights contains an infinite entry"),
        (lambda v: 0 * v, ValueError, "weights must not all be zero"),
        (lambda v: sp.csr_array(v), TypeError, "weights must be dense"),
        (lambda v: np.ma.masked_less(v, 1), TypeError, "weights must not be a masked array"),
        (lambda v: [["a"]], TypeError, "weights must hold real numbers"),
    ],
)
def test_bad_weights_of_a_dense_matrix_are_named(X, weights, bad, kind, says):
    with pytest.raises(kind, match=says):
        as_weighted(Dense(X), bad(weights))


@pytest.mark.parametrize(
    ("bad", "kind", "says"),
    [
        (lambda v: v.toarray(), TypeError, "weights must be sparse where X is, got ndarray"),
        (lambda v: -v, ValueError, "weights contains a negative entry"),
        (lambda v: v[:, 1:], ValueError, r"weights must have X's shape \(40, 30\), got \(40, 29\)"),
        (lambda v: v + sp.csc_array(np.ones((40, 30))), ValueError, "weights must store the same entries as X"),
    ],
)
def test_bad_weights_of_a_sparse_matrix_are_named(X, weights, bad, kind, says):
    stored, v = _stored(X, weights)
    with pytest.raises(kind, match=says):
        as_weighted(Sparse(stored.rows), bad(v))
