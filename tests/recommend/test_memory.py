"""How many bytes a fit takes for each rating."""

import tracemalloc

import numpy as np
import pytest
import scipy

from mho import Recommender
from mho.recommend import implicit_als
from mho.recommend.fitted import Fitted
from mho.recommend.interactions import Interactions
from mho.recommend.rating_model import RatingModel

N_USERS, N_ITEMS, N = 20_000, 500, 1_000_000


@pytest.fixture(scope="module")
def ratings():
    rng = np.random.default_rng(2)
    pairs = rng.choice(N_USERS * N_ITEMS, N, replace=False).astype(np.int32)
    return pairs // N_ITEMS, pairs % N_ITEMS, rng.integers(1, 6, N).astype(np.float32)


@pytest.fixture
def peak_of():
    def measured(work):
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measured


@pytest.mark.parametrize(("model", "numbers"), [("ratings", 6), ("implicit", 7)])
def test_a_fit_holds_the_table_in_both_orders_and_little_else(ratings, peak_of, monkeypatch, model, numbers):
    monkeypatch.setattr(implicit_als, "_BLOCK", 1 << 16)
    columns = ratings[:2] if model == "implicit" else ratings
    # A value and an index in both orders make 4 numbers of 4 bytes; numbered ids and ones in place of ratings are 2 and
    # 3 until the table is made, and weights of an implicit model 2 beside it. SciPy before 1.17 copies the indices of a
    # matrix that it puts in another order.
    numbers += tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 17)
    assert peak_of(lambda: Recommender(4, model=model, max_iter=1).fit(*columns)) < 4 * (numbers + 0.5) * N


def test_the_order_by_user_is_the_table_itself(ratings):
    table = Interactions.of(*ratings, "last")
    by_user, _ = Fitted.start(RatingModel(), table, 2, np.random.default_rng(0)).both_orders()
    assert np.shares_memory(by_user.data, table.known.data)


def test_lists_for_everybody_need_no_second_table(ratings, peak_of):
    fitted = Recommender(4, max_iter=1).fit(*ratings)
    lists = N_USERS * 3 * 8 * 4  # users, items, scores and how they are put together
    block = 1 << 26
    assert peak_of(lambda: fitted.recommend(n=3)) < lists + 2 * block


def test_a_user_or_an_item_is_folded_in_beside_one_new_table(ratings, peak_of):
    fitted = Recommender(4, max_iter=1).fit(*ratings)
    assert peak_of(lambda: fitted.fold_in([-1, -1], [3, 4], [5.0, 1.0])) < 12 * N  # of the table 8
    assert peak_of(lambda: fitted.fold_in([3, 4], [-1, -1], [5.0, 1.0], side="items")) < 12 * N
