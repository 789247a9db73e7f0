"""Weights between items, beside scipy's nnls on the dense table, and what is made with them."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from mho import Analog, Recommender
from mho.data import DataError
from mho.recommend import NeighbourModel, evaluate, item_weights, split_by_user

FEW = NeighbourModel(cap=6, l2=2.0, popularity=0.0, weighting="presence")


def table(seed=0, m=50, n=24):
    """Users of three circles of items, and the dense table of 0 and 1 that they make."""
    rng = np.random.default_rng(seed)
    chance = np.where(np.arange(n) % 3 == rng.integers(0, 3, m)[:, None], 0.4, 0.08)
    X = (rng.random((m, n)) < chance) * 1.0
    X[np.arange(m), rng.integers(0, n, m)] = 1
    X[rng.integers(0, m, n), np.arange(n)] = 1
    return X


def weighed(X):
    weight = X.sum(axis=1) ** -0.125
    return X * (weight / np.sqrt(np.mean(weight**2)))[:, None]


def by_hand(X, cap, l2):
    """B, item by item, of rows that weigh by their lengths: the nearest by cosine, then scipy."""
    X = weighed(X)
    gram = X.T @ X
    cosine = gram / np.sqrt(np.outer(gram.diagonal(), gram.diagonal()))
    np.fill_diagonal(cosine, -1)
    B = np.zeros(gram.shape)
    for j in range(len(gram)):
        near = np.argsort(-cosine[:, j], kind="stable")[:cap]
        near = near[cosine[near, j] > 0]
        ridge = np.diag(np.sqrt(l2 + 0.5 * gram[near, near]))
        B[near, j] = nnls(np.vstack([X[:, near], ridge]), np.append(X[:, j], near * 0.0))[0]
    return B


def fitted(X, model=FEW, **settings):
    return Recommender(model=model, **settings).fit(*np.nonzero(X))


def test_weights_are_those_of_scipy_item_by_item():
    X = table()
    model = fitted(X)
    np.testing.assert_allclose(model.item_weights_.toarray(), by_hand(X, 6, 2.0), atol=1e-4)
    W = weighed(X)
    left = np.linalg.norm(W - W @ by_hand(X, 6, 2.0)) / np.linalg.norm(W)
    assert model.history_[-1]["relative_error"] == pytest.approx(left, rel=1e-4)


def test_memory_for_gram_matrices_changes_nothing(monkeypatch):
    whole = fitted(table())
    monkeypatch.setattr(item_weights, "_GRAMS", 200)
    parts = fitted(table())
    np.testing.assert_array_equal(whole.item_weights_.toarray(), parts.item_weights_.toarray())


def test_scores_are_sums_over_what_was_chosen():
    X = table()
    model = fitted(X)
    scores = X @ by_hand(X, 6, 2.0)
    users, items = np.nonzero(np.ones(X.shape))
    shares = X.mean(axis=0)
    np.testing.assert_allclose(model.predict(users, items), (scores + 1e-6 * shares).ravel(), atol=1e-4)
    top = model.recommend([4], 3)
    unseen = np.where(X[4] > 0, -1, scores[4])
    np.testing.assert_allclose(top.scores, np.sort(unseen)[::-1][:3], atol=1e-4)
    assert model.predict([999], [0]) == pytest.approx(1e-6 * shares[0])


def test_an_explanation_is_exact():
    model = fitted(table())
    for item in model.recommend([7], 3).items:
        found = model.explain(7, item)
        assert found.score == pytest.approx(model.predict([7], [item])[0], abs=1e-6)
        assert sum(part for _, part in found.because) == pytest.approx(found.parts["neighbours"], abs=1e-6)
        assert {name for name, _ in found.because} <= set(np.flatnonzero(table()[7]))


def test_a_visitor_gets_the_list_of_a_user_with_the_same_choices():
    X = table()
    model = fitted(X)
    own, visitor = model.recommend([9], 5), model.recommend_for(np.flatnonzero(X[9]), n=5)
    np.testing.assert_array_equal(own.items, visitor.items)
    np.testing.assert_allclose(own.scores, visitor.scores, rtol=1e-6)


def test_a_file_brings_everything_back_and_refuses_damage(tmp_path):
    model, path = fitted(table()), tmp_path / "shelf.npz"
    model.save(path)
    loaded = Recommender.load(path)
    np.testing.assert_array_equal(loaded.item_weights_.toarray(), model.item_weights_.toarray())
    np.testing.assert_array_equal(loaded.recommend(n=3).items, model.recommend(n=3).items)
    assert loaded.model_ == model.model_
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"shelf\.npz"):
        Recommender.load(path)


def test_more_data_changes_the_items_that_it_is_of():
    X = table()
    model = fitted(X[:40])
    users, items = np.nonzero(X[40:])
    model.partial_fit(users + 40, items).resume(1)
    np.testing.assert_allclose(model.item_weights_.toarray(), by_hand(X, 6, 2.0), atol=1e-4)


def test_items_that_are_alike_are_chosen_by_the_same():
    X = table()
    alike = fitted(X).similar_items(3, 2)
    cosine = X.T @ X[:, 3] / np.linalg.norm(X, axis=0) / np.linalg.norm(X[:, 3])
    cosine[3] = -1
    np.testing.assert_allclose(alike.scores, np.sort(cosine)[::-1][:2], rtol=1e-6)


def test_an_ideal_chip_finds_the_same_weights():
    X = table(m=30, n=9)
    np.testing.assert_allclose(fitted(X, engine=Analog("ideal")).item_weights_.toarray(), by_hand(X, 6, 2.0), atol=2e-3)


def test_settings_are_chosen_and_lists_beat_popularity():
    X = table(1, 300, 90)
    users, items = np.nonzero(X)
    train, test = split_by_user(users, 0.2, 0)
    model = Recommender(model="neighbours").fit(users[train], items[train])
    assert None not in (model.model_.l2, model.model_.cap, model.model_.popularity)
    own = evaluate(model, users[test], items[test], np.ones(len(test))).ndcg
    alone = NeighbourModel(l2=1.0, popularity=1e4)
    famous = Recommender(model=alone).fit(users[train], items[train])
    assert own > 1.5 * evaluate(famous, users[test], items[test], np.ones(len(test))).ndcg


@pytest.mark.parametrize(
    ("settings", "message"), [({"cap": 0}, "cap"), ({"l2": 0.0}, "l2"), ({"weighting": "cubic"}, "weighting")]
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        NeighbourModel(**settings)


def test_a_cap_above_the_items_is_refused():
    with pytest.raises(ValueError, match="cap must be below the number of items, 24, got 24"):
        fitted(table(), NeighbourModel(cap=24))


def test_a_table_of_which_nothing_can_be_learned_is_fitted():
    """Lists that are all below popularity's, and users and items of whom nothing is known."""
    rng = np.random.default_rng(0)
    X = rng.random((30, 20)) < 0.1
    X[0, 0] = True
    for model in ("neighbours", "mixed"):
        made = Recommender(1, model=model, max_iter=2).fit(sp.csr_array(X * 1.0))
        assert len(made.recommend(n=3)) == 90
