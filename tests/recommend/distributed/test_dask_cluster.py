"""Alternations on two processes of this machine, against the same alternations here."""

import os
import signal

import numpy as np
import pytest

from mho import Recommender
from mho.recommend import RatingModel
from mho.recommend.distributed import DaskCluster

pytest.importorskip("distributed")

N_USERS, N_ITEMS, K = 300, 120, 4


@pytest.fixture(scope="module")
def ratings():
    rng = np.random.default_rng(3)
    known = rng.permutation(N_USERS * N_ITEMS)[: N_USERS * N_ITEMS // 10]
    users, items = np.divmod(known, N_ITEMS)
    return users, items, rng.integers(1, 6, len(known)).astype(float)


def assert_same(one, other):
    for name in ("user_factors_", "item_factors_", "user_offsets_", "item_offsets_"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-5, atol=1e-9)
    assert [r["iteration"] for r in one.history_] == [r["iteration"] for r in other.history_]


def test_the_factors_are_those_of_one_machine(client, ratings, tmp_path, model):
    settings = {"model": model, "max_iter": 3}
    here = Recommender(K, **settings).fit(*ratings)
    there = Recommender(K, **settings, cluster=DaskCluster(client, tmp_path, 200)).fit(*ratings)
    assert_same(there, here)
    if here.item_weights_ is not None:
        assert abs(there.item_weights_ - here.item_weights_).max() < 1e-4 * here.item_weights_.max()
    assert there.history_[-1][here.model_.quality] == pytest.approx(here.history_[-1][here.model_.quality], rel=1e-9)
    assert not list(tmp_path.iterdir())


def test_a_worker_killed_while_it_solves_changes_nothing(client, ratings, tmp_path):
    order = tmp_path / "die"

    class Deadly(RatingModel):
        """Kills the worker that finds the order first."""

        def solve(self, engine, fixed, known, unit, start=None):
            try:
                order.unlink()
            except FileNotFoundError:
                return super().solve(engine, fixed, known, unit, start)
            os.kill(os.getpid(), signal.SIGKILL)

    before = set(client.run(os.getpid).values())

    def follow(record):
        if record["iteration"] == 2:
            order.touch()

    cluster = DaskCluster(client, tmp_path, 200)
    there = Recommender(K, model=Deadly(), max_iter=5, cluster=cluster, callback=follow).fit(*ratings)
    assert_same(there, Recommender(K, max_iter=5).fit(*ratings))
    client.wait_for_workers(2, timeout=20)
    assert len(before & set(client.run(os.getpid).values())) == 1


def test_resume_goes_on_where_fit_ended(client, ratings, tmp_path):
    there = Recommender(K, max_iter=2, cluster=DaskCluster(client, tmp_path)).fit(*ratings).resume(2)
    assert_same(there, Recommender(K, max_iter=4).fit(*ratings))


@pytest.mark.parametrize("engine", ["analog", "hybrid"])
def test_a_chip_cannot_be_in_many_places(client, ratings, tmp_path, engine):
    with pytest.raises(ValueError, match="engine must be digital on a cluster, got analog"):
        Recommender(K, engine=engine, cluster=DaskCluster(client, tmp_path)).fit(*ratings)


def test_a_folder_that_is_not_there_is_named(client, tmp_path):
    with pytest.raises(ValueError, match=r"folder must be one that is there, got .*nowhere"):
        DaskCluster(client, tmp_path / "nowhere")
