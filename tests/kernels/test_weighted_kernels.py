import numpy as np
import pytest

from mho import kernels


def _problem(make_sparse, dtype=np.float64, m=30, n=70, k=5):
    B = make_sparse(m, n, dtype=dtype)
    rng = np.random.default_rng(1)
    ridge = np.array([[0.1], [0.02], [0.3], [0.05]]) * np.ones((4, k))
    return B, rng.random((m, k)).astype(dtype), rng.integers(0, 4, B.nnz).astype(dtype), ridge.astype(dtype)


def _swept(A, B, ridge, sweeps, weight=None):
    X, fit = np.zeros((B.shape[1], A.shape[1]), A.dtype), np.empty((B.shape[1], 2))
    arrays = B.indptr, B.indices, B.data
    out = ridge, X, sweeps, fit, 2
    if weight is None:
        kernels.masked_sweep(A, None, *arrays, *out)
    else:
        kernels.weighted_sweep(A, *arrays, weight, *out)
    return X, fit


def _exact(A, B, ridge, weight=None):
    X, failed = np.zeros((B.shape[1], A.shape[1])), np.zeros(B.shape[1], np.uint8)
    base, rest, arrays = np.diag(ridge[0]), ridge[1:], (B.indptr, B.indices, B.data)
    if weight is None:
        kernels.masked_lcp(A, None, None, base, rest, *arrays, X, failed, 2)
    else:
        kernels.weighted_lcp(A, base, rest, *arrays, weight, X, failed, 2)
    assert not failed.any()
    return X


def _repeated(A, B, weight):
    """Each row of A four times, and an entry of weight w stored in w of its four rows."""
    m, n = B.shape
    full = np.full((4, m, n), np.nan)
    columns = np.repeat(np.arange(n), np.diff(B.indptr))
    for copy in range(4):
        some = weight > copy
        full[copy][B.indices[some], columns[some]] = B.data[some]
    known = ~np.isnan(full.reshape(4 * m, n))
    ptr = np.concatenate([[0], known.sum(axis=0).cumsum()])
    return np.tile(A, (4, 1)), ptr, np.nonzero(known.T)[1].copy(), full.reshape(4 * m, n).T[known.T]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_of_one_are_no_weights(make_sparse, dtype):
    B, A, weight, ridge = _problem(make_sparse, dtype)
    for got, expected in zip(_swept(A, B, ridge, 3, np.ones_like(weight)), _swept(A, B, ridge, 3), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_whole_weight_is_as_many_rows(make_sparse, dtype):
    B, A, weight, ridge = _problem(make_sparse, dtype)
    many, ptr, idx, val = _repeated(A, B, weight)
    X, fit = np.zeros((B.shape[1], 5), dtype), np.empty((B.shape[1], 2))
    kernels.masked_sweep(many, None, ptr, idx, val.astype(dtype), ridge, X, 3, fit, 1)
    got, same = _swept(A, B, ridge, 3, weight)
    np.testing.assert_allclose(got, X, atol=1e-4 if dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(same, fit, atol=1e-3 if dtype == np.float32 else 1e-11)


def test_the_exact_solution_meets_the_conditions_of_its_own_weights(make_sparse):
    B, A, weight, ridge = _problem(make_sparse)
    X = _exact(A, B, ridge, weight)
    for j in range(B.shape[1]):
        part = slice(B.indptr[j], B.indptr[j + 1])
        a, b, v = A[B.indices[part]], B.data[part], weight[part]
        M = (a.T * v) @ a + np.diag(ridge[0] + v.sum() * ridge[1])
        w = M @ X[j] - (a.T @ (v * b) + ridge[2] + v.sum() * ridge[3])
        assert w.min() > -1e-12
        assert np.abs(w * X[j]).max() < 1e-11


def test_sweeps_end_at_the_exact_solution(make_sparse):
    B, A, weight, ridge = _problem(make_sparse)
    np.testing.assert_allclose(_swept(A, B, ridge, 3000, weight)[0], _exact(A, B, ridge, weight), atol=1e-9)


def test_there_must_be_a_weight_for_each_entry(make_sparse):
    B, A, weight, ridge = _problem(make_sparse)
    with pytest.raises(ValueError, match="weight must be as long as val"):
        _swept(A, B, ridge, 1, weight[1:])
    with pytest.raises(ValueError, match="weight must be as long as val"):
        _exact(A, B, ridge, weight[1:])
