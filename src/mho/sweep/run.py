"""Running a plan: every chip by itself, in as many processes as asked for, with the same result."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mho import checks
from mho.chip import Chip, ChipError
from mho.engines import nnls
from mho.sweep.plan import Sweep

__all__ = ["run"]

_PROBLEM, _CHIP = 0, 1


def run(sweep: Sweep, *, jobs: int = 1) -> dict[str, np.ndarray]:
    """Make and try every chip of a plan.

    Parameters
    ----------
    sweep : Sweep
    jobs : int
        Processes, each with one thread of BLAS; the result does not depend on it.

    Returns
    -------
    dict of str to ndarray of shape (points * chips,)
        "point", "chip", every swept property, "error" (|X - X*| / |X*| with X* the exact answers, Frobenius; NaN where
        the chip failed), "residual" (|A X - B| / |B|) and "failure" (the physical reason, or empty).
    """
    places = list(product(range(len(sweep.points())), range(sweep.chips)))
    if checks.positive_int(jobs, "jobs") == 1:
        rows = [_try_chip(sweep, place) for place in places]
    else:  # not by fork: a fork of a process with threads may hang
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            rows = list(pool.map(partial(_try_chip, sweep), places))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _try_chip(sweep: Sweep, place: tuple[int, int]) -> dict[str, Any]:
    point, number = place
    chosen = sweep.points()[point]
    with threadpool_limits(1):
        A, B = _problem(sweep, number)
        chip = Chip(sweep.design.with_(**chosen), seed=_generator(sweep, _CHIP, point, number))
        error, residual, failure = np.nan, np.nan, ""
        try:
            X = chip.program(A).solve(B)
        except ChipError as reason:
            failure = str(reason)
        else:
            exact = nnls(A, B)
            error = np.linalg.norm(X - exact) / np.linalg.norm(exact)
            residual = np.linalg.norm(A @ X - B) / np.linalg.norm(B)
    return {"point": point, "chip": number, **chosen, "error": error, "residual": residual, "failure": failure}


def _problem(sweep: Sweep, number: int) -> tuple[np.ndarray, np.ndarray]:
    rng = _generator(sweep, _PROBLEM, number)
    A = rng.random((sweep.rows, sweep.columns))
    B = A @ rng.random((sweep.columns, sweep.rhs))
    return A, B + sweep.noise * np.sqrt(np.mean(B**2)) * rng.standard_normal(B.shape)


def _generator(sweep: Sweep, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(sweep.seed, spawn_key=key))
