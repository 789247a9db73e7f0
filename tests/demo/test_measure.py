import numpy as np
import pytest

from mho.demo import measure
from mho.image import psnr


def test_every_engine_runs_as_planned(results, small_plan):
    assert [run.engine for run in results.photo.runs] == ["digital", "analog", "hybrid"]
    assert [len(run.curve) for run in results.photo.runs] == [20, 6, 8]
    assert [len(run.curve) for run in results.ratings.runs] == [4, 4, 4]


def test_scores_are_those_of_the_pictures(results):
    photo = results.photo
    for run, picture in zip(photo.runs, photo.reconstructions, strict=True):
        assert run.score == psnr(photo.original, picture)
        assert run.curve[-1] == pytest.approx(10 ** (-run.score / 20) / np.sqrt(np.mean(photo.original**2)), rel=0.02)


def test_digital_passes_repair_the_chip(results):
    digital, analog, hybrid = (run.score for run in results.photo.runs)
    assert analog < hybrid
    assert hybrid > digital - 1.5


def test_ratings_are_held_out_in_the_same_way_for_all(results):
    ratings = results.ratings
    assert (ratings.n_train, ratings.n_test) == (90_004, 10_000)
    surprise, tuned = (rmse for _, rmse in ratings.baselines)
    assert tuned < surprise
    assert ratings.runs[0].score < tuned
    assert all(run.score == run.curve[-1] for run in ratings.runs)


def test_time_is_booked_where_it_was_spent(results):
    for digital, analog, hybrid in (results.photo.runs, results.ratings.runs):
        assert digital.chip is None
        assert digital.simulation_seconds == 0 < digital.digital_seconds
        assert analog.digital_seconds == 0 < analog.simulation_seconds
        assert hybrid.digital_seconds > 0 < hybrid.simulation_seconds
        for run in (analog, hybrid):
            solving, writing = run.chip.solve_seconds.typical, run.chip.write_seconds.typical
            assert run.chip.seconds.typical == pytest.approx(solving + writing)
            assert min(writing, run.chip.solve_joules.typical) > 0


def test_a_shorter_run_on_the_chip_writes_less(results):
    _, analog, hybrid = results.ratings.runs
    assert hybrid.chip.write_joules.typical == pytest.approx(analog.chip.write_joules.typical * 2 / 4, rel=0.05)


def test_progress_counts_every_iteration(results, progress_calls):
    tasks = [f"{data}, {engine}" for data in ("photo", "ratings") for engine in ("digital", "analog", "hybrid")]
    assert list(dict.fromkeys(task for task, *_ in progress_calls)) == tasks
    for task in tasks:
        counts = [(done, total) for name, done, total, _ in progress_calls if name == task]
        assert [done for done, _ in counts] == list(range(1, counts[0][1] + 1))


def test_a_seed_fixes_every_number(results, small_plan):
    again = measure(small_plan, seed=1)
    for before, after in ((results.photo, again.photo), (results.ratings, again.ratings)):
        assert [run.curve for run in before.runs] == [run.curve for run in after.runs]
        assert [run.chip for run in before.runs] == [run.chip for run in after.runs]
