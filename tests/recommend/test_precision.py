import numpy as np
import pytest
from scipy.sparse import csr_array

from mho.recommend import Recommender
from mho.recommend.interactions import Interactions

RNG = np.random.default_rng(5)
N = 4000
USERS, ITEMS = RNG.integers(0, 150, N), RNG.integers(0, 40, N)  # a third of the pairs more than once
VALUES = RNG.integers(1, 6, N)


PAIRS = list(zip(USERS.tolist(), ITEMS.tolist(), strict=True))
LAST = dict(zip(PAIRS, VALUES.tolist(), strict=True))


@pytest.mark.parametrize("of_id", [lambda i: i, lambda i: -i, lambda i: i.astype(str), lambda i: i.astype(np.uint8)])
def test_of_a_pair_given_often_the_last_rating_counts(of_id):
    table = Interactions.of(of_id(USERS), of_id(ITEMS), VALUES, "last")
    users, items = (labels.encode(of_id(x)) for labels, x in ((table.users, USERS), (table.items, ITEMS)))
    assert table.known.nnz == len(LAST)
    np.testing.assert_array_equal(table.known.toarray()[users, items], [LAST[pair] for pair in PAIRS])


def test_strengths_of_a_pair_add_up():
    table = Interactions.of(USERS, ITEMS, VALUES, "sum")
    summed = csr_array((VALUES, (USERS, ITEMS)), shape=(150, 40)).toarray()
    np.testing.assert_array_equal(table.known.toarray(), summed)


@pytest.mark.parametrize("rule", ["last", "sum"])
@pytest.mark.parametrize("cut", [1, 2000, 3999])
def test_what_comes_later_makes_the_table_of_all_at_once(rule, cut):
    """With new users, new items, and new values for known pairs."""
    values = VALUES.astype(np.float32)
    first, then = ((USERS[part], ITEMS[part], values[part]) for part in (slice(cut), slice(cut, None)))
    merged = Interactions.of(*first, rule).merged(Interactions.of(*then, rule), rule)
    whole = Interactions.of(USERS, ITEMS, values, rule)
    users, items = merged.users.encode(whole.users.known), merged.items.encode(whole.items.known)
    np.testing.assert_array_equal(merged.known[users][:, items].toarray(), whole.known.toarray())
    assert merged.known.nnz == whole.known.nnz
    assert merged.known.has_canonical_format
    assert (merged.known.dtype, merged.known.indices.dtype) == (np.float32, np.int32)


def test_more_values_have_the_precision_of_the_table():
    table = Interactions.of([1, 2], [1, 2], np.float32([3, 4]), "last")
    assert table.merged(Interactions.of([1], [2], [5.1], "last"), "last").known.data.tolist() == [3, np.float32(5.1), 4]
    with pytest.raises(ValueError, match="ratings"):
        table.merged(Interactions.of([1], [2], [1e100], "last"), "last")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("float32", "float32"), ("int8", "float32"), ("uint16", "float32"), ("int64", "float64"), ("float64", "float64")],
)
def test_the_precision_of_the_table_is_that_of_the_ratings(given, kept):
    assert Interactions.of(USERS, ITEMS, VALUES.astype(given), "last").known.dtype == kept


def test_indices_take_four_bytes():
    known = Interactions.of(USERS, ITEMS, VALUES, "last").known
    assert known.indices.dtype == known.indptr.dtype == np.int32


@pytest.mark.parametrize("model", ["ratings", "implicit"])
def test_single_precision_gives_the_same_recommender(model):
    single, double = (Recommender(4, model=model, max_iter=5).fit(USERS, ITEMS, VALUES.astype(t)) for t in "fd")
    np.testing.assert_allclose(single.predict(USERS, ITEMS), double.predict(USERS, ITEMS), rtol=2e-6)


def test_the_training_error_of_single_precision_is_right_to_five_digits():
    users, items = np.divmod(np.arange(1_000_000), 1000)
    stars = np.tile(np.array([1, 5], np.float32), 500_000)
    fitted = Recommender(1, max_iter=1).fit(users, items, stars)
    error = np.sqrt(np.mean((fitted.predict(users, items) - stars.astype(float)) ** 2))
    assert fitted.history_[-1]["rmse"] == pytest.approx(error, rel=1e-5)
