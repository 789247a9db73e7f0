from hashlib import sha256
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


def test_movielens_is_ratings_csv_of_its_makers_without_the_times(ratings):
    """The digest is that of their file's first three columns, its header left out."""
    assert set(ratings.users) == set(range(ratings.n_users))
    assert set(ratings.items) == set(range(ratings.n_items))
    columns = ratings.user_ids[ratings.users], ratings.item_ids[ratings.items], ratings.ratings
    text = "".join(f"{user},{item},{stars}\n" for user, item, stars in zip(*columns, strict=True))
    assert text.startswith("1,31,2.5\n")
    assert sha256(text.encode()).hexdigest() == "034a58f3195649229532d2ba9584f2f289c3bcc59b3e075a7954e9a8e84c84d7"


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
