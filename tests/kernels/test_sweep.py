import numpy as np
import pytest
import scipy.sparse as sp

from mho import kernels

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}


def _coordinate_descent(G, c, x, sweeps):
    """The definition, one coordinate after the other in float64."""
    G, c, x = np.asarray(G, float), np.asarray(c, float), np.array(x, float)
    for _ in range(sweeps):
        for j in range(len(x)):
            x[j] = max(0.0, x[j] + (c[j] - G[j] @ x) / G[j, j]) if G[j, j] > 0 else 0.0
    return x


def _problem(n, k, dtype, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.random((k + 4, k))
    arrays = A.T @ A, rng.standard_normal((n, k)) + 1, rng.random((n, k))
    return tuple(a.astype(dtype) for a in arrays)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (3, 2), (65, 7), (31, 16), (257, 5), (33, 129)])
@pytest.mark.parametrize("sweeps", [0, 1, 3])
def test_sweeps_follow_their_definition(dtype, n, k, sweeps):
    G, C, X = _problem(n, k, dtype)
    expected = [_coordinate_descent(G, c, x, sweeps) for c, x in zip(C, X, strict=True)]
    kernels.sweep(G, C, X, sweeps, 2)
    np.testing.assert_allclose(X, expected, rtol=0, atol=TOLERANCE[dtype] * max(1, np.max(expected)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_coordinate_without_curvature_is_zero(dtype):
    G, C, X = _problem(40, 4, dtype)
    G[2] = G[:, 2] = 0
    kernels.sweep(G, C, X, 1, 1)
    assert (X[:, 2] == 0).all()
    assert np.isfinite(X).all()


def test_a_curvature_near_the_smallest_number_makes_nothing_infinite():
    """1 / 1e-42 is no float32."""
    G = np.array([[1e-42, 0], [0, 1]], np.float32)
    X = np.zeros((1, 2), np.float32)
    kernels.sweep(G, np.ones((1, 2), np.float32), X, 2, 1)
    assert np.isfinite(X).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_of_threads_changes_nothing(dtype):
    G, C, X = _problem(3000, 9, dtype)
    out = []
    with pytest.raises(ValueError, match="threads must be above zero"):
        kernels.sweep(G, C, X, 2, -5)
    for threads in (1, 2, 5, 7):
        one = X.copy()
        kernels.sweep(G, C, one, 2, threads)
        out.append(one)
    assert all((one == out[0]).all() for one in out)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "m", "k"), [(1, 1, 1), (7, 3, 2), (70, 33, 13), (300, 65, 5), (1030, 20, 3)])
def test_sweeps_on_a_dense_matrix_make_its_cross_products_on_the_way(dtype, n, m, k):
    rng = np.random.default_rng(2)
    X, A = rng.random((n, m)).astype(dtype), rng.random((k, m)).astype(dtype)
    offset, start = rng.standard_normal(k).astype(dtype), rng.random((k, n)).astype(dtype)
    G = A @ A.T + np.eye(k, dtype=dtype)
    C = X.astype(float) @ A.T + offset
    expected = np.transpose([_coordinate_descent(G, c, x, 3) for c, x in zip(C, start.T, strict=True)])
    explained = 2 * np.einsum("nk,kn->n", C, expected) - np.einsum("kn,kl,ln->n", expected, G, expected)
    for kernel, given in ((kernels.sweep_rows, X), (kernels.sweep_columns, np.ascontiguousarray(X.T))):
        answer, fit = start.copy(), np.zeros(n)
        kernel(given, A, G, offset, answer, 3, fit, 2)
        np.testing.assert_allclose(answer, expected, atol=10 * TOLERANCE[dtype] * max(1, expected.max()))
        np.testing.assert_allclose(fit, explained, atol=1000 * TOLERANCE[dtype] * np.abs(explained).max())
        alone, fit_too = start.copy(), np.zeros(n)
        kernel(given, A, G, offset, alone, 3, fit_too, 7)
        np.testing.assert_array_equal(alone, answer)
        np.testing.assert_array_equal(fit_too, fit)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (9, 70, 3), (40, 131, 17)])
