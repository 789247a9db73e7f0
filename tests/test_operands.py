import subprocess
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

from mho.engines.engine import squared_error
from mho.engines.products import cross, sweep_in_place
from mho.operands import Dense, Scaled, Sparse, as_operand
from mho.penalty import NO_PENALTY


def _random(m=7, n=5, density=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random((m, n)) < density, rng.standard_normal((m, n)), 0.0)


def _dense_of(operand):
    ptr, idx, val = operand.by_column()
    return sp.csc_array((val, idx, ptr), shape=operand.shape).toarray()


FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr"]


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("make", [sp.csr_array, sp.csr_matrix])
def test_every_sparse_format_is_read_alike(fmt, make):
    B = _random()
    operand = Sparse(make(B).asformat(fmt))
    assert operand.shape == B.shape
    np.testing.assert_array_equal(_dense_of(operand), B)
    np.testing.assert_array_equal(_dense_of(operand.T), B.T)
    assert operand.square == pytest.approx(np.sum(B**2))


@pytest.mark.parametrize("fmt", ["csr", "csc"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stored_entries_are_shared_not_copied(fmt, dtype):
    B = sp.csr_array(_random().astype(dtype)).asformat(fmt)
    operand = Sparse(B)
    assert np.shares_memory(operand.values, B.data)
    assert operand.dtype == dtype


def test_the_transpose_shares_its_entries_and_returns():
    operand = Sparse(sp.csc_array(_random()))
    assert np.shares_memory(operand.T.rows.data, operand.columns.data)
    assert np.shares_memory(operand.T.T.columns.data, operand.columns.data)


def test_duplicate_entries_are_summed_and_the_callers_matrix_is_left_alone():
    entries = (np.array([1.0, 2.0, 4.0]), (np.array([0, 0, 2]), np.array([1, 1, 0])))
    B = sp.coo_array(entries, shape=(3, 2)).tocoo()
    compressed = sp.csc_array((np.array([4.0, 1.0, 2.0]), np.array([2, 0, 0]), np.array([0, 1, 3])), shape=(3, 2))
    for matrix in (B, compressed):
        nnz = matrix.nnz
        operand = Sparse(matrix, missing=True)
        np.testing.assert_array_equal(_dense_of(operand), [[0, 3], [0, 0], [4, 0]])
        assert len(operand.values) == 2
        assert matrix.nnz == nnz


def test_row_indices_out_of_order_are_read_rightly():
    B = sp.csc_array((np.array([4.0, 1.0]), np.array([2, 0]), np.array([0, 2])), shape=(3, 1))
    np.testing.assert_array_equal(_dense_of(Sparse(B)), [[1], [0], [4]])


def test_64_bit_indices_are_read():
    B = sp.csc_array(_random())
    B.indices, B.indptr = B.indices.astype(np.int64), B.indptr.astype(np.int64)
    np.testing.assert_array_equal(_dense_of(Sparse(B)), B.toarray())


def test_an_explicit_zero_is_a_known_entry():
    B = sp.csc_array((np.array([0.0, 1.0]), np.array([0, 1]), np.array([0, 1, 2])), shape=(2, 2))
    assert len(Sparse(B, missing=True).values) == 2


def test_nan_of_a_dense_matrix_is_what_is_not_stored():
    B = np.array([[1.0, np.nan, 0.0], [np.nan, np.nan, -2.0]])
    operand = Sparse(B)
    assert operand.missing
    ptr, idx, val = operand.by_column()
    np.testing.assert_array_equal(ptr, [0, 1, 1, 3])
    np.testing.assert_array_equal(idx, [0, 0, 1])
    np.testing.assert_array_equal(val, [1.0, 0.0, -2.0])


@pytest.mark.parametrize("order", ["C", "F"])
def test_nan_is_read_the_same_in_either_order(order):
    B = np.where(_random(density=0.4) == 0, np.nan, _random(density=0.4))
    known = np.nan_to_num(_dense_of(Sparse(np.array(B, order=order))))
    np.testing.assert_array_equal(known, np.nan_to_num(B))


def test_everything_may_be_missing():
    operand = Sparse(np.full((3, 2), np.nan))
    assert operand.shape == (3, 2)
    assert len(operand.values) == 0
    assert operand.square == 0
    np.testing.assert_array_equal(operand.column_peaks(), [0, 0])


@pytest.mark.parametrize("make", [lambda B: Dense(B), lambda B: Sparse(sp.csr_array(B))])
def test_column_ranges_and_peaks(make):
    B = _random(density=0.3, seed=3)
    B[:, 2] = 0
    operand = make(B)
    np.testing.assert_array_equal(operand.column_peaks(), np.abs(B).max(axis=0))
    part = operand.column_range(1, 4)
    values = part.array if isinstance(part, Dense) else _dense_of(part)
    np.testing.assert_array_equal(values, B[:, 1:4])
    assert part.missing == operand.missing


def test_dense_is_a_view_both_ways():
    B = _random()
    operand = Dense(B)
    assert operand.array is B
    assert np.shares_memory(operand.T.array, B)
    assert np.shares_memory(operand.column_range(1, 3).array, B)


def test_squares_of_float32_are_summed_in_float64_without_a_copy():
    B = np.full((2000, 500), 1e-3, np.float32)
    B[0, 0] = 1e4
    tracemalloc.start()
    square = Dense(B).square
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert square == pytest.approx(np.sum(B.astype(np.float64) ** 2), rel=1e-12)
    assert peak < B.nbytes / 4


def test_squares_are_summed_in_float64():
    assert Dense(np.full((2, 2), 1e14, np.float32)).square == pytest.approx(4e28, rel=1e-6)
    ones = np.ones((5000, 5000), np.float32)
    assert Dense(ones).square == ones.size


def test_operands_pass_as_they_are():
    operand = Dense(_random())
    assert as_operand(operand) is operand
    assert isinstance(as_operand(_random()), Dense)
    assert isinstance(as_operand(sp.csr_array(_random())), Sparse)
    assert not as_operand(sp.csr_array(_random())).missing


@pytest.mark.parametrize(
    ("matrix", "kind", "says"),
    [
        ([[1.0]], TypeError, "B must be a scipy sparse matrix or a dense array, got list"),
        (sp.csr_array((0, 3)), ValueError, r"B must be a matrix that is not empty, got shape \(0, 3\)"),
        (sp.coo_array(np.ones(3)), ValueError, r"B must be a matrix .* got shape \(3,\)"),
        (sp.csr_array(np.array([[np.nan]])), ValueError, "B contains NaN"),
        (sp.csr_array(np.array([[np.inf]])), ValueError, "B contains an infinite entry"),
        (sp.csr_array(np.array([[-1.0]])), ValueError, r"B contains a negative entry \(-1.0\)"),
        (np.array([[np.nan, -1.0]]), ValueError, r"B contains a negative entry \(-1.0\)"),
        (sp.csr_array(np.array([[1j]])), TypeError, "B must hold real numbers, got dtype complex128"),
    ],
)
def test_a_bad_sparse_matrix_is_named(matrix, kind, says):
    with pytest.raises(kind, match=says):
        Sparse(matrix, nonnegative=True)


def test_nan_stored_in_a_sparse_matrix_is_not_answered_with_advice_that_is_refused():
    """`missing='nan'` is for dense matrices only, so the error must not recommend it."""
    with pytest.raises(ValueError, match="B contains NaN") as caught:
        Sparse(sp.csr_array(np.array([[np.nan]])))
    assert "missing='nan'" not in str(caught.value)


def test_an_index_outside_a_sparse_matrix_is_an_error_not_a_crash():
    """In a process of its own: turning such a matrix would read, or write, memory that is not its own."""
    script = textwrap.dedent(
        """
        import numpy as np, scipy.sparse as sp
        from mho.operands import Sparse
        B = sp.csc_array((np.ones(2), np.array([0, 1]), np.array([0, 1, 2])), shape=(3, 2))
        B.indices[1] = 10_000_000
        try:
            Sparse(B).T.by_column()
        except ValueError as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "indices" in done.stdout or "index" in done.stdout  # the words are those of scipy


def test_rows_that_hold_nothing_are_found_however_late_the_first_entry_comes():
    B = np.zeros((5, 300))
    B[1, 299], B[3, 0], B[4, 150] = 1.0, 2.0, 3.0
    for operand in (Dense(B), Dense(np.asfortranarray(B)), Sparse(sp.csr_array(B)), Sparse(sp.csc_array(B))):
        assert operand.empty_rows.tolist() == [True, False, True, False, False]
        assert operand.T.empty_rows.sum() == 297


def test_pointers_that_go_out_and_come_back_to_zero_are_refused():
    """Scipy's own check passes them, and its products would read foreign memory."""
    import scipy.sparse as sp

    from mho import NMF

    matrix = sp.csr_array((3, 4))
    matrix.indptr = np.array([0, 9, 2, 0], np.int32)
    with pytest.raises(ValueError, match="indptr must be a non-decreasing sequence"):
        NMF(1, missing="unstored").fit(matrix)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [Dense, lambda X: Dense(np.asfortranarray(X)), lambda X: Sparse(sp.csr_array(X))])
def test_a_scaled_matrix_is_worked_with_as_if_its_entries_were_multiplied(dtype, kind, monkeypatch):
    monkeypatch.setattr("mho.operands._PART", 50)
    rng = np.random.default_rng(0)
    X, W, H = rng.poisson(1, (30, 41)).astype(dtype), rng.random((30, 4), dtype), rng.random((4, 41), dtype)
    rows, columns = (rng.uniform(0.2, 3, size).astype(dtype) for size in X.shape)
    scaled, made = Scaled(kind(X), rows, columns), Dense(X * rows[:, None] * columns)
    tolerance = {"rtol": 1e-4 if dtype == np.float32 else 1e-10}
    for B, full, A, start in ((scaled, made, W, H), (scaled.T, made.T, H.T, W.T)):
        np.testing.assert_allclose(cross(A, B), full.array.T @ A, **tolerance)
        (answer, fit), (other, its_fit) = (sweep_in_place(A, b, NO_PENALTY, start, 3) for b in (B, full))
        np.testing.assert_allclose(answer, other, **tolerance, atol=1e-5)
        np.testing.assert_allclose(fit, its_fit, **tolerance)
        np.testing.assert_allclose(squared_error(A, B, answer), np.sum((A @ answer - full.array) ** 2), **tolerance)
        np.testing.assert_allclose([B.square, B.mean], [full.square, full.mean], **tolerance)
