"""A signal's handler runs while a kernel works, and what it raises ends the kernel with most of its work undone."""

import signal
from functools import partial

import numpy as np
import pytest

from mho import kernels
from mho.kernels import motion


class Alarm(Exception):
    pass


def _ring(number, frame):
    raise Alarm


@pytest.fixture
def alarm():
    """Call something, with a signal coming soon."""
    before = signal.signal(signal.SIGALRM, _ring)

    def alarmed(call):
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        call()

    yield alarmed
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


rng = np.random.default_rng(0)


def _nan(*shape):
    return np.full(shape, np.nan)


def _spd(k):
    A = rng.random((2 * k, k))
    return A.T @ A


def _columns(m, n, entries):
    """Columns of so many entries each, in rows that ascend."""
    idx = np.sort(rng.integers(0, m, (n, entries), np.int32), axis=1)
    return np.arange(0, n * entries + 1, entries, np.int32), idx.ravel(), rng.random(n * entries)


def _lcp(k, n):
    done = np.full(n, 9, np.uint8)
    return partial(kernels.lcp, _spd(k), None, rng.standard_normal((n, k)), 0, np.zeros((n, k)), done, 1), done


def _sweep(k, n):
    C = rng.random((n, k))
    start = np.zeros((n, k))
    return partial(kernels.sweep, _spd(k), C, start, 200, 2), start


def _sweep_dense(kernel, n, k):
    X, fit = rng.random((n, n)), _nan(n)
    return partial(kernel, X, rng.random((k, n)), _spd(k), np.zeros(k), np.ones((k, n)), 3000, fit, 2), fit


def _sweep_sparse(n, k):
    fit = _nan(n)
    entries = _columns(500, n, 20)
    return partial(
        kernels.sweep_sparse, rng.random((500, k)), *entries, _spd(k), np.zeros(k), np.ones((n, k)), 3000, fit, 2
    ), fit


def _masked_sweep(m, n, entries, k):
    fit = _nan(n, 2)
    sparse = _columns(m, n, entries)
    return partial(
        kernels.masked_sweep, rng.random((m, k)), None, *sparse, np.ones((4, k)), np.ones((n, k)), 2, fit, 2
    ), fit


def _masked_lcp(n, k):
    done, sparse = np.full(n, 9, np.uint8), _columns(500, n, 400)
    A = rng.random((500, k))
    return partial(
        kernels.masked_lcp, A, A, None, np.eye(k), np.zeros((3, k)), *sparse, np.zeros((n, k)), done, 1
    ), done


def _divergence_dense(n, k):
    fit = _nan(n)
    return partial(
        kernels.divergence_dense,
        rng.random((n, n)),
        rng.random((k, n)),
        np.zeros((2, k)),
        0,
        np.ones((k, n)),
        50,
        2,
        fit,
        2,
    ), fit


def _divergence_sparse(n, k):
    fit = _nan(n)
    return partial(
        kernels.divergence_sparse,
        rng.random((500, k)),
        *_columns(500, n, 300),
        np.zeros((5, k)),
        0,
        np.ones((n, k)),
        50,
        2,
        fit,
        2,
    ), fit


def _gram(m, k):
    G = _nan(k, k)
    return partial(kernels.gram, np.broadcast_to(rng.random(k), (m, k)), G, 2), G


def _products(kernel, n, k, rows):
    C, X = _nan(n, k).astype(np.float32), rng.random((n, n), np.float32)
    A = rng.random((k, n) if rows else (n, k), np.float32)
    return partial(kernel, X, A, C, 2), C


def _cross(n, k):
    out = _nan(n, k)
    return partial(kernels.cross, rng.random((500, k)), *_columns(500, n, 400), out, 2), out


def _sddmm(n, k):
    ptr, idx, out = _columns(500, n, 400)
    out[:] = np.nan
    return partial(kernels.sddmm, rng.random((500, k)), rng.random((n, k)), ptr, idx, out, 2), out


def _follow(n):
    """An oscillation that neither decays nor meets a signal."""
    F = np.triu(rng.standard_normal((n, n)), 1)
    z, end = rng.random(n), _nan(n)
    arguments = (F - F.T, np.zeros(n), z, np.zeros((1, n)), -np.ones(1), np.inf, 1.0, 1e-9, end, np.zeros(1, np.uint8))
    return partial(motion.follow, *arguments, np.empty(motion.follow_scratch(n, 1))), end


CASES = {
    "lcp": lambda: _lcp(300, 600),
    "lcp in lanes": lambda: _lcp(60, 40000),
    "sweep": lambda: _sweep(300, 2000),
    "sweep_rows": lambda: _sweep_dense(kernels.sweep_rows, 2000, 64),
    "sweep_columns": lambda: _sweep_dense(kernels.sweep_columns, 2000, 64),
    "sweep_sparse": lambda: _sweep_sparse(2000, 64),
    "masked_sweep": lambda: _masked_sweep(1000, 2000, 1000, 100),
    "masked_sweep of few": lambda: _masked_sweep(1000, 60, 30000, 100),
    "masked_sweep of a large factor": lambda: _masked_sweep(20000, 500, 2000, 100),
    "masked_lcp": lambda: _masked_lcp(1000, 100),
    "divergence_dense": lambda: _divergence_dense(600, 32),
    "divergence_sparse": lambda: _divergence_sparse(1000, 32),
    "gram": lambda: _gram(2_000_000, 100),
    "products_of_rows": lambda: _products(kernels.products_of_rows, 2000, 2000, True),
    "products_of_columns": lambda: _products(kernels.products_of_columns, 2000, 2000, False),
    "cross": lambda: _cross(3000, 1000),
    "sddmm": lambda: _sddmm(3000, 1000),
    "follow": lambda: _follow(200),
}


@pytest.mark.parametrize("name", CASES)
def test_a_handler_that_raises_ends_a_kernel(alarm, name):
    call, out = CASES[name]()
    before = out.copy()
    with pytest.raises(Alarm):
        alarm(call)
    undone = (out == before) | (np.isnan(out) & np.isnan(before))
    assert undone.mean() > 0.2


def test_a_handler_that_returns_lets_a_kernel_go_on(alarm):
    heard = []
    signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
    G = np.empty((100, 100))
    alarm(lambda: kernels.gram(np.broadcast_to(np.ones(100), (200_000, 100)), G, 2))
    assert heard == [1]
    np.testing.assert_array_equal(G, 200_000.0)
