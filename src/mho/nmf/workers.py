"""Workers of a Dask cluster: the version they must have, and an end to waiting when there are none left."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Any

__all__ = ["RETRIES", "check_versions", "finished"]

RETRIES = 2
"""Of a block whose files could not be read; one that was on a lost worker does not count."""

_PATIENCE = 30.0
"""Seconds without any worker after which nobody is expected: a nanny starts another within some."""

_LOOK = 1.0
"""Seconds without news between looks at whether workers are left."""


def check_versions(client: Any) -> None:
    """Check that every worker of `client` has the version of mho that is here.

    Raises
    ------
    OSError
        One has another, or none.
    """
    here = version("mho")
    for worker, there in sorted(client.run(_version_there()).items()):
        if there != here:
            has = f"mho {there}" if there else "no mho"
            raise OSError(f"worker {worker} has {has}, and here is mho {here}; install that there")


def finished(client: Any, futures: Sequence[Any]) -> Iterator[Any]:
    """Give `futures` as they are done, each in the order of its end.

    Raises
    ------
    OSError
        There has been no worker for half a minute, or no scheduler.
    """
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(done.put)
    for _ in futures:
        future = _next(client, done)
        if future.cancelled():
            raise OSError("the scheduler of the Dask cluster is gone, or has dropped the work")
        yield future


def _next(client: Any, done: queue.SimpleQueue[Any]) -> Any:
    alone_since = None
    while True:
        try:
            return done.get(timeout=_LOOK)
        except queue.Empty:
            now = time.monotonic()
            alone_since = None if client.nthreads() else alone_since or now
            if alone_since is not None and now - alone_since >= _PATIENCE:
                told = f"no worker is left in the Dask cluster for {_PATIENCE:g} s"
                raise OSError(f"{told}; start some and do the same again") from None


def _version_there() -> Callable[[], str]:
    """Return a function that travels by value, because it must run where there is no mho."""

    def there() -> str:
        try:
            return import_module("mho").__version__
        except ImportError:
            return ""

    return there
