"""Interrupt each kernel TRIES times at random moments, at the largest sizes of the benchmarks; print how late it ended.

Usage: interrupts.py [TRIES [NAME ...]]    exits with 1 where one took longer than 0.2 s
"""

import importlib.util
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from mho import kernels

LATEST = 0.2
"""Seconds from the signal to the caller's exception."""

_spec = importlib.util.spec_from_file_location("cases", Path(__file__).parents[1] / "kernels" / "test_interrupts.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def _dense_float32(kernel, n, m, k):
    X, fit = np.ones((n, m), np.float32), np.empty(m if kernel is kernels.sweep_columns else n)
    A = np.ones((k, n if kernel is kernels.sweep_columns else m), np.float32)
    answer = np.ones((k, len(fit)), np.float32)
    G, offset = cases._spd(k).astype(np.float32), np.zeros(k, np.float32)
    return partial(kernel, X, A, G, offset, answer, 3, fit, 2), fit


def _turn(m, n, entries):
    columns = cases._columns(m, n, entries)
    out = np.empty(m + 1, np.int32), np.empty(n * entries, np.int32), np.empty(n * entries)
    return partial(kernels.csc_to_csr, *columns, *out, 2), out[2]


SIZES = {
    "lcp k=300, 60,000": lambda: cases._lcp(300, 60_000),
    "lcp k=32, 100,000": lambda: cases._lcp(32, 100_000),
    "sweep k=300, 60,000": lambda: cases._sweep(300, 60_000),
    "sweep_rows 10,000 x 4,000": lambda: _dense_float32(kernels.sweep_rows, 10_000, 4_000, 32),
    "sweep_columns 10,000 x 4,000": lambda: _dense_float32(kernels.sweep_columns, 10_000, 4_000, 32),
    "sweep_sparse k=64": lambda: cases._sweep_sparse(100_000, 64),
    "masked_sweep 20M ratings, k=32": lambda: cases._masked_sweep(17_770, 100_000, 200, 32),
    "masked_sweep of popular films": lambda: cases._masked_sweep(480_189, 100, 200_000, 32),
    "masked_lcp k=100": lambda: cases._masked_lcp(20_000, 100),
    "divergence_dense 4,000, k=32": lambda: cases._divergence_dense(4_000, 32),
    "divergence_sparse k=32": lambda: cases._divergence_sparse(50_000, 32),
    "gram 20M x 32": lambda: cases._gram(20_000_000, 32),
    "products_of_rows 10,000, k=128": lambda: cases._products(kernels.products_of_rows, 10_000, 128, True),
    "products_of_columns 10,000, k=128": lambda: cases._products(kernels.products_of_columns, 10_000, 128, False),
    "cross k=1,000": lambda: cases._cross(30_000, 1_000),
    "sddmm k=1,000": lambda: cases._sddmm(30_000, 1_000),
    "turn 40M entries": lambda: _turn(20_000, 100_000, 400),
    "follow 512": lambda: cases._follow(512),
}


def latest(call, tries, rng):
    """Return the longest time from a signal to the end of `call`, and how often the signal met it."""
    worst, met = 0.0, 0
    for _ in range(tries):
        after = rng.uniform(0.005, 0.1)
        due = time.perf_counter() + after
        signal.setitimer(signal.ITIMER_REAL, after)
        try:
            while True:
                call()
        except cases.Alarm:
            worst, met = max(worst, time.perf_counter() - due), met + 1
    return worst, met


def main(tries=20, *names):
    """Measure every kernel, or those named; return whether one was late."""
    signal.signal(signal.SIGALRM, cases._ring)
    rng, late = random.Random(0), False
    for name, make in SIZES.items():
        if names and not any(part in name for part in names):
            continue
        call, _ = make()
        worst, met = latest(call, int(tries), rng)
        late |= worst > LATEST
        print(f"{name}: {1000 * worst:.0f} ms at the latest of {met}", flush=True)
    return late


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
