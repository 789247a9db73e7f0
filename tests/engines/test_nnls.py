import re

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls as scipy_nnls

from mho import NMF, Digital, Sparse, nnls
from mho.operands import Dense

KINDS = ["full rank", "rank deficient", "with zeros", "wide", "one column"]


def _random_problem(kind, rng):
    m, k = int(rng.integers(1, 30)), int(rng.integers(1, 12))
    if kind == "full rank":
        m += k
    elif kind == "wide":
        k += m
    elif kind == "one column":
        k = 1
    A = rng.random((m, k))
    if kind == "rank deficient":
        rank = max(1, k // 2)
        A = rng.random((m, rank)) @ rng.random((rank, k))
    if kind == "with zeros":
        A[rng.random((m, k)) < 0.6] = 0
        A[rng.integers(m)] = 0
        A[:, rng.integers(k)] = 0
    b = A @ rng.random(k) if rng.random() < 0.3 else rng.standard_normal(m)
    return A, b


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_problems_as_scipy_solves_them(kind):
    """Two hundred of each kind; where the solution is not unique, the residual is."""
    rng = np.random.default_rng(KINDS.index(kind))
    for _ in range(200):
        A, b = _random_problem(kind, rng)
        x, (expected, residual) = nnls(A, b), scipy_nnls(A, b)
        assert x.shape == (A.shape[1],)
        assert x.min() >= 0
        assert np.linalg.norm(A @ x - b) == pytest.approx(residual, abs=1e-8)
        passive = expected > 0
        if np.linalg.matrix_rank(A) == A.shape[1] or not passive.any():
            np.testing.assert_allclose(x, expected, atol=1e-6)


@pytest.mark.parametrize(("m", "k"), [(30, 60), (50, 200)])
def test_many_more_unknowns_than_rank(m, k):
    rng = np.random.default_rng(k)
    A, B = rng.random((m, 10)) @ rng.random((10, k)), rng.standard_normal((m, 40)) + 1
    X = nnls(A, B)
    gradient = A.T @ (A @ X - B)
    assert X.min() >= 0
    assert gradient.min() > -1e-10
    assert np.abs(X * gradient).max() < 1e-10


@pytest.mark.parametrize("degree", [5, 10, 20])
def test_columns_that_are_nearly_alike(degree):
    """Hilbert's matrix: conditioned like 1e30."""
    rng = np.random.default_rng(degree)
    A = 1 / (np.arange(1, 41)[:, None] + np.arange(1, degree + 1))
    B = rng.standard_normal((40, 50)) + 0.5
    residual = np.linalg.norm(A @ nnls(A, B) - B, axis=0)
    np.testing.assert_allclose(residual, [scipy_nnls(A, b)[1] for b in B.T], rtol=1e-6)


def test_tall_and_dependent():
    """So many rows that rounding in the Gram matrix hides the dependence."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 50_000))
    A = np.stack([a, b, a + b, a + b / 2], axis=1)
    B = A @ rng.random((4, 10)) + rng.standard_normal((50_000, 10))
    X = nnls(A, B)
    gradient, scale = A.T @ (A @ X - B), np.abs(A.T @ B).max()
    assert X.max() < 100
    assert gradient.min() > -1e-12 * scale
    assert np.abs(X * gradient).max() < 1e-12 * scale * X.max()


def test_a_vector_is_one_column():
    rng = np.random.default_rng(1)
    A, b = rng.random((9, 4)), rng.standard_normal(9)
    np.testing.assert_array_equal(nnls(A, b), nnls(A, b[:, None])[:, 0])
    np.testing.assert_array_equal(nnls(A.tolist(), b.tolist()), nnls(A, b))


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array, sp.coo_array, sp.csr_matrix, sp.lil_array])
def test_a_sparse_right_hand_side(make):
    rng = np.random.default_rng(2)
    A, B = rng.random((20, 4)), np.maximum(rng.standard_normal((20, 15)), 0)
    np.testing.assert_allclose(nnls(A, make(B)), nnls(A, B), atol=1e-12)


def test_missing_entries_marked_either_way():
    rng = np.random.default_rng(3)
    A, B = rng.random((20, 4)), rng.random((20, 15)) + 0.1
    known = rng.random(B.shape) < 0.5
    marked, stored = np.where(known, B, np.nan), sp.csr_array(np.where(known, B, 0))
    X = nnls(A, marked, missing="nan")
    expected = [scipy_nnls(A[on], b[on])[0] for b, on in zip(B.T, known.T, strict=True)]
    np.testing.assert_allclose(X.T, expected, atol=1e-9)
    np.testing.assert_allclose(nnls(A, stored, missing="unstored"), X, atol=1e-12)
    np.testing.assert_allclose(nnls(A, marked[:, 0], missing="nan"), X[:, 0], atol=1e-12)


@pytest.mark.parametrize("engine", ["digital", "analog", "hybrid"])
@pytest.mark.parametrize("missing", ["nan", "unstored"])
def test_columns_of_which_nothing_is_known_are_told_once(engine, missing):
    """A monitor would read their zeros as a fault that is not there."""
    A, B = np.random.default_rng(3).random((20, 4)), np.random.default_rng(4).random((20, 15)) + 0.1
    unknown = [2, 5, 11]
    B[:, unknown] = 0 if missing == "unstored" else np.nan
    with pytest.warns(UserWarning, match="3 of 15 columns of B have no known entry; X is zero for them") as said:
        X = nnls(A, sp.csr_array(B) if missing == "unstored" else B, missing=missing, engine=engine, random_state=0)
    assert len(said) == 1
    assert said[0].filename == __file__
    np.testing.assert_array_equal(X[:, unknown], 0)


def test_a_vector_of_which_nothing_is_known_is_told_too():
    with pytest.warns(UserWarning, match="1 of 1 columns of B have no known entry"):
        nnls(np.ones((3, 2)), np.full(3, np.nan), missing="nan")


def test_zeros_that_are_known_are_an_answer():
    assert not nnls(np.eye(3), np.zeros((3, 2)), missing="nan").any()


def test_an_operand_that_says_otherwise_than_missing_is_refused():
    stored = Sparse(sp.csr_array(np.eye(3)))
    with pytest.raises(TypeError, match="missing='unstored' is not what B says of itself: make it with missing=True"):
        nnls(np.eye(3), stored, missing="unstored")


class _OnlyDLPack:
    """An array of a library that NumPy knows by DLPack alone."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


class _OnAnotherDevice(_OnlyDLPack):
    def __dlpack__(self, **options):
        raise BufferError("memory of device cuda:0")


class _AnnData:
    """As anndata's: a matrix with notes on its rows and columns."""

    def __init__(self, X):
        self.X, self.obs, self.var, self.shape = X, None, None, X.shape


def test_an_array_that_speaks_dlpack_alone_is_taken():
    A, B = np.random.default_rng(3).random((20, 4)), np.random.default_rng(4).random((20, 15))
    np.testing.assert_array_equal(nnls(_OnlyDLPack(A), _OnlyDLPack(B)), nnls(A, B))
    found, expected = (NMF(2, random_state=0, max_iter=3).fit(X).components_ for X in (_OnlyDLPack(B), B))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("wrap", "says"),
    [
        (_AnnData, "X must be a matrix, got _AnnData; give one of it, such as its .X"),
        (_OnAnotherDevice, "X must be in this computer's memory .*got _OnAnotherDevice: memory of device cuda:0"),
        (lambda X: object(), "X must be a matrix of real numbers"),
    ],
)
def test_what_is_no_array_is_named_in_one_sentence(wrap, says):
    with pytest.raises(TypeError, match=says):
        NMF(2).fit(wrap(np.ones((6, 4))))
    with pytest.raises(TypeError, match="B must"):
        nnls(np.ones((6, 2)), wrap(np.ones((6, 4))))


