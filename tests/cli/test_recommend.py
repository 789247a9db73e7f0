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


@pytest.mark.parametrize("model", ["ratings", "implicit"])
def test_a_fit_says_what_its_lists_are_made_with(mho, ratings, tmp_path, model):
    path = tmp_path / "m.npz"
    code, out, _ = mho("recommend", "fit", ratings, "-o", path, "-k", 2, "--max-iter", 2, "--model", model)
    assert code == 0
    chosen = Recommender.load(path).model_
    assert f"ridge {chosen.l2:.4g}, popularity {chosen.popularity:.4g}, which decides alone" in out  # of seven rows


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
    bad = {3: "ann,2", 5: ",3,4", 6: "bob,9,many", 9: "cem,8,-x", 11: ""}
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
    assert cells[0] == ["user", "rank", "item", "score", "title"]
    assert cells[1][:3] + cells[1][4:] == ["ann", "1", "3", "Jam"]
    assert [row[:2] for row in cells[2:]] == [["dee", "1"], ["dee", "2"]]


def test_a_long_title_goes_on_below(mho, fitted, tmp_path):
    (tmp_path / "t.csv").write_text(f"item,title\n1,Tea\n2,Milk\n3,{'Jam of plums ' * 9}\n", encoding="utf-8")
    code, shown, told = mho("recommend", "top", fitted, "--users", "ann", "--titles", tmp_path / "t.csv")
    assert (code, told) == (0, "")
    assert max(map(len, shown.splitlines())) <= 100
    assert shown.count("plums") == 9


def test_everybody_s_list_goes_to_a_file(mho, fitted, tmp_path):
    assert mho("recommend", "top", fitted, "-n", 1, "-o", tmp_path / "top.csv") == (0, "", "")
    with (tmp_path / "top.csv").open(newline="") as stream:
        found = list(csv.DictReader(stream))
    best = Recommender.load(fitted).recommend(n=1)
    assert [row["user"] for row in found] == best.users.tolist()
    assert [int(row["item"]) for row in found] == best.items.tolist()


def test_a_user_of_every_item_has_no_list_and_is_told(mho, tmp_path):
    (tmp_path / "t.csv").write_text("user,item,rating\nann,1,4\nann,2,3\nbob,1,5\n")
    assert mho("recommend", "fit", tmp_path / "t.csv", "-k", 1, "-o", tmp_path / "m.npz", "-q")[0] == 0
    code, shown, told = mho("recommend", "top", tmp_path / "m.npz", "--users", "ann,bob")
    assert code == 0
    assert [line.split()[:3] for line in shown.splitlines()[1:]] == [["bob", "1", "2"]]
    assert "1 of 2 users have no list, every item is theirs (ann); --seen lists these too" in told
    assert len(mho("recommend", "top", tmp_path / "m.npz", "--seen")[1].splitlines()) == 1 + 4


