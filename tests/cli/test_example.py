"""`mho example` writes small files that other commands take."""

import io

import numpy as np
from PIL import Image
from scipy.io import mmread
from scipy.optimize import nnls

from mho.data import camera


def test_the_files_are_what_the_list_says(mho, tmp_path):
    assert mho("example", "--all", "--to", tmp_path)[0] == 0
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    listed = [line.split()[0] for line in mho("example")[1].splitlines()]
    assert sorted(files) == sorted(listed)
    assert sum(map(len, files.values())) < 2e6
    np.testing.assert_array_equal(np.load(tmp_path / "photo.npy"), camera(128))
    picture = np.asarray(Image.open(io.BytesIO(files["photo.png"])))
    np.testing.assert_allclose(picture / 255, camera(128), atol=0.5 / 255 + 1e-9)
    assert 0.09 < np.mean(np.asarray(Image.open(tmp_path / "lost.png")) > 0) < 0.13
    A, b = np.load(tmp_path / "a.npy"), np.loadtxt(tmp_path / "b.csv")
    assert nnls(A, b)[0].min() == 0
    assert nnls(A, b)[0].max() > 1
    rows = [len(files[name].splitlines()) - 1 for name in ("ratings.csv", "held-out.csv")]
    assert mmread(tmp_path / "ratings.mtx").nnz == sum(rows)


def test_what_is_there_is_left_as_it_is(mho, tmp_path):
    path = tmp_path / "b.csv"
    assert [mho("example", "b.csv", "--to", tmp_path)[0] for _ in range(2)] == [0, 0]
    path.write_text("mine")
    code, _, said = mho("example", "a.npy", "b.csv", "--to", tmp_path)
    assert (code, path.read_text()) == (2, "mine")
    assert (
        said == f"mho: error: {path}: is there already with other content and is not written over; take another --out\n"
    )
    assert not (tmp_path / "a.npy").exists()


def test_a_name_that_is_none_is_told_with_those_that_are(mho):
    code, _, said = mho("example", "photo.tif")
    assert code == 2
    assert "NAME must be one of 'photo.npy', " in said
    assert "got 'photo.tif'" in said
