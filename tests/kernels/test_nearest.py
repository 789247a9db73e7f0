"""Nearest columns of a sparse matrix and least squares among them, beside dense numpy and scipy's nnls."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from mho import kernels

M, N, CAP = 60, 40, 7


def both_orders(index=np.int32, seed=0, *, signed=False):
    rng = np.random.default_rng(seed)
    X = np.where(rng.random((M, N)) < 0.2, rng.integers(1, 6, (M, N)), 0).astype(np.float32)
    if signed:
        X *= rng.choice([-1, 1], X.shape)
    X[:, 3] = 0
    arrays = []
    for matrix in (sp.csc_array(X), sp.csr_array(X)):
        arrays += [matrix.indptr.astype(index), matrix.indices.astype(index), matrix.data]
    return X.astype(np.float64), arrays


def nearest_of(X, arrays, targets, cap=CAP, threads=2):
    lengths = np.linalg.norm(X, axis=0)
    inverse = np.divide(1, lengths, out=np.zeros(N), where=lengths > 0).astype(np.float32)
    nearest, products = np.empty((len(targets), cap), np.int32), np.empty((len(targets), cap), np.float32)
    kernels.nearest_columns(*arrays, inverse, targets.astype(np.int32), nearest, products, threads)
    return nearest, products


def slots_of(nearest):
    flat = nearest.ravel()
    slots = np.argsort(flat, kind="stable")[(flat < 0).sum() :].astype(np.int64)
    rows, begins = np.unique(flat[slots], return_index=True)
    return rows, np.append(begins, len(slots)).astype(np.int64), slots


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("cap", [1, CAP, 100])
def test_the_nearest_are_those_of_the_largest_cosines(index, cap):
    X, arrays = both_orders(index)
    nearest, products = nearest_of(X, arrays, np.arange(N), cap)
    gram = X.T @ X
    lengths = np.sqrt(gram.diagonal())
    for j in range(N):
        near = nearest[j][nearest[j] >= 0]
        others = np.flatnonzero((gram[:, j] > 0) & (np.arange(N) != j))
        assert len(near) == min(cap, len(others))
        assert (np.diff(near) > 0).all()
        cosine = gram[others, j] / lengths[others]
        assert set(near) <= set(others)
        if len(near):
            least = (gram[near, j] / lengths[near]).min()
            assert (np.sort(cosine)[-len(near) :].min()) == pytest.approx(least, rel=1e-5)
        np.testing.assert_allclose(products[j][: len(near)], gram[near, j], rtol=1e-6)


def test_gram_matrices_among_them_are_those_of_the_whole():
    X, arrays = both_orders()
    nearest, _ = nearest_of(X, arrays, np.arange(5, 20))
    G = np.full((15, CAP, CAP), np.nan, np.float32)
    kernels.gram_of_nearest(*arrays, *slots_of(nearest), nearest, G, 3)
    gram = X.T @ X
    for t, near in enumerate(nearest):
        there = near >= 0
        wanted = np.where(there[:, None] & there, gram[np.ix_(near, near)], 0)
        np.testing.assert_allclose(G[t], wanted, rtol=1e-6)


def test_over_the_own_rows_alone_others_do_not_count():
    X, arrays = both_orders(signed=True)
    targets = np.array([0, 7, 3], np.int32)
    nearest, products = nearest_of(X, arrays, targets)
    G = np.empty((3, CAP, CAP), np.float32)
    kernels.gram_of_own_rows(*arrays, targets, nearest, products, G, 2)
    for t, j in enumerate(targets):
        near = nearest[t][nearest[t] >= 0]
        own = X[X[:, j] != 0]
        np.testing.assert_allclose(G[t][: len(near), : len(near)], own[:, near].T @ own[:, near], atol=1e-4)
        np.testing.assert_allclose(products[t][: len(near)], own[:, near].T @ own[:, j], atol=1e-4)


@pytest.mark.parametrize(("l2", "relative"), [(1e-3, 0.0), (1.0, 0.5), (100.0, 0.0)])
@pytest.mark.parametrize("k", [1, 5, 16, 17, 50, 100])
def test_descent_ends_where_scipys_nnls_does(k, l2, relative):
    rng = np.random.default_rng(k)
    A = rng.random((3, 4 * k, k)) * (rng.random((3, 4 * k, k)) < 0.3)
    b = rng.random((3, 4 * k)) - 0.3
    G, c = (A.transpose(0, 2, 1) @ A).astype(np.float32), np.einsum("tmk,tm->tk", A, b).astype(np.float32)
    answer, failed = np.zeros((3, k), np.float32), np.full(3, 9, np.uint8)
    kernels.descend_own(G, c, np.tile(np.arange(k, dtype=np.int32), (3, 1)), l2, relative, answer, failed, 2)
    assert not failed.any()
    for t in range(3):
        stacked = np.vstack([A[t], np.diag(np.sqrt(l2 + relative * np.sum(A[t] ** 2, axis=0)))])
        wanted = nnls(stacked, np.append(b[t], np.zeros(k)))[0]
        np.testing.assert_allclose(answer[t], wanted, atol=2e-4 * max(wanted.max(), 1e-3))


def test_no_answer_depends_on_the_number_of_threads():
    X, arrays = both_orders()
    one, two = (nearest_of(X, arrays, np.tile(np.arange(N), 9), threads=threads) for threads in (1, 4))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_indices_outside_are_refused():
    X, arrays = both_orders()
    bad = [x.copy() for x in arrays]
    bad[1][0] = M
    with pytest.raises(ValueError, match="inside the matrix"):
        nearest_of(X, bad, np.arange(N))
    with pytest.raises(ValueError, match="targets must lie inside"):
        nearest_of(X, arrays, np.array([N]))


def test_threads_below_one_are_refused():
    X, arrays = both_orders()
    empty = np.zeros((0, 2, 2), np.float32)
    with pytest.raises(ValueError, match="threads must be above zero"):
        nearest_of(X, arrays, np.arange(N), threads=0)
    with pytest.raises(ValueError, match="threads must be above zero"):
        kernels.descend_own(
            empty, empty[:, 0], empty[:, 0].astype(np.int32), 1.0, 0.0, empty[:, 0].copy(), np.zeros(0, np.uint8), 0
        )
