"""Every instruction set and any number of threads give one answer, to rounding and to the bit."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from mho import kernels, nnls

SCRIPT = """
import sys
import numpy as np, scipy.sparse as sp
import mho
from mho import kernels
rng = np.random.default_rng(0)
A, B = rng.random((37, 11)), rng.standard_normal((37, 501))
S = sp.csc_array(np.where(rng.random(B.shape) < 0.3, B, 0))
X = rng.random((37, 5)) @ rng.random((5, 29))
parts = [mho.nnls(A, B), mho.nnls(A, S), mho.nnls(A, S, missing="unstored")]
for engine in (mho.Digital(sweeps=3), mho.Analog("ideal")):
    program = engine.program(A)
    parts += [program.solve(B), program.solve(S), program.solve(mho.Sparse(S, missing=True))]
parts += [mho.NMF(5, max_iter=20, tol=0, init="random", random_state=0).fit(X).components_]
np.savez(sys.argv[1], *parts, isa=kernels.isa(), threads=kernels.thread_count())
"""


def _run(tmp_path, **environment):
    path = tmp_path / "out.npz"
    settings = {name: value for name, value in os.environ.items() if name not in ("MHO_ISA", "MHO_NUM_THREADS")}
    subprocess.run([sys.executable, "-c", SCRIPT, str(path)], env=settings | environment, check=True, timeout=120)
    with np.load(path, allow_pickle=False) as saved:
        isa, threads = str(saved["isa"]), int(saved["threads"])
        return [saved[name] for name in saved.files if name.startswith("arr_")], isa, threads


@pytest.mark.parametrize("isa", ["baseline", "avx2"])
def test_a_narrower_instruction_set_gives_the_same_to_rounding(tmp_path, isa):
    widest, _, _ = _run(tmp_path)
    narrow, used, _ = _run(tmp_path, MHO_ISA=isa)
    assert used == isa or kernels.isa() == "baseline"
    for ours, theirs in zip(widest, narrow, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-8, atol=1e-10)


def test_the_number_of_threads_is_set_by_the_environment_and_changes_no_bit(tmp_path):
    one, _, threads = _run(tmp_path, MHO_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    assert threads == 1
    five, _, threads = _run(tmp_path, MHO_NUM_THREADS="5", OPENBLAS_NUM_THREADS="1")
    assert threads == 5
    for ours, theirs in zip(one, five, strict=True):
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize("value", ["", "0", "-2", "two", "1.5"])
def test_a_setting_that_is_no_number_of_threads_is_passed_over(monkeypatch, value):
    monkeypatch.setenv("MHO_NUM_THREADS", value)
    assert kernels.thread_count() >= 1


def test_python_threads_may_call_at_once():
    rng = np.random.default_rng(1)
    A, Bs = rng.random((30, 8)), rng.standard_normal((6, 30, 400))
    expected = [nnls(A, B) for B in Bs]
    out: dict[int, np.ndarray] = {}
    team = [threading.Thread(target=lambda i=i: out.update({i: nnls(A, Bs[i])})) for i in range(len(Bs))]
    for thread in team:
        thread.start()
    for thread in team:
        thread.join()
    for i, X in enumerate(expected):
        np.testing.assert_array_equal(out[i], X)
