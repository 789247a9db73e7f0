import numpy as np
import pytest

from mho.recommend import RatingModel, rmse, split_random

USERS, ITEMS, STARS = [1, 1, 2, 3], ["a", "b", "a", "c"], [4.0, 3.0, 5.0, 2.0]


def test_rmse_by_hand():
    assert rmse([1, 2, 3], [1, 4, 3]) == pytest.approx(np.sqrt(4 / 3))


def test_a_split_is_a_partition_that_a_seed_fixes():
    train, test = split_random(1000, 0.1, seed=3)
    assert len(test) == 100
    assert sorted([*train, *test]) == list(range(1000))
    np.testing.assert_array_equal(test, split_random(1000, 0.1, seed=3)[1])
    assert set(test) != set(split_random(1000, 0.1, seed=4)[1])


def test_a_split_leaves_something_on_either_side():
    assert [len(part) for part in split_random(2, 0.001)] == [1, 1]
    assert [len(part) for part in split_random(2, 0.999)] == [1, 1]


@pytest.mark.parametrize("share", [0, 1, 1.5])
def test_a_split_without_two_sides_is_refused(share):
    with pytest.raises(ValueError, match="test must lie between 0 and 1"):
        split_random(10, share)


@pytest.mark.parametrize(
    ("users", "items", "ratings", "error", "message"),
    [
        (USERS, ITEMS, STARS[:3], ValueError, "of equal length, got users 4, items 4, ratings 3"),
        ([], [], [], (ValueError, TypeError), "users must"),
        (USERS, ITEMS, [4, 3, np.nan, 1], ValueError, "ratings contains NaN"),
        (USERS, ITEMS, [4, 3, np.inf, 1], ValueError, "ratings contains an infinite entry"),
        (USERS, ITEMS, [4, 3, -1, 1], ValueError, "ratings contains a negative entry"),
        (USERS, ITEMS, ["4", "3", "5", "1"], TypeError, "ratings must hold real numbers"),
        (USERS, ITEMS, [0, 0, 0, 0], ValueError, "ratings must not all be zero"),
        ([1.5, 1, 2, 3], ITEMS, STARS, TypeError, "users must hold ids that are whole numbers or text"),
        (USERS, ["a", None, "a", "c"], STARS, TypeError, "items must hold ids that are whole numbers or text"),
        ([USERS], ITEMS, STARS, ValueError, r"users must be one column with at least one entry, got shape \(1, 4\)"),
        ([1, 1, 2, 3], ["a", "a", "a", "c"], STARS, ValueError, "each pair of user and item once, got 1 more"),
    ],
)
def test_bad_ratings_are_refused(users, items, ratings, error, message):
    with pytest.raises(error, match=message):
        RatingModel(2).fit(users, items, ratings)


def test_ids_of_another_kind_are_refused():
    model = RatingModel(2, max_iter=1).fit(USERS, ITEMS, STARS)
    with pytest.raises(TypeError, match="items must be of the same kind as in fit"):
        model.predict([1], [7])


def test_pairs_that_do_not_pair_are_refused():
    model = RatingModel(2, max_iter=1).fit(USERS, ITEMS, STARS)
    with pytest.raises(ValueError, match="users and items must be of equal length, got users 1, items 2"):
        model.predict([1], ["a", "b"])


def test_columns_of_pandas_are_read():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"user": USERS, "item": ITEMS, "stars": STARS})
    model = RatingModel(2, max_iter=2).fit(table["user"], table["item"], table["stars"])
    plain = RatingModel(2, max_iter=2).fit(USERS, ITEMS, STARS)
    np.testing.assert_array_equal(model.predict(table["user"], table["item"]), plain.predict(USERS, ITEMS))
