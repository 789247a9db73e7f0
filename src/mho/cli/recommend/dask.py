"""The Dask cluster that `--dask` names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

__all__ = ["Workers", "dask_cluster"]

_CONNECT_SECONDS = 10


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Workers:
    """Who solves.

    Parameters
    ----------
    dask
        Address of a Dask scheduler, such as tcp://10.0.0.5:8786, whose workers solve; by default this machine does.
    shared
        Folder that this machine and all workers see under this name, for what they read; by default that of the
        recommender.
    """

    dask: str = ""
    shared: Path | None = None


@contextmanager
def dask_cluster(workers: Workers, out: Path) -> Iterator[Any]:
    """Connect to the scheduler for a recommender that goes to `out`; None for no address, this machine alone."""
    address, shared = workers.dask, workers.shared or out.parent
    if not address:
        yield None
        return
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise ImportError("--dask needs distributed: pip install 'mho[distributed]'") from None
    from mho.recommend.distributed import DaskCluster

    with Client(address, timeout=_CONNECT_SECONDS) as client:
        try:
            yield DaskCluster(client, shared)
        except KilledWorker:
            raise OSError(
                f"{address}: workers were lost on the same block again and again; too little memory?"
            ) from None
