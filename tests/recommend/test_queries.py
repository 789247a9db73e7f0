"""What a fitted recommender says, against the formulas on dense arrays."""

import json
import zipfile

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.data import DataError
from mho.recommend import ImplicitModel, RatingModel, Recommender
from mho.recommend import top as top_module

N_USERS, N_ITEMS, K = 40, 25, 3
MODELS = {
    "ratings": RatingModel(popularity=0.0),
    "ratings, popularity": RatingModel(popularity=0.3),
    "implicit": ImplicitModel(l2=0.5, popularity=0.0),
}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(8)
    users, items = np.divmod(rng.permutation(N_USERS * N_ITEMS)[:400], N_ITEMS)
    return users, items, rng.integers(1, 6, 400).astype(float)


@pytest.fixture(params=MODELS)
def fitted(request, table):
    """A fresh one for every test, since some change it."""
    return Recommender(K, model=MODELS[request.param], max_iter=4).fit(*table)


def scores(model):
    return model.user_offsets_[:, None] + model.item_offsets_ + model.user_factors_ @ model.item_factors_.T


def merits(model):
    """What items are put in order by: ratings of less than a mean one for each e-fold of those who rated them."""
    share = model.model_.popularity if model.predicts_ratings else 0.0
    return scores(model) + share * model.unit_ * np.log(1 + model.known_.astype(bool).sum(axis=0))


def test_the_best_unseen_items_come_in_order(fitted, table, monkeypatch):
    monkeypatch.setattr(top_module, "_BLOCK", 3 * N_ITEMS)  # three users at a time
    top = fitted.recommend(n=5)
    everything = merits(fitted)
    everything[table[:2]] = -np.inf
    order = np.argsort(-everything, axis=1)[:, :5]
    np.testing.assert_array_equal(top.users, np.repeat(np.arange(N_USERS), 5))
    ordered = everything[top.users, top.items]
    np.testing.assert_allclose(ordered, np.take_along_axis(everything, order, axis=1).ravel())
    np.testing.assert_allclose(top.scores, scores(fitted)[top.users, top.items], atol=1e-12)


def test_lists_can_be_for_some_users_and_of_some_items(fitted, table):
    top = fitted.recommend([7, 3], 4, among=[1, 2, 3, 4, 5, 6])
    everything = merits(fitted)
    everything[table[:2]] = -np.inf
    assert list(dict.fromkeys(top.users)) == [7, 3]
    for user in (7, 3):
        best = np.sort(everything[user, 1:7])[::-1][:4]
        own = top.users == user
        np.testing.assert_allclose(everything[user, top.items[own]], best[best > -np.inf])
        np.testing.assert_allclose(top.scores[own], scores(fitted)[user, top.items[own]])


def test_seen_items_only_on_request(fitted, table):
    everything = merits(fitted)
    top = fitted.recommend([0], N_ITEMS, seen=True)
    assert sorted(top.items) == list(range(N_ITEMS))
    assert top.items[0] == np.argmax(everything[0])
    unseen = fitted.recommend([0], N_ITEMS)
    assert set(unseen.items) == set(range(N_ITEMS)) - set(table[1][table[0] == 0])


def test_nobody_unknown_gets_a_list(fitted):
    with pytest.raises(ValueError, match="users must be known, got 99, which was never seen; fold_in takes new ones"):
        fitted.recommend([0, 99])


def test_a_visitor_gets_what_a_new_user_gets(fitted):
    items, stars = [4, 9, 17], [5.0, 1.0, 4.0]
    visitor = fitted.recommend_for(items, stars, 6)
    fitted.fold_in(np.full(3, 99), items, stars)
    np.testing.assert_array_equal(visitor.items, fitted.recommend([99], 6).items)
    kept = fitted.recommend([99], 6).scores  # one more user of whom an item's popularity is a share
    np.testing.assert_allclose(visitor.scores, kept, atol=1e-6)
    assert set(visitor.items).isdisjoint(items)


def test_a_visitor_may_name_what_nobody_knows(fitted):
    known = fitted.recommend_for([4], [5.0], 6)
    np.testing.assert_array_equal(known.items, fitted.recommend_for([4, 1000], [5.0, 5.0], 6).items)


@pytest.mark.parametrize("named", [[], [1000]])
def test_of_whom_nothing_is_known_gets_what_all_users_like_together(fitted, table, named):
    top = fitted.recommend_for(named, [5.0] * len(named), 4)
    liked = scores(fitted).mean(axis=0) if fitted.predicts_ratings else 1e-6 / N_USERS * np.bincount(table[1])
    ahead = liked + (merits(fitted) - scores(fitted))[0]
    np.testing.assert_allclose(ahead[top.items], np.sort(ahead)[::-1][:4])
    np.testing.assert_allclose(top.scores, liked[top.items])


