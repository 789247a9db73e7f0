"""Why workers of a Dask cluster were lost, as far as its scheduler knows."""

from __future__ import annotations

from collections import Counter
from typing import Any

__all__ = ["losses"]

_MEMORY = "over their memory limit"
_SILENT = "not heard of for longer than the scheduler's worker-ttl, as when machines were suspended"
_UNKNOWN = "of which Dask does not know more than their logs"


def losses(client: Any) -> Counter[str]:
    """Return the numbers of workers that the scheduler of `client` has lost since it started, by reason.

    Those that were closed in order do not count.
    """
    events = client.get_events()
    lost = sum(_unexpected(event) for _, event in events.get("all", ()))
    memory = len(events.get("worker-restart-memory", ()))
    silent = sum(len(_timed_out(event)) for _, event in events.get("scheduler", ()))
    counts = {_MEMORY: memory, _SILENT: silent, _UNKNOWN: lost - memory - silent}
    return Counter({reason: count for reason, count in counts.items() if count > 0})


def _unexpected(event: Any) -> bool:
    return event.get("action") == "remove-worker" and not event.get("expected")


def _timed_out(event: Any) -> Any:
    return event["workers"] if event.get("action") == "worker-ttl-timed-out" else ()
