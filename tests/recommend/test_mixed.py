"""Factors and neighbours together: scores are their sums, neither end is lost, ratings come nearer."""

import dataclasses

import numpy as np
import pytest

from mho import Recommender
from mho.data import movielens
from mho.engines import Digital
from mho.recommend import (
    ImplicitModel,
    MixedModel,
    MixedRatingModel,
    NeighbourModel,
    RatingModel,
    evaluate,
    mixed_model,
    rmse,
    split_by_user,
    split_random,
)
from mho.recommend.list_defaults import Candidates, _of_the_best
from mho.recommend.model import Side

FACTORS = ImplicitModel(l2=2.0, popularity=0.0)
NEIGHBOURS = NeighbourModel(cap=5, l2=2.0, popularity=0.0, weighting="presence")


def table(seed=0, m=60, n=20):
    rng = np.random.default_rng(seed)
    chance = np.where(np.arange(n) % 3 == rng.integers(0, 3, m)[:, None], 0.5, 0.1)
    X = rng.random((m, n)) < chance
    X[np.arange(m), rng.integers(0, n, m)] = True
    X[rng.integers(0, m, n), np.arange(n)] = True
    return X


def fitted(model, X, k=3):
    return Recommender(k, model=model, max_iter=5).fit(*np.nonzero(X))


def test_scores_are_those_of_both_by_their_shares():
    X = table()
    mixed = fitted(MixedModel(factors=FACTORS, neighbours=NEIGHBOURS, share=0.3, popularity=0.2), X)
    one, other = (fitted(dataclasses.replace(x, popularity=0.0), X) for x in (FACTORS, NEIGHBOURS))
    wanted = 0.7 * one.user_factors_ @ one.item_factors_.T + 0.3 * (X @ other.item_weights_)
    np.testing.assert_allclose(mixed.list_scores(), wanted + 0.2 * X.mean(axis=0), atol=1e-5)
    u, i = np.nonzero(~X)
    np.testing.assert_allclose(mixed.predict(u[:50], i[:50]), mixed.list_scores()[u[:50], i[:50]], atol=1e-5)


@pytest.mark.parametrize(("model", "wanted"), [("implicit", 16), ("mixed", 64)])
def test_components_where_nobody_says_how_many(model, wanted):
    for n, k in ((70, wanted), (12, 12)):
        users, items = np.nonzero(table(n=n))
        made = Recommender(model=model, max_iter=1).fit(users, items)
        assert made.item_factors_.shape == (n, k)
    with pytest.raises(ValueError, match=r"n_components must be at least 1 and at most 12 \(items\), got 13"):
        Recommender(13, model=model).fit(users, items)


def test_several_starts_of_factors_are_the_mean_of_as_many_models():
    """Written out: each start is an implicit model of half the components, alternated alone from where it begins."""
    X, rng = table(), np.random.default_rng(0)
    mixed = fitted(MixedModel(factors=FACTORS, neighbours=NEIGHBOURS, starts=2, share=0.0, popularity=0.0), X, k=6)
    known, model = mixed.known_, dataclasses.replace(FACTORS, least=1.0, typical=1.0)
    rng.spawn(1)
    scores, starts = [], [(None, model.start(20, 3, rng)) for _ in range(2)]
    for users, items in starts:
        for _ in range(5):
            users = model.solve(Digital(), items, known.T, 1.0).side
            items = model.solve(Digital(), users, known.tocsc(), 1.0).side
        assert users is not None
        scores.append(users.rows @ items.rows.T)
    mean = np.mean(scores, axis=0)
    np.testing.assert_allclose(mixed.user_factors_ @ mixed.item_factors_.T, mean, rtol=1e-6)
    weight = np.where(X, 4.0, 1.0)
    left = np.sum(weight * (mean - X) ** 2) / (4 * X.sum())
    assert mixed.history_[-1]["relative_error"] == pytest.approx(np.sqrt(left), rel=1e-6)


@pytest.mark.parametrize(("k", "starts"), [(3, 1), (64, 2)])
def test_a_start_has_32_components_where_nobody_says_how_many(k, starts):
    model = MixedModel(factors=FACTORS, neighbours=NEIGHBOURS, share=0.5, popularity=0.1)
    assert fitted(model, table(n=70), k).model_.starts == starts


def test_a_large_table_has_fewer_components():
    assert [MixedModel().components(None, 1000, n) for n in (199_999, 200_000)] == [64, 32]


@pytest.mark.parametrize(("share", "settled"), [(None, (1.0, 0.3)), (0.5, (0.5, 1000.0))])
def test_neighbours_that_are_surely_better_are_not_lost_with_the_mixture(share, settled, monkeypatch):
    monkeypatch.setattr(mixed_model, "choose", lambda *_: None)
    parts = {"factors": FACTORS, "neighbours": dataclasses.replace(NEIGHBOURS, popularity=0.3)}
    model = fitted(MixedModel(share=share, **parts), table()).model_
    assert (model.share, model.popularity) == settled


def test_an_explanation_adds_up_and_a_visitor_is_answered(tmp_path):
    X = table()
    model = fitted(MixedModel(factors=FACTORS, neighbours=NEIGHBOURS, share=0.5, popularity=0.1), X)
    top = model.recommend([3], 2)
    found = model.explain(3, top.items[0])
    assert found.score == pytest.approx(top.scores[0], rel=1e-5)
    assert sum(part for _, part in found.because) == pytest.approx(found.parts["neighbours"], rel=1e-5)
    model.save(tmp_path / "m.npz")
    loaded = Recommender.load(tmp_path / "m.npz")
    assert loaded.model_ == model.model_
    one, other = (x.recommend_for(np.flatnonzero(X[3]), n=4) for x in (model, loaded))
    np.testing.assert_array_equal(one.items, other.items)
    np.testing.assert_allclose(one.scores, other.scores)


