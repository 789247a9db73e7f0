"""Workers that are lost for reasons that are known here."""

import os
import signal
import time

import pytest

from mho.recommend.distributed.losses import losses

distributed = pytest.importorskip("distributed")


def assert_lost(client, **expected):
    """Compare by the first word of the reasons; what a nanny says may be on its way."""
    until = time.monotonic() + 10
    while (found := {reason.split()[0]: n for reason, n in losses(client).items()}) != expected:
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_a_worker_that_was_killed_one_over_its_limit_and_one_that_is_silent():
    local = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": "CRITICAL"}
    with (
        distributed.LocalCluster(**local, memory_limit=2**30) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        assert not losses(client)
        assert client.submit(_eat_or_die(True), client.run(os.getpid), retries=2).result(60)
        assert_lost(client, of=1)
        assert client.submit(_eat_or_die(False), client.run(os.getpid), retries=2).result(60)
        assert_lost(client, of=1, over=1)
        client.run_on_scheduler(_forget)
        assert_lost(client, of=1, over=1, **{"not": 1})


def _eat_or_die(die):
    """A task that dies in the process that was first, or holds too much there until the nanny sees it.

    It is a closure so that it travels by value: a worker cannot import this file.
    """

    def task(first):
        if os.getpid() in first.values():
            if die:
                os.kill(os.getpid(), signal.SIGKILL)
            held = bytearray(2**30)
            held[:: 2**10] = b"x" * 2**20
            time.sleep(60)
        return True

    return task


async def _forget(dask_scheduler):
    """What the scheduler does on its own when it has not heard of a worker for long."""
    for worker in dask_scheduler.workers.values():
        worker.last_seen -= 2 * dask_scheduler.worker_ttl
    await dask_scheduler.check_worker_ttl()
