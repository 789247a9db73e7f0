"""The computer at hand as a platform that answers, one right-hand side alone and many together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from mho import kernels
from mho.cost.calibration import WATTS_PER_THREAD, Engine, power_meter
from mho.cost.inference import Inference
from mho.cost.interval import Interval
from mho.cost.platforms import Sustained
from mho.cost.work import answer_work

__all__ = ["measured_answers"]

_MOST_ROWS = 2048
_MOST_NUMBERS = 1 << 21
_ALONE = 200
_ROUNDS = 3


def measured_answers(engine: Engine, run: Inference) -> dict[str, Sustained]:
    """Return the rates at which an engine finds answers here and now, by how many at a time.

    A random matrix of as many columns and as many rows as a right-hand side has known entries, 2,048 at the most, is
    programmed once; dense right-hand sides are solved one by one, and together. The power is what the processor counts
    meanwhile; where it does not let itself be read, 5, 10 and 20 W for each thread at work, this project's assumption.

    Parameters
    ----------
    engine : Engine
        ``mho.Digital()``.
    run : Inference
        Sizes of the matrix and its right-hand sides.
    """
    rows = max(run.k, min(_MOST_ROWS, round(run.known)))
    together = max(1, min(4096, _MOST_NUMBERS // rows))
    rng = np.random.default_rng(0)
    A = rng.random((rows, run.k), np.float32)
    programmed, B = engine.program(A), A @ rng.random((run.k, together), np.float32)
    one = np.ascontiguousarray(B[:, :1])
    flops = answer_work(run.k, rows).flops

    def alone() -> None:
        for _ in range(_ALONE):
            programmed.solve(one)

    size = f"{rows:,} x {run.k:,}"
    return {
        "this CPU, one": _rate(alone, flops * _ALONE, 1, f"one right-hand side of {size} at a time"),
        f"this CPU, {together:,} together": _rate(
            lambda: programmed.solve(B), flops * together, kernels.thread_count(), f"{together:,} of {size} together"
        ),
    }


def _rate(work: Callable[[], Any], flops: float, threads: int, how: str) -> Sustained:
    work()  # starts threads and fills caches
    meter, times = power_meter(), []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    if meter is None:
        watts, power = WATTS_PER_THREAD * threads, "power assumed, 5 to 20 W a thread"
    else:
        watts, power = Interval.exact(meter.joules() / sum(times)), "power counted by the processor"
    return Sustained(
        flops=Interval.exact(flops) / Interval(min(times), float(np.median(times)), max(times)),
        watts=watts,
        source=f"measured now, {how}, {threads} threads; {power}",
    )
