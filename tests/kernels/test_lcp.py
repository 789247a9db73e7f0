"""Complementarity problems are judged by their own conditions: x >= 0, w = Mx - q >= 0, x'w = 0."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho import kernels

SIZES = [1, 2, 3, 5, 8, 13, 33, 64, 65]


def _solve(M, Q, method, start=None, threads=2):
    M, Q = np.ascontiguousarray(M, np.float64), np.atleast_2d(np.asarray(Q, np.float64))
    X = np.zeros_like(Q) if start is None else np.array(start, np.float64)
    failed = np.full(len(Q), 7, np.uint8)
    kernels.lcp(M, None, Q, method, X, failed, threads)
    return X, failed.astype(bool)


def _violation(M, Q, X):
    """The largest breach of the conditions, relative to the size of what is compared."""
    W = X @ M.T - Q
    size_w, size_x = np.abs(Q).max(axis=1) + (X @ np.abs(M.T)).max(axis=1), X.max(axis=1)
    size_w, size_x = np.where(size_w > 0, size_w, 1.0), np.where(size_x > 0, size_x, 1.0)
    per_row = [-X.min(axis=1) / size_x, -W.min(axis=1) / size_w, (np.abs(X / size_x[:, None] * W).max(axis=1) / size_w)]
    return float(np.max(per_row))


def _p_matrix(k, rng):
    """Diagonally dominant with positive diagonal, not symmetric: every principal minor is positive."""
    M = rng.uniform(-1, 1, (k, k))
    np.fill_diagonal(M, np.abs(M).sum(axis=1) + 0.1)
    return M * rng.uniform(0.2, 5, k)[:, None]


@pytest.mark.parametrize("k", SIZES)
def test_p_matrices(k):
    rng = np.random.default_rng(k)
    M, Q = _p_matrix(k, rng), rng.standard_normal((200, k))
    X, failed = _solve(M, Q, kernels.GENERAL)
    assert not failed.any()
    assert _violation(M, Q, X) < 1e-12


@pytest.mark.parametrize("k", SIZES)
def test_a_solution_that_is_planted_is_found(k):
    """A P-matrix has exactly one solution for every q."""
    rng = np.random.default_rng(k)
    M = _p_matrix(k, rng)
    support = rng.random((100, k)) < 0.5
    planted, w = rng.random((100, k)) * support, rng.random((100, k)) * ~support
    X, _ = _solve(M, planted @ M.T - w, kernels.GENERAL)
    np.testing.assert_allclose(X, planted, atol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 5, 8, 13])
def test_strictly_copositive_matrices_that_are_not_p(k):
    """Positive entries make M strictly copositive; its minors have any sign, so that only Lemke is sure to end."""
    rng = np.random.default_rng(k)
    for _ in range(60):
        M, Q = rng.random((k, k)) + 0.01, rng.standard_normal((20, k))
        X, failed = _solve(M, Q, kernels.GENERAL)
        assert not failed.any()
        assert _violation(M, Q, X) < 1e-9


def test_ties_do_not_make_lemke_cycle():
    """Small whole numbers tie in the ratio test; M is strictly copositive, so there is a solution and Lemke ends."""
    rng = np.random.default_rng(0)
    unsolved = 0
    for _ in range(5000):
        k = int(rng.integers(2, 7))
        M = rng.integers(0, 3, (k, k)).astype(float)
        np.fill_diagonal(M, rng.integers(1, 3, k))
        q = rng.integers(-1, 3, k)
        X, failed = _solve(M, q, kernels.GENERAL)
        unsolved += failed[0] or _violation(M, np.atleast_2d(q), X) > 1e-9
    assert unsolved == 0


@pytest.mark.parametrize("scale", [1e-100, 1e-20, 1e-12, 1e-6, 1e6, 1e15, 1e100])
def test_the_scale_of_the_matrix_does_not_matter(scale):
    """Siemens are small numbers; only ratios carry meaning."""
    rng = np.random.default_rng(1)
    for _ in range(60):
        k = int(rng.integers(2, 9))
        M, Q = scale * (rng.random((k, k)) + 0.01), rng.standard_normal((5, k))
        X, failed = _solve(M, Q, kernels.GENERAL)
        assert not failed.any()
        assert _violation(M, Q, X) < 1e-9


@pytest.mark.parametrize("scale", [1e-100, 1e-12, 1e12, 1e100])
def test_the_scale_of_the_right_hand_side_does_not_matter(scale):
    rng = np.random.default_rng(2)
    M, Q = rng.random((5, 5)) + 0.01, rng.standard_normal((200, 5))
    X, failed = _solve(M, Q, kernels.GENERAL)
    scaled, failed_too = _solve(M, scale * Q, kernels.GENERAL)
    assert not failed.any()
    assert not failed_too.any()
    assert _violation(M, scale * Q, scaled) < 1e-9
    np.testing.assert_array_equal(scaled > 0, X > 0)


def test_nothing_is_returned_as_solved_that_is_not():
    """A matrix of any kind: an answer that breaks the conditions must be marked as failed."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(2000):
        k = int(rng.integers(1, 7))
        M, q = rng.standard_normal((k, k)), rng.standard_normal((1, k))
        X, failed = _solve(M, q, kernels.GENERAL)
        wrong += not failed[0] and _violation(M, q, X) > 1e-8
    assert wrong == 0


