"""What only an engine without error can promise: the conditions of Karush, Kuhn and Tucker and what follows."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from mho.chip import ChipError
from mho.engines import Digital, Sparse

CLOSE = dict(rtol=1e-7, atol=1e-8)


def _kkt(A, B, X):
    """The largest breach of x >= 0, A'(Ax - b) >= 0 and of their complementarity."""
    gradient = A.T @ (A @ X - B)
    return max(-X.min(), -gradient.min(), np.abs(X * gradient).max())


def test_the_conditions_of_optimality_hold(exact, problem):
    A, B = problem
    assert _kkt(A, B, exact.program(A).solve(B)) < 1e-8


def test_scipy_finds_the_same(exact, problem):
    A, B = problem
    np.testing.assert_allclose(exact.program(A).solve(B).T, [nnls(A, b)[0] for b in B.T], **CLOSE)


def test_single_precision_is_as_good_as_single_precision_is(exact, problem):
    A, B = problem
    X = exact.program(A.astype(np.float32)).solve(B.astype(np.float32))
    np.testing.assert_allclose(X.T, [nnls(A, b)[0] for b in B.T], atol=1e-4)


def test_a_missing_row_is_an_absent_row(exact, problem):
    A, B = problem
    B = np.where(np.random.default_rng(0).random(B.shape) < 0.4, np.nan, B)
    X = exact.program(A).solve(Sparse(B))
    for j, b in enumerate(B.T):
        known = ~np.isnan(b)
        np.testing.assert_allclose(X[:, j], nnls(A[known], b[known])[0], **CLOSE)


def test_a_known_zero_is_not_a_missing_entry(exact, problem):
    A, B = problem
    B = np.where(B < 0.5, 0.0, B)
    B[0] = np.nan
    X = exact.program(A).solve(Sparse(B))
    np.testing.assert_allclose(X.T, [nnls(A[1:], b[1:])[0] for b in B.T], **CLOSE)


def test_the_order_of_rows_and_of_columns_does_not_matter(exact, problem):
    A, B = problem
    X = exact.program(A).solve(B)
    rows, columns = np.random.default_rng(2).permutation(14), np.random.default_rng(3).permutation(5)
    np.testing.assert_allclose(exact.program(A[rows]).solve(B[rows]), X, **CLOSE)
    np.testing.assert_allclose(exact.program(A[:, columns]).solve(B), X[columns], **CLOSE)


@pytest.mark.parametrize("decades", [1, 6, 14])
def test_the_unit_of_a_column_does_not_matter(exact, problem, decades):
    A, B = problem
    unit = 10.0 ** np.linspace(0, -decades, 5)
    np.testing.assert_allclose(exact.program(A * unit).solve(B) * unit[:, None], exact.program(A).solve(B), **CLOSE)


@pytest.mark.parametrize("scale", [1e-150, 1e-12, 1e12, 1e150])
def test_the_unit_of_the_matrix_does_not_matter(exact, problem, scale):
    A, B = problem
    expected = exact.program(A).solve(B)
    np.testing.assert_allclose(exact.program(A * scale).solve(B) * scale, expected, **CLOSE)


@pytest.mark.parametrize("scale", [1e-150, 1e-12, 1e12, 1e150])
def test_the_unit_of_the_right_hand_side_does_not_matter(exact, problem, scale):
    A, B = problem
    np.testing.assert_allclose(exact.program(A).solve(B * scale) / scale, exact.program(A).solve(B), **CLOSE)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
@pytest.mark.parametrize("of", ["matrix", "right-hand side"])
def test_numbers_whose_squares_do_not_exist_are_solved_or_refused(exact, problem, scale, of):
    """Never a wrong answer, nor one beside a warning of numpy's."""
    A, B = problem
    expected = exact.program(A).solve(B)
    try:
        X = exact.program(A * scale).solve(B) * scale if of == "matrix" else exact.program(A).solve(B * scale) / scale
    except (ValueError, ChipError):
        return
    np.testing.assert_allclose(X, expected, **CLOSE)


def test_a_row_twice_is_a_row_of_double_weight(exact, problem):
    A, B = problem
    heavy, weight = np.vstack([A, A[:3]]), np.ones((14, 1))
    weight[:3] = np.sqrt(2)
    twice = exact.program(heavy).solve(np.vstack([B, B[:3]]))
    np.testing.assert_allclose(twice, exact.program(A * weight).solve(B * weight), **CLOSE)


def test_a_zero_row_and_a_zero_column_take_no_part(exact, problem):
    A, B = problem
    X = exact.program(A).solve(B)
    A, B = np.vstack([A, np.zeros(5)]), np.vstack([B, np.ones(9)])
    A = np.insert(A, 2, 0, axis=1)
    Y = exact.program(A).solve(B)
    np.testing.assert_array_equal(Y[2], 0)
    np.testing.assert_allclose(np.delete(Y, 2, axis=0), X, **CLOSE)


def test_a_guess_does_not_change_the_answer(exact, problem):
    A, B = problem
    programmed = exact.program(A)
    X = programmed.solve(B)
    for start in (X, np.zeros_like(X), 100 * np.ones_like(X), np.asfortranarray(X)):
        np.testing.assert_allclose(programmed.solve(B, start=start), X, **CLOSE)


def test_one_unknown_is_a_projection(exact):
    rng = np.random.default_rng(0)
    a, B = rng.random((20, 1)), rng.standard_normal((20, 30))
    expected = np.maximum(a.T @ B / np.sum(a**2), 0)
    np.testing.assert_allclose(exact.program(a).solve(B), expected, **CLOSE)


def test_a_planted_answer_is_found(exact):
    rng = np.random.default_rng(1)
    A, X = rng.random((30, 6)), rng.random((6, 12)) * (rng.random((6, 12)) < 0.5)
    np.testing.assert_allclose(exact.program(A).solve(A @ X), X, atol=1e-7)
    np.testing.assert_allclose(exact.program(A).solve(sp.csc_array(A @ X)), X, atol=1e-7)


def test_a_few_are_answered_without_checks_and_what_needs_checks_is_not(problem):
    A, B = problem
    programmed = Digital().program(A)
    rows = np.ascontiguousarray(B.T)
    np.testing.assert_allclose(programmed.solve_few(rows).T, programmed.solve(B), **CLOSE)
    for bad in (np.nan, np.inf, 1e300):
        rows[1, 2] = bad
        assert programmed.solve_few(rows) is None
