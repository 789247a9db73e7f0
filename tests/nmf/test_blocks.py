"""Matrices larger than memory, in blocks of rows."""

import os
import tracemalloc
from types import SimpleNamespace

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


def test_an_interrupted_fit_goes_on_from_its_files(X, tmp_path):
    files = {"out": tmp_path / "W.npy", "out_H": tmp_path / "H.npy"}
    settings = {"block_bytes": 5000, "tol": 0, "random_state": 0}
    whole = mho.fit_blocks(X, 4, max_iter=6, **settings)

    def interrupt(record):
        if record["iteration"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mho.fit_blocks(X, 4, max_iter=6, callback=interrupt, **files, **settings)
    rest = mho.fit_blocks(X, 4, max_iter=3, W=files["out"], H=files["out_H"], **files, **settings)
    np.testing.assert_array_equal(np.load(rest.H), whole.H)
    np.testing.assert_array_equal(np.load(rest.W), whole.W)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["H.npy", "W.npy"]


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
        ("X.h5", {}, ValueError, r"must end in one of \.npy, \.parquet, .*open others"),
        ("X.npy", {}, FileNotFoundError, r"No such file or directory: 'X\.npy'"),
        ({"X": np.ones((4, 3))}, {}, TypeError, r"got dict; give one of its arrays"),
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


def test_a_file_that_is_to_be_read_is_not_written_over(X, tmp_path):
    path, other = _given("npy", X, tmp_path), tmp_path / "H.npy"
    for source in (path, str(path), np.load(path, mmap_mode="r")):
        for name in ("out", "out_H"):
            with pytest.raises(
                ValueError, match=rf"^{name} must be another file than the source, got .*X\.npy for both"
            ):
                mho.fit_blocks(source, 4, **{name: tmp_path / "." / "X.npy"})
    with pytest.raises(ValueError, match="out_H must be another file than out"):
        mho.fit_blocks(path, 4, out=other, out_H=other)
    np.testing.assert_array_equal(np.load(path), X)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, ">f4", np.float16, bool])
def test_numbers_of_any_type_are_read_from_a_file(X, dtype, tmp_path):
    kept = (3 * X).astype(dtype)
    np.save(tmp_path / "X.npy", kept)
    settings = {"block_bytes": 5000, "max_iter": 3, "tol": 0, "random_state": 0}
    fit = mho.fit_blocks(tmp_path / "X.npy", 4, **settings)
    np.testing.assert_array_equal(fit.H, mho.fit_blocks(kept, 4, **settings).H)


@pytest.mark.parametrize("index", [[f"cell {i}" for i in range(400)], list(range(1000, 1400))])
def test_names_of_rows_are_no_numbers_of_a_table(X, index, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X.astype(float), index=index, columns=[f"c{j}" for j in range(30)])
    settings = {"block_bytes": 20_000, "max_iter": 3, "tol": 0, "random_state": 0}
    whole = mho.fit_blocks(frame, 4, **settings).H
    for name, table in (("i", frame), ("c", frame.reset_index() if isinstance(index[0], str) else frame)):
        table.to_parquet(tmp_path / f"{name}.parquet", row_group_size=150)
        source = block_source(tmp_path / f"{name}.parquet")
        np.testing.assert_array_equal(source.part(140, 310), X[140:310])
        found = mho.fit_blocks(tmp_path / f"{name}.parquet", 4, **settings).H
        np.testing.assert_allclose(found, whole, rtol=1e-9, atol=1e-12)
    frame.assign(c3="x").to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: column 'c3' must hold numbers, holds (large_)?string"):
        mho.fit_blocks(tmp_path / "t.parquet", 4)


def test_what_gives_columns_alone_is_refused_and_what_nobody_knows_is_told(X, tmp_path):
    kept = SimpleNamespace(shape=X.shape, dtype=X.dtype, format="csc", __getitem__=None)
    with pytest.raises(ValueError, match="source is kept by columns"):
        mho.fit_blocks(kept, 4)
    X[7, 2] = np.nan
    with pytest.raises(ValueError, match="rows 0 to 399, contains NaN; in blocks every entry must be known"):
        mho.fit_blocks(X, 4)
    with pytest.raises(TypeError, match=r"X must be a matrix, got the path X\.npy; mho.data.read_matrix reads it"):
        NMF(4).fit("X.npy")


@pytest.mark.filterwarnings("ignore:The 'future.infer_string'")  # anndata's own
def test_files_of_other_libraries_are_opened(X, tmp_path):
    zarr, anndata, pandas = map(pytest.importorskip, ("zarr", "anndata", "pandas"))
    zarr.create_array(tmp_path / "X.zarr", data=X)
    names = {"obs": 400, "var": 30}
    frames = {
        part: pandas.DataFrame(index=pandas.Index([f"{i}" for i in range(n)], dtype=object))
        for part, n in names.items()
    }
    anndata.AnnData(sp.csr_matrix(X), **frames).write(tmp_path / "X.h5ad")
    settings = {"block_bytes": 5000, "max_iter": 3, "tol": 0, "random_state": 0}
    whole = mho.fit_blocks(X, 4, **settings).H
    for name in ("X.zarr", "X.h5ad"):
        np.testing.assert_allclose(mho.fit_blocks(tmp_path / name, 4, **settings).H, whole, rtol=1e-3, atol=1e-4)
    (tmp_path / "X.h5ad").write_bytes(b"no such thing")
    with pytest.raises(DataError, match=r"X\.h5ad: cannot be read"):
        mho.fit_blocks(tmp_path / "X.h5ad", 4)


@pytest.mark.parametrize("kind", ["npy", "sparse"])
def test_both_factors_on_disk_are_those_in_memory(X, kind, tmp_path, monkeypatch):
    monkeypatch.setattr("mho.nmf.blocks._COLUMNS", 7)
    monkeypatch.setattr("mho.nmf.blocks._BLOCK_BYTES", 500)
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
