"""First iterations on a sample of the rows, where entries are missing: the structure shows in a part of the ratings."""

from __future__ import annotations

import itertools

import numpy as np

from mho.engines import Digital, Penalty
from mho.nmf.loop import Problem, extrapolate
from mho.operands import Operand, Sparse

__all__ = ["sample_share", "sampled_start"]

_KNOWN_PER_UNKNOWN = 7
_LEAST, _MOST = 0.1, 0.25
_ITERATIONS = 7


def sample_share(X: Operand, k: int) -> float:
    """Return the share of the longer side that is enough of a sample; 1 if only all of it is.

    Every column of the sample is to know several times as many entries, in the mean, as it has unknowns.
    """
    known = len(X.values) if isinstance(X, Sparse) else X.shape[0] * X.shape[1]
    share = max(_LEAST, _KNOWN_PER_UNKNOWN * k * min(X.shape) / max(1, known))
    return share if share <= _MOST else 1.0


def sampled_start(
    X: Sparse,
    start: tuple[np.ndarray, np.ndarray],
    penalties: tuple[Penalty, Penalty],
    sweeps: int,
    rng: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray]:
    """Return W (m, k) and H (k, n) after some iterations on a sample of X's longer side; the others have its mean.

    Parameters
    ----------
    X : Sparse of shape (m, n)
        With missing entries.
    start : tuple of ndarray
        W and H to start from.
    penalties : tuple of Penalty
        Of W and of H.
    sweeps : int
        Coordinate sweeps of a half-step.
    rng : RandomState
        Source of random numbers.
    """
    if X.shape[0] < X.shape[1]:
        turned = (start[1].T, start[0].T), (penalties[1], penalties[0])
        Wt, Ht = sampled_start(X.T, *turned, sweeps, rng)
        return np.ascontiguousarray(Ht.T), np.ascontiguousarray(Wt.T)
    W, H = start
    count = max(1, round(sample_share(X, len(H)) * len(W)))
    rows = np.sort(rng.choice(len(W), count, replace=False))
    part = Sparse.from_checked(X.rows[rows].T, missing=True).T
    iterates = extrapolate(Problem(part, Digital(sweeps=sweeps), *penalties), W[rows], H)
    last = next(itertools.islice(iterates, _ITERATIONS - 1, None))
    W = np.tile(last.W.mean(axis=0), (len(W), 1))
    W[rows] = last.W
    return W, last.H
