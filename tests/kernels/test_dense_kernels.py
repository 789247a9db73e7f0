import numpy as np
import pytest

from mho import kernels

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-14}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SHAPES = pytest.mark.parametrize(
    ("n", "m", "k"), [(1, 1, 1), (3, 5, 2), (17, 129, 13), (65, 31, 6), (300, 40, 25), (2100, 7, 3), (5, 3000, 12)]
)


def _products(X, A, threads=2):
    """C (n, k) = X A' by either kernel, for X (n, m) and A (k, m), and what each says of the entries of X."""
    for kernel, given in ((kernels.products_of_rows, (X, A)), (kernels.products_of_columns, (X.T, A.T))):
        C = np.full((len(X), len(A)), np.nan, X.dtype)
        largest = kernel(*map(np.ascontiguousarray, given), C, threads)
        yield C, largest


@DTYPES
@SHAPES
def test_products_of_a_matrix_with_a_thin_factor(dtype, n, m, k):
    rng = np.random.default_rng(0)
    X, A = rng.standard_normal((n, m)).astype(dtype), rng.standard_normal((k, m)).astype(dtype)
    for (C, largest), (alone, _) in zip(_products(X, A), _products(X, A, threads=9), strict=True):
        np.testing.assert_allclose(C, X.astype(float) @ A.T, rtol=0, atol=m * TOLERANCE[dtype])
        np.testing.assert_array_equal(alone, C)
        assert largest == np.abs(X).max()


@DTYPES
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (4, 2), (70, 30), (-1, -1)])
def test_a_number_that_is_none_shows_wherever_it_is(dtype, bad, place):
    """Even where the factor is zero."""
    X = np.random.default_rng(1).standard_normal((2100, 37)).astype(dtype)
    X[place] = bad
    assert all(np.isnan(largest) for _, largest in _products(X, np.zeros((3, 37), dtype)))


@DTYPES
@pytest.mark.parametrize(("m", "k"), [(1, 1), (7, 3), (129, 17), (4097, 5), (9000, 33)])
def test_gram_matrices_of_any_layout(dtype, m, k):
    wide = np.random.default_rng(1).standard_normal((2 * m, 3 * k)).astype(dtype)
    A = np.ascontiguousarray(wide[::2, ::3])
    expected = A.astype(float).T @ A
    for layout in (A, np.asfortranarray(A), wide[::2, ::3], A[::-1]):
        G, alone = np.full((k, k), np.nan, dtype), np.empty((k, k), dtype)
        kernels.gram(layout, G, 2)
        np.testing.assert_allclose(G, expected, rtol=0, atol=m * TOLERANCE[dtype])
        np.testing.assert_array_equal(G, G.T)
        kernels.gram(layout, alone, 5)
        np.testing.assert_array_equal(alone, G)


@pytest.mark.parametrize("kernel", ["products_of_rows", "products_of_columns"])
def test_a_matrix_that_is_not_contiguous_is_refused_not_copied(kernel):
    with pytest.raises(TypeError, match="incompatible function arguments"):
        getattr(kernels, kernel)(np.ones((6, 4))[:, ::2], np.ones((1, 2)), np.zeros((6, 1)), 1)
