"""Figures of lists beside their definitions, written out, and scikit-learn's; a contest on a small table."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import average_precision_score, ndcg_score

from mho import Recommender
from mho.recommend import split_leave_last
from mho.recommend.contest import Entry, contest, own_entry, peer_entries
from mho.recommend.contest_page import write_contest
from mho.recommend.list_metrics import list_metrics, ranked
from mho.recommend.peers import ease, item_knn


def lists_and_wanted(seed=0, m=30, n=12):
    rng = np.random.default_rng(seed)
    scores = rng.random((m, n))
    wanted = rng.random((m, n)) < 0.3
    wanted[np.arange(m), rng.integers(0, n, m)] = True
    return scores, wanted


def test_whole_lists_have_scikit_learns_figures():
    scores, wanted = lists_and_wanted()
    lists = ranked(scores.copy(), sp.csr_array(scores.shape), 12)
    found = list_metrics(lists, sp.csr_array(wanted * 1.0), np.full(12, 0.25))
    for u in range(len(scores)):
        assert found["ndcg"][u] == pytest.approx(ndcg_score(wanted[[u]], scores[[u]]))
        assert found["map"][u] == pytest.approx(average_precision_score(wanted[u], scores[u]))
        first = 1 + np.flatnonzero(wanted[u][np.argsort(-scores[u])])[0]
        assert found["mrr"][u] == pytest.approx(1 / first)
    np.testing.assert_allclose(found["recall"], 1)
    np.testing.assert_allclose(found["novelty"], 2)


def test_short_lists_count_what_they_can_hold():
    wanted = sp.csr_array(np.array([[1.0, 1, 1, 0]]))
    found = list_metrics(np.array([[3, 0, -1]]), wanted, np.array([0.5, 1, 1, 0.125]))
    assert found["recall"] == pytest.approx([1 / 3])
    assert found["precision"] == pytest.approx([1 / 3])
    assert found["map"] == pytest.approx([0.5 / 3])
    assert found["mrr"] == pytest.approx([0.5])
    assert found["hit_rate"] == pytest.approx([1])
    assert found["novelty"] == pytest.approx([(3 + 1) / 2])


def test_what_was_seen_is_in_no_list():
    seen = sp.csr_array(np.array([[0.0, 1, 0], [1, 1, 1]]))
    np.testing.assert_array_equal(ranked(np.array([[1.0, 9, 2], [1, 2, 3]]), seen, 2), [[2, 0], [-1, -1]])


def circles(seed=0, m=120, n=30):
    rng = np.random.default_rng(seed)
    chance = np.where(np.arange(n) % 3 == rng.integers(0, 3, m)[:, None], 0.5, 0.05)
    return rng.random((m, n)) < chance


@pytest.mark.parametrize("users", [120, 4])  # by the Gram matrix of the items, and of the users, which are fewer
def test_ease_is_the_least_squares_of_its_definition(users):
    X = circles()[:users, :6].astype(float)
    scores = ease(sp.csr_array(X), 3.0)(np.arange(len(X)))
    for j in range(6):
        others = np.delete(np.arange(6), j)
        A = np.vstack([X[:, others], np.sqrt(3.0) * np.eye(5)])
        b = np.linalg.lstsq(A, np.append(X[:, j], np.zeros(5)), rcond=None)[0]
        np.testing.assert_allclose(scores[:, j], X[:, others] @ b, atol=1e-10)


def test_item_knn_sums_cosines():
    X = circles().astype(float)
    cosine = X.T @ X / np.outer(np.linalg.norm(X, axis=0), np.linalg.norm(X, axis=0))
    np.fill_diagonal(cosine, 0)
    np.testing.assert_allclose(item_knn(sp.csr_array(X), 30)(np.arange(len(X))), X @ cosine, rtol=1e-5)


@pytest.fixture(scope="module")
def result():
    X, rng = circles(), np.random.default_rng(1)
    out = X & (rng.random(X.shape) < 0.2)
    random = Entry("random", [("", lambda train: lambda users: rng.random((len(users), train.shape[1])))])
    entries = [own_entry("neighbours", lambda: Recommender(model="neighbours")), random, *peer_entries(30)]
    return contest(sp.csr_array((X & ~out) * 1.0), sp.csr_array(out * 1.0), entries, length=5)


def test_a_contest_tells_better_from_chance_alone(result):
    by_name = {one.name: one for one in result.results}
    assert {"popularity", "item-kNN", "EASE"} <= by_name.keys()
    mean, low, high, p = by_name["neighbours"].against(by_name["random"])
    assert 0 < low < mean < high
    assert p < 0.01
    assert by_name["neighbours"].against(by_name["neighbours"])[3] == 1
    low, high = by_name["EASE"].interval("ndcg")
    assert low < by_name["EASE"].mean("ndcg") < high


def test_its_page_has_all_of_them(result, tmp_path):
    write_contest(tmp_path / "page.html", result, title="A < B")
    text = (tmp_path / "page.html").read_text()
    assert all(one.name in text for one in result.results)
    assert "A &lt; B" in text
    assert "http" not in text


def test_the_last_of_each_user_is_held_out():
    users, times = np.array([5, 7, 5, 7, 9, 5]), np.array([3.0, 1, 2, 9, 4, 3])
    train, test = split_leave_last(users, times)
    np.testing.assert_array_equal(test, [3, 5])
    np.testing.assert_array_equal(train, [0, 1, 2, 4])
    with pytest.raises(ValueError, match="two ratings"):
        split_leave_last([1, 2], [1, 2])
