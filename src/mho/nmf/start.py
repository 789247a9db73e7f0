"""Starting factors."""

from __future__ import annotations

import numpy as np

from mho import checks
from mho.nmf.compress import compress, seeded, singular_triplets
from mho.nmf.weighted_matrix import Weighted
from mho.operands import Factored, Matrix, Scaled

__all__ = ["INITS", "starting_factors"]

INITS = ("auto", "random", "nndsvd", "nndsvda", "nndsvdar")


def starting_factors(
    X: Matrix | Scaled | Weighted, k: int, init: str, rng: np.random.RandomState, *, compressed: Factored | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return W (m, k) and H (k, n), in X's precision.

    Parameters
    ----------
    X : Dense, Sparse, Scaled or Weighted of shape (m, n)
        With weights it is as one with missing entries: a decomposition would see what has no weight.
    k : int
        Number of components.
    init : str
        ``"random"``, or one of the family of Boutsidis-2008, which starts at the non-negative parts
        of a truncated singular value decomposition: ``"nndsvd"`` with zeros, ``"nndsvda"`` with the mean of X in their
        place, ``"nndsvdar"`` with small random numbers. ``"auto"``: nndsvdar where every entry is known and
        k <= min(m, n), else random.
    rng : RandomState
        Source of random numbers.
    compressed : Factored, optional
        A compression of X, which saves the decomposition.
    """
    checks.one_of(init, "init", INITS)
    fits = k <= min(X.shape)
    if init == "auto":
        init = "nndsvdar" if fits and not X.missing else "random"
    if init != "random" and X.missing:
        raise ValueError(f"init={init!r} needs every entry of X; with missing entries use init='random'")
    if init != "random" and not fits:
        raise ValueError(f"init={init!r} takes at most min(X.shape) = {min(X.shape)} components, got {k}; use 'random'")
    if init == "random" or isinstance(X, Weighted):
        W, H = _random(X, k, rng)
    else:
        W, H = _nndsvd(X, k, init, rng, compressed)
    # Nothing can be said of a row or column that holds nothing; zero stays zero in every update.
    W[X.empty_rows] = 0
    H[:, X.T.empty_rows] = 0
    return W.astype(X.dtype, copy=False), H.astype(X.dtype, copy=False)


def _random(X: Matrix | Scaled | Weighted, k: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    m, n = X.shape
    scale = np.sqrt(X.mean / k)
    # Uniform about the value that would reproduce the mean: positive, so that no component starts dead.
    return scale * rng.uniform(0.5, 1.5, (m, k)), scale * rng.uniform(0.5, 1.5, (k, n))


def _nndsvd(
    X: Matrix | Scaled, k: int, init: str, rng: np.random.RandomState, compressed: Factored | None
) -> tuple[np.ndarray, np.ndarray]:
    U, s, Vt = singular_triplets(compress(X, k, rng) if compressed is None else compressed, k)
    # Of each singular pair the positive or the negative parts, whichever product is larger; the first has one sign.
    positive = _norms(U, 0) * _norms(Vt, 1) >= _norms(-U, 0) * _norms(-Vt, 1)
    signs = np.where(positive, 1, -1).astype(X.dtype)
    W, H = np.maximum(signs * U, 0), np.maximum(signs[:, None] * Vt, 0)
    W[:, 0], H[0] = np.abs(U[:, 0]), np.abs(Vt[0])
    norms_W, norms_H = _norms(W, 0), _norms(H, 1)
    root = np.sqrt(s * norms_W * norms_H)
    W *= root / np.where(norms_W > 0, norms_W, 1)
    H *= (root / np.where(norms_H > 0, norms_H, 1))[:, None]
    for factor in (W, H):
        _fill_zeros(factor, np.sqrt(X.mean / k), init, rng)
    return W, H


def _norms(A: np.ndarray, axis: int) -> np.ndarray:
    """Norms of the positive parts along an axis."""
    return np.linalg.norm(np.maximum(A, 0), axis=axis)


def _fill_zeros(factor: np.ndarray, level: float, init: str, rng: np.random.RandomState) -> None:
    """Put in place of zeros what the kind of start wants; factors of `level` throughout would have the mean of X."""
    small = factor < 1e-6 * factor.max()
    if init == "nndsvda":
        factor[small] = level
    elif init == "nndsvdar":
        little = seeded(rng).random(factor.shape, factor.dtype)
        little *= level / 100
        np.copyto(factor, little, where=small)
    else:
        factor[small] = 0
