"""The Dask cluster that `--dask` names."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from mho.cli.errors import note

__all__ = ["Workers", "dask_client", "dask_cluster"]

_CONNECT_SECONDS = 10


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Workers:
    """Workers of a Dask cluster, as options.

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
    shared = workers.shared or out.parent
    if not workers.dask:
        yield None
        return
    with dask_client(workers.dask, shared) as client:
        from mho.recommend.distributed import DaskCluster

        yield DaskCluster(client, shared)


@contextmanager
def dask_client(address: str, shared: Path) -> Iterator[Any]:
    """Connect to the scheduler and see that its workers are there and see the folder `shared`.

    Raises
    ------
    OSError
        No scheduler, no workers, not the same folder, not the same mho; or workers that are lost again and again.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise ImportError("--dask needs distributed: pip install 'mho[distributed]'") from None
    from mho.recommend.distributed.losses import losses

    with _unlogged(), Client(address, timeout=_CONNECT_SECONDS, set_as_default=False) as client:
        _check_workers(client, address, shared)
        before = losses(client)
        try:
            yield client
        except KilledWorker:
            why = _told(losses(client) - before)
            raise OSError(f"{address}: workers were lost on the same block again and again: {why}") from None
        if lost := losses(client) - before:
            note(f"warning: {address}: workers were lost, and their blocks solved again: {_told(lost)}")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep Dask's logs, tracebacks of connections that broke, from stderr: what they mean is told in one line."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def _told(lost: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in lost.items())


def _check_workers(client: Any, address: str, shared: Path) -> None:
    from mho.nmf.workers import check_versions

    try:
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except TimeoutError:
        raise OSError(f"{address}: no workers have come; start some with: dask worker {address} --nthreads 1") from None
    check_versions(client)
    blind = sorted(worker for worker, sees in client.run(_sees, str(shared.resolve())).items() if not sees)
    if blind:
        raise OSError(
            f"{shared}: is not a folder that worker {blind[0]} can write to; --dask needs one all workers see"
        )


def _sees(folder: str) -> bool:
    import os

    return os.path.isdir(folder) and os.access(folder, os.W_OK)
