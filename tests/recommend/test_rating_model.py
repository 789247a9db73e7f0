import numpy as np
import pytest
from scipy.optimize import nnls

from mho.engines import Analog, Hybrid
from mho.recommend import RatingModel, Recommender

N_USERS, N_ITEMS, K = 30, 20, 3
MODEL = RatingModel()


@pytest.fixture(scope="module")
def ratings():
    """Stars of a world that the model describes, three fifths of them known."""
    rng = np.random.default_rng(5)
    a, d = rng.uniform(0.5, 1.5, N_USERS), rng.uniform(0.5, 1.5, N_ITEMS)
    stars = a[:, None] + d + rng.uniform(0, 1, (N_USERS, 2)) @ rng.uniform(0, 1, (2, N_ITEMS))
    known = rng.permutation(N_USERS * N_ITEMS)[: 3 * N_USERS * N_ITEMS // 5]
    users, items = np.divmod(known, N_ITEMS)
    return users, items, stars[users, items]


@pytest.fixture(scope="module")
def fitted(ratings):
    return Recommender(K, max_iter=5).fit(*ratings)


def test_each_item_has_the_answer_of_lawson_and_hanson(ratings, fitted):
    users, items, r = ratings
    mean = r.mean()
    matrix = np.column_stack([np.ones(N_USERS), fitted.user_factors_ / np.sqrt(mean)])
    strength = np.sqrt([MODEL.l2_offset] + [MODEL.l2] * K)
    prior = np.array([(1 - MODEL.product) / 2] + [np.sqrt(MODEL.product / K)] * K)
    for item in range(N_ITEMS):
        rows = users[items == item]
        rest = r[items == item] / mean - fitted.user_offsets_[rows] / mean
        x, _ = nnls(np.vstack([matrix[rows], np.diag(strength)]), np.concatenate([rest, strength * prior]))
        assert fitted.item_offsets_[item] == pytest.approx(mean * x[0], abs=1e-9)
        np.testing.assert_allclose(fitted.item_factors_[item], np.sqrt(mean) * x[1:], atol=1e-9)


def test_predictions_are_offsets_and_product_within_the_range_seen(ratings, fitted):
    users, items, r = ratings
    raw = fitted.user_offsets_[:, None] + fitted.item_offsets_ + fitted.user_factors_ @ fitted.item_factors_.T
    np.testing.assert_allclose(fitted.predict(users, items), np.clip(raw[users, items], r.min(), r.max()))


def test_history_tells_the_training_error(ratings, fitted):
    users, items, r = ratings
    raw = fitted.user_offsets_[:, None] + fitted.item_offsets_ + fitted.user_factors_ @ fitted.item_factors_.T
    assert fitted.history_[-1]["rmse"] == pytest.approx(np.sqrt(np.mean((raw[users, items] - r) ** 2)))
    assert [record["iteration"] for record in fitted.history_] == [1, 2, 3, 4, 5]


def test_everything_is_non_negative(fitted):
    for name in ("user_offsets_", "item_offsets_", "user_factors_", "item_factors_"):
        assert getattr(fitted, name).min() >= 0


def test_strangers_are_predicted_the_mean(ratings, fitted):
    assert fitted.predict([10**6], [10**6]) == pytest.approx(ratings[2].mean())


def test_a_stranger_s_rating_follows_the_item(ratings, fitted):
    everything = fitted.predict(np.full(N_ITEMS, -1), np.arange(N_ITEMS))
    mean = ratings[2].mean()
    offset, factor = mean * (1 - MODEL.product) / 2, np.sqrt(mean * MODEL.product / K)
    np.testing.assert_allclose(everything, offset + fitted.item_offsets_ + fitted.item_factors_.sum(axis=1) * factor)


def test_ids_are_only_names(ratings):
    users, items, r = ratings
    names = np.array([f"user {u:03}" for u in users])
    renamed = Recommender(K, max_iter=3).fit(names, 1000 + items, r)
    plain = Recommender(K, max_iter=3).fit(users, items, r)
    np.testing.assert_array_equal(renamed.predict(names, 1000 + items), plain.predict(users, items))


def test_the_scale_of_the_ratings_does_not_matter(ratings):
    users, items, r = ratings
    stars = Recommender(K, max_iter=4).fit(users, items, r)
    percent = Recommender(K, max_iter=4).fit(users, items, 20 * r)
    np.testing.assert_allclose(percent.predict(users, items), 20 * stars.predict(users, items))


def test_an_exact_chip_is_the_digital_engine(ratings, fitted):
    users, items, _ = ratings
    analog = Recommender(K, engine=Analog("ideal", seed=0), max_iter=5).fit(*ratings)
    np.testing.assert_allclose(analog.predict(users, items), fitted.predict(users, items), rtol=1e-6)
    assert {record["engine"] for record in analog.history_} == {"analog"}
    assert analog.history_[-1]["chip_seconds"] > analog.history_[0]["chip_seconds"] > 0


def test_a_hybrid_ends_digitally(ratings):
    hybrid = Recommender(K, engine=Hybrid(seed=0, passes=2), max_iter=5).fit(*ratings)
    assert [record["engine"] for record in hybrid.history_] == ["analog"] * 3 + ["digital"] * 2


def test_a_callback_may_predict_and_stop(ratings):
    seen = []

    def stop_at_two(record):
        seen.append(model.predict([0], [0]))
        return record["iteration"] == 2

    model = Recommender(K, max_iter=9, callback=stop_at_two)
    model.fit(*ratings)
    assert len(model.history_) == len(seen) == 2


def test_an_interrupt_leaves_the_last_complete_iteration(ratings):
    users, items, _ = ratings

    def interrupt(record):
        if record["iteration"] == 2:
            raise KeyboardInterrupt

    model = Recommender(K, max_iter=9, callback=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*ratings)
    two = Recommender(K, max_iter=2).fit(*ratings)
    np.testing.assert_array_equal(model.predict(users, items), two.predict(users, items))


def test_it_must_be_fitted_first():
    with pytest.raises(RuntimeError, match="fit the recommender first"):
        Recommender().predict([0], [0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 0}, "n_components must be at least 1"),
        ({"n_components": 21}, r"n_components must be at least 1 and at most 20 \(items\), got 21"),
        ({"max_iter": 0}, "max_iter must be at least 1"),
        (
            {"model": "stars"},
            "model must be one of 'ratings', 'implicit', 'neighbours', 'mixed', 'mixed-ratings', got 'stars'",
        ),
        (
            {"engine": "quantum"},
            "engine must be one of 'digital', 'analog', 'hybrid', 'refined', 'torch' or an Engine, got 'quantum'",
        ),
    ],
)
def test_bad_arguments_are_named(ratings, arguments, message):
    with pytest.raises(ValueError, match=message):
        Recommender(**{"n_components": K, **arguments}).fit(*ratings)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"l2": 0}, "l2 must be above 0, got 0"),
        ({"l2_offset": -1}, "l2_offset must be finite and at least 0, got -1"),
        ({"product": 1.5}, "product must be at most 1, got 1.5"),
    ],
)
def test_bad_strengths_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        RatingModel(**arguments)