def test_allowing_nan_where_there_is_none_changes_nothing():
    rng = np.random.default_rng(4)
    A, B = rng.random((20, 4)), rng.random((20, 15))
    np.testing.assert_array_equal(nnls(A, B, missing="nan"), nnls(A, B))


def test_ridge_and_price():
    rng = np.random.default_rng(5)
    A, b = rng.random((20, 4)), rng.standard_normal(20) + 1
    x = nnls(A, b, l2=0.5, l1=0.3)
    gradient = A.T @ (A @ x - b) + 0.5 * x + 0.3
    assert gradient.min() > -1e-10
    assert np.abs(gradient * x).max() < 1e-10


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("other", [np.float32, np.float64])
def test_the_precision_is_that_of_the_matrix(dtype, other):
    rng = np.random.default_rng(6)
    A, B = rng.random((20, 4)), rng.standard_normal((20, 7))
    X = nnls(A.astype(dtype), B.astype(other))
    assert X.dtype == dtype
    np.testing.assert_allclose(X, nnls(A, B), atol=1e-5)


def test_every_engine_is_within_reach_by_name():
    rng = np.random.default_rng(7)
    A, B = rng.random((20, 4)), rng.random((20, 7))
    exact = nnls(A, B)
    np.testing.assert_allclose(nnls(A, B, engine="hybrid", random_state=0), exact, atol=1e-9)
    np.testing.assert_array_equal(nnls(A, B, engine=Digital(sweeps=3)), exact)
    noisy = nnls(A, B, engine="analog", random_state=0)
    assert 0 < np.abs(noisy - exact).max() < 1
    np.testing.assert_array_equal(nnls(A, B, engine="analog", random_state=0), noisy)
    assert (nnls(A, B, engine="analog", random_state=1) != noisy).any()


