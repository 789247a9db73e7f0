"""Matrices of any sign, sparse ones, bounds, and columns too alike for normal equations, against scipy."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import lsq_linear
from scipy.optimize import nnls as scipy_nnls

from mho import nnls
from mho.kernels import one


def _conditioned(m, k, condition, rng):
    U, V = np.linalg.qr(rng.standard_normal((m, k)))[0], np.linalg.qr(rng.standard_normal((k, k)))[0]
    return (U * np.geomspace(1, 1 / condition, k)) @ V.T


@pytest.mark.parametrize("order", ["C", "F", "steps", "backwards"])
def test_one_right_hand_side_of_any_sign_as_scipy_solves_it(order):
    rng = np.random.default_rng(0)
    for _ in range(100):
        k = int(rng.integers(1, 40))
        m = k + int(rng.integers(1, 300))
        A, b = rng.standard_normal((m, k)), rng.standard_normal(m)
        if order == "steps":
            A = np.repeat(A, 2, axis=1)[:, ::2]
        A = A[::-1] if order == "backwards" else np.asarray(A, order="C" if order == "steps" else order)
        x, residual = nnls(A, b, return_residual=True)
        expected, norm = scipy_nnls(A, b)
        np.testing.assert_allclose(x, expected, atol=1e-11)
        assert residual == pytest.approx(norm, rel=1e-12)


def test_the_units_of_columns_do_not_count():
    rng = np.random.default_rng(1)
    A, b, units = rng.standard_normal((30, 6)), rng.standard_normal(30), 10.0 ** np.arange(-40, 80, 20)
    np.testing.assert_allclose(nnls(A * units, b) * units, nnls(A, b), atol=1e-12)


@pytest.mark.parametrize("condition", [1e3, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("sign", ["mixed", "positive"])
@pytest.mark.parametrize("columns", [1, 20])
def test_the_residual_is_scipys_however_alike_columns_are(condition, sign, columns):
    rng = np.random.default_rng(2)
    for _ in range(20):
        A = _conditioned(30, 10, condition, rng)
        if sign == "positive":
            A = np.abs(A)
        B = A @ np.maximum(rng.standard_normal((10, columns)), 0) + 1e-9 * rng.standard_normal((30, columns))
        X, residual = nnls(A, B, return_residual=True)
        expected = np.linalg.norm([A @ scipy_nnls(A, b, maxiter=10000)[0] - b for b in B.T], axis=1)
        assert X.min() >= 0
        np.testing.assert_allclose(residual, np.linalg.norm(A @ X - B, axis=0), rtol=1e-6, atol=1e-15)
        # LAPACK of numpy 2.0 rounds otherwise than that of today, with which 1e-13 is met
        np.testing.assert_allclose(residual, expected, rtol=1e-6, atol=1e-12 * np.linalg.norm(B, axis=0).max())


def test_columns_alike_with_missing_rows():
    rng = np.random.default_rng(3)
    A = _conditioned(30, 6, 1e10, rng)
    B = A @ np.maximum(rng.standard_normal((6, 15)), 0)
    known = rng.random(B.shape) < 0.7
    X, residual = nnls(A, np.where(known, B, np.nan), missing="nan", return_residual=True)
    expected = [scipy_nnls(A[on], b[on])[1] for b, on in zip(B.T, known.T, strict=True)]
    assert X.min() >= 0
    np.testing.assert_allclose(residual, expected, atol=1e-14)


@pytest.mark.parametrize("kind", ["array", "matrix", "coo", "float32"])
@pytest.mark.parametrize("B_sparse", [False, True])
def test_a_sparse_matrix_as_its_dense_one(kind, B_sparse):
    rng = np.random.default_rng(4)
    A = sp.random_array((60, 9), density=0.3, rng=rng, data_sampler=rng.standard_normal)
    B = sp.random_array((60, 7), density=0.4, rng=rng, data_sampler=rng.standard_normal)
    made = {"array": sp.csr_array, "matrix": sp.csc_matrix, "coo": sp.coo_array, "float32": sp.csr_array}[kind](A)
    if kind == "float32":
        made = made.astype(np.float32)
    X, residual = nnls(made, B if B_sparse else B.toarray(), return_residual=True)
    expected = [scipy_nnls(A.toarray(), b) for b in B.toarray().T]
    np.testing.assert_allclose(X.T, [x for x, _ in expected], atol=1e-5 if kind == "float32" else 1e-12)
    np.testing.assert_allclose(residual, [norm for _, norm in expected], rtol=1e-5)
    assert X.dtype == made.dtype


def test_a_sparse_matrix_of_dependent_columns():
    rng = np.random.default_rng(5)
    A = sp.random_array((60, 9), density=0.3, rng=rng).toarray()
    A[:, 3] = A[:, 4] + A[:, 5]
    b = rng.standard_normal(60)
    assert nnls(sp.csr_array(A), b, return_residual=True)[1] == pytest.approx(scipy_nnls(A, b)[1], rel=1e-12)


BOUNDS = {
    "box": lambda rng, k: (-rng.random(k), rng.random(k)),
    "one sided": lambda rng, k: (
        np.where(rng.random(k) < 0.5, -np.inf, -0.1),
        np.where(rng.random(k) < 0.5, np.inf, 0.2),
    ),
    "free": lambda rng, k: (np.where(np.arange(k) % 2, -np.inf, 0), np.inf),
    "all free": lambda rng, k: (-np.inf, np.inf),
    "upper": lambda rng, k: (0, 0.3),
    "pinned": lambda rng, k: (np.where(np.arange(k) % 2, 0.1, -1), np.where(np.arange(k) % 2, 0.1, 1)),
}


@pytest.mark.parametrize("kind", BOUNDS)
@pytest.mark.parametrize("matrix", ["dense", "sparse", "alike"])
def test_bounds_as_scipy_keeps_them(kind, matrix):
    rng = np.random.default_rng(6)
    for _ in range(10):
        k = int(rng.integers(2, 9))
        A = _conditioned(30, k, 1e7, rng) if matrix == "alike" else rng.standard_normal((30, k))
        B, bounds = rng.standard_normal((30, 5)), BOUNDS[kind](rng, k)
        X = nnls(sp.csr_array(A) if matrix == "sparse" else A, B, bounds=bounds)
        lower, upper = (np.broadcast_to(limit, (k,))[:, None] for limit in bounds)
        assert np.all((X >= lower) & (X <= upper))
        pinned = (lower == upper)[:, 0]  # scipy takes no bounds that are equal
        left, limits = B - A[:, pinned] @ np.broadcast_to(lower, (k, 1))[pinned], (lower[~pinned, 0], upper[~pinned, 0])
        cost = [lsq_linear(A[:, ~pinned], b, limits, method="bvls", tol=1e-14).cost for b in left.T]
        np.testing.assert_allclose(np.sum((A @ X - B) ** 2, axis=0) / 2, cost, rtol=1e-9)


def test_bounds_with_penalties_satisfy_the_conditions_of_optimality():
    rng = np.random.default_rng(7)
    A, b, lower, upper = rng.standard_normal((20, 6)), rng.standard_normal(20), -0.2, 0.3
    x = nnls(A, b, bounds=(lower, upper), l2=0.5, l1=0.7)
    slope = A.T @ (A @ x - b) + 0.5 * x + 0.7
    assert np.abs(slope[(x > lower) & (x < upper)]).max(initial=0) < 1e-10
    assert slope[x == lower].min(initial=0) > -1e-10
    assert slope[x == upper].max(initial=0) < 1e-10
    assert {lower} < set(x) or {upper} < set(x)


def test_one_call_counts_penalties_as_many_do():
    rng = np.random.default_rng(8)
    A, b = rng.random((20, 6)), rng.random(20)
    x, many = nnls(A, b, l2=0.5, l1=0.7), nnls(A, np.stack([b, b], axis=1), l2=0.5, l1=0.7)
    np.testing.assert_allclose(many, np.stack([x, x], axis=1), atol=1e-13)


def test_the_kernel_of_one_says_where_it_cannot():
    A, b = np.random.default_rng(9).random((9, 3)), np.ones(9)
    x = np.empty(3)
    assert one(A, b, 0.0, 0.0, x) >= 0
    for spoilt in (np.nan, np.inf, 1e200):
        A[4, 1] = spoilt
        assert one(A, b, 0.0, 0.0, x) == -1
    A[4, 1] = 0
    assert one(A, np.full(9, np.nan), 0.0, 0.0, x) == -1
    A[:, 1] = A[:, 0]
    assert one(A, b, 0.0, 0.0, x) == -1
    assert one(A, b, 1.0, 0.0, x) >= 0


A, b = np.random.default_rng(10).random((6, 2)), np.random.default_rng(11).random(6)


@pytest.mark.parametrize(
    ("A", "b", "options", "kind", "says"),
    [
        (-A, b, {"engine": "analog"}, ValueError, "A contains a negative entry .*engine='digital' takes any sign"),
        (sp.csr_array(A), b, {"engine": "hybrid"}, TypeError, "A must be dense here"),
        (A, b, {"bounds": (1, 0)}, ValueError, r"bounds must have lower <= upper, got 1\.0 and 0\.0 for unknown 0"),
        (A, b, {"bounds": (np.nan, 0)}, ValueError, "bounds must have lower <= upper, got nan"),
        (A, b, {"bounds": ([0, 0, 0], 1)}, ValueError, r"one for each of 2 unknowns, got lower of shape \(3,\)"),
        (A, b, {"bounds": 3}, TypeError, r"bounds must be a pair \(lower, upper\), got 3"),
        (A, b, {"bounds": ("a", 1)}, TypeError, "bounds must be numbers, got 'a' for the lower one"),
        (A, b, {"bounds": (0, 1), "engine": "analog"}, ValueError, "bounds are for engine='digital'"),
        (
            A,
            np.where(b > 0.5, np.nan, b),
            {"bounds": (0, 1), "missing": "nan"},
            ValueError,
            "missing must be None with bounds",
        ),
    ],
)
def test_a_bad_argument_is_named(A, b, options, kind, says):
    with pytest.raises(kind, match=says):
        nnls(A, b, **options)
