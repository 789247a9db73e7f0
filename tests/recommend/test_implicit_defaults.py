"""Lists of an implicit model as it comes, beside the most chosen items, which are counted here."""

import numpy as np
import pytest
import scipy.sparse as sp

from mho.data import movielens
from mho.recommend import ImplicitModel, Recommender, evaluate, list_defaults, split_by_user

K = 16


def popular_ndcg(users, items, test_users, test_items, n=10):
    """Mean nDCG of each user's most chosen unseen items."""
    order = np.argsort(-np.bincount(items), kind="stable")
    discount = 1 / np.log2(2 + np.arange(n))
    found = []
    for user in np.unique(test_users):
        wanted = test_items[test_users == user]
        best = order[~np.isin(order, items[users == user])][:n]
        found.append(np.isin(best, wanted) @ discount[: len(best)] / discount[: len(wanted)].sum())
    return np.mean(found)


def own_ndcg(users, items, strengths, test_users, test_items, *, k=K, max_iter=20, seed=0):
    model = Recommender(k, model="implicit", max_iter=max_iter, random_state=seed).fit(users, items, strengths)
    return evaluate(model, test_users, test_items, np.ones(len(test_users))).ndcg


def parted(users, items, seed):
    train, test = split_by_user(users, 0.2, seed)
    return train, (users[test], items[test])


@pytest.fixture(scope="module")
def films():
    stars = movielens()
    return stars.users, stars.items


def few_and_famous(seed):
    """1,200 people who choose films by fame alone, some of them by all: nothing is to be learned but popularity."""
    rng = np.random.default_rng(seed)
    fame = 1 / np.arange(1, 501) ** 1.3
    keys = np.log(fame) + rng.gumbel(size=(1200, 500))
    chosen = np.argsort(-keys, axis=1)[:, :15]
    return np.repeat(np.arange(1200), 15), chosen.ravel()


@pytest.mark.parametrize("seed", [0, 1])
def test_where_fame_is_everything_lists_are_not_below_popularity(seed):
    users, items = few_and_famous(seed)
    train, test = parted(users, items, seed)
    users, items = users[train], items[train]
    assert own_ndcg(users, items, None, *test, k=8, max_iter=8, seed=seed) > popular_ndcg(users, items, *test) - 0.003


def test_lists_of_films_are_far_above_popularity(films):
    train, test = parted(*films, 0)
    users, items = films[0][train], films[1][train]
    assert own_ndcg(users, items, None, *test) > 1.4 * popular_ndcg(users, items, *test)


def test_counts_with_a_long_tail_make_lists_as_good_as_their_logarithms(films):
    """Pareto with the exponent 1.1: one pair in a thousand has hundreds."""
    train, test = parted(*films, 1)
    users, items = films[0][train], films[1][train]
    counts = np.ceil(np.random.default_rng(5).pareto(1.1, len(train))).clip(1, 1e5)
    logs = own_ndcg(users, items, np.log1p(counts), *test)
    assert own_ndcg(users, items, counts, *test) > 0.95 * logs
    assert logs > 1.3 * popular_ndcg(users, items, *test)


def test_strengths_may_be_in_any_unit():
    users, items = few_and_famous(3)
    strengths = np.random.default_rng(0).lognormal(size=len(users))
    model = ImplicitModel(l2=4.0, popularity=0.1)
    one, other = (
        Recommender(3, model=model, max_iter=3).fit(users, items, unit * strengths).user_factors_
        for unit in (1.0, 1024.0)
    )
    np.testing.assert_allclose(one, other)


def test_a_weight_is_the_logarithm_of_a_strength_and_one_for_the_typical():
    model = ImplicitModel(l2=1.0, popularity=0.0).settled(
        Recommender(1, model=ImplicitModel(l2=1.0, popularity=0.0), max_iter=1)
        .fit([0] * 41, np.arange(41), [1.0] * 5 + [7.0] * 30 + [1000.0] * 6)
        .known_,
        1,
        np.random.default_rng(0),
    )
    assert (model.least, model.typical) == (1.0, 7.0)
    np.testing.assert_allclose(model.weights(np.array([1.0, 7.0, 63.0])), np.log([2, 8, 64]) / np.log(8))


@pytest.fixture(scope="module")
def with_nobody():
    """Two crowds, the item 5 of which is the most popular, and the users 60 and 61, of whom nothing is known."""
    rng = np.random.default_rng(1)
    chosen = rng.random((60, 20)) < np.where(np.arange(60)[:, None] % 2 == np.arange(20) % 2, 0.5, 0.05)
    chosen[:, 5], chosen[:50, 12] = True, True
    table = sp.csr_array(np.vstack([chosen, np.zeros((2, 20), bool)]).astype(float))
    return Recommender(3, model=ImplicitModel(l2=4.0, popularity=0.0)).fit(table), chosen.sum(axis=0)


