"""The computer at hand, by a short run of the same alternating least squares."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp

from mho import kernels
from mho.cost.interval import Interval
from mho.cost.platforms import Sustained
from mho.cost.rapl import Rapl
from mho.cost.workload import Workload
from mho.operands import Dense, Matrix, Sparse

__all__ = ["WATTS_PER_THREAD", "Engine", "calibrate", "calibration_sample", "power_meter"]

_ENTRIES = 300_000
_SWEEPS = 3
WATTS_PER_THREAD = Interval(5.0, 10.0, 20.0)
"""Where power cannot be read, W; this project's assumption."""


class Engine(Protocol):
    """Engine of `mho.engines`, which is a floor above."""

    def program(self, A: Any) -> Any:
        """Return a solver of least squares with A."""
        ...


def calibrate(engine: Engine, workload: Workload) -> Sustained:
    """Return the rate at which an engine updates both factors on this computer.

    Three sweeps, after one that is not counted, over random entries: a matrix of at least 300,000 entries with fewer
    right-hand sides, each with as many known entries as in the workload. Its factors fit into caches that those of a
    larger workload leave. The power is what the processor counts meanwhile; where it does
    not let itself be read, 5, 10 and 20 W for each thread, this project's assumption.

    Parameters
    ----------
    engine : Engine
        ``mho.Digital()`` does the same work as the chip: exact least squares for each right-hand side.
    workload : Workload
        Sizes of the factorization.
    """
    sample = calibration_sample(workload)
    X = _matrix(sample)
    H = np.random.default_rng(0).random((sample.n, sample.k))
    W = _half_sweep(engine, H, X.T)  # the first one still builds the other order of X and starts threads
    H = _half_sweep(engine, W, X)
    meter, times = power_meter(), []
    for _ in range(_SWEEPS):
        begun = time.perf_counter()
        W = _half_sweep(engine, H, X.T)
        H = _half_sweep(engine, W, X)
        times.append(time.perf_counter() - begun)
    if meter is None:
        watts, how = WATTS_PER_THREAD * kernels.thread_count(), "power assumed, 5 to 20 W a thread"
    else:
        watts, how = Interval.exact(meter.joules() / sum(times)), "power counted by the processor"
    return Sustained(
        flops=Interval.exact(sample.work().flops) / Interval(min(times), float(np.median(times)), max(times)),
        watts=watts,
        source=f"measured on {sample}, {kernels.thread_count()} threads; {how}",
    )


def calibration_sample(w: Workload) -> Workload:
    """Return the sizes that are measured: fewer right-hand sides on both sides, each with as many known entries.

    Of a dense matrix: fewer rows.

    Parameters
    ----------
    w : Workload
        Sizes of the factorization.
    """
    share = min(1.0, _ENTRIES / w.entries)
    if w.known is None:
        return replace(w, m=max(w.k, round(w.m * share)))
    share = min(1.0, max(share, 2 * w.known / (w.m * w.n)))  # at most half full, or it would not be sparse any more
    m, n = max(1, round(w.m * share)), max(1, round(w.n * share))
    return replace(w, m=m, n=n, known=min(m * n, max(1, round(w.known * share))))


def _matrix(w: Workload) -> Matrix:
    rng = np.random.default_rng(0)
    if w.known is None:
        return Dense(rng.random((w.m, w.n)))
    return Sparse(sp.random_array((w.m, w.n), density=w.known / (w.m * w.n), rng=rng, format="csr"), missing=w.missing)


def _half_sweep(engine: Engine, A: np.ndarray, B: Matrix) -> np.ndarray:
    return engine.program(A).solve(B).T


def power_meter() -> Rapl | None:
    """Return a meter of the processor's energy from now on; None where it cannot be read."""
    try:
        return Rapl()
    except OSError:
        return None
