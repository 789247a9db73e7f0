"""Running a plan: every chip by itself, in as many processes as asked for, with the same result."""

from __future__ import annotations

import signal
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mho import checks
from mho.chip import Chip, ChipError
from mho.engines import Analog, nnls
from mho.sweep.plan import TREATMENTS, Sweep, without_treatment
from mho.sweep.streams import CHIP, PROBLEM, stream

__all__ = ["run", "trials", "try_chip"]


def run(sweep: Sweep, *, jobs: int = 1) -> dict[str, np.ndarray]:
    """Make and try every chip of a plan.

    Parameters
    ----------
    sweep : Sweep
        Plan: design, properties and chips.
    jobs : int
        Processes, each with one thread of BLAS; the result does not depend on it.

    Returns
    -------
    dict of str to ndarray of shape (points * chips,)
        "point", "chip", every swept property, "error" (|X - X*| / |X*| with X* the exact answers, Frobenius; NaN where
        the chip failed), "residual" (|A X - B| / |B|) and "failure" (the physical reason, or empty).
    """
    rows = list(trials(sweep, jobs=jobs))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def trials(sweep: Sweep, *, jobs: int = 1, done: int = 0) -> Generator[dict[str, Any], None, None]:
    """Yield the results of `run` chip by chip, in order.

    Parameters
    ----------
    sweep : Sweep
        Plan: design, properties and chips.
    jobs : int
        Processes.
    done : int
        Chips at the beginning that are left out.
    """
    places = [(point, chosen, chip) for point, chosen in enumerate(sweep.points()) for chip in range(sweep.chips)][
        done:
    ]
    if min(checks.positive_int(jobs, "jobs"), len(places)) <= 1:
        yield from (try_chip(sweep, place) for place in places)
        return
    # Not by fork: a fork of a process with threads may hang.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent)
    try:
        yield from pool.map(partial(try_chip, sweep), places)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def try_chip(sweep: Sweep, place: tuple[int, dict[str, Any], int]) -> dict[str, Any]:
    """Return one row of `trials`.

    Parameters
    ----------
    sweep : Sweep
        Plan: design, properties and chips.
    place : tuple of (int, dict, int)
        Number of the point, its properties, number of the chip.
    """
    point, chosen, number = place
    with threadpool_limits(1):
        problem = _Problem(sweep.seed, number, sweep.rows, sweep.columns, sweep.rhs, sweep.noise)
        A, B = problem.draw()
        chip = Chip(sweep.design.with_(**without_treatment(chosen)), seed=stream(sweep.seed, CHIP, number))
        error, residual, failure = np.nan, np.nan, ""
        try:
            X = _treated(chip, A, B, chosen.get("treatment", TREATMENTS[0]))
        except ChipError as reason:
            failure = str(reason)
        else:
            exact = _exact(problem)
            error = float(np.linalg.norm(X - exact) / np.linalg.norm(exact))
            residual = float(np.linalg.norm(A @ X - B) / np.linalg.norm(B))
    return {"point": point, "chip": number, **chosen, "error": error, "residual": residual, "failure": failure}


def _treated(chip: Chip, A: np.ndarray, B: np.ndarray, treatment: str) -> np.ndarray:
    """A chip's answers after what is done about its errors."""
    if "repaired" in treatment:
        chip.repair()
    if "calibrated" not in treatment:
        return chip.program(A).solve(B)
    return Analog(chip, calibrate=True, probe="probed" in treatment).program(A).solve(B)


@dataclass(frozen=True)
class _Problem:
    """The least-squares problem of chip `number`, at every point."""

    seed: int
    number: int
    rows: int
    columns: int
    rhs: int
    noise: float

    def draw(self) -> tuple[np.ndarray, np.ndarray]:
        rng = stream(self.seed, PROBLEM, self.number)
        A = rng.random((self.rows, self.columns))
        B = A @ rng.random((self.columns, self.rhs))
        return A, B + self.noise * np.sqrt(np.mean(B**2)) * rng.standard_normal(B.shape)


@lru_cache(maxsize=256)
def _exact(problem: _Problem) -> np.ndarray:
    """Exact answers, which all points share."""
    return nnls(*problem.draw())
