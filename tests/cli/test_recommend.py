"""`mho recommend`, from tables to lists."""

import csv
import itertools
import re

import numpy as np
import pytest

from mho import Recommender
from mho.recommend import evaluate

ROWS = [("ann", 1, 5), ("ann", 2, 4), ("bob", 1, 5), ("bob", 3, 1), ("cem", 2, 4), ("cem", 3, 2), ("dee", 1, 4)]


@pytest.fixture
def ratings(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("user,item,rating\n" + "".join(f"{u},{i},{r}\n" for u, i, r in ROWS))
    return path


@pytest.fixture
def fitted(mho, ratings, tmp_path):
    path = tmp_path / "m.npz"
    assert mho("recommend", "fit", ratings, "-o", path, "-k", 2, "--max-iter", 4, "-q") == (0, "", "")
    return path


def test_the_file_holds_what_the_library_learns(fitted):
    users, items, stars = (list(column) for column in zip(*ROWS, strict=True))
    same = Recommender(2, max_iter=4).fit(users, items, np.float32(stars))
    loaded = Recommender.load(fitted)
    np.testing.assert_array_equal(loaded.predict(users, items), same.predict(users, items))
    assert loaded.user_ids_.tolist() == ["ann", "bob", "cem", "dee"]
    assert loaded.item_ids_.tolist() == [1, 2, 3]


@pytest.mark.parametrize("command", ["fit", "fold-in", "eval"])
def test_a_table_that_takes_too_much_memory_is_refused(mho, fitted, ratings, tmp_path, command):
    before = () if command == "fit" else (fitted,)
    after = () if command == "eval" else ("-o", tmp_path / "x.npz")
    code, out, told = mho("recommend", command, *before, ratings, *after, "--max-bytes", 50)
    assert (code, out) == (1, "")
    assert "more than --max-bytes = 50" in told
    assert not (tmp_path / "x.npz").exists()


def test_parquet_gives_the_same(mho, fitted, tmp_path):
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame(ROWS, columns=["who", "what", "stars"]).to_parquet(tmp_path / "r.parquet")
    out = tmp_path / "p.npz"
    named = ("--columns", "who,what,stars")
    assert mho("recommend", "fit", tmp_path / "r.parquet", "-o", out, "-k", 2, "--max-iter", 4, "-q", *named)[0] == 0
    np.testing.assert_array_equal(Recommender.load(out).item_factors_, Recommender.load(fitted).item_factors_)


def test_bad_rows_are_told_by_line_and_kept(mho, fitted, ratings, tmp_path):
    lines = ratings.read_text().splitlines()
    bad = {3: "ann,2", 5: ",3,4", 6: "bob,9,many", 9: "cem,8,-1", 11: ""}
    for number, text in bad.items():
        lines.insert(number - 1, text)
    (tmp_path / "b.csv").write_text("\n".join(lines))
    out = tmp_path / "b.npz"
    code, _, told = mho("recommend", "fit", tmp_path / "b.csv", "-o", out, "-k", 2, "--max-iter", 4)
    assert code == 0
    assert "5 of 12 rows cannot be read and are left out" in told
    assert [int(n) for n in re.findall(r": line (\d+): ", told)] == list(bad)
    with (tmp_path / "b.npz.rejected.csv").open(newline="") as stream:
        kept = list(csv.DictReader(stream))
    assert [int(row["line"]) for row in kept] == list(bad)
    assert kept[0]["text"] == "ann,2"
    assert kept[2]["text"] == "bob,9,many"
    np.testing.assert_array_equal(Recommender.load(out).item_factors_, Recommender.load(fitted).item_factors_)


def test_lists_have_titles_and_leave_out_what_was_rated(mho, fitted, tmp_path):
    (tmp_path / "t.csv").write_text('item,title\n1,"Tea, green"\n2,Milk\n3,Jam\n', encoding="utf-8")
    code, shown, _ = mho("recommend", "top", fitted, "--users", "ann,dee", "--titles", tmp_path / "t.csv")
    assert code == 0
    cells = [line.split() for line in shown.splitlines()]
    assert cells[0] == ["user", "rank", "item", "title", "score"]
    assert cells[1][:4] == ["ann", "1", "3", "Jam"]
    assert [row[:2] for row in cells[2:]] == [["dee", "1"], ["dee", "2"]]


def test_everybody_s_list_goes_to_a_file(mho, fitted, tmp_path):
    assert mho("recommend", "top", fitted, "-n", 1, "-o", tmp_path / "top.csv") == (0, "", "")
    with (tmp_path / "top.csv").open(newline="") as stream:
        found = list(csv.DictReader(stream))
    best = Recommender.load(fitted).recommend(n=1)
    assert [row["user"] for row in found] == best.users.tolist()
    assert [int(row["item"]) for row in found] == best.items.tolist()


def test_a_new_user_is_folded_in(mho, fitted, tmp_path):
    (tmp_path / "new.csv").write_text("user,item,rating\neve,1,5\neve,2,5\n")
    code, said, _ = mho("recommend", "fold-in", fitted, tmp_path / "new.csv", "-o", fitted)
    assert (code, "1 new users, 0 new items" in said) == (0, True)
    assert mho("recommend", "top", fitted, "--users", "eve")[1].splitlines()[1].split()[2] == "3"


def test_text_ids_may_all_look_like_numbers_in_another_file(mho, fitted, tmp_path):
    (tmp_path / "new.csv").write_text("user,item,rating\n007,1,5\n")
    assert mho("recommend", "fold-in", fitted, tmp_path / "new.csv", "-o", fitted)[0] == 0
    (tmp_path / "new.csv").write_text("user,item,rating\n8,1,5\n8,2,5\n")
    assert mho("recommend", "fold-in", fitted, tmp_path / "new.csv", "-o", fitted)[0] == 0
    assert mho("recommend", "eval", fitted, tmp_path / "new.csv")[0] == 0
    assert mho("recommend", "top", fitted, "--users", '8,"007",8')[1].count("\n8 ") == 1


def test_ratings_that_are_not_there_are_told(mho, fitted, tmp_path):
    (tmp_path / "two.csv").write_text("user,item\nann,1\nbob,2\n")
    code, _, told = mho("recommend", "fit", tmp_path / "two.csv", "-o", tmp_path / "x.npz", "-k", 1, "-q")
    assert (code, "has no column of ratings; name it by --columns" in told) == (2, True)
    code, _, told = mho("recommend", "eval", fitted, tmp_path / "two.csv")
    assert (code, "has no column of ratings, which" in told) == (2, True)


def test_users_are_asked_by_ids_of_their_kind(mho, tmp_path):
    path = tmp_path / "t.npz"
    for ids, asked in (([1.5, 2.5], "2.5"), (np.array(["2024-01-01", "2024-01-02"], "M8[D]"), "2024-01-02")):
        Recommender(1, model="implicit").fit(ids, ["a", "b"]).save(path)
        assert mho("recommend", "top", path, "--users", asked)[1].splitlines()[1].split()[0] == asked
        assert f"--users must be ids such as {ids[0]}" in mho("recommend", "top", path, "--users", "x")[2]


def test_figures_are_the_library_s(mho, fitted, tmp_path):
    (tmp_path / "test.csv").write_text("user,item,rating\nann,3,2\nbob,2,4\n")
    code, shown, _ = mho("recommend", "eval", fitted, tmp_path / "test.csv", "-n", 1)
    assert code == 0
    found = evaluate(Recommender.load(fitted), ["ann", "bob"], [3, 2], [2.0, 4.0], n=1)
    values = dict(line.split()[:2] for line in shown.splitlines())
    assert values["RMSE"] == f"{found.rmse:.4f}"
    assert values["nDCG@1"] == f"{found.ndcg:.4f}" == "1.0000"


def test_an_interrupt_keeps_the_last_iteration_and_resume_goes_on(mho, fitted, ratings, tmp_path, monkeypatch):
    out, whole = tmp_path / "i.npz", Recommender.load(fitted)
    count = itertools.count(1)

    def interrupted(shown, number, total, quality):
        if next(count) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("mho.cli.progress._Silent.iteration", interrupted)
    code, _, told = mho("recommend", "fit", ratings, "-o", out, "-k", 2, "--max-iter", 4, "-q")
    assert code == 130
    assert "iteration 2 is kept" in told
    assert mho("recommend", "resume", out, "--max-iter", 4, "-q") == (0, "", "")
    np.testing.assert_allclose(Recommender.load(out).item_factors_, whole.item_factors_)
    assert "already has 4 iterations" in mho("recommend", "resume", out, "--max-iter", 4)[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "absent.csv", "-o", "x.npz"), "absent.csv"),
        (("fit", "{ratings}", "-o", "nowhere/x.npz"), "its folder is not there"),
        (("fit", "{ratings}", "-o", "x.npz", "-k", "0"), "-k must be at least 1"),
        (("fit", "{ratings}", "-o", "x.npz", "--columns", "a,b"), "has no column 'a'"),
        (("fit", "{ratings}", "-o", "x.npz", "--columns", "user"), "--columns must be two or three different names"),
        (
            ("fit", "{ratings}", "-o", "x.npz", "--columns", "user,user"),
            "--columns must be two or three different names",
        ),
        (("fit", "{ratings}", "-o", "{ratings}"), "is read, and would be lost"),
        (("fold-in", "{fitted}", "{ratings}", "-o", "{ratings}"), "is read, and would be lost"),
        (("top", "{fitted}", "-o", "{fitted}"), "is read, and would be lost"),
        (("top", "{ratings}"), "r.csv: cannot be read: is not a recommender"),
        (("top", "{fitted}", "--users", "zoe"), "users must be known, got zoe"),
        (("top", "{fitted}", "-n", "0"), "-n must be at least 1"),
        (("resume", "{fitted}", "--max-iter", "0"), "--max-iter must be at least 1"),
        (("eval", "{fitted}", "{ratings}", "--relevant", "9"), "relevant"),
    ],
)
def test_mistakes_are_one_line(mho, fitted, ratings, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, told = mho("recommend", *(x.format(ratings=ratings, fitted=fitted) for x in arguments))
    assert code in (1, 2)
    assert out == ""
    assert message in told
    assert told.count("mho: ") == 1
    assert "Traceback" not in told
