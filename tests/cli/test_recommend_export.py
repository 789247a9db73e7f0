import json

import numpy as np
import pytest
from scipy.optimize import nnls

from mho import Recommender


@pytest.fixture
def shelf(tmp_path):
    path = tmp_path / "shelf.npz"
    Recommender(2, model="implicit").fit([1, 1, 2, 2, 3], [7, 8, 7, 9, 8]).save(path)
    return path


def test_export_writes_the_app(mho, shelf, tmp_path):
    titles = tmp_path / "titles.csv"
    titles.write_text("id,title,kind\n7,Tea,drink\n8,Jam,\n")
    code, out, err = mho("recommend", "export", shelf, "--titles", titles, "--to", tmp_path / "app", "--name", "Shop")
    assert (code, err) == (0, "")
    assert out.startswith(f"{tmp_path / 'app'}: 3 items, 0.0")
    assert "<h1>Shop</h1>" in (tmp_path / "app" / "index.html").read_text()
    assert (tmp_path / "app" / "catalogue.bin").exists()


def test_titles_may_be_left_out(mho, shelf, tmp_path):
    assert mho("recommend", "export", shelf, "--to", tmp_path / "app")[0] == 0


@pytest.mark.parametrize(
    ("titles", "message"),
    [("id,title\n7,Tea,drink\n", "line 2 has 3 fields, line 1 has 2"), (None, "titles.csv: No such file")],
)
def test_bad_titles_are_one_line_and_no_app(mho, shelf, tmp_path, titles, message):
    path = tmp_path / "titles.csv"
    if titles:
        path.write_text(titles)
    code, out, err = mho("recommend", "export", shelf, "--titles", path, "--to", tmp_path / "app")
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "app").exists()


def test_a_folder_that_is_a_file_is_one_line(mho, shelf, tmp_path):
    (tmp_path / "app").touch()
    code, _, err = mho("recommend", "export", shelf, "--to", tmp_path / "app")
    assert code == 1
    assert "File exists" in err


@pytest.mark.parametrize("name", ["list.csv", "app.zip"])
def test_a_file_of_another_kind_is_no_folder(mho, shelf, tmp_path, name):
    code, _, err = mho("recommend", "export", shelf, "-o", tmp_path / name)
    assert code == 2
    assert "-o must be a folder, or a file .json" in err
    assert not (tmp_path / name).exists()


def test_json_has_what_a_list_is_made_of(mho, shelf, tmp_path):
    """Folded in by scipy from the file alone: the library's list."""
    code, _, err = mho("recommend", "export", shelf, "--to", tmp_path / "shelf.json")
    assert (code, err) == (0, "")
    found = json.loads((tmp_path / "shelf.json").read_text())
    rows, rule = np.array(found["rows"]), found["rule"]
    assert (found["format"], found["version"], rule["kind"]) == ("mho recommender", 1, "choices")
    offsets, Q = rows[:, 0], rows[:, 1:]
    liked = np.arange(len(rows)) == 1
    weight = np.sqrt(1 + rule["confidence"] * liked)
    A = np.vstack([weight[:, None] * Q, np.sqrt(rule["l2"]) * np.eye(Q.shape[1])])
    x, _ = nnls(A, np.append(weight * liked, np.zeros(Q.shape[1])))
    scores = offsets + rule["share"] * Q @ x
    recommender = Recommender.load(shelf)
    titles = [item["title"] for item in found["items"]]
    assert titles == [str(item) for item in recommender.item_ids_]
    wanted = recommender.recommend_for(recommender.item_ids_[liked], n=len(rows))
    by_title = dict(zip(titles, scores, strict=True))
    assert np.allclose([by_title[str(item)] for item in wanted.items], wanted.scores, rtol=1e-4)


def test_json_that_would_replace_what_is_read_is_refused(mho, tmp_path):
    model = tmp_path / "model.json"
    model.write_text("{}")
    code, _, err = mho("recommend", "export", model, "--to", model)
    assert code == 2
    assert "model.json" in err
