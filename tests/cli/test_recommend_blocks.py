"""`mho recommend fit --out-of-core` and what other commands make of its folder."""

import json
import signal
import subprocess
import time
from collections import namedtuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mho import Recommender
from mho.recommend import NeighbourModel, RatingModel

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def scheduler():
    local = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": "CRITICAL"}
    with distributed.LocalCluster(**local) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def columns():
    rng = np.random.default_rng(1)
    pairs = rng.permutation(60 * 40)[:600]
    users = np.array([f"u{j}" for j in pairs // 40])
    return {"who": users, "item": 3 * (pairs % 40), "rating": rng.integers(1, 6, 600).astype(float)}


@pytest.fixture
def ratings(columns, tmp_path):
    pq.write_table(pa.table(columns), tmp_path / "r.parquet")
    return tmp_path / "r.parquet"


@pytest.fixture
def fit(scheduler, ratings, tmp_path):
    def command(*options, source=ratings, out=tmp_path / "stars", dask=scheduler, k=3):
        settings = ("-o", out, "-k", k, "--columns", "who,item,rating", "--out-of-core", "--dask", dask)
        return ("recommend", "fit", source, *settings, *options)

    return command


def expected(columns, max_iter):
    return Recommender(3, max_iter=max_iter).fit(*columns.values())


def assert_same(path, one):
    there = Recommender.load(path)
    np.testing.assert_array_equal(there.user_ids_, one.user_ids_)
    np.testing.assert_array_equal(there.item_ids_, one.item_ids_)
    np.testing.assert_allclose(there.user_factors_, one.user_factors_, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(there.item_factors_, one.item_factors_, rtol=1e-4, atol=1e-6)


def test_the_folder_is_what_other_commands_take(mho, fit, ratings, columns, tmp_path):
    out = tmp_path / "stars"
    code, printed, told = mho(*fit("--max-iter", 3))
    assert code == 0, told
    assert f"{out}, 60 users x 40 items, k = 3" in printed
    assert "cutting" in told
    one = expected(columns, 3)
    assert_same(out, one)
    one.save(tmp_path / "one.npz")
    for command in (
        ("eval", "{}", ratings, "--columns", "who,item,rating"),
        ("top", "{}", "--users", "u3,u17"),
        ("fold-in", "{}", ratings, "--columns", "who,item,rating", "-o", tmp_path / "more.npz"),
        ("export", "{}", "--to", tmp_path / "page"),
    ):
        many, alone = (
            mho("recommend", *(str(path) if word == "{}" else word for word in command))
            for path in (out, tmp_path / "one.npz")
        )
        assert many == alone
        assert many[0] == 0


def test_choices_without_ratings_are_learned_in_blocks(mho, fit, columns, tmp_path):
    """With weights between items; a pair that is there twice is a choice of strength 2."""
    pairs = {name: np.append(columns[name], columns[name][:50]) for name in ("who", "item")}
    pq.write_table(pa.table(pairs), tmp_path / "pairs.parquet")
    out, one = tmp_path / "shelf", Recommender(model=NeighbourModel(cap=8)).fit(*pairs.values())
    told = fit("--model", "neighbours", "--cap", 8, source=tmp_path / "pairs.parquet", out=out)
    code, printed, said = mho(*("who,item" if word == "who,item,rating" else word for word in told))
    assert code == 0, said
    assert f"{out}, 60 users x 40 items, k = 0" in printed
    assert mho("recommend", "resume", out, "--dask", told[told.index("--dask") + 1], "-q")[0] == 0
    there = Recommender.load(out)
    assert abs(there.item_weights_ - one.item_weights_).max() < 1e-4 * one.item_weights_.max()
    asked = ["u3", "u17"]
    assert there.recommend(asked, 5).items.tolist() == one.recommend(asked, 5).items.tolist()


def test_bad_rows_are_told_and_kept(mho, fit, columns, tmp_path):
    columns["rating"][[4, 99]] = np.nan, np.inf
    source = tmp_path / "bad.parquet"
    pq.write_table(pa.table(columns), source)
    code, _, told = mho(*fit("--max-iter", 1, source=source))
    assert code == 0
    assert "2 of 600 rows cannot be read" in told
    assert f"{source}: line 5: the rating must be a finite number" in told
    kept = (tmp_path / "stars.rejected.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in kept] == ["line", "5", "100"]
    good = np.isfinite(columns["rating"]) & (columns["rating"] >= 0)
    assert_same(tmp_path / "stars", expected({name: column[good] for name, column in columns.items()}, 1))


def test_negative_ratings_and_the_names_of_columns_are_kept(mho, fit, columns, tmp_path):
    columns["rating"] -= 3
    source, out = tmp_path / "down.parquet", tmp_path / "stars"
    pq.write_table(pa.table(columns), source)
    code, _, told = mho(*fit("--max-iter", 1, source=source))
    assert (code, "are negative, -2 the lowest; --range=-2:2 takes them" in told) == (1, True)
    code, _, told = mho(*fit("--max-iter", 1, "--range=-3:2", source=source, out=out))
    assert code == 0, told
    assert f"{source}: user=who, item=item, rating=rating" in told
    one = Recommender(3, max_iter=1, model=RatingModel(lowest=-3)).fit(*columns.values())
    assert_same(out, one)
    there = Recommender.load(out)
    assert there.columns_ == ("who", "item", "rating")
    asked = columns["who"][:9], columns["item"][:9]
    np.testing.assert_allclose(there.predict(*asked), one.predict(*asked), rtol=1e-3, atol=1e-4)


def test_the_same_command_and_resume_go_on(mho, fit, scheduler, columns, tmp_path):
    out = tmp_path / "stars"
    assert mho(*fit("--max-iter", 2, "-q")) == (0, "", "")
    table = (out / "table" / "table.json").stat().st_mtime_ns
    assert mho(*fit("--max-iter", 3, "-q")) == (0, "", "")
    assert mho("recommend", "resume", out, "--max-iter", 5, "--dask", scheduler, "-q") == (0, "", "")
    assert_same(out, expected(columns, 5))
    assert (out / "table" / "table.json").stat().st_mtime_ns == table
    code, _, told = mho("recommend", "resume", out, "--max-iter", 5, "--dask", scheduler)
    assert (code, told) == (0, f"mho: {out} already has 5 iterations; raise --max-iter to go on\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_killed_run_goes_on(mho, executable, fit, columns, scheduler, tmp_path, number, code):
    state = tmp_path / "stars" / "fit.json"
    command = [executable, *map(str, fit("--max-iter", 100_000))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not (state.exists() and json.loads(state.read_text())["items"] >= 2):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(number)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == code
    done = json.loads(state.read_text())["items"]
    if number == signal.SIGTERM:
        assert f"mho: interrupted: iteration {done} is kept in" in told
    assert "Traceback" not in told
    options = ("--max-iter", done + 2, "--dask", scheduler, "-q")
    assert mho("recommend", "resume", tmp_path / "stars", *options) == (0, "", "")
    assert_same(tmp_path / "stars", expected(columns, done + 2))


def test_another_table_is_not_taken_for_the_first(mho, fit, ratings, columns, tmp_path):
    assert mho(*fit("--max-iter", 1, "-q"))[0] == 0
    columns["rating"][0] += 1
    pq.write_table(pa.table(columns), ratings)
    code, _, told = mho(*fit("--max-iter", 2, "-q"))
    assert code == 2
    assert "was made of another table" in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--engine", "analog"), "--out-of-core takes --engine digital, got analog"),
        (("--shared", "/tmp"), "--shared does not go with blocks"),
    ],
)
def test_what_cannot_be_fitted_in_blocks_is_told(mho, fit, options, message):
    code, _, told = mho(*fit("--max-iter", 1, "-q", *options))
    assert code == 2
    assert message in told
    assert told.count("\n") == 1


def test_more_components_than_items_and_no_workers_are_told(mho, fit):
    for changed, message in (
        ({"k": 41}, "-k must be at least 1 and at most 40 (items), got 41"),
        ({"dask": ""}, "blocks need --dask ADDRESS"),
    ):
        code, _, told = mho(*fit("-q", **changed))
        assert code == 2
        assert message in told


def test_files_that_cannot_be_are_told(mho, fit, tmp_path):
    (tmp_path / "t.csv").write_text("1,2,3\n")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 or not")
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    for paths, message in (
        ({"source": tmp_path / "t.csv"}, "takes a .parquet file"),
        ({"source": tmp_path / "bad.parquet"}, "cannot be read"),
        ({"source": tmp_path / "none.parquet"}, "No such file"),
        ({"out": other}, "has other files"),
        ({"out": tmp_path / "t.csv"}, "must be a folder"),
        ({"out": tmp_path / "no" / "where"}, "its folder is not there"),
    ):
        code, _, told = mho(*fit("-q", **paths))
        assert code in (1, 2)
        assert message in told
        assert told.startswith("mho: error: ")
    assert (other / "thesis.txt").read_text() == "mine"


def test_a_disk_that_is_too_small_is_told_before_the_work(mho, fit, monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.disk_usage", lambda path: namedtuple("usage", "free")(10_000))
    code, _, told = mho(*fit("-q"))
    assert code == 1
    assert "600 ratings take 1.44e-05 GB while blocks are made, and 1e-05 GB are free" in told
    assert not (tmp_path / "stars" / "table").exists()


def test_a_scheduler_without_workers_is_told(mho, fit, monkeypatch):
    monkeypatch.setattr("mho.cli.recommend.dask._CONNECT_SECONDS", 1)
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs="CRITICAL") as empty:
        code, _, told = mho(*fit("-q", dask=empty.scheduler_address))
    assert code == 1
    assert "no workers have come; start some with: dask worker" in told
