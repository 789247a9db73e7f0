import csv
import gzip
import io
from importlib.resources import files

import numpy as np
import pytest

from mho import data


def test_camera_is_the_picture_of_scikit_image():
    skimage_data = pytest.importorskip("skimage.data")
    picture = data.camera(512)
    assert picture.dtype == np.float64
    np.testing.assert_array_equal(np.rint(picture * 255), skimage_data.camera())


def test_smaller_camera_is_made_of_block_means():
    full, half = data.camera(512), data.camera()
    assert half.shape == (256, 256)
    assert half[3, 7] == pytest.approx(full[6:8, 14:16].mean(), abs=1e-15)
    assert data.camera(1)[0, 0] == pytest.approx(full.mean())


@pytest.mark.parametrize(
    ("size", "error"), [(300, ValueError), (0, ValueError), (1024, ValueError), (256.0, TypeError)]
)
def test_camera_refuses_a_size_that_does_not_divide(size, error):
    with pytest.raises(error, match="size must"):
        data.camera(size)


@pytest.fixture(scope="module")
def ratings():
    return data.movielens()


def test_movielens_counts_are_those_of_its_readme(ratings):
    assert (len(ratings.ratings), ratings.n_users, ratings.n_items) == (100_004, 671, 9066)
    assert set(np.unique(ratings.ratings)) == set(np.arange(1, 11) / 2)


def test_movielens_indices_are_contiguous_and_lead_back_to_the_ids(ratings):
    table = gzip.decompress((files("mho.data") / "files" / "ratings.csv.gz").read_bytes()).decode()
    lines = list(csv.DictReader(io.StringIO(table)))
    assert set(ratings.users) == set(range(ratings.n_users))
    assert set(ratings.items) == set(range(ratings.n_items))
    for i in (0, 1234, 100_003):
        assert ratings.user_ids[ratings.users[i]] == int(lines[i]["userId"])
        assert ratings.item_ids[ratings.items[i]] == int(lines[i]["movieId"])
        assert ratings.ratings[i] == float(lines[i]["rating"])


def test_movielens_titles_and_genres(ratings):
    toy_story = list(ratings.item_ids).index(1)
    assert ratings.titles[toy_story] == "Toy Story (1995)"
    assert "Animation" in ratings.genres[toy_story]
    assert len(ratings.titles) == len(ratings.genres) == ratings.n_items
    assert all(title for title in ratings.titles)


def test_licences_lie_beside_the_data():
    folder = files("mho.data") / "files"
    text = (folder / "LICENSES.md").read_text()
    names = {entry.name for entry in folder.iterdir()} - {"LICENSES.md"}
    assert all(name in text for name in names)
    assert "Usage License" in (folder / "MOVIELENS-README.txt").read_text(encoding="utf-8")
