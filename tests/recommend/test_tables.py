import uuid

import numpy as np
import pytest
from scipy.sparse import csr_array

from mho.recommend import RatingModel, Recommender, evaluate

USERS, ITEMS, STARS = [1, 1, 2, 3], ["a", "b", "a", "c"], [4.0, 3.0, 5.0, 2.0]


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
        ([1.5, np.nan, 2, 3], ITEMS, STARS, TypeError, "users must hold an id in every place, got nan"),
        (USERS, ["a", None, "a", "c"], STARS, TypeError, "items must hold an id in every place, got None"),
        (USERS, ["a", ["b"], "a", "c"], STARS, TypeError, "items must hold ids that can be hashed, got a list"),
        ([USERS], ITEMS, STARS, ValueError, r"users must be one column with at least one entry, got shape \(1, 4\)"),
        (np.eye(2), None, None, TypeError, "items are needed beside users"),
        (csr_array((2, 2)), None, None, ValueError, "users must be a matrix with entries"),
        (csr_array(np.eye(2)), ITEMS, None, TypeError, "items and ratings must then be left out"),
        (
            csr_array(1j * np.eye(2)),
            None,
            None,
            TypeError,
            "users must be a matrix of real numbers, got dtype complex128",
        ),
        (csr_array(([1.0], [5], [0, 1]), shape=(1, 2)), None, None, ValueError, "users is not a sparse matrix: .* < 2"),
        (USERS, ITEMS, np.ma.masked_equal(STARS, 2.0), TypeError, "ratings must not be a masked array"),
        (USERS, ITEMS, None, TypeError, "ratings are needed, one for each pair"),
    ],
)
def test_bad_ratings_are_refused(users, items, ratings, error, message):
    with pytest.raises(error, match=message):
        Recommender(2).fit(users, items, ratings)


def test_ids_of_another_kind_are_refused():
    model = Recommender(2, max_iter=1).fit(USERS, ITEMS, STARS)
    with pytest.raises(TypeError, match="items must be text, as in fit, got numbers"):
        model.predict([1], [7])


def test_pairs_that_do_not_pair_are_refused():
    model = Recommender(2, max_iter=1).fit(USERS, ITEMS, STARS)
    with pytest.raises(ValueError, match="users and items must be of equal length, got users 1, items 2"):
        model.predict([1], ["a", "b"])


@pytest.fixture(scope="module")
def plain():
    return Recommender(2, max_iter=2).fit(USERS, ITEMS, STARS)


@pytest.mark.parametrize("missing", ["NA", "NaT"])
def test_what_is_missing_in_pandas_is_no_id(missing):
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="users must hold an id in every place, got"):
        Recommender(2).fit(pandas.Series(["a", getattr(pandas, missing), "b", "c"], dtype=object), ITEMS, STARS)


@pytest.mark.parametrize(
    "columns",
    [
        ["user", "item", "rating"],
        ["who", "what", "stars"],
        ["rating", "user", "item"],
        ["Rating", "ITEM_ID", " User "],
        ["userId", "movieId", "stars"],
        ["rating:float", "item_id:token", "user_id:token"],
        ["who", "what", "when", "Rating"],
    ],
)
def test_a_data_frame_is_read_by_the_names_or_the_order_of_its_columns(plain, columns):
    pandas = pytest.importorskip("pandas")
    content = {"u": USERS, "who": USERS, "i": ITEMS, "m": ITEMS, "what": ITEMS, "r": STARS, "s": STARS, "when": [9] * 4}
    found = [content.get(name) or content[name.strip().lower()[0]] for name in columns]
    fitted = Recommender(2, max_iter=2).fit(pandas.DataFrame(dict(zip(columns, found, strict=True))))
    np.testing.assert_array_equal(fitted.predict(USERS, ITEMS), plain.predict(USERS, ITEMS))


