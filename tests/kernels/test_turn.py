import numpy as np
import pytest
import scipy.sparse as sp

from mho import kernels


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize(("m", "n"), [(1, 1), (7, 65), (300, 40), (3, 5000)])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_other_order_is_scipys(make_sparse, dtype, index, m, n, threads):
    B = make_sparse(m, n, dtype=dtype, index=index)
    ptr, idx, val = np.empty(m + 1, index), np.full(B.nnz, -1, index), np.full(B.nnz, np.nan, dtype)
    kernels.csc_to_csr(B.indptr, B.indices, B.data, ptr, idx, val, threads)
    expected = B.tocsr()
    np.testing.assert_array_equal(ptr, expected.indptr)
    np.testing.assert_array_equal(idx, expected.indices)
    np.testing.assert_array_equal(val, expected.data)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"idx": np.array([0, 3])}, "idx must lie inside"),
        ({"ptr": np.array([0, 2, 1, 2])}, "ptr must not decrease"),
        ({"to_idx": np.empty(3, int)}, "to_idx must be as long as val"),
        ({"to_val": np.empty(1)}, "to_val must be as long as val"),
        ({"to_ptr": np.empty(1, int)}, "to_ptr"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(wrong, message):
    B = sp.csc_array(([1.0, 2.0], [0, 1], [0, 1, 1, 2]), shape=(3, 3))
    arrays = {"ptr": B.indptr.astype(int), "idx": B.indices.astype(int), "val": B.data}
    arrays |= {"to_ptr": np.empty(4, int), "to_idx": np.empty(2, int), "to_val": np.empty(2)} | wrong
    with pytest.raises(ValueError, match=message):
        kernels.csc_to_csr(*arrays.values(), 1)
