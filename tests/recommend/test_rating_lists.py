"""Lists of a ratings model as it comes, beside the most rated items, which are counted here."""

import json
import zipfile
from itertools import product

import numpy as np
import pytest

from mho.data import movielens
from mho.recommend import ImplicitModel, RatingModel, Recommender, evaluate, split_by_user

N = 10


def stars_of_fame(seed, taste):
    """500 people who rate by fame; a `taste` has half of them see and like more of those of even number."""
    rng = np.random.default_rng(seed)
    fame, kind = 1 / np.arange(1, 301) ** 1.1, np.arange(300) % 2 == np.arange(500)[:, None] % 2
    chosen = np.argsort(-(np.log(fame) + taste / 2 * kind + rng.gumbel(size=(500, 300))), axis=1)[:, :20]
    users, items = np.repeat(np.arange(500), 20), chosen.ravel()
    stars = np.clip(np.rint(3 + taste * (kind[users, items] - 0.5) + rng.normal(size=len(users))), 1, 5)
    return users, items, stars


def both(users, items, stars, seed):
    """Mean nDCG of the default's lists and of each user's most rated unseen items; and the default."""
    train, test = split_by_user(users, 0.2, seed)
    model = Recommender(8, max_iter=8, random_state=seed).fit(users[train], items[train], stars[train])
    order = np.argsort(-np.bincount(items[train]), kind="stable")
    discount, found = 1 / np.log2(2 + np.arange(N)), []
    for user in np.unique(users[test]):
        wanted = items[test][users[test] == user]
        best = order[~np.isin(order, items[train][users[train] == user])][:N]
        found.append(np.isin(best, wanted) @ discount[: len(best)] / discount[: len(wanted)].sum())
    return evaluate(model, users[test], items[test], stars[test]).ndcg, np.mean(found), model


@pytest.mark.parametrize("seed", [0, 1])
def test_where_fame_is_everything_lists_are_not_below_popularity(seed):
    own, popular, model = both(*stars_of_fame(seed, taste=0.0), seed)
    assert own > popular - 0.003
    plain = Recommender(8, model=RatingModel(popularity=0.0), max_iter=8).fit(model.known_)
    assert plain.recommend(n=N).items.tolist() != model.recommend(n=N).items.tolist()


def test_where_taste_counts_lists_are_above_popularity():
    own, popular, model = both(*stars_of_fame(2, taste=3.0), 0)
    assert own > 1.05 * popular
    assert not model.model_.popularity_alone


def test_lists_of_films_are_not_below_popularity():
    films = movielens()
    own, popular, _ = both(films.users, films.items, films.ratings, 0)
    assert own > popular - 0.003


@pytest.fixture(scope="module")
def table():
    users, items, stars = stars_of_fame(5, taste=1.0)
    return users[:2000], items[:2000], stars[:2000]


def test_what_orders_is_no_part_of_what_is_told(table):
    one, other = (Recommender(3, model=RatingModel(popularity=x), max_iter=3).fit(*table) for x in (0.0, 1e4))
    np.testing.assert_array_equal(one.predict(*table[:2]), other.predict(*table[:2]))
    top = other.recommend(n=N)
    raw = other.user_offsets_[:, None] + other.item_offsets_ + other.user_factors_ @ other.item_factors_.T
    u, i = other.encode(top.users, top.items)
    np.testing.assert_allclose(top.scores, raw[u, i], atol=1e-9)
    why = other.explain(0, top.items[0])
    assert why.score == pytest.approx(top.scores[0])
    assert "popularity" not in why.parts
    counts = np.bincount(other.encode(*table[:2])[1])
    for user in range(0, 100, 9):
        unseen = counts.copy()
        unseen[other.encode([user] * 20, table[1][table[0] == user])[1]] = -1
        np.testing.assert_array_equal(i[u == user], np.argsort(-unseen, kind="stable")[:N])


def test_the_choice_is_kept_in_the_file(table, tmp_path):
    model = Recommender(3, max_iter=3).fit(*table)
    assert model.model_.popularity is not None
    model.save(tmp_path / "stars.npz")
    loaded = Recommender.load(tmp_path / "stars.npz")
    assert loaded.model_ == model.model_
    np.testing.assert_array_equal(loaded.recommend(n=3).items, model.recommend(n=3).items)
    assert loaded.partial_fit([0], [299], [5.0]).model_ == model.model_


@pytest.mark.parametrize("model", [RatingModel(popularity=0.5), ImplicitModel(l2=2.0, popularity=0.5)])
def test_a_file_of_before_there_was_popularity_has_none(table, tmp_path, model):
    fitted = Recommender(3, model=model, max_iter=3).fit(*table)
    fitted.save(tmp_path / "new.npz")
    content = dict(np.load(tmp_path / "new.npz"))
    about = json.loads(str(content["about"])) | {"format": "mho recommender 1"}
    for name in ("popularity", "weighting", "least", "typical"):
        about["settings"].pop(name, None)
    np.savez(tmp_path / "old.npz", **content | {"about": np.array(json.dumps(about))})
    with zipfile.ZipFile(tmp_path / "old.npz") as archive:
        assert not archive.comment
    old = Recommender.load(tmp_path / "old.npz")
    assert old.model_.popularity == 0.0
    raw = old.user_offsets_[:, None] + old.user_factors_ @ old.item_factors_.T
    raw += old.item_offsets_ if old.predicts_ratings else 0.0
    top = old.recommend(n=3, seen=True)
    u, i = old.encode(top.users, top.items)
    np.testing.assert_allclose(raw[u, i].reshape(-1, 3), np.sort(raw, axis=1)[:, :-4:-1], atol=2e-6)
    if not old.predicts_ratings:
        assert (old.model_.weighting, old.model_.least, old.model_.typical) == ("linear", 1.0, 1.0)


def test_zero_is_a_rating_like_others_where_the_choice_is_made():
    users, items, stars = stars_of_fame(3, taste=0.0)
    model = Recommender(2, max_iter=1).fit(users[:400], items[:400], (stars[:400] > 3).astype(float))
    assert len(model.recommend([0], 3)) == 3


def test_a_negative_weight_of_popularity_is_refused():
    with pytest.raises(ValueError, match="popularity must be"):
        RatingModel(popularity=-1.0)


@pytest.mark.parametrize("model", ["ratings", "implicit"])
@pytest.mark.parametrize(("users", "items"), [([0], [0]), ([0, 1], [0, 0]), ([0, 0], [0, 1]), ([0, 0, 1], [0, 1, 0])])
def test_tables_of_a_few_rows_have_lists(model, users, items):
    recommender = Recommender(1, model=model, random_state=0).fit(users, items, np.ones(len(users)))
    top = recommender.recommend(n=2)
    known = set(zip(users, items, strict=True))
    listed = list(zip(top.users.tolist(), top.items.tolist(), strict=True))
    assert sorted(listed) == sorted(set(product(set(users), set(items))) - known)