def test_a_zero_diagonal_is_no_reason_to_leave_an_unknown_out():
    M, q = [[0.0, 1.0], [1.0, 0.0]], [[1.0, 1.0]]
    X, failed = _solve(M, q, kernels.GENERAL)
    assert failed[0] or np.allclose(X, 1.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("method", [kernels.SYMMETRIC, kernels.GENERAL, kernels.DEGENERATE])
def test_numbers_that_are_none_are_not_solved(bad, method):
    assert _solve(np.full((2, 2), bad), [[1.0, 1.0]], method)[1].all()
    assert _solve(np.eye(2), [[bad, 1.0]], method)[1].all()


@pytest.mark.parametrize("method", [kernels.SYMMETRIC, kernels.GENERAL, kernels.DEGENERATE])
@pytest.mark.parametrize("k", SIZES)
def test_the_gram_matrix_of_a_regression_gives_its_nnls_solution(k, method):
    rng = np.random.default_rng(k)
    A, B = rng.random((k + 6, k)), rng.standard_normal((k + 6, 30))
    X, failed = _solve(A.T @ A, B.T @ A, method)
    assert not failed.any()
    np.testing.assert_allclose(X, [nnls(A, b)[0] for b in B.T], atol=1e-9)


@pytest.mark.parametrize("method", [kernels.SYMMETRIC, kernels.DEGENERATE])
@pytest.mark.parametrize(("k", "rank"), [(2, 1), (5, 2), (9, 4), (40, 7)])
def test_singular_gram_matrices(k, rank, method):
    """The solution is not unique, the fit is."""
    rng = np.random.default_rng(k)
    A = rng.random((rank + 3, rank)) @ rng.random((rank, k))
    B = rng.standard_normal((rank + 3, 50))
    X, failed = _solve(A.T @ A, B.T @ A, method)
    assert not failed.any()
    residual = np.linalg.norm(A @ X.T - B, axis=0)
    np.testing.assert_allclose(residual, [nnls(A, b)[1] for b in B.T], rtol=1e-9)


@pytest.mark.parametrize("method", [kernels.SYMMETRIC, kernels.DEGENERATE])
def test_repeated_and_absent_columns(method):
    A = np.array([[1.0, 1.0, 0.0, 2.0], [2.0, 2.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    b = A @ [1.0, 2.0, 0.0, 0.5]
    X, failed = _solve(A.T @ A, b @ A, method)
    assert not failed.any()
    np.testing.assert_allclose(A @ X[0], b, atol=1e-12)
    assert X[0, 2] == 0


@pytest.mark.parametrize("method", [kernels.SYMMETRIC, kernels.GENERAL, kernels.DEGENERATE])
def test_a_guess_saves_work_but_changes_nothing(method):
    rng = np.random.default_rng(5)
    A, Q = rng.random((20, 6)), rng.standard_normal((40, 6))
    M = A.T @ A
    X, _ = _solve(M, Q, method)
    for guess in (X, rng.random(X.shape), np.ones_like(X), -np.ones_like(X)):
        np.testing.assert_allclose(_solve(M, Q, method, start=guess)[0], X, atol=1e-10)


@pytest.mark.parametrize("method", [kernels.SYMMETRIC, kernels.GENERAL, kernels.DEGENERATE])
def test_the_number_of_threads_and_the_company_change_nothing(method):
    rng = np.random.default_rng(6)
    M, Q = _p_matrix(7, rng), rng.standard_normal((500, 7))
    M = M @ M.T if method != kernels.GENERAL else M
    X, _ = _solve(M, Q, method, threads=1)
    for threads in (2, 3, 64):
        np.testing.assert_array_equal(_solve(M, Q, method, threads=threads)[0], X)
    np.testing.assert_array_equal(np.vstack([_solve(M, q, method)[0] for q in Q[:50]]), X[:50])


def test_no_right_hand_side_at_all():
    X, failed = _solve(np.eye(3), np.empty((0, 3)), kernels.SYMMETRIC)
    assert X.shape == (0, 3)
    assert failed.shape == (0,)