def test_sweeps_on_a_sparse_matrix_make_its_cross_products_on_the_way(make_sparse, entries, dtype, index, m, n, k):
    B = make_sparse(m, n, dtype=dtype, index=index)
    rng = np.random.default_rng(3)
    A, answer = rng.random((m, k)).astype(dtype), rng.random((n, k)).astype(dtype)
    offset, G = rng.random(k).astype(dtype), A.T @ A + np.eye(k, dtype=dtype)
    C = B.toarray().T.astype(float) @ A + offset
    expected = np.array([_coordinate_descent(G, c, x, 3) for c, x in zip(C, answer, strict=True)])
    explained = 2 * np.einsum("nk,nk->n", C, expected) - np.einsum("nk,kl,nl->n", expected, G, expected)
    fit = np.zeros(n)
    kernels.sweep_sparse(A, *entries(B), G, offset, answer, 3, fit, 2)
    np.testing.assert_allclose(answer, expected, atol=10 * TOLERANCE[dtype] * max(1, expected.max()))
    np.testing.assert_allclose(fit, explained, atol=1000 * TOLERANCE[dtype] * max(1, np.abs(explained).max()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize(
    ("m", "n", "k"),
    [(1, 1, 1), (9, 70, 3), (300, 131, 15), (300, 131, 16), (300, 131, 17), (300, 70, 21), (200, 40, 33), (20, 20, 64)],
)
def test_masked_sweeps_give_each_column_its_row_gram_matrix(make_sparse, entries, dtype, index, m, n, k, shifted):
    B = make_sparse(m, n, dtype=dtype, index=index)
    rng = np.random.default_rng(1)
    A, answer = rng.random((m, k)).astype(dtype), rng.random((n, k)).astype(dtype)
    ridge, shift = rng.random((4, k)).astype(dtype), rng.random(m).astype(dtype)
    l2, l2_known, pull, pull_known = ridge.astype(float)
    expected, fitted = np.empty((n, k)), np.empty((n, 2))
    for j in range(n):
        rows, b = B.indices[B.indptr[j] : B.indptr[j + 1]], B.data[B.indptr[j] : B.indptr[j + 1]].astype(float)
        b = b - shift[rows] if shifted else b
        G = A[rows].astype(float).T @ A[rows] + np.diag(l2 + len(b) * l2_known)
        c = b @ A[rows] + pull + len(b) * pull_known
        expected[j] = _coordinate_descent(G, c, answer[j], 3)
        fitted[j] = b @ b, b @ b - 2 * c @ expected[j] + expected[j] @ G @ expected[j]
    fit = np.zeros((n, 2))
    kernels.masked_sweep(A, shift if shifted else None, *entries(B), ridge, answer, 3, fit, 2)
    np.testing.assert_allclose(answer, expected, rtol=0, atol=30 * TOLERANCE[dtype] * max(1, expected.max()))
    np.testing.assert_allclose(fit, fitted, atol=1000 * TOLERANCE[dtype] * max(1, np.abs(fitted).max()))


def test_a_column_with_nothing_known_is_zero(make_sparse, entries):
    B = make_sparse(6, 5)
    A, answer = np.ones((6, 2)), np.ones((5, 2))
    kernels.masked_sweep(A, None, *entries(B), np.zeros((4, 2)), answer, 2, np.zeros((5, 2)), 1)
    np.testing.assert_array_equal(answer[0], 0)
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("k", [1, 16, 32, 64, 65])
def test_a_curvature_near_the_smallest_number_makes_no_masked_sweep_infinite(entries, k):
    B = sp.csc_array(np.ones((1, 1), np.float32))
    answer = np.zeros((1, k), np.float32)
    A = np.full((1, k), 1e-21, np.float32)
    kernels.masked_sweep(A, None, *entries(B), np.zeros((4, k), np.float32), answer, 2, np.zeros((1, 2)), 1)
    assert np.isfinite(answer).all()
