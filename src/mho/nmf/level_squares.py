"""First iterations for Kullback-Leibler that are cheap: squared errors of a matrix whose rows and columns are levelled.

An entry's expected deviation, if it were what the means of its row and column say, is then one: squared errors of such
a matrix come close to the divergence, and a step on them costs a small part of one of Newton's. Means are taken half
way to that of all rows or columns, or the few entries of those that hold next to nothing would outweigh all others.
"""

from __future__ import annotations

import numpy as np

from mho.engines import Digital
from mho.nmf.algorithm import choose
from mho.nmf.compress import COMPRESSED_SWEEPS, compress
from mho.nmf.divergence import totals
from mho.nmf.loop import Problem, first_iterations
from mho.nmf.start import starting_factors
from mho.operands import Dense, Scaled, Sparse
from mho.penalty import NO_PENALTY

__all__ = ["deviation", "level_squares_start"]

_POWER = {"kullback-leibler": 0.5, "itakura-saito": 1.0}
"""Of an entry's mean, to which the divergence expects its deviation to be proportional."""

_MOST = 30
"""Iterations: after so many the divergence gains more from its own."""

Factors = tuple[np.ndarray, np.ndarray]


def deviation(means: np.ndarray, loss: str) -> np.ndarray:
    """Return the divisors of rows or columns of these means (m,): 1 on average, and 1 for one of zeros."""
    scale = np.power(means, _POWER[loss])
    return np.where(scale > 0, scale / (scale.mean() or 1), 1)


def level_squares_start(X: Dense | Sparse, k: int, init: str, rng: np.random.RandomState) -> tuple[Factors, Factors]:
    """Return W (m, k) and H (k, n) after the first of the iterations on squared errors, and after the last.

    Parameters
    ----------
    X : Dense or Sparse of shape (m, n)
        Known throughout.
    k : int
        Number of components.
    init : str
        As for `mho.nmf.start.starting_factors`.
    rng : RandomState
        Source of random numbers.
    """
    m, n = X.shape
    means = totals(X.T) / n, totals(X) / m
    rows, columns = (deviation(mean + mean.mean(), "kullback-leibler").astype(X.dtype) for mean in means)
    level = Scaled(X, 1 / rows, 1 / columns)
    plan = choose("auto", X, k, given=False)
    compressed = compress(level, k, rng) if plan.name == "compressed" else None
    start = starting_factors(level, k, init, rng, compressed=compressed)
    seen, sweeps = (level, plan.sweeps) if compressed is None else (compressed, COMPRESSED_SWEEPS)
    problem = Problem(seen, Digital(sweeps=sweeps), NO_PENALTY, NO_PENALTY)
    first, last = first_iterations(problem, *start, most=_MOST)
    return (first.W * rows[:, None], first.H * columns), (last.W * rows[:, None], last.H * columns)
