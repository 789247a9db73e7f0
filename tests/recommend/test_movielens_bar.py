"""Held-out error on MovieLens latest-small, the same random tenth for everyone."""

import numpy as np
import pytest

from mho.chip import preset
from mho.data import movielens
from mho.engines import Analog, Hybrid
from mho.recommend import BiasBaseline, RatingModel, Recommender, evaluate, rmse, split_by_user, split_random

SEEDS = [0, 1, 2]
MARGIN = 0.005
FOUR_BIT = preset("pku-2025-4bit")
ENGINES = {
    "digital": lambda seed: "digital",
    "analog": lambda seed: Analog(FOUR_BIT, seed=seed),
    "hybrid": lambda seed: Hybrid(FOUR_BIT, passes=2, seed=seed),
}


@pytest.fixture(scope="module")
def stars():
    return movielens()


def held_out(model, stars, seed):
    train, test = split_random(len(stars.ratings), 0.1, seed)
    model.fit(stars.users[train], stars.items[train], stars.ratings[train])
    return rmse(stars.ratings[test], model.predict(stars.users[test], stars.items[test]))


@pytest.fixture(scope="module")
def baselines(stars):
    """With ridges chosen inside the training ratings, better than Surprise's."""
    return [held_out(BiasBaseline(reg_user=4, reg_item=2), stars, seed) for seed in SEEDS]


def test_the_baseline_is_a_fair_one(stars, baselines):
    for seed, tuned in zip(SEEDS, baselines, strict=True):
        assert tuned < held_out(BiasBaseline(), stars, seed)


@pytest.mark.parametrize("engine", ENGINES)
def test_factors_beat_offsets_alone_on_every_split(stars, baselines, engine):
    for seed, baseline in zip(SEEDS, baselines, strict=True):
        model = Recommender(engine=ENGINES[engine](seed), max_iter=10, random_state=seed)
        assert held_out(model, stars, seed) < baseline - MARGIN


@pytest.fixture(scope="module")
def chosen(stars):
    train, test = split_by_user(stars.users, 0.2, seed=0)
    held_out = stars.users[test], stars.items[test], stars.ratings[test]
    return stars.users[train], stars.items[train], held_out


def popularity(users, items, held_out):
    """nDCG@10 of the most chosen unseen items, relevant from 4 stars."""
    counts = np.bincount(items)
    order, discount = np.argsort(-counts, kind="stable"), 1 / np.log2(2 + np.arange(10))
    found = []
    for user in np.unique(held_out[0]):
        mine = held_out[0] == user
        wanted = held_out[1][mine][held_out[2][mine] >= 4]
        best = order[~np.isin(order, items[users == user])][:10]
        if len(wanted):
            found.append(np.isin(best, wanted) @ discount / discount[: len(wanted)].sum())
    return np.mean(found)


def ndcg(model, chosen):
    return evaluate(model, *chosen[2], relevant=4).ndcg


def test_an_implicit_model_makes_the_list_and_predicted_ratings_do_not(stars, chosen):
    users, items, held_out = chosen
    popular = popularity(users, items, held_out)
    listed = ndcg(Recommender(32, model="implicit").fit(users, items), chosen)
    train, _ = split_by_user(stars.users, 0.2, seed=0)
    alone = RatingModel(popularity=0.0)
    predicted = ndcg(Recommender(16, model=alone).fit(users, items, stars.ratings[train]), chosen)
    assert listed > 1.25 * popular > 2 * predicted


def test_a_chip_makes_nearly_the_same_list(chosen):
    """On the users and films with the most choices, since a simulated chip takes its time."""
    users, items, (asked, wanted, rating) = chosen
    keep_users, keep_items = np.bincount(users) >= 100, np.bincount(items, minlength=9066) >= 40
    some, held = keep_users[users] & keep_items[items], keep_users[asked] & keep_items[wanted]
    part = users[some], items[some], (asked[held], wanted[held], rating[held])
    digital, analog = (
        ndcg(Recommender(16, model="implicit", engine=engine, max_iter=10).fit(*part[:2]), part)
        for engine in ("digital", Analog(FOUR_BIT, seed=0))
    )
    assert analog > 0.9 * digital
