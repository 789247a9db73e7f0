"""Blocks of rows on the workers of a Dask cluster."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp

import mho
from mho import NMF

distributed = pytest.importorskip("distributed")

SETTINGS = {"block_bytes": 20_000, "max_iter": 3, "tol": 0, "random_state": 0}


@pytest.fixture(scope="module")
def client():
    """Two workers, in threads of this process, that speak as others do."""
    workers = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "protocol": "tcp"}
    with (
        distributed.LocalCluster(**workers, dashboard_address=":0", silence_logs="CRITICAL") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def X(make_low_rank):
    return make_low_rank(m=400, n=30, k=4, noise=0.05).astype(np.float32)


def _given(kind, X, folder):
    if kind == "npy":
        np.save(folder / "X.npy", X)
        return folder / "X.npy"
    if kind == "parquet":
        columns = {f"c{j}": X[:, j].astype(float) for j in range(X.shape[1])}
        pq.write_table(pa.table(columns), folder / "X.parquet", row_group_size=77)
        return folder / "X.parquet"
    if kind == "dask":
        return pytest.importorskip("dask.array").from_array(X, chunks=(77, 30))
    return sp.csr_array(X) if kind == "sparse" else X


@pytest.mark.parametrize("kind", ["npy", "parquet", "dask", "sparse"])
def test_the_factors_are_those_of_one_machine_to_the_bit(client, X, kind, tmp_path):
    source = _given(kind, X, tmp_path)
    here = mho.fit_blocks(source, 3, **SETTINGS)
    there = mho.fit_blocks(source, 3, cluster=client, **SETTINGS)
    np.testing.assert_array_equal(there.H, here.H)
    np.testing.assert_array_equal(there.W, here.W)
    assert there.errors == here.errors


def test_the_estimator_on_a_cluster(client, X, tmp_path):
    said = []
    model = NMF(3, cluster=client, max_iter=3, tol=0, random_state=0, scaled=True, callback=said.append)
    model.fit(_given("npy", X, tmp_path))
    here = NMF(3, max_iter=3, tol=0, random_state=0)
    assert model.n_iter_ == len(model.history_) == len(said) == 3
    assert model.reconstruction_err_ == pytest.approx(np.linalg.norm(X - model.W_ @ model.components_), rel=1e-3)
    np.testing.assert_allclose(model.components_.sum(axis=1), 1, rtol=1e-5)
    assert model.transform(X[:5]).shape == (5, 3)
    assert here.fit(X).reconstruction_err_ < 1.2 * model.reconstruction_err_


@pytest.mark.parametrize(
    "setting", [{"loss": "kullback-leibler"}, {"l2_W": 1.0}, {"n_components": "cv"}, {"graph": []}]
)
def test_what_is_not_for_a_cluster_is_refused(setting):
    with pytest.raises(ValueError, match=f"cluster is for the squared error .* got {next(iter(setting))}"):
        NMF(**{"n_components": 2, "cluster": object(), **setting}).fit(np.ones((4, 3)))


def test_a_lost_worker_takes_nothing_with_it(client, X):
    source = sp.csr_array(X)
    cluster = client.cluster

    def lose(record):
        if record["iteration"] == 2:
            lost = cluster.workers[0]
            assert lost.data, "it holds blocks and factors"
            cluster.sync(lost.close, executor_wait=False)

    there = mho.fit_blocks(source, 3, cluster=client, callback=lose, **SETTINGS)
    np.testing.assert_array_equal(there.H, mho.fit_blocks(source, 3, **SETTINGS).H)
