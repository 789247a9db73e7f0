"""The laws that `mho.engines.Programmed` states, on every engine there is."""

import threading

import numpy as np
import pytest
import scipy.sparse as sp

from mho.engines import Dense, Sparse

CLOSE = dict(rtol=1e-9, atol=1e-10)


def _some_missing(B, seed=0):
    return np.where(np.random.default_rng(seed).random(B.shape) < 0.3, np.nan, B)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_answer_has_a_shape_a_precision_and_no_sign(engine, problem, dtype):
    A, B = problem
    X = engine.program(A.astype(dtype)).solve(B.astype(dtype))
    assert X.shape == (5, 9)
    assert X.dtype == dtype
    assert X.min() >= 0
    assert np.isfinite(X).all()


def test_columns_do_not_know_of_one_another(engine, problem):
    A, B = problem
    programmed = engine.program(A)
    together = programmed.solve(B)
    for j in range(B.shape[1]):
        np.testing.assert_allclose(programmed.solve(B[:, [j]]), together[:, [j]], **CLOSE)
    order = np.random.default_rng(1).permutation(B.shape[1])
    np.testing.assert_allclose(programmed.solve(B[:, order]), together[:, order], **CLOSE)


def test_masked_columns_do_not_know_of_one_another(engine, problem):
    A, B = problem
    B = _some_missing(B)
    programmed = engine.program(A)
    together = programmed.solve(Sparse(B))
    for j in range(B.shape[1]):
        np.testing.assert_allclose(programmed.solve(Sparse(B[:, [j]])), together[:, [j]], **CLOSE)


@pytest.mark.parametrize("c", [2.0**-40, 0.37, 2.0, 1e9])
def test_an_answer_grows_with_its_right_hand_side(engine, problem, c):
    A, B = problem
    programmed = engine.program(A)
    np.testing.assert_allclose(programmed.solve(c * B) / c, programmed.solve(B), **CLOSE)


def test_the_same_question_has_the_same_answer(engine, problem):
    A, B = problem
    programmed = engine.program(A)
    once = programmed.solve(B)
    programmed.solve(Sparse(_some_missing(B)))
    programmed.solve(-B)
    np.testing.assert_array_equal(programmed.solve(B), once)


def test_nothing_for_nothing(engine, problem):
    A, B = problem
    programmed = engine.program(A)
    np.testing.assert_array_equal(programmed.solve(np.zeros_like(B)), 0)
    np.testing.assert_array_equal(programmed.solve(Sparse(np.full(B.shape, np.nan))), 0)
    np.testing.assert_array_equal(programmed.solve(-np.ones_like(B)), 0)


def test_missing_nothing_is_missing_nothing(engine, problem):
    A, B = problem
    programmed = engine.program(A)
    everything = Sparse(sp.csc_array(B), missing=True)
    np.testing.assert_allclose(programmed.solve(everything), programmed.solve(B), **CLOSE)


def test_what_a_sparse_right_hand_side_does_not_store_is_zero(engine, problem):
    A, B = problem
    B = np.where(B < 0.5, 0.0, B)
    programmed = engine.program(A)
    for sparse in (sp.csr_array(B), sp.csc_array(B), sp.coo_array(B), Sparse(sp.csr_array(B))):
        np.testing.assert_allclose(programmed.solve(sparse), programmed.solve(B), **CLOSE)


def test_the_layout_in_memory_does_not_matter(engine, problem):
    A, B = problem
    X = engine.program(A).solve(B) if engine.ledger() is None else None
    wide = np.repeat(np.repeat(B, 2, axis=0), 3, axis=1)
    read_only = B.copy()
    read_only.flags.writeable = False
    programmed = engine.program(np.asfortranarray(A))
    for layout in (np.asfortranarray(B), wide[::2, ::3], read_only, Dense(B).T.T):
        np.testing.assert_allclose(programmed.solve(layout), programmed.solve(B), **CLOSE)
    if X is not None:
        np.testing.assert_allclose(programmed.solve(B), X, **CLOSE)