def test_a_visitor_may_have_rated_with_zero_but_not_chosen_with_none(table):
    assert len(Recommender(K).fit(*table).recommend_for([4], [0.0], 3)) == 3
    with pytest.raises(ValueError, match="must be above 0 here, got 0"):
        Recommender(K, model="implicit").fit(*table[:2]).recommend_for([4], [0.0])


def test_ids_of_any_type_are_answered_with():
    names = [("a", 1), ("b", 2), ("c", 3)]
    items = np.empty(4, object)
    items[:] = [names[0], names[1], names[0], names[2]]
    fitted = Recommender(2, model="implicit").fit([1, 1, 2, 2], items)
    wanted = np.empty(1, object)
    wanted[:] = [names[0]]
    assert set(fitted.similar_items(wanted[0]).users) == {names[0]}
    assert set(fitted.explain(1, names[2]).because) <= {(name, x) for name, x in fitted.explain(1, names[2]).because}
    assert [name for name, _ in fitted.explain(1, names[2]).because][:1] == [names[0]]


def test_a_user_is_folded_in_by_one_least_squares_problem_and_nobody_else_changes(table):
    fitted = Recommender(K, max_iter=4).fit(*table)
    users, items = fitted.user_factors_, fitted.item_factors_
    rated, stars = [4, 9, 17], np.array([5.0, 1.0, 4.0])
    fitted.fold_in([99, 99, 99], rated, stars)
    np.testing.assert_array_equal(fitted.user_factors_[:-1], users)
    np.testing.assert_array_equal(fitted.item_factors_, items)
    model, unit = fitted.model_, fitted.unit_
    strength = np.sqrt(np.append(model.l2_offset, np.full(K, model.l2)))
    A = np.vstack([np.column_stack([np.ones(3), items[rated] / np.sqrt(unit)]), np.diag(strength)])
    x, _ = nnls(A, np.append((stars - fitted.item_offsets_[rated]) / unit, strength * model.prior(K)))
    np.testing.assert_allclose(fitted.user_factors_[-1], np.sqrt(unit) * x[1:], atol=1e-9)


def test_a_new_item_can_be_folded_in(fitted, table):
    before = fitted.user_factors_
    fitted.fold_in([1, 2, 3], [777] * 3, [5.0, 5, 4], side="items")
    np.testing.assert_array_equal(fitted.user_factors_, before)
    assert fitted.item_ids_[-1] == 777
    assert 777 in fitted.recommend([0], N_ITEMS + 1).items


def test_more_of_the_same_and_resuming_come_to_what_a_fit_of_all_comes_to(table):
    part = np.arange(400) < 350
    parts = Recommender(1, max_iter=50).fit(*(c[part] for c in table)).partial_fit(*(c[~part] for c in table))
    whole = Recommender(1, max_iter=300).fit(*table)
    unit = whole.unit_ / parts.unit_  # the mean rating, which a running model keeps
    assert unit == pytest.approx(1, abs=0.02)
    parts.resume(250)
    np.testing.assert_allclose(parts.predict(*table[:2]), whole.predict(*table[:2]), atol=0.02)
    assert parts.history_[-1]["iteration"] == 300


def test_likeness_is_the_cosine_of_what_is_above_the_prior(fitted):
    prior = fitted.model_.prior(K)[-K:] * np.sqrt(fitted.unit_)
    F = fitted.item_factors_ - prior
    with np.errstate(invalid="ignore"):
        cosine = np.nan_to_num(F @ F[3] / np.linalg.norm(F, axis=1) / np.linalg.norm(F[3]))
    cosine[3] = -np.inf
    alike = fitted.similar_items(3, 4)
    np.testing.assert_allclose(alike.scores, np.sort(cosine)[::-1][:4])
    np.testing.assert_allclose(alike.scores, cosine[alike.items])


def test_an_explanation_adds_up_and_names_what_the_user_knows(fitted, table):
    said = fitted.explain(2, 11)
    assert said.score == pytest.approx(scores(fitted)[2, 11])
    values = list(said.parts.values())
    assert values == sorted(values, reverse=True)
    assert min(values) >= 0
    assert {item for item, _ in said.because} <= set(table[1][table[0] == 2]) - {11}


def test_what_is_saved_goes_on_where_it_was(fitted, table, tmp_path):
    fitted.save(tmp_path / "model.npz")
    loaded = Recommender.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.predict(*table[:2]), fitted.predict(*table[:2]))
    np.testing.assert_array_equal(loaded.recommend().items, fitted.recommend().items)
    assert loaded.history_ == fitted.history_
    assert loaded.model_ == fitted.model_
    np.testing.assert_array_equal(loaded.resume(2).predict(*table[:2]), fitted.resume(2).predict(*table[:2]))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"\x93NUMPY"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"model\.npz"):
        Recommender.load(path)


