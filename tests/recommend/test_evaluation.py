import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, ndcg_score, root_mean_squared_error

from mho.recommend import (
    ImplicitModel,
    RatingModel,
    Recommender,
    evaluate,
    mae,
    rmse,
    split_by_time,
    split_by_user,
    split_random,
    tune,
)

N_USERS, N_ITEMS = 30, 20


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(2)
    users, items = np.divmod(rng.permutation(N_USERS * N_ITEMS)[:400], N_ITEMS)
    return users, items, rng.integers(1, 6, 400).astype(float)


def parts(table):
    train, test = split_random(len(table[0]), 0.3, 1)
    return [c[train] for c in table], [c[test] for c in table]


def test_figures_are_those_of_scikit_learn(table):
    known, (users, items, stars) = parts(table)
    model = Recommender(3, model="ratings", max_iter=3).fit(*known)
    found = evaluate(model, users, items, stars, n=5, relevant=4)
    predicted = model.predict(users, items)
    assert found.rmse == rmse(stars, predicted) == pytest.approx(root_mean_squared_error(stars, predicted))
    assert found.mae == mae(stars, predicted) == pytest.approx(mean_absolute_error(stars, predicted))
    scores = model.user_offsets_[:, None] + model.item_offsets_ + model.list_offsets_
    scores += model.user_factors_ @ model.item_factors_.T
    seen, relevant = np.zeros((2, N_USERS, N_ITEMS), bool)
    seen[tuple(known[:2])] = True
    relevant[users[stars >= 4], items[stars >= 4]] = True
    rows = [u for u in range(N_USERS) if relevant[u].any()]
    expected = [ndcg_score([relevant[u][~seen[u]]], [scores[u][~seen[u]]], k=5) for u in rows]
    assert found.ndcg == pytest.approx(np.mean(expected))
    assert found.users == len(rows)
    scores[seen] = -np.inf
    lists = np.argsort(-scores, axis=1)[rows, :5]
    hits = np.take_along_axis(relevant[rows], lists, axis=1).sum(axis=1)
    assert found.recall == pytest.approx(np.mean(hits / relevant[rows].sum(axis=1)))
    assert found.coverage == len(np.unique(lists)) / N_ITEMS


def test_an_implicit_model_predicts_no_ratings(table):
    known, held_out = parts(table)
    found = evaluate(Recommender(3, model="implicit", max_iter=2).fit(*known[:2]), *held_out)
    assert found.rmse is None
    assert found.mae is None
    assert 0 < found.ndcg < 1


def test_an_item_that_nobody_knows_counts_as_missed():
    model = Recommender(1, model=ImplicitModel(l2=0.1)).fit([1, 1, 2], ["a", "b", "a"])
    assert evaluate(model, [2], ["b"], [1.0]).recall == 1
    assert evaluate(model, [2, 2], ["b", "never seen"], [1.0, 1.0]).recall == 0.5


def test_a_pair_that_is_held_out_twice_counts_once_in_lists():
    model = Recommender(1, model=ImplicitModel(l2=0.1)).fit([1, 1, 2], ["a", "b", "a"])
    once = evaluate(model, [2, 2], ["b", "never seen"], [1.0, 1.0])
    assert evaluate(model, [2, 2, 2, 2], ["b", "never seen", "b", "never seen"], [1.0] * 4) == once


def test_nothing_relevant_is_said():
    model = Recommender(1).fit([1, 1, 2], ["a", "b", "a"], [1, 2, 3])
    with pytest.raises(ValueError, match=r"ratings must have some that are relevant, >= 4"):
        evaluate(model, [2], ["b"], [1.0], relevant=4)


def test_a_split_is_a_partition_that_a_seed_fixes():
    train, test = split_random(1000, 0.1, seed=3)
    assert len(test) == 100
    assert sorted([*train, *test]) == list(range(1000))
    np.testing.assert_array_equal(test, split_random(1000, 0.1, seed=3)[1])
    assert set(test) != set(split_random(1000, 0.1, seed=4)[1])


def test_a_split_leaves_something_on_either_side():
    assert [len(part) for part in split_random(2, 0.001)] == [1, 1]
    assert [len(part) for part in split_random(2, 0.999)] == [1, 1]


def test_a_split_by_time_holds_out_the_last():
    times = np.random.default_rng(0).permutation(50)
    train, test = split_by_time(times, 0.2)
    assert len(test) == 10
    assert times[train].max() < times[test].min()


def test_a_split_by_user_leaves_everybody_something(table):
    users = table[0]
    train, test = split_by_user(users, 0.25, seed=1)
    assert sorted([*train, *test]) == list(range(len(users)))
    counts, held_out = np.bincount(users), np.bincount(users[test], minlength=N_USERS)
    np.testing.assert_array_equal(held_out, counts // 4)
    assert split_by_user([1, 1, 2], 0.9)[1].tolist() in ([0], [1])


@pytest.mark.parametrize("model", ["ratings", "implicit"])
def test_columns_that_do_not_go_together_are_refused(model):
    fitted = Recommender(1, model=model).fit([1, 1, 2], ["a", "b", "a"], [1, 2, 3])
    with pytest.raises(ValueError, match="of equal length, got users 2, items 2, ratings 1"):
        evaluate(fitted, [2, 2], ["a", "b"], [1.0])


def test_users_who_rated_too_little_to_split_are_told():
    with pytest.raises(ValueError, match=r"of 9, the most of any, 0.1 is none"):
        split_by_user([1] * 9 + [2] * 5, 0.1)


@pytest.mark.parametrize("share", [0, 1, 1.5])
def test_a_split_without_two_sides_is_refused(share):
    for split in (lambda: split_random(10, share), lambda: split_by_time(np.arange(9), share)):
        with pytest.raises(ValueError, match="test must lie between 0 and 1"):
            split()


def test_tuning_puts_the_better_first(table):
    rng = np.random.default_rng(0)
    a, d = rng.uniform(0, 2, N_USERS), rng.uniform(0, 2, N_ITEMS)
    stars = 1 + a[table[0]] + d[table[1]]
    candidates = [Recommender(2, model=RatingModel(l2_offset=s), max_iter=5) for s in (100.0, 0.5, 10.0)]
    trials = tune(candidates, *table[:2], stars)
    assert [trial.recommender.model.l2_offset for trial in trials] == [0.5, 10.0, 100.0]
    assert trials[0].scores.rmse < trials[1].scores.rmse
    ranked = tune(candidates, *table[:2], stars, by="recall")
    assert ranked[0].scores.recall == max(trial.scores.recall for trial in ranked)


def test_users_who_have_seen_every_item_have_no_list_to_be_scored():
    users, items = [1, 1, 2, 2], [1, 2, 1, 2]
    shelf = Recommender(1, model="implicit", random_state=0).fit(users, items)
    with pytest.raises(ValueError, match="users must have items left that they have not seen in training"):
        evaluate(shelf, users, items, np.ones(4))
