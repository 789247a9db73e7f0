"""Peak memory beyond X, as numpy's allocations show it and, for what kernels and BLAS allocate, as the system does."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

from mho import NMF

MIB = 1 << 20


def _peak(fit):
    tracemalloc.start()
    try:
        fit()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def big():
    return np.random.default_rng(0).random((4000, 5000), dtype=np.float32)  # 76 MiB


@pytest.mark.parametrize("init", ["random", "auto"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_dense_matrix_is_never_copied(big, init, order):
    X, k = np.asarray(big, order=order), 10
    factors = (X.shape[0] + X.shape[1]) * k * X.itemsize
    peak = _peak(lambda: NMF(k, init=init, max_iter=2, tol=0, random_state=0).fit(X))
    assert peak < 3 * factors + 32 * MIB
    assert peak < X.nbytes / 2


def test_transform_does_not_copy_either(big):
    model = NMF(10, init="random", max_iter=1, random_state=0).fit(big)
    assert _peak(lambda: model.transform(big)) < big.nbytes / 2


def test_a_part_of_a_matrix_is_not_copied(big):
    """Every second row and column: neither order is contiguous."""
    X = big[::2, ::2]
    assert _peak(lambda: NMF(10, init="random", max_iter=2, tol=0).fit(X)) < X.size * X.itemsize


@pytest.mark.parametrize("missing", [None, "unstored"])
def test_a_sparse_matrix_is_kept_in_both_orders_and_never_made_dense(missing):
    X = sp.random_array((20_000, 30_000), density=1e-3, format="csr", rng=np.random.default_rng(0), dtype=np.float32)
    stored, factors = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes, 50_000 * 8 * 4
    X.data += 1
    peak = _peak(lambda: NMF(8, init="random", missing=missing, max_iter=2, tol=0).fit(X))
    assert peak < 4 * stored + 4 * factors + 8 * MIB


RESIDENT = """
import resource
import numpy as np
from mho import NMF
X = np.random.default_rng(0).random((8000, 5000), dtype=np.float32)  # 153 MiB
NMF(3, init="random", max_iter=1).fit(X[:50, :50])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
NMF(10, init="random", max_iter=2, tol=0).fit(X)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / X.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss differs")
def test_nothing_below_python_copies_it_either():
    done = subprocess.run([sys.executable, "-c", RESIDENT], capture_output=True, text=True, check=True, timeout=120)
    assert float(done.stdout) < 0.5