def test_nothing_that_is_given_is_changed(engine, problem):
    A, B = problem
    sparse = sp.csc_array(np.where(B > 0, B, 0))
    start = np.ones((5, 9))
    before = A.copy(), B.copy(), sparse.toarray()
    programmed = engine.program(A)
    programmed.solve(B, start=start)
    programmed.solve(Sparse(sparse, missing=True), start=start)
    for now, then in zip((A, B, sparse.toarray()), before, strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(start, 1)


def test_python_threads_may_solve_at_once(engine, problem):
    A, B = problem
    programmed = engine.program(A)
    expected = [programmed.solve(B + i) for i in range(4)]
    out: dict[int, np.ndarray] = {}
    team = [threading.Thread(target=lambda i=i: out.update({i: programmed.solve(B + i)})) for i in range(4)]
    for thread in team:
        thread.start()
    for thread in team:
        thread.join()
    for i, X in enumerate(expected):
        np.testing.assert_array_equal(out[i], X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_squared_error_is_what_its_name_says(engine, problem, dtype):
    A, B = (part.astype(dtype) for part in problem)
    programmed = engine.program(A)
    X = programmed.solve(B)
    sparse = sp.csr_array(np.where(B > 0.5, B, 0))
    missing = _some_missing(B)
    exactly = {
        "dense": (B, np.sum((A.astype(float) @ X - B) ** 2)),
        "sparse": (sparse, np.sum((A.astype(float) @ X - sparse.toarray()) ** 2)),
        "masked": (Sparse(missing), np.nansum((A.astype(float) @ X - missing) ** 2)),
    }
    for given, expected in exactly.values():
        assert programmed.squared_error(given, X) == pytest.approx(expected, rel=2e-4 if dtype == np.float32 else 1e-9)


def test_the_squared_error_of_a_perfect_fit_is_next_to_nothing(engine, problem):
    A, _ = problem
    X = np.random.default_rng(0).random((5, 9))
    programmed = engine.program(A)
    operand = Dense(A @ X)
    programmed.solve(operand, start=X)
    assert programmed.squared_error(operand, X) < 1e-25 * operand.square


def test_the_squared_error_is_of_the_x_that_is_asked_about(engine, problem):
    """An engine may keep the cross product of the last solve, not its answer."""
    A, B = problem
    programmed = engine.program(A)
    operand = Dense(B)
    programmed.solve(operand)
    for X in (np.zeros((5, 9)), np.ones((5, 9))):
        assert programmed.squared_error(operand, X) == pytest.approx(np.sum((A @ X - B) ** 2))


@pytest.mark.parametrize("m", [1, 3, 300])
def test_any_number_of_rows(engine, make_problem, m):
    A, B = make_problem(m=m)
    X = engine.program(A).solve(B)
    assert np.isfinite(X).all()
    assert engine.program(A).solve(B[:, :1]).shape == (5, 1)


def test_a_guess_of_another_shape_is_refused(engine, problem):
    A, B = problem
    with pytest.raises(ValueError, match=r"start must have shape \(5, 9\), got \(9, 5\)"):
        engine.program(A).solve(B, start=np.ones((9, 5)))


def test_right_hand_sides_of_another_length_are_refused(engine, problem):
    A, B = problem
    with pytest.raises(ValueError, match=r"B must have 14 rows, as many as A, got shape \(13, 9\)"):
        engine.program(A).solve(B[1:])


@pytest.mark.parametrize(
    ("A", "kind", "says"),
    [
        (np.array([[1.0, -1.0]]), ValueError, "A contains a negative entry"),
        (np.array([[1.0, np.nan]]), ValueError, "A contains NaN"),
        (np.array([[1.0, np.inf]]), ValueError, "A contains an infinite"),
        (np.array([1.0, 2.0]), ValueError, "A must be a matrix"),
        (np.array([[1j]]), TypeError, "A must hold real numbers"),
    ],
)
def test_a_matrix_that_is_none_is_not_programmed(engine, A, kind, says):
    with pytest.raises(kind, match=says):
        engine.program(A)


def test_whole_numbers_are_numbers(engine):
    """Not truncated on the way out."""
    A, b = [[1, 0], [1, 1], [0, 1]], np.array([[2.0], [1.5], [0.0]])
    X = engine.program(np.array(A)).solve(b)
    Y = engine.program(np.array(A, float)).solve(b)
    assert X.dtype == np.float64
    np.testing.assert_allclose(X, Y, atol=0.7 if engine.ledger() else 1e-12)
