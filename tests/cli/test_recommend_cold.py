"""`mho recommend add-items`: films that nobody has seen, by their genres, beside the library and a sum by hand."""

import gzip
import json

import numpy as np
import pytest

from mho import Recommender
from mho.data import DataError
from mho.data.feature_table import read_features

FILMS = "movieId,title,genres,year\n1,A,Comedy|Short,10\n2,B,Comedy,\n3,C,War,40\n4,D,War|Short,20\n9,New,War,40\n"


@pytest.fixture
def shelf(tmp_path):
    """Users of comedies, and those of war films."""
    users = [1, 1, 2, 2, 3, 3, 4, 4, 5]
    items = [1, 2, 1, 2, 3, 4, 3, 4, 3]
    Recommender(model="neighbours").fit(users, items).save(tmp_path / "shelf.npz")
    (tmp_path / "films.csv").write_text(FILMS)
    return tmp_path / "shelf.npz"


def test_a_new_film_is_added_and_listed(mho, shelf, tmp_path):
    out = tmp_path / "new.npz"
    code, text, told = mho(
        "recommend", "add-items", shelf, tmp_path / "films.csv", "--features", "genres", "-o", out, "--json"
    )
    assert code == 0, told
    assert json.loads(text) | {"recommender": ""} == {
        "recommender": "",
        "new_items": 1,
        "known_items_with_features": 4,
        "features": 3,
    }
    library = Recommender.load(shelf)
    genres = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1]])
    library.add_items([9], [[0, 0, 1]], known_features=genres)
    np.testing.assert_allclose(Recommender.load(out).list_scores(), library.list_scores(), rtol=1e-6)
    code, text, told = mho("recommend", "top", out, "--users", "3,1", "--among", "9", "--json")
    assert code == 0, told
    rows = json.loads(text)
    assert [row["item"] for row in rows] == ["9", "9"]
    assert rows[0]["score"] > rows[1]["score"]  # who saw war films wants it, who saw comedies does not


def test_features_are_words_and_shares_of_the_largest_number(shelf, tmp_path):
    found = read_features(tmp_path / "films.csv")
    assert found.names == ("genres=Comedy", "genres=Short", "year", "genres=War")
    np.testing.assert_allclose(found.matrix.toarray()[:3], [[1, 1, 0.25, 0], [1, 0, 0, 0], [0, 0, 1, 1]])
    (tmp_path / "f.json.gz").write_bytes(gzip.compress(b'{"7": [1, 5], "8": []}'))
    told = read_features(tmp_path / "f.json.gz")
    assert (told.ids.tolist(), told.names) == (["7", "8"], ("1", "5"))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (FILMS, ("--features", "genre"), "has no column 'genre', but 'movieId', 'title', 'genres', 'year'"),
        (FILMS.replace(",40", ",-4"), ("--features", "year"), "'year' must hold finite numbers >= 0, has -4"),
        (FILMS.replace("9,New", "4,New"), (), "names '4' again"),
        (FILMS.replace("9,New,War,40\n", ""), (), "has no item that"),
        (FILMS.replace("9,New", "x,New"), (), "must be ids such as 1, 2, 3, got 'x'"),
        (FILMS, ("--split", ""), "split must be at least one character, got none"),
        (FILMS, ("--features", "title"), "known_features must not be more than there are items, 4, got 5"),
        (FILMS.replace("Short", "a|b|c|d"), (), "known_features must not be more than there are items"),
    ],
)
def test_a_bad_table_is_one_line(mho, shelf, tmp_path, text, options, message):
    (tmp_path / "films.csv").write_text(text)
    out = tmp_path / "new.npz"
    code, _, told = mho("recommend", "add-items", shelf, tmp_path / "films.csv", "-o", out, *options)
    assert code in (1, 2)  # of a file, or of an argument
    assert message in told
    assert told.count("\n") == 1
    assert not out.exists()


def test_json_of_another_shape_is_told(tmp_path):
    (tmp_path / "f.json").write_text("[1, 2]")
    with pytest.raises(DataError, match="must be an object with a list of features for each item"):
        read_features(tmp_path / "f.json")


def test_old_choices_count_less(mho, tmp_path):
    """Halved for each ten of the column's unit before the last choice, beside the library told the same strengths."""
    rows = [("a", 1, 100), ("a", 2, 80), ("b", 2, 90), ("b", 1, 100), ("c", 2, 100), ("c", 3, 70)]
    (tmp_path / "t.csv").write_text("user,item,when\n" + "".join(f"{u},{i},{w}\n" for u, i, w in rows))
    settings = (tmp_path / "t.csv", "--model", "implicit", "-k", 2, "-o", tmp_path / "m.npz", "-q")
    code, _, told = mho("recommend", "fit", *settings, "--time", "when", "--half-life", "10")
    assert code == 0, told
    users, items, when = zip(*rows, strict=True)
    strengths = 0.5 ** ((100 - np.array(when)) / 10)
    known = Recommender.load(tmp_path / "m.npz").known_.toarray()
    np.testing.assert_allclose(known, Recommender(2, model="implicit").fit(users, items, strengths).known_.toarray())
    for options, message in (
        (("--time", "when"), "--time COLUMN and --half-life TIME go together"),
        (("--time", "when", "--half-life", "0", "--model", "implicit"), "--half-life must be above 0, got 0"),
        (("--time", "when", "--half-life", "5", "--model", "ratings"), "--half-life is for choices"),
    ):
        code, _, told = mho("recommend", "fit", tmp_path / "t.csv", "-o", tmp_path / "n.npz", "-q", *options)
        assert code == 2
        assert message in told, told


def test_features_are_joined_by_the_command_as_by_the_library(mho, tmp_path):
    pairs = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (3, 4), (4, 3), (4, 4), (5, 3)]
    (tmp_path / "t.csv").write_text("user,item\n" + "".join(f"{u},{i}\n" for u, i in pairs))
    (tmp_path / "films.csv").write_text(FILMS)
    features = "--item-features", tmp_path / "films.csv", "--features", "genres"
    own, model = ("recommend", "fit", tmp_path / "t.csv", "-q", "-o", tmp_path / "m.npz"), ("--model", "neighbours")
    code, _, told = mho(*own, *model, *features)
    assert code == 0, told
    genres = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1], [0, 0, 1]])
    library = Recommender(model="neighbours").fit(*zip(*pairs, strict=True), item_features=([1, 2, 3, 4, 9], genres))
    found = Recommender.load(tmp_path / "m.npz")
    assert found.item_ids_.tolist() == [1, 2, 3, 4, 9]
    np.testing.assert_allclose(found.list_scores(), library.list_scores(), rtol=1e-6)
    for options, message in (
        ((*model, "--features", "genres"), "--features goes with --item-features FILE"),
        (features, "--item-features is for --model neighbours or mixed of a table in memory, got --model ratings"),
        ((*model, *features[:3], "title"), "--item-features must not be more than there are items, 4, got 5"),
    ):
        code, _, told = mho(*own, *options)
        assert code in (1, 2)
        assert message in told, told
        assert told.count("\n") == 1