@pytest.fixture(scope="module")
def films():
    stars = movielens()
    many = np.isin(stars.items, np.argsort(-np.bincount(stars.items))[:250]) & (stars.users < 250)
    return stars.users[many], stars.items[many], stars.ratings[many]


def test_lists_are_nowhere_far_below_the_better_part(films):
    users, items, _ = films
    train, test = split_by_user(users, 0.2, 0)
    found = {
        name: evaluate(
            Recommender(8, model=name, max_iter=8).fit(users[train], items[train]),
            users[test],
            items[test],
            np.ones(len(test)),
        ).ndcg
        for name in ("implicit", "neighbours", "mixed")
    }
    assert found["mixed"] > max(found["implicit"], found["neighbours"]) - 0.01


@pytest.mark.parametrize(("ahead", "setting"), [(0.0002, 2), (0.002, 1)])
def test_neighbours_alone_are_taken_where_a_mixture_may_be_no_better(ahead, setting):
    """Gains of three settings and two terms; that of the second is ahead by .02 more or less, from user to user."""
    rng = np.random.default_rng(0)
    differs = rng.normal(size=1000)
    gain = np.broadcast_to(rng.random(1000), (3, 2, 1000)).copy()
    gain[0] -= 0.2
    gain[1] += ahead + 0.02 * (differs - differs.mean()) / differs.std()
    gain[:, 1] += 1e-4  # hardly more, for which no term is taken
    candidates = Candidates(
        fits=lambda held_out: iter(()), settings=range(3), fame=np.copy, terms=(0.0, 0.1), nearly=1e-3, doubt=0.5
    )
    assert _of_the_best(gain, candidates) == (setting, 0)
    gain[:, 1] += 0.01
    assert _of_the_best(gain, candidates) == (setting, 1)


def test_ratings_come_nearer_with_neighbours(films):
    users, items, stars = films
    train, test = split_random(len(users), 0.2, 0)
    errors, factors = [], RatingModel(popularity=0.0)
    for model in (factors, MixedRatingModel(factors=factors, starts=2)):
        fit = Recommender(8, model=model, max_iter=8).fit(users[train], items[train], stars[train])
        errors.append(rmse(stars[test], fit.predict(users[test], items[test])))
    assert errors[1] < errors[0] - 0.002
    assert fit.model_.share > 0
    found = fit.explain(users[0], items[1])
    assert found.score == pytest.approx(sum(found.parts.values()))


def test_a_rating_is_the_factors_and_what_neighbours_pass_on(films, tmp_path):
    users, items, stars = films
    model = MixedRatingModel(factors=RatingModel(popularity=0.0), cap=5, l2=4.0, share=1.0, over="all")
    fit = Recommender(4, model=model, max_iter=4).fit(users, items, stars)
    plain = fit.user_offsets_[:, None] + fit.item_offsets_ + fit.user_factors_ @ fit.item_factors_.T
    known = fit.known_.toarray()
    left = np.where(known > 0, known - plain, 0)
    wanted = np.clip(plain + left @ fit.item_weights_.toarray(), stars.min(), stars.max())
    u, i = fit.encode(users[:300], items[:300])
    np.testing.assert_allclose(fit.predict(users[:300], items[:300]), wanted[u, i], atol=1e-4)
    fit.save(tmp_path / "m.npz")
    again = Recommender.load(tmp_path / "m.npz")
    np.testing.assert_array_equal(again.predict(users[:9], items[:9]), fit.predict(users[:9], items[:9]))


def test_several_starts_are_the_mean_of_as_many_models(films):
    """Written out: each start is a rating model of half the components, alternated alone from where it begins."""
    users, items, stars = films
    settings = {"cap": 5, "l2": 4.0, "share": 0.0, "over": "all"}
    factors = RatingModel(popularity=0.0)
    fit = Recommender(6, model=MixedRatingModel(factors=factors, starts=3, **settings), max_iter=3)
    fit.fit(users, items, stars)
    assert (fit.user_factors_.shape[1], fit.fitted.n_components) == (9, 6)
    known, unit, rng = fit.known_, stars.mean(), np.random.default_rng(0)
    rng.spawn(1)
    predicted = []
    for _ in range(3):
        P, Q = Side(np.tile(factors.prior(3), (known.shape[0], 1))), factors.start(known.shape[1], 3, rng)
        for _ in range(3):
            P = factors.solve(Digital(sweeps=24), Q, known.T, unit, P).side
            Q = factors.solve(Digital(sweeps=24), P, known.tocsc(), unit, Q).side
        predicted.append(unit * factors.scores(P.rows, Q.rows))
    mean = np.mean(predicted, axis=0)
    u, i = fit.encode(users[:400], items[:400])
    np.testing.assert_allclose(fit.predict(users[:400], items[:400]), np.clip(mean[u, i], 0.5, 5), rtol=1e-4)
    inside = mean[known.nonzero()] - known.data
    assert fit.history_[-1]["rmse"] == pytest.approx(np.sqrt(np.mean(inside**2)), rel=1e-4)
    np.testing.assert_allclose(fit.list_scores(users[:3])[0], mean[u[0]] / unit, rtol=1e-4)


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="share"):
        MixedModel(share=1.5)
    with pytest.raises(ValueError, match="starts"):
        MixedModel(starts=0)
    with pytest.raises(TypeError, match="factors must be a RatingModel"):
        MixedRatingModel(factors=ImplicitModel())
    with pytest.raises(ValueError, match="cap must be below the number of items, 20"):
        fitted(MixedModel(neighbours=NeighbourModel(cap=20)), table())