def test_a_sparse_matrix_has_its_indices_as_ids(plain):
    rows, columns = [0, 0, 1, 2], [0, 1, 0, 2]
    matrix = csr_array((STARS, (rows, columns)), shape=(4, 3))
    fitted = Recommender(2, max_iter=2).fit(matrix)
    np.testing.assert_allclose(fitted.predict(rows, columns), plain.predict(USERS, ITEMS))
    assert fitted.user_ids_.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "name",
    [
        lambda i: i,
        lambda i: f"user {9 - i}",
        lambda i: i / 7,
        lambda i: np.datetime64("2024-01-01") + i,
        lambda i: (i, "a tuple"),
        lambda i: uuid.UUID(int=2**90 - i),
        lambda i: i if i % 2 else str(i),
    ],
)
def test_ids_may_be_of_any_type(plain, name):
    users = np.empty(len(USERS), object)
    users[:] = [name(i) for i in USERS]
    users = users if isinstance(users[0], tuple) else list(users)
    fitted = Recommender(2, max_iter=2).fit(users, ITEMS, STARS)
    np.testing.assert_allclose(fitted.predict(users, ITEMS), plain.predict(USERS, ITEMS))


@pytest.mark.parametrize(
    "ids",
    [
        [1.0, 1.0, 2.0, 3.0],
        np.array([1, 1, 2, 3], np.uint64),
        np.array([1, 1.0, 2, 3], object),
        [np.int64(1), 1, 2, 3.0],
    ],
)
def test_whole_numbers_are_one_kind_of_id_whatever_type_they_come_in(plain, ids):
    fitted = Recommender(2, max_iter=2).fit(ids, ITEMS, STARS)
    assert fitted.user_ids_.dtype == np.int64
    np.testing.assert_array_equal(fitted.predict(USERS, ITEMS), plain.predict(USERS, ITEMS))
    np.testing.assert_array_equal(plain.predict(ids, ITEMS), plain.predict(USERS, ITEMS))


def test_numbers_of_64_bits_are_told_apart():
    large = [2**63, 2**63 + 1, 2**53, 2**53 + 1]
    for ids in (large, np.array(large, np.uint64)):
        fitted = Recommender(2, max_iter=1).fit(ids, ITEMS, STARS)
        assert fitted.encode(ids, ITEMS)[0].tolist() == [fitted.user_ids_.tolist().index(x) for x in large]
    assert fitted.encode([2**53 + 1, 2**53 + 2], ["a", "a"])[0].tolist() == [1, 4]
    with pytest.raises(TypeError, match="users must all be of int64 or all of uint64"):
        fitted.partial_fit([7], ["a"], [3.0])


def test_a_number_and_its_text_are_two_ids():
    assert len(Recommender(1).fit([1, "1"], ["a", "b"], [1, 2]).user_ids_) == 2


def test_of_a_pair_rated_twice_the_last_rating_counts(plain):
    twice = Recommender(2, max_iter=2).fit([2, *USERS], ["a", *ITEMS], [1.0, *STARS])
    np.testing.assert_array_equal(twice.predict(USERS, ITEMS), plain.predict(USERS, ITEMS))


def test_strengths_of_a_pair_chosen_twice_add_up():
    once = Recommender(2, model="implicit").fit(USERS, ITEMS, [1.0, 2.0, 1.0, 1.0])
    twice = Recommender(2, model="implicit").fit([*USERS, 1], [*ITEMS, "b"])
    np.testing.assert_allclose(twice.predict(USERS, ITEMS), once.predict(USERS, ITEMS))


def test_a_strength_of_zero_is_refused():
    with pytest.raises(ValueError, match="ratings are strengths of choices and must be above 0"):
        Recommender(2, model="implicit").fit(USERS, ITEMS, [1.0, 0.0, 1.0, 1.0])


def test_columns_are_told_by_their_names_and_kept(plain, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"movieId": ITEMS, "reviewerID": USERS, "when": 9, "stars": STARS})
    for table in (frame, frame.set_index("reviewerID"), frame.set_index(["movieId", "reviewerID"])):
        fitted = Recommender(2, max_iter=2).fit(table)
        np.testing.assert_array_equal(fitted.predict(USERS, ITEMS), plain.predict(USERS, ITEMS))
        assert fitted.columns_ == ("reviewerID", "movieId", "stars")
    fitted.save(tmp_path / "m.npz")
    assert Recommender.load(tmp_path / "m.npz").columns_ == ("reviewerID", "movieId", "stars")
    assert plain.columns_ == ()