def test_a_user_of_whom_nothing_is_known_gets_what_is_popular(with_nobody):
    model, chosen = with_nobody
    assert not model.user_factors_[60].any()
    lists = [model.recommend([60], 6), model.recommend([61, 60], 6), model.recommend_for([], n=6)]
    for top in lists:
        np.testing.assert_array_equal(chosen[top.items[:6]], np.sort(chosen)[::-1][:6])
        assert (np.diff(top.scores[:6]) <= 0).all()


def test_a_user_who_chose_what_no_factor_knows_gets_what_is_popular(with_nobody):
    model, chosen = with_nobody
    unknown = Recommender(3, model=ImplicitModel(l2=4.0, popularity=0.0)).fit(model.known_)
    unknown.fold_in([99], [77])
    top = unknown.recommend([99], 6)
    np.testing.assert_array_equal(chosen[top.items], np.sort(chosen)[::-1][:6])


def test_the_popularity_is_a_part_of_a_score_and_kept_in_the_file(with_nobody, tmp_path):
    known, chosen = with_nobody[0].known_, with_nobody[1]
    model = Recommender(3, model=ImplicitModel(l2=4.0, popularity=0.5)).fit(known)
    why = model.explain(0, 12)
    assert why.parts["popularity"] == pytest.approx(0.5 * chosen[12] / 62)
    assert why.score == pytest.approx(model.predict([0], [12])[0])
    model.save(tmp_path / "shelf.npz")
    loaded = Recommender.load(tmp_path / "shelf.npz")
    assert loaded.model_ == model.model_
    np.testing.assert_allclose(loaded.recommend(n=3).scores, model.recommend(n=3).scores)


def test_a_large_table_is_judged_by_a_sample_of_its_users():
    users, items = few_and_famous(0)
    known = Recommender(1, model=ImplicitModel(l2=1.0, popularity=0.0), max_iter=1).fit(users, items).known_
    looked_at = []

    def fits(held_out):
        looked_at.append(held_out.train.nnz)
        yield lambda part: [np.zeros((len(held_out.users[part]), held_out.train.shape[1]))]

    candidates = list_defaults.Candidates(
        fits=fits, settings=[1.0], fame=lambda share: share, terms=[0.0], sample=2_000, share=0.1
    )
    list_defaults.choose(known, candidates, np.random.default_rng(0))
    assert 0 < max(looked_at) <= 0.1 * known.nnz


def test_a_table_of_few_choices_is_parted_more_often():
    assert [list_defaults._splits(n, 100_000, 4) for n in (100, 10_000, 20_000, 60_000, 1_000_000)] == [16, 8, 4, 1, 1]


def test_gains_are_those_of_lists_written_out():
    """Two settings of one fit, with and without a popularity term, beside every user's list of what is left."""
    rng = np.random.default_rng(0)
    known = sp.csr_array((rng.random((40, 30)) < 0.4) * 1.0)
    told = rng.random((2, 40, 30))
    candidates = list_defaults.Candidates(
        fits=lambda _: iter([lambda part: (x[held_out.users[part]] for x in told)]),
        settings=[1, 2],
        fame=lambda share: share + 1e-4 * np.arange(30),
        terms=[0.0, 2.0],
        part=0.3,
    )
    held_out = list_defaults.HeldOut.of(known, list_defaults.item_shares(known), 40, rng, candidates)
    assert held_out.test.nnz == pytest.approx(0.3 * known.nnz, rel=0.2)
    gains = held_out.gains(candidates)
    fame, discount = candidates.fame(held_out.share), 1 / np.log2(2 + np.arange(10))
    for place, user in enumerate(held_out.users):
        left = np.flatnonzero(held_out.train[[user]].toarray()[0] == 0)
        wanted = held_out.test[[user]].toarray()[0] > 0

        def ndcg(scores, left=left, wanted=wanted):
            best = left[np.argsort(-scores[left], kind="stable")][:10]
            return wanted[best] @ discount[: len(best)] / discount[: wanted.sum()].sum()

        for s, t in np.ndindex(2, 2):
            gain = ndcg(told[s, user] + candidates.terms[t] * fame) - ndcg(fame)
            np.testing.assert_allclose(gains[s, t, :, place], gain, atol=1e-12)
