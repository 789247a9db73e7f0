"""The Dask cluster that `--dask` names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["dask_cluster"]

_CONNECT_SECONDS = 10


@contextmanager
def dask_cluster(address: str, shared: Path) -> Iterator[Any]:
    """Connect to the scheduler at `address`; None for no address, which is this machine alone."""
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
