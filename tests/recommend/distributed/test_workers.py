"""Workers that are not there, no longer there, or not the same."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

import mho
from mho import Recommender
from mho.nmf import workers
from mho.recommend.distributed import DaskCluster

distributed = pytest.importorskip("distributed")

WORKER = """
import asyncio, sys, types
from distributed import Worker
sys.modules["mho"] = {module}
async def work():
    async with Worker("{scheduler}", nthreads=1, dashboard=False) as worker:
        await worker.finished()
asyncio.run(work())
"""


@pytest.fixture
def cluster():
    """A scheduler in this process, without workers."""
    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, protocol="tcp", dashboard_address=":0", silence_logs="CRITICAL"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def worker(client, module):
    """Start a process whose `mho` is the value of the expression `module`."""
    script = WORKER.format(module=module, scheduler=client.scheduler.address)
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    try:
        client.wait_for_workers(1, timeout=60)
        yield process
    finally:
        process.kill()
        process.wait()


def fit(client, folder, **settings):
    users, items = np.arange(60) % 7, np.arange(60) % 11
    cluster = DaskCluster(client, folder)
    return Recommender(2, cluster=cluster, **settings).fit(users, items, np.arange(60) % 5 + 1.0)


@pytest.mark.parametrize(
    ("module", "has"), [("None", "no mho"), ("types.SimpleNamespace(__version__='0.0.9')", "mho 0.0.9")]
)
def test_a_worker_with_another_mho_is_refused_in_one_line(cluster, tmp_path, module, has):
    with worker(cluster, module):
        (address,) = cluster.nthreads()
        with pytest.raises(OSError, match=r"^worker ") as refused:
            fit(cluster, tmp_path)
        assert str(refused.value) == (
            f"worker {address} has {has}, and here is mho {mho.__version__}; install that there"
        )
    assert not list(tmp_path.iterdir())


def test_no_workers_are_waited_for_with_an_end(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_PATIENCE", 0.2)
    monkeypatch.setattr(workers, "_LOOK", 0.1)
    with pytest.raises(OSError, match=r"no worker is left in the Dask cluster for 0\.2 s"):
        fit(cluster, tmp_path)
    assert workers._PATIENCE < 60


def test_the_last_worker_killed_while_it_solves_is_an_error(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_PATIENCE", 0.2)
    monkeypatch.setattr(workers, "_LOOK", 0.1)
    with (
        worker(cluster, "__import__('mho')") as process,
        pytest.raises(OSError, match="no worker is left"),
    ):
        fit(cluster, tmp_path, max_iter=1000, callback=lambda _: os.kill(process.pid, signal.SIGKILL))
