"""Users solved for on a chip, and again digitally where a list of items hangs by less than the chip's own errors."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from mho.engines import Hybrid
from mho.engines.hybrid import Estimating, among_largest
from mho.kernels.blas import one_blas_thread
from mho.recommend.fitted import Fitted

__all__ = ["solved_checked"]

_SAFETY = 2.0
"""Errors are taken to be at most this many times the chip's estimate: two standard deviations."""

_SCORES = 1 << 22
"""Scores that are held at a time."""


def solved_checked(fitted: Fitted, engine: Hybrid, positions: np.ndarray, length: int) -> tuple[Fitted, np.ndarray]:
    """Return a copy with users solved for against the items, and whose lists were critical (n,).

    Scores of new items are compared before and after a correction by the chip's own estimate of its errors; the list
    is critical where twice as much, to either side, makes another one.

    Parameters
    ----------
    fitted : Fitted
        What was learned.
    engine : Hybrid
        Whose chip solves for all, and whose digital engine for the critical ones.
    positions : ndarray of shape (n,)
        The users.
    length : int
        Items of a list.
    """
    chip = Estimating(engine)
    found = fitted.solved_users(chip, positions)
    plain = np.hstack(chip.plain).T
    critical = _critical(found, found.users.rows[positions], plain, positions, length)
    if critical.any():
        found = found.solved_users(engine.digital, positions[critical])
    return found, critical


def _critical(
    fitted: Fitted, corrected: np.ndarray, plain: np.ndarray, positions: np.ndarray, length: int
) -> np.ndarray:
    """Whose lists errors could turn (n,), of rows (n, c) corrected and plain.

    Scores of two items err together, so that it is their difference that must not change its sign.
    """
    step = max(1, _SCORES // len(fitted.items))
    critical = np.zeros(len(positions), bool)
    with one_blas_thread():
        for begin in range(0, len(positions), step):
            part = slice(begin, begin + step)
            known = sp.csr_array(fitted.table.known[positions[part]])
            scores, before = (fitted.merits(rows[part], known) for rows in (corrected, plain))
            errors = _SAFETY * (scores - before)
            scores[known.nonzero()] = -np.inf
            listed = among_largest(scores.T, length)
            for turned in (scores - errors, scores + errors):
                critical[part] |= np.any(among_largest(turned.T, length) != listed, axis=0)
    return critical
