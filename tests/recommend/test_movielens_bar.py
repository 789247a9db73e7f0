"""Held-out error on MovieLens latest-small, the same random tenth for everyone."""

import pytest

from mho.chip import preset
from mho.data import movielens
from mho.engines import Analog, Hybrid
from mho.recommend import BiasBaseline, Recommender, rmse, split_random

SEEDS = [0, 1, 2]
MARGIN = 0.005
FOUR_BIT = preset("pku-2025").with_(levels=16, sigma=0.02, adc_bits=8)
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
