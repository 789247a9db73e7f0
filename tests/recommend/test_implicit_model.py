from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.engines import Analog
from mho.recommend import ImplicitModel, Recommender

N_USERS, N_ITEMS, K = 25, 15, 3
MODEL = ImplicitModel(l2=0.5, confidence=4.0, popularity=0.0)


@pytest.fixture(scope="module")
def chosen():
    """Two crowds with two shelves, and some noise."""
    rng = np.random.default_rng(3)
    same = np.arange(N_USERS)[:, None] % 2 == np.arange(N_ITEMS) % 2
    return np.nonzero(rng.random((N_USERS, N_ITEMS)) < np.where(same, 0.6, 0.05))


@pytest.fixture(scope="module")
def fitted(chosen):
    return Recommender(K, model=MODEL, max_iter=10).fit(*chosen)


def test_each_item_has_the_answer_of_lawson_and_hanson(chosen, fitted):
    strengths = np.random.default_rng(0).uniform(0.5, 3, len(chosen[0]))
    linear = replace(MODEL, weighting="linear", typical=1.0)
    model = Recommender(K, model=linear, max_iter=2).fit(*chosen, strengths)
    P = model.user_factors_
    weight, wanted = np.ones((N_USERS, N_ITEMS)), np.zeros((N_USERS, N_ITEMS))
    weight[chosen] += MODEL.confidence * strengths
    wanted[chosen] = 1
    for item in range(N_ITEMS):
        root = np.sqrt(weight[:, item])
        matrix = np.vstack([root[:, None] * P, np.sqrt(MODEL.l2) * np.eye(K)])
        x, _ = nnls(matrix, np.append(root * wanted[:, item], np.zeros(K)))
        np.testing.assert_allclose(model.item_factors_[item], x, atol=1e-9)


def test_history_tells_the_weighted_error(chosen, fitted):
    weight, wanted = np.ones((N_USERS, N_ITEMS)), np.zeros((N_USERS, N_ITEMS))
    weight[chosen] += MODEL.confidence
    wanted[chosen] = 1
    left = np.sum(weight * (wanted - fitted.user_factors_ @ fitted.item_factors_.T) ** 2)
    assert fitted.history_[-1]["relative_error"] == pytest.approx(np.sqrt(left / np.sum(weight * wanted)))


def test_the_other_crowd_s_shelf_is_not_recommended(fitted):
    top = fitted.recommend(n=1)
    assert np.mean(top.users % 2 == top.items % 2) > 0.9


def test_an_exact_chip_is_the_digital_engine(chosen, fitted):
    analog = Recommender(K, model=MODEL, engine=Analog("ideal", seed=0), max_iter=10).fit(*chosen)
    np.testing.assert_allclose(
        analog.user_factors_ @ analog.item_factors_.T, fitted.user_factors_ @ fitted.item_factors_.T, atol=1e-6
    )
    assert analog.history_[-1]["chip_joules"] > 0


def test_a_chip_cannot_weigh(chosen):
    with pytest.raises(ValueError, match="ratings must all be equal for this engine"):
        Recommender(K, model=MODEL, engine=Analog("ideal")).fit(*chosen, np.arange(1, len(chosen[0]) + 1))


@pytest.mark.parametrize("arguments", [{"l2": 0}, {"confidence": -1}])
def test_bad_arguments_are_named(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        ImplicitModel(**arguments)
