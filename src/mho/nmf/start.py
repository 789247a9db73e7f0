"""Starting factors."""

from __future__ import annotations

import numpy as np

from mho import checks
from mho.nmf.compress import compress, singular_triplets
from mho.operands import Factored, Matrix

__all__ = ["INITS", "starting_factors"]

INITS = ("auto", "random", "nndsvd", "nndsvda", "nndsvdar")


def starting_factors(
    X: Matrix, k: int, init: str, rng: np.random.RandomState, *, compressed: Factored | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return W (m, k) and H (k, n), in X's precision.

    Parameters
    ----------
    X : Dense or Sparse of shape (m, n)
    k : int
    init : str
        ``"random"``, or one of the family of Boutsidis and Gallopoulos (2008), which starts at the non-negative parts
        of a truncated singular value decomposition: ``"nndsvd"`` with zeros, ``"nndsvda"`` with the mean of X in their
        place, ``"nndsvdar"`` with small random numbers. ``"auto"``: nndsvdar where every entry is known and
        k <= min(m, n), else random.
    rng : RandomState
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
    W, H = _random(X, k, rng) if init == "random" else _nndsvd(X, k, init, rng, compressed)
    # Nothing can be said of a row or column that holds nothing; zero stays zero in every update.
    W[X.empty_rows()] = 0
    H[:, X.T.empty_rows()] = 0
    return W.astype(X.dtype, copy=False), H.astype(X.dtype, copy=False)


def _random(X: Matrix, k: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    m, n = X.shape
    scale = np.sqrt(X.mean / k)
    # Uniform about the value that would reproduce the mean: positive, so that no component starts dead.
    return scale * rng.uniform(0.5, 1.5, (m, k)), scale * rng.uniform(0.5, 1.5, (k, n))


def _nndsvd(
    X: Matrix, k: int, init: str, rng: np.random.RandomState, compressed: Factored | None
) -> tuple[np.ndarray, np.ndarray]:
    U, s, Vt = singular_triplets(compress(X, k, rng) if compressed is None else compressed, k)
    W, H = np.zeros_like(U), np.zeros_like(Vt)
    W[:, 0], H[0] = np.sqrt(s[0]) * np.abs(U[:, 0]), np.sqrt(s[0]) * np.abs(Vt[0])
    for j in range(1, k):
        u, v = _larger_part(U[:, j], Vt[j])
        norm_u, norm_v = np.linalg.norm(u), np.linalg.norm(v)
        if norm_u > 0 and norm_v > 0:
            root = np.sqrt(s[j] * norm_u * norm_v)
            W[:, j], H[j] = root * u / norm_u, root * v / norm_v
    _fill_zeros(W, H, X.mean, init, rng)
    return W, H


def _larger_part(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The positive or the negative parts of a singular pair, whichever product is larger."""
    plus, minus = (np.maximum(u, 0), np.maximum(v, 0)), (np.maximum(-u, 0), np.maximum(-v, 0))
    return max(plus, minus, key=lambda pair: float(np.linalg.norm(pair[0]) * np.linalg.norm(pair[1])))


def _fill_zeros(W: np.ndarray, H: np.ndarray, mean: float, init: str, rng: np.random.RandomState) -> None:
    level = np.sqrt(mean / len(H))  # of factors all alike whose product has that mean
    for factor in (W, H):
        small = factor < 1e-6 * factor.max()
        if init == "nndsvda":
            factor[small] = level
        elif init == "nndsvdar":
            factor[small] = np.abs(level * rng.standard_normal(int(small.sum())) / 100)
        else:
            factor[small] = 0
