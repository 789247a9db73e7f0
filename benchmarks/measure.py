"""Class of machine, date and commit of a benchmark; times, and paired ratios of times."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]


def smoke() -> bool:
    """Whether only the smallest case is wanted, to see that a benchmark still runs: ``--smoke`` among the arguments."""
    return "--smoke" in sys.argv


def machine() -> dict[str, Any]:
    """Return the class of machine, the threads, the date and the commit, never the machine's name."""
    flags = Path("/proc/cpuinfo").read_text() if platform.system() == "Linux" else ""
    isa = next((name for name in ("avx512f", "avx2") if name in flags), platform.machine())
    return {"cores": os.cpu_count(), "isa": isa, "date": date.today().isoformat(), "commit": commit()}


def commit() -> str:
    """Return the commit that is measured, in short."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout.strip() or "unknown"


def seconds(call: Callable[[], object], repeats: int = 3) -> float:
    """Return the least time of a call; the first one, which loads and warms, is not counted."""
    call()
    return min(_once(call) for _ in range(repeats))


def paired(first: Callable[[], float], second: Callable[[], float], rounds: int = 7) -> float:
    """Return the median of second over first, each giving its own seconds, taken in turn and in alternating order."""
    ratios = []
    for number in range(rounds):
        if number % 2:
            after, before = second(), first()
        else:
            before, after = first(), second()
        ratios.append(after / before)
    return median(ratios)


def _once(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
