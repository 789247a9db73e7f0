"""Ratings on disk and two processes, against the same iterations in memory."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from mho import Recommender
from mho.data import DataError
from mho.recommend import NeighbourModel, RatingModel
from mho.recommend.distributed import BlockTable, OutOfCore

SHAPE, K = (300, 120), 4


@pytest.fixture(scope="module")
def ratings():
    rng = np.random.default_rng(3)
    known = rng.permutation(SHAPE[0] * SHAPE[1])[: SHAPE[0] * SHAPE[1] // 10]
    users, items = np.divmod(known, SHAPE[1])
    return users, items, rng.integers(1, 6, len(known)).astype(np.float32)


@pytest.fixture(scope="module")
def table(ratings, tmp_path_factory):
    return BlockTable.write(tmp_path_factory.mktemp("t") / "t", [ratings], SHAPE, block_ratings=300)


def assert_same(fit, one):
    for side, factors, offsets in (
        (fit.users, one.user_factors_, one.user_offsets_),
        (fit.items, one.item_factors_, one.item_offsets_),
    ):
        np.testing.assert_allclose(np.sqrt(fit.unit) * side.rows[:, 1:], factors, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(fit.unit * side.rows[:, 0], offsets, rtol=1e-5, atol=1e-7)


def test_the_factors_are_those_of_one_machine(client, ratings, table, tmp_path):
    fit = OutOfCore(client=client, folder=tmp_path, n_components=K, max_iter=4).fit(table)
    one = Recommender(K, max_iter=4).fit(*ratings)
    assert_same(fit, one)
    assert [r["rmse"] for r in fit.history] == pytest.approx([r["rmse"] for r in one.history_], rel=1e-6)
    inside = fit.predict(*ratings[:2])
    np.testing.assert_allclose(np.clip(inside, 1, 5), one.predict(*ratings[:2]), rtol=1e-5)


def test_every_kind_is_that_of_one_machine(client, ratings, tmp_path, model):
    """Twice the same pair: choices add up, of ratings the last one counts."""
    twice = [np.concatenate([column, column[:90]]) for column in ratings[:2]]
    values = np.concatenate([ratings[2], ratings[2][:90][::-1]])
    one = Recommender(K, model=model, max_iter=3).fit(*twice, values)
    kept = {"duplicates": one.model_.duplicates}
    table = BlockTable.write(tmp_path / "t", [(*twice, values)], SHAPE, block_ratings=1500, **kept)
    (tmp_path / "f").mkdir()
    settings = {"client": client, "folder": tmp_path / "f", "n_components": K, "model": model}
    with pytest.raises(Stop):
        OutOfCore(**settings, max_iter=3, follow=interrupting(2)).fit(table)
    fit = OutOfCore(**settings, max_iter=3).fit(table)
    there = Recommender.load(tmp_path / "f")
    name = fit.model.quality
    assert [r[name] for r in there.history_] == pytest.approx([r[name] for r in one.history_], rel=1e-5)
    np.testing.assert_allclose(there.item_factors_, one.item_factors_, rtol=1e-4, atol=1e-6)
    if one.item_weights_ is not None:
        difference = abs(there.item_weights_ - one.item_weights_).max()
        assert difference < 1e-4 * one.item_weights_.max()
        assert one.item_weights_.nnz > SHAPE[1]
    users, items = np.arange(60), np.arange(60)
    np.testing.assert_allclose(there.predict(users, items), one.predict(users, items), rtol=1e-3, atol=1e-4)


def test_a_table_of_ratings_is_none_of_choices(client, table, tmp_path):
    with pytest.raises(ValueError, match="with duplicates='sum' for a NeighbourModel, was with 'last'"):
        OutOfCore(client=client, folder=tmp_path, model=NeighbourModel()).fit(table)


def interrupting(number):
    """Return what stops a fit after so many blocks."""
    done = []

    def follow(work):
        done.append(work)
        if len(done) == number:
            raise Stop

    return follow


class Stop(Exception):
    """What comes in the middle."""


@pytest.mark.parametrize("blocks", [1, 12, 17, 25, 31])
def test_a_fit_goes_on_from_its_last_half_step(client, ratings, table, tmp_path, blocks):
    assert (len(table.users), len(table.items)) == (13, 13)
    done = []

    def follow(work):
        done.append(work)
        if len(done) == blocks:
            raise Stop

    settings = {"client": client, "folder": tmp_path, "n_components": K}
    with pytest.raises(Stop):
        OutOfCore(**settings, max_iter=3, follow=follow).fit(table)
    done.clear()
    fit = OutOfCore(**settings, max_iter=3, follow=lambda work: done.append(work)).fit(table)
    one = Recommender(K, max_iter=3).fit(*ratings)
    assert_same(fit, one)
    assert [r["rmse"] for r in fit.history] == pytest.approx([r["rmse"] for r in one.history_], rel=1e-6)
    assert len(done) == 3 * 26 - blocks // 13 * 13
    seconds = [r["seconds"] for r in fit.history]
    assert seconds == sorted(seconds)


def test_more_iterations_go_on_from_a_fit_that_is_done(client, ratings, table, tmp_path):
    for max_iter in (2, 2, 4):
        fit = OutOfCore(client=client, folder=tmp_path, n_components=K, max_iter=max_iter).fit(table)
        assert_same(fit, Recommender(K, max_iter=max_iter).fit(*ratings))
        assert [r["iteration"] for r in fit.history] == list(range(1, max_iter + 1))
    assert len(list(tmp_path.glob("rows-*/*"))) == 2  # rows of earlier iterations are not kept


def test_the_folder_is_a_recommender(client, ratings, table, tmp_path):
    OutOfCore(client=client, folder=tmp_path, n_components=K, max_iter=3).fit(table)
    there, one = Recommender.load(tmp_path), Recommender(K, max_iter=3).fit(*ratings)
    np.testing.assert_allclose(there.user_factors_, one.user_factors_, rtol=1e-5, atol=1e-7)
    top, expected = there.recommend([5, 17], 7), one.recommend([5, 17], 7)
    assert (top.users.tolist(), top.items.tolist()) == (expected.users.tolist(), expected.items.tolist())
    np.testing.assert_allclose(there.predict(*ratings[:2]), one.predict(*ratings[:2]), rtol=1e-5)
    there.save(tmp_path / "one.npz")
    assert (Recommender.load(tmp_path / "one.npz").known_ != one.known_).nnz == 0
    np.testing.assert_allclose(there.resume(1).item_factors_, one.resume(1).item_factors_, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "value"), [("n_components", 3), ("random_state", 7), ("model", RatingModel(l2=9.0))])
def test_a_fit_with_other_settings_is_refused(client, table, tmp_path, name, value):
    settings = {"client": client, "folder": tmp_path, "n_components": K, "max_iter": 1}
    OutOfCore(**settings).fit(table)
    with pytest.raises(ValueError, match=f"holds a fit with {name} .*, not .*; take another"):
        OutOfCore(**settings | {name: value}).fit(table)


def test_a_folder_without_a_whole_iteration_is_no_recommender(client, table, tmp_path):
    with pytest.raises(DataError, match="holds no fit in blocks"):
        Recommender.load(tmp_path)

    def follow(work):
        raise Stop

    with pytest.raises(Stop):
        OutOfCore(client=client, folder=tmp_path, n_components=K, follow=follow).fit(table)
    with pytest.raises(DataError, match="has no complete iteration yet"):
        Recommender.load(tmp_path)


def test_a_damaged_folder_is_told(client, table, tmp_path):
    OutOfCore(client=client, folder=tmp_path, n_components=K, max_iter=1).fit(table)
    for path in tmp_path.glob("rows-*/users-1/*"):
        path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read"):
        Recommender.load(tmp_path)


def test_every_block_tells_what_it_was_and_its_worker_what_it_took(client, table, tmp_path):
    history = OutOfCore(client=client, folder=tmp_path, n_components=K, max_iter=2).fit(table).history
    workers = set(client.run(os.getpid).values())
    resident = client.run(lambda: __import__("psutil").Process().memory_info().rss)
    for record in history:
        by_user = record["work"][: len(table.users)]
        assert sum(work.ratings for work in record["work"]) == 2 * table.n_ratings
        assert sum(work.rows for work in by_user) == SHAPE[0]
        assert {(work.fixed, work.numbers) for work in by_user} == {(SHAPE[1], K + 1)}
        assert set(record["peak_bytes"]) <= workers
    assert max(history[-1]["peak_bytes"].values()) > 0.5 * min(resident.values())


def test_the_peak_counts_what_is_no_longer_there():
    script = (
        "import numpy as np\n"
        "from mho.recommend.distributed.block_step import peak_rss\n"
        "before = peak_rss()\n"
        "array = np.ones(2**24)\n"
        "del array\n"
        "print(peak_rss() - before)\n"
    )
    # A process of its own: this one may have had more in memory before.
    printed = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert int(printed) > 0.4 * 8 * 2**24


def test_a_worker_killed_while_it_solves_changes_nothing(client, ratings, table, tmp_path):
    order = tmp_path / "die"

    class Deadly(RatingModel):
        """Kills the worker that finds the order first."""

        def solve(self, engine, fixed, known, unit, start=None):
            try:
                order.unlink()
            except FileNotFoundError:
                return super().solve(engine, fixed, known, unit, start)
            os.kill(os.getpid(), signal.SIGKILL)

    def follow(record):
        if record["iteration"] == 2:
            order.touch()

    settings = {"n_components": K, "max_iter": 4, "model": Deadly(), "callback": follow}
    fit = OutOfCore(client=client, folder=tmp_path, **settings).fit(table)
    assert_same(fit, Recommender(K, max_iter=4).fit(*ratings))
    client.wait_for_workers(2, timeout=20)


def test_a_callback_stops(client, table, tmp_path):
    settings = {"n_components": K, "max_iter": 9, "callback": lambda record: record["iteration"] == 2}
    assert len(OutOfCore(client=client, folder=tmp_path, **settings).fit(table).history) == 2


def test_a_folder_that_is_not_there_is_named(client, tmp_path):
    with pytest.raises(ValueError, match=r"folder must be one that is there, got .*nowhere"):
        OutOfCore(client=client, folder=tmp_path / "nowhere")