def test_a_hybrid_says_how_many_lists_it_computed_again(mho, fitted):
    code, shown, told = mho("recommend", "top", fitted, "--engine", "hybrid", "-n", 1)
    assert code == 0
    assert "lists hang by less than the chip's own errors: computed again digitally" in told
    best = Recommender.load(fitted).recommend(n=1)
    assert [line.split()[0] for line in shown.splitlines()[1:]] == best.users.tolist()


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
    assert told.count("mho: error: ") == 1
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.csv", "movieId,userId,rating\n7,1,5\n8,1,4\n7,2,3\n", "user=userId, item=movieId, rating=rating"),
        (
            "m.dat",
            "1::7::5::978300760\n1::8::4::978302109\n2::7::3::978301968\n",
            "user=field 1, item=field 2, rating=field",
        ),
        (
            "m.csv",
            "Zeit;Nutzer;Film;Sterne\n9;1;7;4,5\n9;2;8;3,5\n",
            "user=Nutzer, item=Film, rating=Sterne; decimal comma",
        ),
        (
            "m.csv",
            "user,item,liked\n1,7,true\n2,8,false\n",
            "user=user, item=item, rating=liked; true is 1, false is 0",
        ),
        ("m.jsonl", '{"reviewerID": 1, "asin": "B", "overall": 5.0}\n', "user=reviewerID, item=asin, rating=overall"),
    ],
)
def test_what_was_understood_is_said_and_kept(mho, tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    code, _, told = mho("recommend", "fit", tmp_path / name, "-o", tmp_path / "x.npz", "-k", 1)
    assert code == 0
    assert f"mho: {tmp_path / name}: {said}" in told
    kept = Recommender.load(tmp_path / "x.npz").columns_
    assert said.startswith(f"user={kept[0]}, item={kept[1]}, rating={kept[2][:5]}")
    quiet = mho("recommend", "fit", tmp_path / name, "-o", tmp_path / "x.npz", "-k", 1, "-q")
    assert ("a guess: --columns says which" in quiet[2]) == (name == "m.dat")


def test_columns_of_the_fit_are_those_of_other_commands(mho, tmp_path):
    (tmp_path / "r.csv").write_text("user,item,rating\n" + "".join(f"{i},{u},{r}\n" for u, i, r in ROWS))
    out = tmp_path / "m.npz"
    assert (
        mho("recommend", "fit", tmp_path / "r.csv", "-o", out, "-k", 1, "--columns", "item,user,rating", "-q")[0] == 0
    )
    code, shown, told = mho("recommend", "eval", out, tmp_path / "r.csv")
    assert code == 0
    assert "user=item, item=user, rating=rating" in told
    assert dict(line.split()[:2] for line in shown.splitlines())["lists"] == "4"
    code, _, told = mho("recommend", "eval", out, tmp_path / "r.csv", "--columns", "user,item,rating")
    assert (code, "has user=user, which was the item in the fit" in told) == (1, True)


def test_negative_ratings_are_refused_or_shifted(mho, tmp_path):
    (tmp_path / "r.csv").write_text("user,item,rating\n" + "".join(f"{u},{i},{r - 4}\n" for u, i, r in ROWS))
    out = tmp_path / "m.npz"
    fit = ("recommend", "fit", tmp_path / "r.csv", "-o", out, "-k", 2, "--max-iter", 4, "-q")
    code, _, told = mho(*fit)
    assert (code, out.exists()) == (1, False)
    assert "2 of the ratings are negative, -3 the lowest; --range=-3:1 takes them, --range 0:1 leaves them out" in told
    for option in (("--range", "-4:1"), ("--range=-4:1",)):
        assert mho(*fit, *option) == (0, "", "")
    users, items, stars = (list(column) for column in zip(*ROWS, strict=True))
    moved = Recommender(2, max_iter=4).fit(users, items, np.float32(stars))
    np.testing.assert_allclose(Recommender.load(out).predict(users, items), moved.predict(users, items) - 4, atol=1e-6)
    rmse = evaluate(moved, users, items, np.float32(stars)).rmse
    code, shown, _ = mho("recommend", "eval", out, tmp_path / "r.csv")
    assert shown.split()[:2] == ["RMSE", f"{rmse:.4f}"]
    assert "must not begin below 0 with --model implicit" in mho(*fit, "--range=-4:1", "--model", "implicit")[2]
    assert "must be LOWEST:HIGHEST" in mho(*fit, "--range", "5")[2]
    assert mho(*fit, "--range", "0:1")[0] == 0
    assert "2 of 7 rows cannot be read" in mho(*fit, "--range", "0:1")[2]


@pytest.mark.parametrize("mark", [";", "\t", "::", "|"])
def test_titles_may_be_parted_by_anything(mho, fitted, tmp_path, mark):
    rows = [("item", "title"), ("1", "Tea, green"), ("2", "Milk"), ("3", "Jam")]
    (tmp_path / "t.txt").write_text("".join(f"{item}{mark}{title}\n" for item, title in rows))
    code, shown, _ = mho("recommend", "top", fitted, "--users", "ann,dee", "--titles", tmp_path / "t.txt")
    assert code == 0
    assert {tuple(line.split()[2::2]) for line in shown.splitlines()[1:]} == {("3", "Jam"), ("2", "Milk")}
    (tmp_path / "t.txt").write_text("item,title\n8,Tea\n")
    code, shown, told = mho("recommend", "top", fitted, "--titles", tmp_path / "t.txt")
    assert (code, shown) == (1, "")
    assert "t.txt: names none of the items, which are 1, 2, 3" in told
