"""Features of items joined to choices: weights beside scipy's nnls, better lists of rare items, files, refusals."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from mho import Recommender
from mho.recommend import MixedModel, NeighbourModel, evaluate, split_by_user


def brands(seed=0, m=300, n=120, groups=20):
    """Choices of users who keep to two groups of items, few of each item, and the groups."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, n)
    liked = rng.integers(0, groups, (m, 2))
    inside = (group[None, :, None] == liked[:, None, :]).any(axis=2)
    X = rng.random((m, n)) < np.where(inside, 0.4, 0.004)
    X[np.arange(m), rng.integers(0, n, m)] = True
    X[rng.integers(0, m, n), np.arange(n)] = True
    return *np.nonzero(X), np.eye(groups)[group]


SET = NeighbourModel(l2=3.0, popularity=0.0, weighting="presence", features=0.7)


def test_weights_are_those_of_a_table_with_a_row_for_each_feature():
    users, items, groups = brands(m=60, n=40, groups=5)
    features = groups + np.random.default_rng(1).random(groups.shape) * (np.arange(5) < 2)
    made = Recommender(model=SET).fit(users, items, item_features=(np.arange(40), features))
    X = np.zeros((60, 40))
    X[users, items] = 1
    counts = X.sum(axis=1)
    weight = counts**-0.125 / np.sqrt(np.mean(counts**-0.25))
    X *= weight[:, None]
    rows = features * np.log1p(40 / (features > 0).sum(axis=0))
    rows *= 0.7 * np.sqrt(np.mean(np.sum(X**2, axis=0))) / np.linalg.norm(rows, axis=1, keepdims=True)
    whole = np.vstack([X, rows.T])
    found = made.item_weights_.toarray()
    for j in range(0, 40, 7):
        A = np.delete(whole, j, axis=1)
        ridge = np.diag(np.sqrt(3.0 + 0.5 * np.sum(A**2, axis=0)))
        wanted = nnls(np.vstack([A, ridge]), np.append(whole[:, j], np.zeros(39)))[0]
        np.testing.assert_allclose(np.delete(found[:, j], j), wanted, atol=2e-4)


@pytest.mark.parametrize("model", ["neighbours", "mixed"])
def test_what_features_count_for_is_found_by_lists(model):
    users, items, groups = brands()
    rng = np.random.default_rng(3)
    train, test = split_by_user(users, 0.3, 0)
    ndcg, taken = {}, {}
    for name, features in (("none", None), ("groups", groups), ("noise", rng.permutation(groups))):
        given = None if features is None else (np.arange(len(groups)), features)
        made = Recommender(8, model=model).fit(users[train], items[train], item_features=given)
        own = made.model_.neighbours if isinstance(made.model_, MixedModel) else made.model_
        ndcg[name], taken[name] = evaluate(made, users[test], items[test], np.ones(len(test))).ndcg, own.features
    assert ndcg["groups"] > ndcg["none"] + 0.02
    assert taken["groups"] > 0
    assert (taken["none"], taken["noise"]) == (0, 0)


def test_items_that_nobody_chose_are_in_lists_files_and_later_data(tmp_path):
    users, items, groups = brands()
    kept = items < 100
    chosen = np.unique(items[kept])
    ids = np.random.default_rng(4).permutation(120)  # in any order
    model = NeighbourModel(l2=3.0, popularity=0.0, features=1.0)
    made = Recommender(model=model).fit(users[kept], items[kept], item_features=(ids, groups[ids]))
    assert set(made.item_ids_[len(chosen) :]) == set(range(100, 120)) | set(np.setdiff1d(np.arange(100), chosen))
    by_hand = Recommender(model=model).fit(users[kept], items[kept], item_features=(chosen, groups[chosen]))
    by_hand.add_items(made.item_ids_[len(chosen) :], groups[made.item_ids_[len(chosen) :]])
    np.testing.assert_allclose(made.list_scores(), by_hand.list_scores(), rtol=1e-6)
    made.save(tmp_path / "shelf.npz")
    again = Recommender.load(tmp_path / "shelf.npz")
    for one in (made, again):
        one.partial_fit([0, 1, 500], [110, 110, 700])
    np.testing.assert_allclose(made.list_scores(), again.list_scores(), rtol=1e-6)
    again.add_items([701], groups[[3]])
    assert again.item_ids_[-2:].tolist() == [700, 701]


def test_features_without_use_leave_the_weights_as_they_were():
    users, items, groups = brands()
    model = NeighbourModel(l2=3.0, popularity=0.0, weighting="presence", features=0.0)
    given = np.arange(120), sp.csr_array(groups)
    one, other = (Recommender(model=model).fit(users, items, item_features=x) for x in (given, None))
    np.testing.assert_array_equal(one.item_weights_.toarray(), other.item_weights_.toarray())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.eye(3), "item_features must be a tuple, ids and their features, got ndarray"),
        ((["tea", "milk"], np.eye(3)[:, :2]), "item_features must have a row for each of 2 ids, got 3"),
        ((["tea", "milk", "tea"], np.eye(3)), "item_features must have each id once"),
        ((["tea", "milk", "jam"], -np.eye(3)), "item_features contains a negative entry"),
        ((["tea", "milk"], np.ones((2, 4))), "item_features must not be more than there are items, 3, got 4"),
        (([1, 2], np.ones((2, 1))), "items must be text"),
    ],
)
def test_what_cannot_be_joined_is_refused_in_a_sentence(given, message):
    users, items = ["ann", "ann", "bob", "bob", "cem"], ["tea", "milk", "tea", "jam", "milk"]
    with pytest.raises((TypeError, ValueError), match=message):
        Recommender(model="neighbours").fit(users, items, item_features=given)


def test_models_without_weights_of_choices_say_where_features_go():
    with pytest.raises(ValueError, match="item_features go with model='neighbours' and 'mixed'; others take them by"):
        Recommender(2).fit([1, 2], [1, 2], [3, 4], item_features=([1, 2], np.ones((2, 1))))
    made = Recommender(1, model="implicit").fit([1, 2], [1, 2])
    with pytest.raises(ValueError, match="known_features are needed where fit was given no item_features"):
        made.add_items([3], [[1.0]])
