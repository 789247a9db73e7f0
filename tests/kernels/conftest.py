import numpy as np
import pytest
import scipy.sparse as sp


def _matrix(m, n, *, dtype=np.float64, index=np.int32, density=0.4, seed=0):
    """A sparse matrix by columns with the first column empty; zero entries may be stored."""
    rng = np.random.default_rng(seed)
    known = rng.random((m, n)) < density
    known[:, 0] = False
    B = sp.csc_array(np.where(known, rng.standard_normal((m, n)), 0.0).astype(dtype))
    B.indices, B.indptr = B.indices.astype(index), B.indptr.astype(index)
    return B


@pytest.fixture
def make_sparse():
    return _matrix


@pytest.fixture
def entries():
    """The arrays of a matrix by columns, as kernels take them."""
    return lambda B: (B.indptr, B.indices, B.data)
