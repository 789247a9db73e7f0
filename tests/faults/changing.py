"""Call every sparse kernel COUNT times while another thread changes the matrix; print how often it was refused.

Usage: changing.py COUNT
"""

import sys
import threading

import numpy as np

from mho import kernels

M, N, K, ENTRIES = 200, 2000, 4, 20
OUTSIDE = 2**30
"""An index whose row of the factor no process has."""

rng = np.random.default_rng(0)
ptr = np.arange(0, N * ENTRIES + 1, ENTRIES, np.int32)
idx = np.sort(rng.integers(0, M, (N, ENTRIES), np.int32), axis=1).ravel()
val, weight = rng.random(N * ENTRIES), rng.random(N * ENTRIES)
A, answer, out, fit = rng.random((M, K)), np.ones((N, K)), np.empty((N, K)), np.empty(N)
fits, failed, ridge = np.empty((N, 2)), np.empty(N, np.uint8), np.ones((5, K))
turned = np.empty(M + 1, np.int32), np.empty(N * ENTRIES, np.int32), np.empty(N * ENTRIES)
sparse = ptr, idx, val

CALLS = {
    "cross": lambda: kernels.cross(A, *sparse, out, 2),
    "sddmm": lambda: kernels.sddmm(A, answer, ptr, idx, weight, 2),
    "sweep_sparse": lambda: kernels.sweep_sparse(A, *sparse, A.T @ A, np.zeros(K), answer, 1, fit, 2),
    "masked_sweep": lambda: kernels.masked_sweep(A, None, *sparse, ridge[:4], answer, 1, fits, 2),
    "weighted_sweep": lambda: kernels.weighted_sweep(A, *sparse, val, ridge[:4], answer, 1, fits, 2),
    "masked_lcp": lambda: kernels.masked_lcp(A, A, None, np.eye(K), ridge[:3], *sparse, answer, failed, 2),
    "weighted_lcp": lambda: kernels.weighted_lcp(A, np.eye(K), ridge[:3], *sparse, val, answer, failed, 2),
    "divergence_sparse": lambda: kernels.divergence_sparse(A, *sparse, ridge, 0, answer, 1, 1, fit, 2),
    "csc_to_csr": lambda: kernels.csc_to_csr(*sparse, *turned, 2),
}


def change(array, wrong, stop):
    """Write what leads outside, and soon after what was there."""
    right = array.copy()
    places = np.arange(1, len(array) - 1, 97)
    while not stop.is_set():
        array[places] = wrong
        array[:] = right


def refused(call, array, wrong, count):
    stop, times = threading.Event(), 0
    thread = threading.Thread(target=change, args=(array, wrong, stop))
    thread.start()
    for _ in range(count):
        try:
            call()
        except ValueError as error:
            if not any(words in str(error) for words in ("idx must", "ptr must", "was changed")):
                raise
            times += 1
    stop.set()
    thread.join()
    return times


def main(count):
    sys.setswitchinterval(1e-5)
    for name, call in CALLS.items():
        times = refused(call, idx, OUTSIDE, count) + refused(call, ptr, OUTSIDE, count)
        print(name, "refused", times, "of", 2 * count)


main(int(sys.argv[1]))
