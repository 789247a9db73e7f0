import numpy as np
import pytest

from mho import kernels

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-14}
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SHAPES = pytest.mark.parametrize(
    ("n", "m", "k"), [(1, 1, 1), (3, 5, 2), (17, 129, 13), (65, 31, 6), (300, 40, 25), (2100, 7, 3), (5, 3000, 12)]
)


@DTYPES
@SHAPES
def test_products_of_a_matrix_with_a_thin_factor(dtype, n, m, k):
    rng = np.random.default_rng(0)
    X, A = rng.standard_normal((n, m)).astype(dtype), rng.standard_normal((k, m)).astype(dtype)
    expected = X.astype(float) @ A.T
    for kernel, given in ((kernels.products_of_rows, X), (kernels.products_of_columns, np.ascontiguousarray(X.T))):
        C, alone = np.full((n, k), np.nan, dtype), np.empty((n, k), dtype)
        kernel(given, A, C, 2)
        np.testing.assert_allclose(C, expected, rtol=0, atol=m * TOLERANCE[dtype])
        kernel(given, A, alone, 9)
        np.testing.assert_array_equal(alone, C)


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
