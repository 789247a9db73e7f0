"""`mho recommend bench`, `tune` and `look`."""

import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from mho import Recommender


@pytest.fixture
def orders(tmp_path):
    rng = np.random.default_rng(0)
    chance = np.where(np.arange(12) % 2 == rng.integers(0, 2, 40)[:, None], 0.6, 0.1)
    pairs = np.argwhere(rng.random((40, 12)) < chance)
    path = tmp_path / "orders.csv"
    rows = [f"{u},{i},{t}" for t, (u, i) in enumerate(pairs)]
    path.write_text("\n".join(["user,item,when", *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    "split", [(), ("--split", "time", "--time", "when"), ("--split", "leave-last", "--time", "when")]
)
def test_bench_shows_own_lists_beside_usual_ones(mho, orders, tmp_path, split):
    page = tmp_path / "page.html"
    code, out, told = mho("recommend", "bench", orders, "-k", 2, "-n", 5, "--page", page, "--json", "-q", *split)
    assert code == 0, told
    found = json.loads(out)
    assert {"implicit", "neighbours", "mixed", "popularity", "item-kNN", "EASE"} <= {
        x["name"] for x in found["results"]
    }
    assert all(one["ndcg_low"] <= one["ndcg"] <= one["ndcg_high"] for one in found["results"])
    assert "EASE" in page.read_text()


def test_bench_tells_of_ratings_below_zero_and_leaves_out_what_is_not_liked(mho, tmp_path):
    rng = np.random.default_rng(2)
    path, opinions = tmp_path / "jokes.csv", rng.uniform(-10, 10, (30, 15))
    rows = [f"{u},{i},{opinions[u, i]:.2f}" for u in range(30) for i in range(15) if (u + i) % 4]
    path.write_text("user,item,rating\n" + "\n".join(rows) + "\n")
    given = "recommend", "bench", path, "--range=-10:10", "-k", 2, "-q", "--json"
    code, out, told = mho(*given)
    assert code == 0, told
    below = sum(float(row.split(",")[2]) < 0 for row in rows)
    assert f"{below} ratings are below zero" in told
    every = json.loads(out)["users"]
    code, out, told = mho(*given, "--liked", 8)
    assert code == 0, told
    assert "below zero" not in told
    assert 0 < json.loads(out)["users"] < every
    code, _, told = mho(*given, "--liked", 11)
    assert code != 0
    assert "no rating is 11 or more" in told


def test_bench_needs_to_know_when_to_split_by_time(mho, orders):
    code, _, told = mho("recommend", "bench", orders, "--split", "time")
    assert code == 2
    assert "--split time needs --time COLUMN" in told
    code, _, told = mho("recommend", "bench", orders, "--split", "leave-last", "--time", "then")
    assert code == 1
    assert "has no column" in told
    assert "then" in told


def test_tune_writes_the_best_of_its_table(mho, orders, tmp_path):
    out = tmp_path / "shelf.npz"
    code, text, told = mho(
        "recommend", "tune", orders, "--model", "neighbours", "-o", out, "--test", 0.3, "--json", "-q"
    )
    assert code == 0, told
    trials = json.loads(text)["trials"]
    assert [one["ndcg"] for one in trials] == sorted((one["ndcg"] for one in trials), reverse=True)
    best = Recommender.load(out).model_
    assert (best.cap, best.l2) == (trials[0]["cap"], trials[0]["l2"])


def test_tune_takes_the_ratings_model_by_its_errors(mho, tmp_path):
    rng = np.random.default_rng(1)
    level = rng.integers(1, 4, 12)
    rows = [f"{u},{i},{level[i] + rng.integers(0, 3)}" for u in range(40) for i in rng.choice(12, 6, replace=False)]
    path = tmp_path / "stars.csv"
    path.write_text("user,item,rating\n" + "\n".join(rows) + "\n")
    code, text, _ = mho(
        "recommend", "tune", path, "-k", 2, "-o", tmp_path / "m.npz", "--max-iter", 4, "--test", 0.2, "--json", "-q"
    )
    assert code == 0
    errors = [one["rmse"] for one in json.loads(text)["trials"]]
    assert errors == sorted(errors)


@pytest.mark.parametrize(
    ("text", "model", "more"),
    [
        ("user,item,when\na,x,1\na,y,2\nb,x,3\n", "neighbours", "a comma"),
        ("who;what;stars\na;x;-3,5\na;y;8\nb;x;9,25\n", "mixed-ratings", "--range=-3.5:9.25"),
        ("user\titem\tplays\na\tx\t1\na\ty\t2\nb\tx\t900\nb\ty\t1\n", "neighbours", "a long tail"),
        ("user,item,rating\na,x,1\na,y,2.5\nb,x,5\nb,y,5\n", "mixed-ratings", "in steps of 1.5"),
        ("user,item,rating\na,x,1\na,x,2\nb,y,5\n", "neighbours", "1 rows are of a pair that was there before"),
    ],
)
def test_look_tells_what_a_table_is_and_how_to_fit_it(mho, tmp_path, monkeypatch, text, model, more):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(text)
    code, out, told = mho("recommend", "look", "table.csv")
    assert code == 0, told
    assert more in out
    command = out.splitlines()[-1].removeprefix("command").strip()
    assert f"--model {model}" in command
    code, _, told = mho(*command.split()[1:], "-q", "-k", "1", *(["--cap", 1] if model != "implicit" else []))
    assert code == 0, told
    assert Recommender.load(tmp_path / "table.npz").item_ids_.tolist()


def test_what_look_proposes_for_standard_input_can_be_run(mho, tmp_path, monkeypatch):
    def give():
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"user,item\na,x\na,y\nb,x\n")))

    monkeypatch.chdir(tmp_path)
    give()
    _, out, _ = mho("recommend", "look", "-")
    give()
    code, _, told = mho(*out.splitlines()[-1].split()[2:], "-q", "--cap", 1)
    assert code == 0, told
    assert Recommender.load(tmp_path / "table.npz").item_ids_.tolist() == ["x", "y"]


def test_look_finds_times(mho, orders):
    code, out, _ = mho("recommend", "look", orders, "--json")
    assert code == 0
    assert json.loads(out)["times"] == ["when"]
