"""Running a plan: every chip by itself, in as many processes as asked for, with the same result."""

from __future__ import annotations

import signal
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from mho import checks
from mho.chip import Chip, ChipError, Ledger
from mho.engines import Analog, nnls
from mho.sweep.plan import TREATMENTS, Sweep
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
        the chip failed), "residual" (|A X - B| / |B|) and "failure" (the physical reason, or empty). Of own data
        "error" is its score and "residual" the share by which that is above the digital one.
    """
    rows = list(trials(sweep, jobs=jobs))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def trials(
    sweep: Sweep, *, jobs: int = 1, done: Sequence[Mapping[str, Any]] = ()
) -> Generator[dict[str, Any], None, None]:
    """Yield the results of `run` chip by chip, in order.

    Parameters
    ----------
    sweep : Sweep
        Plan: design, properties and chips.
    jobs : int
        Processes.
    done : sequence of mapping
        Results that are there already, whose chips are left out.
    """
    there = {(row["point"], row["chip"]) for row in done}
    places = [place for place in sweep.trials() if (place[0], place[2]) not in there]
    if min(checks.positive_int(jobs, "jobs"), len(places)) <= 1:
        yield from (try_chip(sweep, place) for place in places)
        return
    # Not by fork: a fork of a process with threads may hang.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(sweep,))
    try:
        yield from pool.map(_try_one, places)
    finally:
        pool.shutdown(cancel_futures=True)


_PLAN: list[Sweep] = []
"""That of this process; its data may be large, and come once."""


def _begin(sweep: Sweep) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts are the parent's
    _PLAN.append(sweep)


def _try_one(place: tuple[int, dict[str, Any], int]) -> dict[str, Any]:
    return try_chip(_PLAN[0], place)


class _Unmetered(Ledger):
    """Events of chips whose answers alone are looked at."""

    metered = False


@lru_cache(maxsize=1)
def _threads() -> ThreadpoolController:
    """The libraries of this process that have threads: to look for them takes as long as a small chip."""
    return ThreadpoolController()


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
    with _threads().limit(limits=1):
        chip = Chip(sweep.design_of(chosen, number), seed=stream(sweep.seed, CHIP, number))
        chip.ledger = _Unmetered()
        error, residual, failure = np.nan, np.nan, ""
        try:
            treatment = chosen.get("treatment", TREATMENTS[0])
            if "repaired" in treatment:
                chip.repair()
            error, residual = (_of_problem if sweep.data is None else _of_data)(sweep, number, chip, treatment)
        except ChipError as reason:
            failure = str(reason)
    return {"point": point, "chip": number, **chosen, "error": error, "residual": residual, "failure": failure}


def _engine(chip: Chip, treatment: str) -> Analog:
    return Analog(chip, calibrate="calibrated" in treatment, probe="probed" in treatment)


def _of_problem(sweep: Sweep, number: int, chip: Chip, treatment: str) -> tuple[float, float]:
    """Error of the answers to a problem drawn at random, and its residual."""
    problem = _Problem(sweep.seed, number, sweep.rows, sweep.columns, sweep.rhs, sweep.noise)
    A, B = problem.draw()
    X = (_engine(chip, treatment) if "calibrated" in treatment else chip).program(A).solve(B)
    exact = _exact(problem)
    return float(np.linalg.norm(X - exact) / np.linalg.norm(exact)), float(
        np.linalg.norm(A @ X - B) / np.linalg.norm(B)
    )


def _of_data(sweep: Sweep, number: int, chip: Chip, treatment: str) -> tuple[float, float]:
    """Error of a use of data, and the share by which it is above the digital one."""
    assert sweep.data is not None
    error = sweep.data.score(_engine(chip, treatment))
    return error, error / sweep.data.digital - 1


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
