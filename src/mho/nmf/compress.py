"""A matrix compressed to a thin product: its largest singular directions, and first iterations that are cheap.

Randomised range finder with one power iteration (Halko-2011); for NMF: Tepper-2016, Erichson-2018. Only
the start is sought on the compression: the answer is the whole matrix's.
"""

from __future__ import annotations

import numpy as np

from mho.engines.products import cross, gram
from mho.kernels.blas import one_blas_thread
from mho.operands import Dense, Factored, Matrix, Scaled

__all__ = ["COMPRESSED_SWEEPS", "compress", "seeded", "singular_triplets"]

COMPRESSED_SWEEPS = 8
"""Of a half-step on a compression, whose products cost little beside them."""

OVERSAMPLING = 10


def compress(X: Matrix | Scaled, rank: int, rng: np.random.RandomState) -> Factored:
    """Return Q (Q' X) with Q (m, rank + 10) orthonormal: four passes over X, nothing larger than a few factors.

    Parameters
    ----------
    X : Dense, Sparse or Scaled of shape (m, n)
        The matrix.
    rank : int
        Directions that matter.
    rng : RandomState
        Source of random numbers.
    """
    if X.square == 0:
        m, n = X.shape
        return Factored(np.zeros((m, rank), X.dtype), np.zeros((rank, n), X.dtype), 0.0)
    test = seeded(rng).standard_normal((X.shape[1], rank + OVERSAMPLING), X.dtype)
    Q = _orthonormal(cross(test, X.T))
    Q = _orthonormal(cross(_orthonormal(cross(Q, X)), X.T))
    # Columns contiguous in the one, rows in the other: both then are read in long runs, whichever factor is updated.
    return Factored(np.asfortranarray(Q), np.ascontiguousarray(cross(Q, X).T), X.square)


def seeded(rng: np.random.RandomState) -> np.random.Generator:
    """Return a generator that makes float32 numbers, several times as fast as `rng` makes any, and is seeded by it."""
    return np.random.Generator(np.random.SFC64(rng.randint(np.iinfo(np.int32).max)))


def singular_triplets(X: Factored, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the k largest U (m, k), s (k,), Vt (k, n) of a compression whose left factor is orthonormal.

    Of a compression of lower rank, those that are missing are zero.
    """
    if X.left.shape[1] < k:
        X = _padded(X, k)
    values, vectors = np.linalg.eigh(gram(X.right.T.astype(np.float64)))
    s = np.sqrt(np.maximum(values[::-1][:k], 0))
    vectors = np.ascontiguousarray(vectors[:, ::-1][:, :k])
    U = _times(X.left, vectors.astype(X.dtype))
    Vt = cross(vectors.astype(X.dtype), Dense.from_checked(X.right)).T
    return U, s.astype(X.dtype), Vt / np.where(s > 0, s, 1)[:, None].astype(X.dtype)


def _padded(X: Factored, rank: int) -> Factored:
    more = rank - X.left.shape[1]
    return Factored(np.pad(X.left, ((0, 0), (0, more))), np.pad(X.right, ((0, more), (0, 0))), X.square)


def _orthonormal(Y: np.ndarray) -> np.ndarray:
    """An orthonormal basis of the columns of Y (m, r), without those that rounding made.

    From the Gram matrix in float64: for so few columns it costs less than a QR factorisation, and the float64 keeps
    directions down to 1e-7 of the largest, which is what Y's own rounding leaves of them in float32.
    """
    values, vectors = np.linalg.eigh(gram(Y.astype(np.float64)))
    kept = values > 1e-13 * values[-1]
    return _times(Y, (vectors[:, kept] / np.sqrt(values[kept])).astype(Y.dtype))


def _times(Y: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Y (m, r) times a small matrix (r, q)."""
    with one_blas_thread():  # its threads would still spin while the kernels work
        return Y @ small