def test_a_file_cut_short_or_of_something_else_is_named(fitted, tmp_path):
    path = tmp_path / "model.npz"
    fitted.save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"model\.npz"):
        Recommender.load(path)
    np.savez(path, W=np.eye(2))
    with pytest.raises(DataError, match=r"model\.npz"):
        Recommender.load(path)


def test_a_file_with_a_damaged_byte_is_named_or_as_it_was(fitted, table, tmp_path):
    fitted.save(tmp_path / "model.npz")
    whole, rng = (tmp_path / "model.npz").read_bytes(), np.random.default_rng(0)
    right, told = fitted.predict(*table[:2]), []
    for place in rng.integers(0, len(whole), 200):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        (tmp_path / "d.npz").write_bytes(damaged)
        try:  # of a zip archive some bytes say nothing
            np.testing.assert_array_equal(Recommender.load(tmp_path / "d.npz").predict(*table[:2]), right)
        except DataError as error:
            told.append(str(error))
    assert len(told) > 100
    assert all("d.npz: " in message for message in told)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user_ids": np.zeros(N_USERS, int)}, "its users must be one column of ids, each once"),
        ({"item_ids": np.zeros((N_ITEMS, 1), int)}, "its items must be one column of ids, each once"),
        ({"user_rows": np.full((N_USERS, K + 1), "x")}, "every number must be float32 or float64, got <U1"),
        ({"prior": np.full(K + 1, np.nan)}, "every number must be finite"),
        ({"prior": np.ones(K)}, "do not go together"),
        ({"unit": 0.0}, "its unit must be above 0"),
        ({"history": [{}]}, "its history is none"),
        ({"history": None}, "its history is none"),
        ({"history": ...}, r"model\.npz: cannot be read: 'history'"),
        ({"user_ids": np.full(N_USERS, 2**31 - 1, np.uint32).view("U1")}, "its users must be numbers, text or times"),
        ({"user_ids": np.zeros(N_USERS, "V4")}, "its users must be numbers, text or times"),
        ({"item_ids": np.array(1)}, r"model\.npz: "),
        ({"prior": np.array(1.0)}, r"model\.npz: cannot be read: "),
        ({"user_rows": np.array(1.0)}, r"model\.npz: "),
        ({"item_rows": np.array("x" * 999)}, r"model\.npz: .{,250}$"),
        ({"unit": None}, r"model\.npz: cannot be read: "),
        ({"settings": {"l2": "x"}}, r"model\.npz: cannot be read: "),
        ({"settings": [1]}, r"model\.npz: cannot be read: "),
        ({"model": "Sequence"}, r"model\.npz: cannot be read: "),
        ({"shape": [1]}, r"model\.npz: cannot be read: "),
        ({"format": "mho recommender 0"}, "is not a recommender of this version"),
    ],
)
def test_a_file_of_what_no_fit_gives_is_named(table, tmp_path, change, message):
    path = tmp_path / "model.npz"
    Recommender(K, max_iter=1).fit(*table).save(path)
    content = dict(np.load(path))
    arrays = {name: value for name, value in change.items() if name in content}
    unsealed = {"format": "mho recommender 1"}  # else its checksum would be missed before anything is looked at
    about = json.loads(str(content["about"])) | unsealed
    about |= {name: x for name, x in change.items() if name not in content}
    about = {name: x for name, x in about.items() if x is not ...}
    np.savez(path, **content | arrays | {"about": np.array(json.dumps(about))})
    with pytest.raises(DataError, match=message):
        Recommender.load(path)


def test_bytes_changed_within_a_sound_archive_are_named_or_do_no_harm(fitted, table, tmp_path):
    """The archive's own sums agree, as after a fault of another program."""
    fitted.save(tmp_path / "model.npz")
    with zipfile.ZipFile(tmp_path / "model.npz") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    rng, told = np.random.default_rng(0), []
    for name in rng.choice(sorted(parts), 150):
        damaged = bytearray(parts[name])
        damaged[rng.integers(len(damaged) if rng.random() < 0.5 else 128)] ^= 1 << rng.integers(8)
        with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
            for part, content in (parts | {name: bytes(damaged)}).items():
                archive.writestr(part, content)
        try:
            Recommender.load(tmp_path / "d.npz").recommend(n=3)
        except DataError as error:
            told.append(str(error))
    assert len(told) > 50
    assert all("d.npz: " in message and len(message) < 300 for message in told)


def test_objects_as_ids_are_not_saved(tmp_path):
    users = np.empty(2, object)
    users[:] = [(1, 2), (3, 4)]
    with pytest.raises(TypeError, match="users must be numbers, text or times to be saved"):
        Recommender(1).fit(users, ["a", "b"], [1, 2]).save(tmp_path / "model.npz")