A = np.random.default_rng(8).random((6, 2))
B = np.random.default_rng(9).random((6, 3))
NAN = np.where(B > 0.5, np.nan, B)


@pytest.mark.parametrize(
    ("A", "B", "options", "kind", "says"),
    [
        (-A, B, {"engine": "analog"}, ValueError, r"A contains a negative entry \(-0"),
        (A * np.nan, B, {}, ValueError, "A contains NaN"),
        (A[0], B, {}, ValueError, r"A must be a matrix .* got shape \(2,\)"),
        (A[:, :0], B, {}, ValueError, r"A must not be empty, got shape \(6, 0\)"),
        ([[1.0], [1.0, 2.0]], B, {}, ValueError, "A must be a rectangular array"),
        (sp.csr_array(A), B, {"engine": "analog"}, TypeError, "A must be dense here, got a sparse csr_array"),
        (A + 1j, B, {}, TypeError, "A must hold real numbers, got dtype complex128"),
        (A, B[1:], {}, ValueError, "B must have 6 rows, as many as A, got 5"),
        (A, B[1:, 0], {}, ValueError, "B must have 6 rows, as many as A, got 5"),
        (A, sp.csr_array(B[1:]), {}, ValueError, "B must have 6 rows, as many as A, got 5"),
        (A, B[:, :, None], {}, ValueError, r"B must be a matrix .* got shape \(6, 3, 1\)"),
        (A, B[:, :0], {}, ValueError, r"B must not be empty, got shape \(6, 0\)"),
        (A, [[1.0], [2.0, 3.0]], {}, ValueError, "B must be a rectangular array"),
        (A, None, {}, TypeError, "B must hold real numbers, got NoneType"),
        (A, ["a"] * 6, {}, TypeError, "B must hold real numbers, got dtype <U1"),
        (A, B + 1j, {}, TypeError, "B must hold real numbers, got dtype complex128"),
        (A, np.full((6, 1), np.inf), {}, ValueError, "B contains an infinite entry"),
        (A, NAN, {}, ValueError, "B contains NaN; .*missing='nan'"),
        (A, NAN, {"missing": "unstored"}, TypeError, "missing='unstored' is for a sparse B, got ndarray"),
        (A, sp.csr_array(B), {"missing": "nan"}, TypeError, "missing='nan' is for a dense B.*missing='unstored'"),
        (A, B, {"missing": "zero"}, ValueError, "missing must be one of None, 'nan', 'unstored', got 'zero'"),
        (
            A,
            B,
            {"engine": "gpu"},
            ValueError,
            "engine must be one of 'digital', 'analog', 'hybrid', 'refined', 'torch' .* got 'gpu'",
        ),
        (A, B, {"engine": 3}, ValueError, "engine must be one of .* got 3"),
        (A, B, {"l2": -1.0}, ValueError, r"l2 must be finite and at least 0, got -1\.0"),
        (A, B, {"l2": [1.0, 2.0]}, TypeError, r"l2 must be a number, got \[1\.0, 2\.0\]"),
        (A, B, {"l1": np.nan}, ValueError, "l1 must be finite and at least 0, got nan"),
        (A, B, {"engine": "analog", "random_state": "x"}, TypeError, "random_state .*'x'"),
        (A, B, {"engine": "digital", "random_state": "x"}, TypeError, "random_state .*'x'"),
    ],
)
def test_a_bad_argument_is_named_with_what_came(A, B, options, kind, says):
    with pytest.raises(kind, match=says) as caught:
        nnls(A, B, **options)
    assert not re.search(r"\n", str(caught.value))


LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "steps": lambda B: np.repeat(B, 2, axis=1)[:, ::2],
    "float32": lambda B: B.astype(np.float32),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e160, -1e160, 1e30])
def test_an_entry_that_spoils_many_right_hand_sides_is_found_in_any_layout(layout, bad):
    """B is read once, for the products, and the check that comes with them says what a check alone says."""
    rng = np.random.default_rng(10)
    A, many = rng.random((40, 3)), rng.random((40, 1500))
    many[rng.integers(40), rng.integers(1500)] = bad
    with np.errstate(over="ignore"):
        many = LAYOUTS[layout](many)
    try:
        Dense(many)
    except ValueError as error:
        for solve in (lambda: nnls(A, many), lambda: Digital().program(A).solve(many)):
            with pytest.raises(ValueError, match=f"^{re.escape(str(error))}$"):
                solve()
    else:
        assert np.isfinite(nnls(A, many)).all()


def test_right_hand_sides_may_be_zero_but_not_vanish():
    np.testing.assert_array_equal(nnls(A, 0 * B), 0)
    with pytest.raises(ValueError, match=r"B must have its largest entry between 1e-153 and 1e\+153 .* got 1e-160"):
        nnls(A, 1e-160 * np.ones_like(B))
