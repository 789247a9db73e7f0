"""Components whose part others could take over, replaced by what no component explains, where a start is at rest."""

from __future__ import annotations

import itertools

import numpy as np

from mho.nmf.loop import Iterate, Problem, extrapolate

__all__ = ["MOST_ENTRIES", "MOST_SWAPS", "swapped"]

MOST_SWAPS = 3
"""Of a fit, those that have lowered what is minimised."""

MOST_ENTRIES = 200_000
"""Of a matrix whose iterations, a millisecond or less, are tried at all: tries take as long as half a fit and more."""

_TRIES = 3
_TRIAL = 10
"""Iterations of each try."""

_GAIN = 1e-3
"""Share by which a try is to be ahead, or it has only come to the same rest."""

_RIDGE = 1e-9
_ROUNDS = 5


def swapped(problem: Problem, last: Iterate) -> Iterate | None:
    """Return an iterate that is ahead of one at rest by another component; None where no try comes to one.

    Parameters
    ----------
    problem : Problem
        Of a `Dense` X, without penalties.
    last : Iterate
        At rest.
    """
    missed_least, left = np.argsort(_losses(last.W, last.H)), problem.X.array - last.W @ last.H
    for j in missed_least[: min(_TRIES, len(last.H) - 1)]:
        w, h = _part(left)
        left -= np.outer(w, h)
        W, H = last.W.copy(), last.H.copy()
        # As long as each other, so that neither factor's next half-step begins with numbers out of all proportion.
        balance = np.sqrt(np.linalg.norm(w)) or 1
        W[:, j], H[j] = w / balance, h * balance
        for iterate in itertools.islice(extrapolate(problem, W, H), _TRIAL):
            if iterate.objective < (1 - _GAIN) * last.objective:
                return iterate
    return None


def _losses(W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """By how much the squared error would rise without each component (k,), if the others' W could have any sign."""
    G = (H @ H.T).astype(np.float64)
    G[np.diag_indices_from(G)] += _RIDGE * (np.trace(G) or 1)
    return np.square(W, dtype=np.float64).sum(axis=0) / np.diag(np.linalg.inv(G))


def _part(left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return w (m,) and h (n,), of length 1 unless zero, whose product explains much of a residual (m, n)."""
    h = np.maximum(left[np.argmax(np.square(np.maximum(left, 0)).sum(axis=1))], 0)
    for _ in range(_ROUNDS):
        h = np.maximum(np.maximum(left @ h, 0) @ left, 0)
        h /= np.linalg.norm(h) or 1
    return np.maximum(left @ h, 0), h
