"""The computer at hand as a platform: measured once, kept in the user's cache with the time of the measurement."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import machine, processor
from typing import Any

from mho import kernels
from mho.cost.calibration import Engine, calibrate, calibration_sample
from mho.cost.interval import Interval
from mho.cost.platforms import Sustained
from mho.cost.workload import Workload
from mho.data import replacing

__all__ = ["cpu_cache", "measured_cpu"]

_MOST_BYTES = 2**20
_MOST_KEPT = 200


def cpu_cache() -> Path:
    """Return the file of measurements, below `XDG_CACHE_HOME` if that is set, else in the system's place for caches."""
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        folder = Path(chosen)
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        folder = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return folder / "mho" / "this-cpu.json"


def measured_cpu(engine: Callable[[], Engine], workload: Workload, *, again: bool = False) -> Sustained:
    """Return the rate of this computer for such work: as it was kept, else measured now and kept.

    A measurement is that of one sample of a workload (`calibration_sample`), number of threads, processor and version
    of mho. Where the cache cannot be written or read it is measured each time.

    Parameters
    ----------
    engine : callable
        Makes the engine that is measured.
    workload : Workload
        Sizes of the factorization.
    again : bool
        Measure even if it was kept.
    """
    key, path = _key(workload), cpu_cache()
    kept = _read(path)
    if not again and (found := _platform(kept.get(key))) is not None:
        return found
    now = calibrate(engine(), workload)
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    source = now.source.replace("measured on", f"measured {when} on", 1)
    kept.pop(key, None)
    kept[key] = {"flops": _ends(now.flops), "watts": _ends(now.watts), "source": source}
    _write(path, dict(list(kept.items())[-_MOST_KEPT:]))
    return replace(now, source=source)


def _key(workload: Workload) -> str:
    sample = asdict(calibration_sample(workload))
    made_of = processor() or machine()
    return json.dumps([sample, kernels.thread_count(), made_of, os.cpu_count(), version("mho")], sort_keys=True)


def _read(path: Path) -> dict[str, Any]:
    """Measurements kept in a file; none where that is not there or no longer what was written."""
    try:
        with path.open("rb") as stream:
            kept = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _platform(kept: Any) -> Sustained | None:
    try:
        flops, watts = (Interval(*map(float, kept[name])) for name in ("flops", "watts"))
        sound = 0 < flops.low and flops.high < float("inf") and 0 <= watts.low and watts.high < float("inf")
        return Sustained(flops=flops, watts=watts, source=str(kept["source"])[:200]) if sound else None
    except (TypeError, ValueError, KeyError, OverflowError):
        return None


def _write(path: Path, kept: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    except (OSError, ValueError):  # a cache that cannot be kept is measured anew the next time
        pass


def _ends(value: Interval) -> list[float]:
    return [value.low, value.typical, value.high]
