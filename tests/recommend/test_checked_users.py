"""Users whose lists hang by less than a chip's own errors, solved for again digitally."""

import numpy as np
import pytest

from mho import Analog, Hybrid
from mho.recommend import ImplicitModel, RatingModel, Recommender
from mho.recommend.checked_users import solved_checked

CHIP = "pku-2025-4bit"
MODELS = {"implicit": ImplicitModel(l2=2.0, popularity=0.1), "ratings": RatingModel(l2=0.5, popularity=0.0)}


@pytest.fixture(scope="module", params=MODELS)
def saved(request, tmp_path_factory):
    rng = np.random.default_rng(3)
    P, Q = rng.gamma(0.5, size=(120, 5)), rng.gamma(0.5, size=(5, 150))
    users, items = np.nonzero(rng.random((120, 150)) < np.minimum(0.6, 0.1 * (P @ Q)))
    stars = 1 + np.round(4 * rng.random(len(users)))
    given = (users, items) if request.param == "implicit" else (users, items, stars)
    recommender = Recommender(5, model=MODELS[request.param], max_iter=8).fit(*given)
    recommender.save(path := tmp_path_factory.mktemp("recommender") / "r.npz")
    return path


def lists(recommender):
    top = recommender.recommend(n=5)
    return [frozenset(top.items[top.users == user].tolist()) for user in recommender.user_ids_]


def test_lists_are_the_digital_ones_of_nearly_all(saved):
    exact = lists(Recommender.load(saved).solve_users())
    chip = lists(Recommender.load(saved, engine=Analog(CHIP, seed=0)).solve_users())
    checked = Recommender.load(saved, engine=Hybrid(CHIP, seed=0)).solve_users(check=5)
    wrong = [np.mean([a != b for a, b in zip(found, exact, strict=True)]) for found in (chip, lists(checked))]
    assert wrong[0] > 0.05
    assert wrong[1] <= wrong[0] / 4
    assert 0.05 < checked.checked_share_ < 0.9


def test_the_critical_ones_are_digital_and_the_others_are_not(saved):
    digital = Recommender.load(saved).solve_users().fitted
    engine = Hybrid(CHIP, seed=0)
    before = Recommender.load(saved).fitted
    found, critical = solved_checked(before, engine, np.arange(len(before.users)), 5)
    off = np.abs(found.users.rows - digital.users.rows).max(axis=1)
    assert off[critical].max() < 1e-6
    assert np.median(off[~critical]) > 1e-4
    assert engine.ledger().operations > 0


def test_a_visitor_of_a_hybrid_engine_gets_the_digital_list(saved):
    exact = Recommender.load(saved)
    items = exact.item_ids_[[3, 40, 77, 120]]
    stars = None if exact.fitted.model.choices else [5.0, 1.0, 4.0, 2.0]
    expected = exact.recommend_for(items, stars)
    found = Recommender.load(saved, engine=Hybrid(CHIP, seed=0)).recommend_for(items, stars)
    np.testing.assert_array_equal(found.items, expected.items)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-6)
    chip = Recommender.load(saved, engine=Analog(CHIP, seed=0)).recommend_for(items, stars)
    assert not np.allclose(chip.scores, expected.scores, rtol=1e-3)


def test_a_check_needs_an_engine_with_both(saved):
    with pytest.raises(ValueError, match="check goes with engine='hybrid', which has both, got Digital"):
        Recommender.load(saved).solve_users(check=5)
    with pytest.raises(ValueError, match="check must be at least 1, got 0"):
        Recommender.load(saved, engine="hybrid").solve_users(check=0)
