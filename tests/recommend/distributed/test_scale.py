from dataclasses import astuple

import numpy as np
import pytest

from mho.recommend.distributed import Work
from mho.recommend.distributed.scale import Cluster, Problem, Rates, forecast

RATES = Rates(rating=3e-8, product=4e-10, row=5e-6, square=6e-10, number=2e-8)


def work(ratings, rows, fixed, numbers, seconds):
    sizes = {"ratings": ratings, "rows": rows, "fixed": fixed, "numbers": numbers}
    return Work(worker=1, **sizes, error=0.0, norm=1.0, seconds=seconds, processor_seconds=seconds, peak_bytes=0)


def test_an_iteration_by_hand():
    problem = Problem(users=1000, items=100, ratings=50_000, n_components=3)
    told = forecast(problem, Cluster(workers=2, block_ratings=20_000, link=1e5, storage=1e6), RATES)
    # Three blocks of a third each on two workers: two rounds.
    busy = 50_000 * (3e-8 + 16 * 4e-10) + 1000 * (5e-6 + 16 * 6e-10) + 3 * 100 * 4 * 2e-8
    assert told.users.processor_seconds == pytest.approx(busy)
    assert told.users.compute_seconds == pytest.approx(busy * 2 / 3)
    # Both workers read the items, and of the users what they were and what they will be.
    assert told.users.factors_bytes == (2 * 100 + 2 * 1000) * 4 * 4
    through_one = 2 / 3 * (told.users.ratings_bytes + 2 * 1000 * 4 * 4) + 100 * 4 * 4
    moved = told.users.ratings_bytes + told.users.factors_bytes
    assert told.users.transfer_seconds == pytest.approx(max(moved / 1e6, through_one / 1e5))
    assert told.seconds == pytest.approx(told.users.seconds + told.items.seconds)


def test_one_block_keeps_one_worker_busy():
    problem = Problem(users=1000, items=100, ratings=50_000, n_components=3)
    one, many = (forecast(problem, Cluster(workers=workers, block_ratings=50_000), RATES) for workers in (1, 8))
    assert one == many


def test_a_block_meets_no_more_rows_than_it_has_ratings():
    problem = Problem(users=1000, items=10**6, ratings=50_000, n_components=3)
    told = forecast(
        problem,
        Cluster(workers=1, block_ratings=10_000),
        Rates(rating=0.0, product=0.0, row=0.0, square=0.0, number=1.0),
    )
    assert told.users.processor_seconds == 50_000 * 4


def test_rates_are_found_again_from_what_blocks_took():
    rng = np.random.default_rng(0)
    sizes = [(*rng.integers(1000, 100_000, 3).tolist(), int(c)) for c in rng.choice([5, 9, 17, 33], 60)]
    found = Rates.of([work(R, n, N, c, RATES.seconds(R, n, min(N, R), c)) for R, n, N, c in sizes])
    np.testing.assert_allclose(astuple(found), astuple(RATES), rtol=1e-6)


def test_rates_are_never_negative():
    rng = np.random.default_rng(1)
    sizes = [(*rng.integers(1000, 100_000, 3).tolist(), int(c)) for c in rng.choice([5, 9], 30)]
    assert min(astuple(Rates.of([work(*size, float(rng.uniform(0.1, 2))) for size in sizes]))) >= 0


def test_more_workers_compute_in_less_time_and_move_more_bytes():
    problem = Problem(users=1_200_000, items=137_000, ratings=700_000_000)
    few, many = (forecast(problem, Cluster(workers=workers)) for workers in (8, 64))
    assert many.users.compute_seconds < few.users.compute_seconds / 4
    assert many.users.factors_bytes > few.users.factors_bytes
    assert (
        many.worker_bytes == few.worker_bytes < forecast(problem, Cluster(workers=8, block_ratings=2**24)).worker_bytes
    )


@pytest.mark.parametrize("bad", [{"workers": 0}, {"workers": 2, "link": 0.0}, {"workers": 2, "storage": -1.0}])
def test_a_cluster_that_cannot_be_is_refused(bad):
    with pytest.raises(ValueError, match=[*bad][-1]):
        Cluster(**bad)


def test_a_problem_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="ratings"):
        Problem(users=1, items=1, ratings=0)
