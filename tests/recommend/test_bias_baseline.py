import numpy as np
import pytest

from mho.recommend import BiasBaseline


@pytest.fixture
def ratings():
    rng = np.random.default_rng(1)
    pairs = rng.permutation(12 * 9)[:60]
    return pairs // 9, pairs % 9, rng.integers(1, 6, 60).astype(float)


def test_offsets_are_those_of_the_joint_ridge_problem(ratings):
    users, items, r = ratings
    fitted = BiasBaseline(reg_user=3, reg_item=2, max_iter=200).fit(users, items, r)
    n_users, n_items = len(np.unique(users)), len(np.unique(items))
    design = np.zeros((len(r), n_users + n_items))
    design[np.arange(len(r)), np.searchsorted(np.unique(users), users)] = 1
    design[np.arange(len(r)), n_users + np.searchsorted(np.unique(items), items)] = 1
    ridge = np.diag([3.0] * n_users + [2.0] * n_items)
    solution = np.linalg.solve(design.T @ design + ridge, design.T @ (r - r.mean()))
    np.testing.assert_allclose(fitted.user_offsets_, solution[:n_users], atol=1e-10)
    np.testing.assert_allclose(fitted.item_offsets_, solution[n_users:], atol=1e-10)


def test_strangers_get_what_is_left(ratings):
    users, items, r = ratings
    fitted = BiasBaseline().fit(users, items, r)
    assert fitted.predict([999], [999]) == pytest.approx(r.mean())
    assert fitted.predict([999], [items[0]]) == pytest.approx(r.mean() + fitted.item_offsets_[items[0]])


def test_predictions_stay_within_the_ratings_seen():
    fitted = BiasBaseline(reg_user=0, reg_item=0).fit([0, 0, 1, 1], [0, 1, 0, 2], [5.0, 4.0, 1.0, 0.5])
    assert fitted.predict([1, 0], [1, 0]).min() >= 0.5
    assert fitted.predict([1, 0], [1, 0]).max() <= 5


def test_it_must_be_fitted_first():
    with pytest.raises(RuntimeError, match="fit the model before predict"):
        BiasBaseline().predict([0], [0])


@pytest.mark.parametrize("arguments", [{"reg_user": -1}, {"reg_item": float("nan")}, {"max_iter": 0}])
def test_bad_arguments_are_named(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        BiasBaseline(**arguments).fit([0], [0], [1.0])
