"""New items by their features: weights beside scipy's nnls, answers that are sums, lists above chance."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from mho import Recommender
from mho.recommend import ImplicitModel, NeighbourModel, RatingModel
from mho.recommend.cold_items import feature_weights


def shop(seed=0, m=150, n=60):
    """Users who like some of six kinds of items, and items of one or two kinds each."""
    rng = np.random.default_rng(seed)
    kinds = rng.random((n, 6)) < 0.15
    kinds[np.arange(n), rng.integers(0, 6, n)] = True
    likes = rng.random((m, 6)) < 0.3
    chance = np.where(likes.astype(int) @ kinds.T > 0, 0.4, 0.03)
    X = rng.random((m, n)) < chance
    X[np.arange(m), rng.integers(0, n, m)] = True
    X[rng.integers(0, m, n), np.arange(n)] = True
    return X, kinds * 1.0


def test_a_new_item_is_one_nnls_on_its_features():
    _, kinds = shop()
    known, new = kinds[:50], kinds[50:]
    found = feature_weights(sp.csr_array(known), new, cap=49, l2=0.1).toarray()
    weight = np.log1p(50 / np.maximum(1, known.astype(bool).sum(axis=0)))
    F, f = known * weight, new * weight
    ridge = np.sqrt(0.1 * np.mean(np.sum(F**2, axis=1)))
    for j in range(10):
        near = np.flatnonzero(F @ f[j] > 0)
        assert len(near) <= 49
        wanted = np.zeros(50)
        A = np.vstack([F[near].T, ridge * np.eye(len(near))])
        wanted[near] = nnls(A, np.append(f[j], np.zeros(len(near))))[0]
        np.testing.assert_allclose(known.T @ found[:, j], known.T @ wanted, atol=2e-3)
        assert found[:, j] @ found[:, j] == pytest.approx(wanted @ wanted, abs=1e-3)


MODELS = [
    NeighbourModel(cap=10, l2=2.0, popularity=0.0, weighting="presence"),
    ImplicitModel(l2=2.0, popularity=0.0),
]


@pytest.mark.parametrize("model", MODELS)
def test_cold_items_are_listed_for_those_who_like_their_kind(model, tmp_path):
    X, kinds = shop()
    users, items = np.nonzero(X[:, :48])
    made = Recommender(6, model=model).fit(users, items)
    made.add_items(np.arange(48, 60), kinds[48:], known_features=kinds[:48])
    scores = made.list_scores()[:, 48:]
    liked = X[:, 48:]
    above = np.mean(
        [scores[u][liked[u]].mean() > scores[u][~liked[u]].mean() for u in range(150) if 0 < liked[u].sum() < 12]
    )
    assert above > 0.65  # by chance a half
    assert set(made.recommend([3], 5, among=np.arange(48, 60)).items) <= set(range(48, 60))
    made.save(tmp_path / "m.npz")
    again = Recommender.load(tmp_path / "m.npz")
    np.testing.assert_array_equal(again.recommend(n=4).items, made.recommend(n=4).items)
    made.partial_fit([0, 1], [50, 50])
    assert made.known_[[0], [50]] == 1


def test_ratings_of_a_cold_item_are_those_of_its_like():
    rng = np.random.default_rng(2)
    _, kinds = shop()
    level = 1 + 4 * kinds[:, 0]
    users, items = np.nonzero(rng.random((150, 48)) < 0.5)
    stars = np.clip(level[items] + rng.normal(0, 0.3, len(items)), 1, 5)
    made = Recommender(2, model=RatingModel(popularity=0.0)).fit(users, items, stars)
    made.add_items(np.arange(48, 60), kinds[48:], known_features=kinds[:48])
    means = np.array([made.predict(np.arange(150), np.full(150, item)).mean() for item in range(48, 60)])
    alone = kinds[48:].sum(axis=1) == 1
    assert means[alone & (kinds[48:, 0] == 1)].min() > means[alone & (kinds[48:, 0] == 0)].max()


def test_bad_features_are_one_sentence():
    X, kinds = shop()
    made = Recommender(model=MODELS[0]).fit(*np.nonzero(X[:, :48]))
    with pytest.raises(ValueError, match="known_features must not be more than there are items, 48, got 60"):
        made.add_items([99], np.ones((1, 60)), known_features=np.ones((48, 60)))
    with pytest.raises(ValueError, match="features must have 6 columns"):
        made.add_items([99], np.ones((1, 5)), known_features=kinds[:48])
    with pytest.raises(ValueError, match="negative"):
        made.add_items([99], -np.ones((1, 6)), known_features=kinds[:48])
    with pytest.raises(ValueError, match="known_features must have a row for each of 48 items, got 47"):
        made.add_items([99], np.ones((1, 6)), known_features=kinds[:47])
    with pytest.raises(ValueError, match="items must be new"):
        made.add_items([3], np.ones((1, 6)), known_features=kinds[:48])


@pytest.mark.parametrize("model", ["neighbours", "implicit"])
def test_newcomers_are_the_mean_of_users_with_like_features(model):
    """Three kinds of users, told by one feature each: their own kind's scores, or everybody's where nothing is told."""
    rng = np.random.default_rng(0)
    kind = np.arange(60) % 3
    chosen = rng.random((60, 30)) < np.where(np.arange(30) % 3 == kind[:, None], 0.6, 0.05)
    chosen[:, 0] = True
    shelf = Recommender(3, model=model).fit(*np.nonzero(chosen))
    told = np.eye(3)[kind]
    top = shelf.recommend_to([[0, 1, 0], [0, 0, 0]], 4, known_features=told, cap=60, l2=1e-4)
    scores = shelf.list_scores()[kind == 1].mean(axis=0)
    assert top.items[top.users == 0].tolist() == np.argsort(-scores, kind="stable")[:4].tolist()
    np.testing.assert_allclose(top.scores[:4], np.sort(scores)[:-5:-1], rtol=1e-4)
    assert top.items[top.users == 1].tolist() == shelf.recommend_for([], n=4).items.tolist()
    with pytest.raises(ValueError, match="known_features must have a row for each of 60 users, got 59"):
        shelf.recommend_to([[1, 0, 0]], known_features=told[1:])
    with pytest.raises(ValueError, match="known_features must not be more than there are users, 60, got 61"):
        shelf.recommend_to(np.ones((1, 61)), known_features=np.ones((60, 61)))
    for nobody in (np.zeros((0, 3)), sp.csr_array((0, 3)), []):
        with pytest.raises(ValueError, match=r"^features must be a matrix with at least"):
            shelf.recommend_to(nobody, known_features=told)
    with pytest.raises(ValueError, match="known_features must be a matrix"):
        shelf.recommend_to([[0, 1, 0]], known_features=5)
