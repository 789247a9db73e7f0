"""A recommender behind HTTP, beside the library's own answers; reloads, refusals and a graceful end."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from mho import Recommender
from mho.loopback import listen
from mho.recommend import ImplicitModel, MixedModel, MixedRatingModel, NeighbourModel, RatingModel
from mho.recommend.top_index import TopIndex

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")
serving = pytest.importorskip("mho.recommend.serving")


def table(seed=0, m=40, n=1500):
    rng = np.random.default_rng(seed)
    X = rng.random((m, n)) < 0.02
    X[np.arange(m), rng.integers(0, n, m)] = True
    X[rng.integers(0, m, n), np.arange(n)] = True
    return X


NEAR = NeighbourModel(cap=5, l2=1.0, popularity=0.1, weighting="presence")
FACTORS = ImplicitModel(l2=1.0, popularity=0.1)


def fitted(model, seed=0, **shape):
    X = table(seed, **shape)
    users, items = np.nonzero(X)
    stars = None if model.choices else 1.0 + (users + items) % 5
    return Recommender(4, model=model, max_iter=3).fit(users, items, stars)


@pytest.mark.parametrize(
    "model",
    [
        FACTORS,
        NEAR,
        MixedModel(factors=FACTORS, neighbours=NEAR, share=0.4, popularity=0.1),
        RatingModel(popularity=0.3),
        MixedRatingModel(factors=RatingModel(popularity=0.3), starts=2, cap=5, l2=4.0, share=1.0, over="all"),
    ],
)
def test_pruned_lists_are_those_of_all_scores(model):
    made = fitted(model)
    index = TopIndex(made.fitted)
    for user in (0, 7, 39):
        items, scores = index.best(user, 10)
        whole = made.recommend([user], 10)
        np.testing.assert_array_equal(made.item_ids_[items], whole.items)
        np.testing.assert_allclose(scores, whole.scores, rtol=1e-6)


@pytest.mark.parametrize("model", [FACTORS, MixedModel(factors=FACTORS, neighbours=NEAR, share=0.4, popularity=0.1)])
def test_most_of_many_items_are_never_scored(model):
    made = fitted(model, m=60, n=40_000)
    rng = np.random.default_rng(1)
    made.fitted.items.rows[:] = rng.gamma(0.2, 1.0, made.fitted.items.rows.shape)
    index = TopIndex(made.fitted)
    items, _ = index.best(3, 5)
    np.testing.assert_array_equal(made.item_ids_[items], made.recommend([3], 5).items)
    assert index.looked_at < 0.6 * 40_000


def test_similar_users_have_similar_factors_or_choices():
    made = fitted(FACTORS)
    ids, scores = made.similar_users(3, 4)
    P = made.user_factors_
    cosine = P @ P[3] / np.linalg.norm(P, axis=1) / np.linalg.norm(P[3])
    cosine[3] = -1
    np.testing.assert_allclose(scores, np.sort(cosine)[::-1][:4], rtol=1e-6)
    assert 3 not in ids
    near = fitted(NEAR)
    X = table() * 1.0
    cosine = X @ X[3] / np.linalg.norm(X, axis=1) / np.linalg.norm(X[3])
    cosine[3] = -1
    np.testing.assert_allclose(near.similar_users(3, 2)[1], np.sort(cosine)[::-1][:2], rtol=1e-6)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("serve") / "shelf.npz"
    fitted(NEAR).save(path)
    command = [sys.executable, "-m", "mho", "recommend", "serve", str(path), "--token", "key"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split()[3].rstrip(",")
        with httpx.Client(base_url=address, headers={"Authorization": "Bearer key"}, timeout=20) as client:
            yield client, path, process
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM  # as every command that was told to end


def test_answers_are_those_of_the_library(server):
    client, path, _ = server
    made = Recommender.load(path)
    found = client.post("/api/recommend", json={"users": [3, 9], "n": 4}).json()["lists"]
    for one in found:
        np.testing.assert_array_equal(one["items"], made.recommend([one["user"]], 4).items)
    visitor = client.post("/api/recommend_for", json={"items": [3, 9], "n": 3}).json()
    assert visitor["items"] == made.recommend_for([3, 9], n=3).items.tolist()
    assert (
        client.get("/api/similar_items", params={"item": 3, "n": 2}).json()["items"]
        == made.similar_items(3, 2).items.tolist()
    )
    assert (
        client.get("/api/similar_users", params={"user": 3, "n": 2}).json()["users"]
        == made.similar_users(3, 2)[0].tolist()
    )
    best = found[0]["items"][0]
    assert client.get("/api/explain", params={"user": 3, "item": best}).json()["score"] == pytest.approx(
        found[0]["scores"][0]
    )
    assert "/api/recommend" in client.get("/openapi.json").json()["paths"]


def test_an_id_beyond_the_numbers_of_the_table_is_nobody_else_s(tmp_path):
    users, items = (one.astype(np.uint8) for one in np.nonzero(table(n=60)))
    Recommender(4, model=FACTORS, max_iter=3).fit(users, items).save(tmp_path / "small.npz")
    shelf = serving.Shelf(tmp_path / "small.npz")
    assert shelf.recommender.user_ids_.dtype == np.uint8
    assert serving._list_of(shelf, "39", 3)["items"] == serving._list_of(shelf, 39, 3)["items"]
    for stranger in (256 + 39, "295", -1, "-217", 2**70):
        with pytest.raises(ValueError, match=r"never seen|ids must be such as"):
            serving._list_of(shelf, stranger, 3)


def test_a_file_that_cannot_be_read_for_whatever_reason_is_told_and_the_next_one_taken(tmp_path, monkeypatch):
    path = tmp_path / "shelf.npz"
    fitted(FACTORS).save(path)
    shelf = serving.Shelf(path)
    with monkeypatch.context() as patched:
        patched.setattr(serving.Recommender, "load", lambda path: (_ for _ in ()).throw(MemoryError))
        fitted(NEAR).save(path)
        shelf.look()
        assert (shelf.told, shelf.reloads) == ("MemoryError", 0)
    fitted(NEAR, m=50).save(path)
    shelf.look()
    assert (shelf.told, shelf.reloads, len(shelf.recommender.user_ids_)) == ("", 1, 50)
    assert shelf.held[1].fitted is shelf.recommender.fitted


def test_bad_requests_are_one_sentence(server):
    client, _, _ = server
    answer = client.post("/api/recommend", json={"users": [10**6]})
    assert answer.status_code == 422
    assert "was never seen" in answer.json()["detail"]
    assert client.post("/api/recommend", json={"users": ["one"]}).status_code == 422
    assert client.get("/api/similar_users", params={"user": 10**6}).status_code == 422
    assert client.post("/api/recommend", json={"users": [1]}, headers={"Authorization": "no"}).status_code == 401
    assert client.get("/healthz", headers={"Host": "elsewhere"}).status_code == 403
    assert client.get("/healthz", headers={"Origin": "http://elsewhere"}).status_code == 403


def test_small_answers_do_not_wait_for_each_other():
    with listen(0) as bound:
        assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert bound.proto == socket.IPPROTO_TCP  # asyncio looks for it before it asks for the same of a connection
        assert bound.getsockname()[0] == "127.0.0.1"


def until(happens):
    for _ in range(200):
        if happens():
            return True
        time.sleep(0.05)
    return False


def test_a_new_file_is_read_and_a_damaged_one_refused(server):
    client, path, _ = server
    fitted(NEAR, seed=1, m=50).save(path)
    assert until(lambda: client.get("/healthz").json()["users"] == 50)
    good = path.read_bytes()
    path.write_bytes(good[:-100])
    assert until(lambda: client.get("/healthz").json()["refused"])
    assert str(path) in client.get("/healthz").json()["refused"]
    assert client.post("/api/recommend", json={"users": [49], "n": 1}).status_code == 200
    assert "mho_refused_reloads_total 1" in client.get("/metrics").text
    path.write_bytes(good)
    assert until(lambda: not client.get("/healthz").json()["refused"])
    assert 'mho_requests_total{path="/api/recommend",status="200"}' in client.get("/metrics").text