def test_the_columns_of_the_fit_are_those_of_more_of_it(plain):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"user": ITEMS, "item": USERS, "rating": STARS})
    fitted = Recommender(2, max_iter=2).fit(frame, columns=("item", "user", "rating"))
    np.testing.assert_array_equal(fitted.predict(USERS, ITEMS), plain.predict(USERS, ITEMS))
    fitted.fold_in(pandas.DataFrame({"user": ["a"], "item": [9], "rating": [4.0]}))
    assert fitted.user_ids_.tolist() == [1, 2, 3, 9]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["timestamp", "rating", "movieId"], "do not say which are user and item; say which by columns="),
        (["user", "artist", "track"], "its columns 'artist' and 'track' could all be the item"),
        ([7, 8, 9, 10, 11], "do not say which are user and item"),
        (["user", "user", "item"], "could all be the user"),
        (["user"], "must have the columns user and item, has only 'user'"),
    ],
)
def test_a_table_that_does_not_say_what_is_what_is_refused(columns, message):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([range(len(columns))] * 3, columns=columns)
    with pytest.raises(ValueError, match=message):
        Recommender(1).fit(frame)


def test_a_table_of_arrow_is_read_like_a_data_frame(plain):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"rating": STARS, "movieId": ITEMS, "userId": USERS})
    fitted = Recommender(2, max_iter=2).fit(table)
    np.testing.assert_array_equal(fitted.predict(USERS, ITEMS), plain.predict(USERS, ITEMS))
    with pytest.raises(TypeError, match="users must hold an id in every place"):
        Recommender(2).fit(pa.table({"user": [1, None], "item": [1, 2], "rating": [1.0, 2.0]}))


def test_negative_ratings_are_taken_from_the_lowest_on(tmp_path):
    """Against ratings moved up by hand."""
    down = np.array(STARS) - 6
    with pytest.raises(
        ValueError, match=r"negative .*; ratings from -4 on are taken by model=RatingModel\(lowest=-4\)"
    ):
        Recommender(2).fit(USERS, ITEMS, down)
    fitted = Recommender(2, max_iter=3, model=RatingModel(lowest=-5)).fit(USERS, ITEMS, down)
    moved = Recommender(2, max_iter=3).fit(USERS, ITEMS, down + 5)
    fitted.save(tmp_path / "m.npz")
    for one in (fitted, Recommender.load(tmp_path / "m.npz")):
        np.testing.assert_allclose(one.predict(USERS, ITEMS), moved.predict(USERS, ITEMS) - 5, rtol=1e-6)
        np.testing.assert_allclose(one.recommend(n=2).scores, moved.recommend(n=2).scores - 5, rtol=1e-6)
        visit = one.recommend_for(["a"], [-3.0], n=1), moved.recommend_for(["a"], [2.0], n=1)
        np.testing.assert_allclose(visit[0].scores, visit[1].scores - 5, rtol=1e-6)
        assert one.explain(1, "c").score == pytest.approx(moved.explain(1, "c").score - 5)
        assert sum(one.explain(1, "c").parts.values()) == pytest.approx(one.explain(1, "c").score)
    new = fitted.fold_in([9], ["a"], [-4.0]), moved.fold_in([9], ["a"], [1.0])
    np.testing.assert_allclose(new[0].predict([9], ["b"]), new[1].predict([9], ["b"]) - 5, rtol=1e-6)
    scores = evaluate(fitted, USERS, ITEMS, down), evaluate(moved, USERS, ITEMS, down + 5)
    assert scores[0].rmse == pytest.approx(scores[1].rmse)


@pytest.mark.parametrize("lowest", [1.0, np.nan, -np.inf])
def test_a_lowest_rating_is_finite_and_at_most_zero(lowest):
    with pytest.raises(ValueError, match="lowest"):
        RatingModel(lowest=lowest)
