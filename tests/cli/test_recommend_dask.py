"""`mho recommend fit --dask` and `resume --dask`."""

import logging

import numpy as np
import pytest

from mho import Recommender
from mho.cli.recommend.dask import dask_client

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler():
    one_thread = {"n_workers": 1, "threads_per_worker": 1, "processes": False}
    with distributed.LocalCluster(**one_thread, protocol="tcp", dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def ratings(tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / "r.csv"
    rows = {(u, i): r for u, i, r in rng.integers(1, 9, (40, 3))}
    path.write_text("user,item,rating\n" + "".join(f"{u},{i},{r}\n" for (u, i), r in rows.items()))
    return path


def test_the_file_is_that_of_one_machine(mho, scheduler, ratings, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    settings = ("recommend", "fit", ratings, "-k", 2, "--max-iter", 3, "-q")
    assert mho(*settings, "-o", tmp_path / "one.npz") == (0, "", "")
    assert mho(*settings, "-o", tmp_path / "many.npz", "--dask", scheduler, "--shared", shared) == (0, "", "")
    one, many = (Recommender.load(tmp_path / name) for name in ("one.npz", "many.npz"))
    np.testing.assert_allclose(many.user_factors_, one.user_factors_, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(many.item_factors_, one.item_factors_, rtol=1e-5, atol=1e-9)
    assert not list(shared.iterdir())


def test_resume_goes_on_at_the_workers(mho, scheduler, ratings, tmp_path):
    one, many = tmp_path / "one.npz", tmp_path / "many.npz"
    for out, dask in ((one, ()), (many, ("--dask", scheduler))):
        assert mho("recommend", "fit", ratings, "-k", 2, "--max-iter", 2, "-q", "-o", out) == (0, "", "")
        assert mho("recommend", "resume", out, "--max-iter", 4, "-q", *dask) == (0, "", "")
    one, many = Recommender.load(one), Recommender.load(many)
    np.testing.assert_allclose(many.item_factors_, one.item_factors_, rtol=1e-5, atol=1e-9)
    assert [record["iteration"] for record in many.history_] == [1, 2, 3, 4]


def test_resume_at_no_scheduler_is_told_and_the_file_is_as_it_was(mho, ratings, tmp_path, monkeypatch):
    monkeypatch.setattr("mho.cli.recommend.dask._CONNECT_SECONDS", 0.3)
    out = tmp_path / "m.npz"
    assert mho("recommend", "fit", ratings, "-k", 2, "--max-iter", 2, "-q", "-o", out) == (0, "", "")
    before = out.read_bytes()
    code, _, told = mho("recommend", "resume", out, "--max-iter", 4, "-q", "--dask", "tcp://127.0.0.1:1")
    assert code == 1
    assert told.startswith("mho: error: ")
    assert out.read_bytes() == before


def test_a_chip_on_a_cluster_is_refused_in_one_line(mho, scheduler, ratings, tmp_path):
    settings = ("-k", 2, "-q", "--engine", "analog", "--dask", scheduler)
    code, _, told = mho("recommend", "fit", ratings, "-o", tmp_path / "x.npz", *settings)
    assert (code, told) == (2, "mho: error: --engine must be digital on a cluster, got analog\n")
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://here:1"])
def test_no_scheduler_is_told_without_a_traceback(mho, ratings, tmp_path, monkeypatch, address):
    monkeypatch.setattr("mho.cli.recommend.dask._CONNECT_SECONDS", 0.3)
    code, _, told = mho("recommend", "fit", ratings, "-o", tmp_path / "x.npz", "-q", "--dask", address)
    assert code in (1, 2)
    assert told.startswith("mho: error: ")
    assert address.partition("://")[0] in told
    assert "Traceback" not in told


def test_logs_of_dask_do_not_come_between(scheduler, tmp_path, capsys):
    logger = logging.getLogger("distributed.client")
    with dask_client(scheduler, tmp_path):
        logger.error("Traceback")
    assert "Traceback" not in capsys.readouterr().err
    assert logger.isEnabledFor(logging.ERROR)
