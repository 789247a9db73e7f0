import numpy as np
import pytest
from scipy.optimize import nnls

from mho import kernels

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-13}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
INDICES = pytest.mark.parametrize("index", [np.int32, np.int64])
SHAPES = pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (7, 65, 3), (50, 200, 17), (3, 129, 33)])


@DTYPES
@INDICES
@SHAPES
def test_cross_is_the_product_with_the_transpose(make_sparse, entries, dtype, index, m, n, k):
    B = make_sparse(m, n, dtype=dtype, index=index)
    A = np.random.default_rng(1).standard_normal((m, k)).astype(dtype)
    out = np.full((n, k), np.nan, dtype)
    kernels.cross(A, *entries(B), out, 2)
    np.testing.assert_allclose(out, B.toarray().T.astype(float) @ A, rtol=0, atol=m * TOLERANCE[dtype])


@DTYPES
def test_cross_for_any_number_of_components(make_sparse, entries, dtype):
    """Below a vector, between vectors, and in tiles of several."""
    B = make_sparse(40, 30, dtype=dtype, index=np.int32)
    for k in (*range(1, 70), 100, 128, 129, 200, 257):
        A = np.random.default_rng(k).standard_normal((40, k)).astype(dtype)
        out = np.full((30, k), np.nan, dtype)
        kernels.cross(A, *entries(B), out, 1)
        np.testing.assert_allclose(out, B.toarray().T.astype(float) @ A, rtol=0, atol=40 * TOLERANCE[dtype])


@DTYPES
@INDICES
@SHAPES
def test_sddmm_is_the_product_at_the_stored_entries(make_sparse, entries, dtype, index, m, n, k):
    B = make_sparse(m, n, dtype=dtype, index=index)
    rng = np.random.default_rng(1)
    A, X = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype)
    out = np.full(B.nnz, np.nan, dtype)
    kernels.sddmm(A, X, B.indptr, B.indices, out, 2)
    columns = np.repeat(np.arange(n), np.diff(B.indptr))
    expected = np.einsum("ek,ek->e", A[B.indices].astype(float), X[columns])
    np.testing.assert_allclose(out, expected, rtol=0, atol=k * TOLERANCE[dtype])


@DTYPES
@INDICES
@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (9, 70, 3), (300, 66, 8), (30, 20, 17)])
def test_each_columns_own_complementarity_problem(make_sparse, entries, dtype, index, extra, symmetric, m, n, k):
    B = make_sparse(m, n, dtype=dtype, index=index)
    rng = np.random.default_rng(2)
    left = rng.random((m, k))
    right = None if symmetric else left * (1 + 0.05 * rng.standard_normal((m, k)))
    more = rng.random((m, k)) if extra else None
    base, ridge = np.diag(rng.random(k) + 0.1), rng.standard_normal((3, k))
    ridge[0] = np.abs(ridge[0])
    X, failed = np.zeros((n, k)), np.zeros(n, np.uint8)
    kernels.masked_lcp(left, right, more, base, ridge, *entries(B), X, failed, 2)
    assert not failed.any()
    for j in range(n):
        rows, values = B.indices[B.indptr[j] : B.indptr[j + 1]], B.data[B.indptr[j] : B.indptr[j + 1]].astype(float)
        M = base + left[rows].T @ (left if symmetric else right)[rows] + len(rows) * np.diag(ridge[0])
        M += np.diag(more[rows].sum(axis=0)) if extra else 0
        w = M @ X[j] - ridge[1] - len(rows) * ridge[2] - left[rows].T @ values
        size = np.abs(M).sum() * (1 + X[j].max())
        assert X[j].min() >= 0
        assert w.min() > -1e-12 * size
        assert np.abs(X[j] * w).max() < 1e-12 * size * (1 + X[j].max())


def test_masked_columns_with_fewer_rows_than_unknowns_fit_as_well_as_can_be(make_sparse, entries):
    B = make_sparse(12, 80, density=0.2)
    A = np.random.default_rng(3).random((12, 6))
    X, failed = np.zeros((80, 6)), np.zeros(80, np.uint8)
    kernels.masked_lcp(A, None, None, np.zeros((6, 6)), np.zeros((3, 6)), *entries(B), X, failed, 1)
    assert not failed.any()
    for j in range(1, 80):
        rows, values = B.indices[B.indptr[j] : B.indptr[j + 1]], B.data[B.indptr[j] : B.indptr[j + 1]]
        if len(rows):
            x = np.maximum(nnls(A[rows], values)[0], 0)  # not always the best in scipy 1.15.0, whose norm is wrong then
            assert np.linalg.norm(A[rows] @ X[j] - values) <= np.linalg.norm(A[rows] @ x - values) + 1e-10
            assert X[j].min() >= 0


def test_the_number_of_threads_changes_nothing(make_sparse, entries):
    B = make_sparse(60, 999)
    A = np.random.default_rng(4).random((60, 5))
    once, often = np.empty((999, 5)), np.empty((999, 5))
    kernels.cross(A, *entries(B), once, 1)
    kernels.cross(A, *entries(B), often, 5)
    np.testing.assert_array_equal(once, often)


def test_a_matrix_with_nothing_stored(entries):
    empty = np.zeros(4, np.int32), np.zeros(0, np.int32), np.zeros(0)
    out = np.full((3, 2), np.nan)
    kernels.cross(np.ones((5, 2)), *empty, out, 2)
    np.testing.assert_array_equal(out, 0)


@pytest.mark.parametrize("ascending", [True, False])
def test_a_large_factor_read_by_blocks_gives_each_column_its_solution(ascending):
    m, n, k = 25_000, 160, 16
    rng = np.random.default_rng(0)
    A, truth = rng.random((m, k)), np.maximum(rng.standard_normal((n, k)), 0)
    counts = np.where(np.arange(n) % 4, 6000, 50)  # many of every block, or few of all
    counts[:3] = 0, 1, m
    idx = [np.sort(rng.choice(m, count, replace=False)) for count in counts]
    if not ascending:
        idx = [rng.permutation(column) for column in idx]
    val = [A[column] @ x + rng.standard_normal(len(column)) for column, x in zip(idx, truth, strict=True)]
    ptr = np.concatenate([[0], np.cumsum(counts)])
    X, fit, ridge = np.zeros((n, k)), np.empty((n, 2)), np.zeros((4, k))
    ridge[0] = 1
    kernels.masked_sweep(A, None, ptr, np.concatenate(idx), np.concatenate(val), ridge, X, 4000, fit, 1)
    bottom = np.sqrt(ridge[0, 0]) * np.eye(k)
    for j in range(n):
        x, residual = nnls(np.vstack([A[idx[j]], bottom]), np.concatenate([val[j], np.zeros(k)]))
        np.testing.assert_allclose(X[j], x, atol=1e-7)
        np.testing.assert_allclose(fit[j], [val[j] @ val[j], residual**2], rtol=1e-7, atol=1e-9)
