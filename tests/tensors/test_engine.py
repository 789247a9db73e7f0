"""The torch engine beside the digital one: the same iterations, to rounding, on dense, sparse and masked matrices."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from mho import NMF, Penalty
from mho.engines import Dense, Digital, Sparse, Torch, check_engine, engine_for, nnls

torch = pytest.importorskip("torch", reason="PyTorch is not installed: make test-torch")

PENALTIES = (Penalty(), Penalty(l2=0.3, l2_known=0.1, l1=0.2, prior=0.5))
ROUNDING = {np.float64: 1e-12, np.float32: 1e-4}
KINDS = ("dense", "sparse", "masked")


def _operand(kind, dtype, m=120, n=300):
    rng = np.random.default_rng(1)
    B = rng.random((m, n)).astype(dtype)
    if kind == "dense":
        return Dense(B)
    kept = rng.random(B.shape) < 0.3
    return Sparse(sp.csc_array(np.where(kept, B, 0))) if kind == "sparse" else Sparse(np.where(kept, B, np.nan))


def test_it_keeps_the_laws():
    check_engine(Torch(), exact=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sweeps", [1, 4, None])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_half_step_is_that_of_the_digital_engine(kind, dtype, sweeps, penalty):
    rng = np.random.default_rng(0)
    A, start, B = rng.random((120, 9)).astype(dtype), rng.random((9, 300)).astype(dtype), _operand(kind, dtype)
    here, there = (engine(sweeps=sweeps).program(A, penalty=penalty) for engine in (Digital, Torch))
    X, Y = here.solve(B, start=start), there.solve(B, start=start)
    assert Y.dtype == dtype
    np.testing.assert_allclose(Y, X, rtol=0, atol=ROUNDING[dtype] * X.max())
    for found, meant in ((Y, X), (2 * Y, 2 * X)):  # the first without a pass over B
        assert there.squared_error(B, found) == pytest.approx(here.squared_error(B, meant), rel=ROUNDING[dtype])


@pytest.mark.parametrize("kind", KINDS)
def test_the_transpose_is_that_of_what_is_on_the_device(kind):
    rng = np.random.default_rng(0)
    A, B = rng.random((300, 4)), _operand(kind, np.float64)
    turned = B.T
    for _ in range(2):
        expected = Digital().program(A).solve(turned)
        np.testing.assert_allclose(Torch().program(A).solve(turned), expected, atol=1e-12)
        Torch().program(rng.random((120, 4))).solve(B)


def test_dependent_and_empty_columns_end_at_a_solution():
    rng = np.random.default_rng(0)
    A = rng.random((30, 6))
    A[:, 3], A[:, 4], A[:, 5] = A[:, 0], A[:, 1] + A[:, 2], 0
    B = A @ rng.normal(0.3, 1.0, (6, 200)) + 0.1 * rng.standard_normal((30, 200))
    X = Torch().program(A).solve(B)
    slope = A.T @ (A @ X - B)
    assert X.min() >= 0
    assert slope.min() > -1e-9
    assert np.abs(X * slope).max() < 1e-9


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
def test_a_factorization_ends_where_the_digital_one_does(kind, dtype):
    rng = np.random.default_rng(2)
    X = (rng.random((90, 5)) @ rng.random((5, 70)) + 0.1 * rng.random((90, 70))).astype(dtype)
    kept = rng.random(X.shape) < 0.5
    given = {"dense": X, "sparse": sp.csr_array(np.where(kept, X, 0)), "masked": np.where(kept, X, np.nan)}[kind]
    settings = dict(missing="nan" if kind == "masked" else None, random_state=0, max_iter=15, tol=0)
    here, there = (NMF(6, engine=engine, **settings).fit(given) for engine in ("digital", "torch"))
    assert there.history_[-1]["engine"] == "torch"
    assert there.algorithm_ == here.algorithm_
    assert there.components_.dtype == dtype
    close = dict(rtol=0, atol=(1e-9 if dtype == np.float64 else 2e-2) * here.components_.max())
    np.testing.assert_allclose(there.components_, here.components_, **close)
    np.testing.assert_allclose(
        there.reconstruction_err_, here.reconstruction_err_, rtol=1e-9 if dtype == np.float64 else 1e-4
    )


def test_products_of_bfloat16_cost_the_error_less_than_a_hundredth():
    rng = np.random.default_rng(3)
    X = (rng.random((200, 6)) @ rng.random((6, 150)) + 0.2 * rng.random((200, 150))).astype(np.float32)
    full, short = (
        NMF(6, engine=Torch(products=products), algorithm="hals", init="random", random_state=0, max_iter=40, tol=0)
        .fit(X)
        .reconstruction_err_
        for products in ("full", "bfloat16")
    )
    assert short != full
    assert short < 1.01 * full


def test_products_with_a_sparse_matrix_are_never_short():
    A, B = np.random.default_rng(0).random((120, 4)), _operand("sparse", np.float32)
    full, short = (Torch(sweeps=2, products=kind).program(A).solve(B) for kind in ("full", "bfloat16"))
    np.testing.assert_array_equal(short, full)


MEMORY = """
import re
import numpy as np, scipy.sparse as sp
from mho import NMF
rng, k = np.random.default_rng(0), 16
def megabytes(field):
    return int(re.search(field + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
def matrix(m, n, each):
    idx = (rng.integers(0, n // each, (m, each)) + np.arange(each) * (n // each)).astype(np.int32).ravel()
    return sp.csr_array((rng.random(m * each, dtype=np.float32), idx, np.arange(m + 1, dtype=np.int32) * each), (m, n))
def beyond(X, missing=None):
    W, H = (rng.random(shape, dtype=np.float32) for shape in ((X.shape[0], k), (k, X.shape[1])))
    open("/proc/self/clear_refs", "w").write("5")
    before = megabytes("VmRSS")
    NMF(k, engine="torch", missing=missing, algorithm="hals", max_iter=1, tol=0).fit(X, W=W, H=H)
    held = 0 if isinstance(X, np.ndarray) else (X.data.nbytes + X.indices.nbytes) / 2**20
    return megabytes("VmHWM") - before - held - 3 * (W.nbytes + H.nbytes) / 2**20
beyond(rng.random((30, 20), dtype=np.float32))
S = matrix(10000, 10000, 20)
print(beyond(rng.random((1000, 30000), dtype=np.float32)), beyond(S), beyond(S, "unstored"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak")
def test_memory_beyond_the_matrix_and_three_times_the_factors_is_less_than_200_megabytes():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert max(map(float, done.stdout.split())) < 200


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"device": "cuda:99"}, ValueError, "device must be one that torch sees, as 'cpu', got 'cuda:99'"),
        ({"device": "tape"}, ValueError, "device must be one that torch sees, as 'cpu', got 'tape'"),
        ({"device": 3}, TypeError, "device must be the name of one of torch's devices, got 3"),
        ({"products": "int8"}, ValueError, "products must be one of 'full', 'bfloat16', got 'int8'"),
        ({"sweeps": 0}, ValueError, "sweeps must be at least 1, got 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, error, says):
    with pytest.raises(error, match=says):
        Torch(**settings)


def test_nnls_takes_it_by_name():
    rng = np.random.default_rng(0)
    A, B = rng.random((20, 5)), rng.standard_normal((20, 7))
    np.testing.assert_allclose(nnls(A, B, engine="torch"), nnls(A, B), atol=1e-12)
    with pytest.raises(ValueError, match=r"negative entry.*engine='digital' takes any sign"):
        nnls(-A, B, engine="torch")


def test_engines_by_name():
    assert engine_for("torch") == Torch()
    assert Torch(sweeps=3).exact() == Torch()
