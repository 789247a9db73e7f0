"""Matrices larger than memory, in blocks of rows."""

import os
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

import mho
from mho import NMF
from mho.data import DataError
from mho.nmf.block_source import block_source


@pytest.fixture
def X(make_low_rank):
    return make_low_rank(m=400, n=30, k=4, noise=0.05).astype(np.float32)


def _left(X, fit):
    W = np.load(fit.W) if not isinstance(fit.W, np.ndarray) else fit.W
    return np.linalg.norm(X - W @ fit.H) / np.linalg.norm(X)


def _given(kind, X, folder):
    if kind == "npy":
        np.save(folder / "X.npy", X)
        return folder / "X.npy"
    if kind == "parquet":
        pandas = pytest.importorskip("pandas")
        pandas.DataFrame(X.astype(float), columns=[f"c{j}" for j in range(X.shape[1])]).to_parquet(folder / "X.parquet")
        return str(folder / "X.parquet")
    if kind == "dask":
        return pytest.importorskip("dask.array").from_array(X, chunks=(77, 30))
    return sp.csr_array(X) if kind == "sparse" else X


@pytest.mark.parametrize("kind", ["npy", "parquet", "dask", "sparse", "array"])
def test_every_kind_of_source_gives_one_answer_near_that_in_memory(X, kind, tmp_path):
    fit = mho.fit_blocks(_given(kind, X, tmp_path), 4, block_bytes=5000, max_iter=30, tol=0, random_state=0)
    assert fit.errors[-1] == pytest.approx(_left(X, fit), rel=1e-3)
    assert (np.diff(fit.errors) <= 1e-6).all()
    assert fit.errors[-1] < 1.2 * NMF(4, random_state=0, max_iter=300).fit(X).history_[-1]["error"]
    reference = mho.fit_blocks(X.astype(float), 4, block_bytes=5000, max_iter=30, tol=0, random_state=0)
    np.testing.assert_allclose(fit.H, reference.H, atol=0.02)


def test_the_size_of_a_block_does_not_matter(X):
    fits = [mho.fit_blocks(X, 4, block_bytes=b, max_iter=5, tol=0, random_state=0).H for b in (1, 4000, 1 << 30)]
    for H in fits[1:]:
        np.testing.assert_allclose(H, fits[0], rtol=1e-3, atol=1e-4)


def test_a_factor_on_disk_is_that_in_memory_and_is_gone_on_from(X, tmp_path):
    settings = {"block_bytes": 5000, "tol": 0, "random_state": 0}
    whole = mho.fit_blocks(X, 4, max_iter=6, **settings)
    first = mho.fit_blocks(X, 4, max_iter=3, out=tmp_path / "W.npy", **settings)
    assert first.W == tmp_path / "W.npy"
    rest = mho.fit_blocks(X, 4, max_iter=3, W=first.W, H=first.H, out=tmp_path / "W.npy", **settings)
    np.testing.assert_array_equal(rest.H, whole.H)
    np.testing.assert_array_equal(np.load(rest.W), whole.W)
    again = mho.fit_blocks(X, 4, max_iter=3, W=mho.fit_blocks(X, 4, max_iter=3, **settings).W, H=first.H, **settings)
    np.testing.assert_array_equal(again.H, whole.H)


def test_memory_is_that_of_some_blocks(tmp_path):
    X = np.random.default_rng(0).random((20_000, 100), dtype=np.float32)
    np.save(tmp_path / "X.npy", X)
    del X
    tracemalloc.start()
    mho.fit_blocks(tmp_path / "X.npy", 3, block_bytes=100_000, max_iter=2, out=tmp_path / "W.npy", random_state=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000 < 20_000 * 100 * 4


def test_progress_tells_the_time_left_and_may_stop(X):
    said = []

    def follow(record):
        said.append(record)
        return len(said) == 2

    fit = mho.fit_blocks(X, 4, max_iter=10, tol=0, callback=follow, random_state=0)
    assert len(fit.errors) == len(said) == 2
    assert said[0]["seconds_left"] == pytest.approx(9 * said[0]["seconds"])


def test_a_file_that_is_cut_short_or_changes_is_named(X, tmp_path):
    path = _given("npy", X, tmp_path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"X\.npy: cut off at byte"):
        mho.fit_blocks(path, 4)
    np.save(path, np.asfortranarray(X))
    with pytest.raises(DataError, match="must be in C order"):
        mho.fit_blocks(path, 4)
    X[250, 3] = -1
    np.save(path, X)
    with pytest.raises(ValueError, match=r"X\.npy, rows \d+ to \d+, contains a negative entry"):
        mho.fit_blocks(path, 4, block_bytes=5000)


def test_a_file_that_shrinks_during_a_fit_is_told(X, tmp_path):
    path = _given("npy", X, tmp_path)

    def shrink(record):
        os.truncate(path, path.stat().st_size - 120)

    with pytest.raises(DataError, match=r"X\.npy: cut off after row 3\d\d"):
        mho.fit_blocks(path, 4, block_bytes=5000, tol=0, callback=shrink)


@pytest.mark.parametrize(
    ("source", "options", "kind", "says"),
    [
        ("X.h5", {}, ValueError, r"must end in \.npy or \.parquet .*open others"),
        (3, {}, TypeError, "source must be a file or give rows by slices, got int"),
        (np.ones((4, 3)), {"n_components": 9}, ValueError, "n_components must be at least 1 and at most 4"),
        (np.ones((4, 3)), {"H": np.ones((3, 3))}, ValueError, r"H must have shape \(2, 3\)"),
        (np.ones((4, 3)), {"W": np.ones((3, 2))}, ValueError, r"W must have shape \(4, 2\)"),
        (np.ones((4, 3)), {"out": "W.bin"}, ValueError, r"out must end in \.npy"),
    ],
)
def test_bad_input_is_named(source, options, kind, says):
    with pytest.raises(kind, match=says):
        mho.fit_blocks(source, **{"n_components": 2, **options})


@pytest.mark.parametrize("kind", ["npy", "sparse"])
def test_both_factors_on_disk_are_those_in_memory(X, kind, tmp_path, monkeypatch):
    monkeypatch.setattr("mho.nmf.blocks._COLUMNS", 7)
    source, settings = _given(kind, X, tmp_path), {"block_bytes": 5000, "tol": 0, "random_state": 0}
    whole = mho.fit_blocks(source, 4, max_iter=4, **settings)
    files = {"out": tmp_path / "W.npy", "out_H": tmp_path / "H.npy"}
    first = mho.fit_blocks(source, 4, max_iter=2, **files, **settings)
    rest = mho.fit_blocks(source, 4, max_iter=2, W=first.W, H=first.H, **files, **settings)
    assert (rest.W, rest.H) == (files["out"], files["out_H"])
    np.testing.assert_allclose(np.load(rest.H), whole.H, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.load(rest.W), whole.W, rtol=1e-4, atol=1e-5)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "X.npy") == ["H.npy", "W.npy"]


def test_rows_of_a_wide_sparse_matrix_come_many_at_a_time():
    X = sp.random_array((300, 100_000), density=1e-4, rng=np.random.default_rng(0), format="csr")
    assert block_source(X).row_bytes < 400
    assert block_source(X.toarray()).row_bytes == 800_000
