"""Clusters by symmetric NMF: planted graphs, digits beside spectral clustering, scikit-learn's contract, bad input."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls
from sklearn.cluster import SpectralClustering
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import mho
from mho.chip import preset
from mho.cluster import SymNMF, neighbor_graph
from mho.cluster.graph import normalized
from mho.cluster.problem import SymmetricProblem

CHIP = preset("pku-2025-4bit")


def _planted(sizes, within, between, seed):
    """A stochastic block model, its blocks shuffled."""
    rng = np.random.default_rng(seed)
    block = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    likely = np.where(block[:, None] == block[None, :], within, between)
    upper = np.triu(rng.random(likely.shape) < likely, 1)
    return sp.csr_array((upper | upper.T).astype(float)), block


@pytest.mark.parametrize(
    "engine", ["digital", mho.Analog(CHIP, seed=0), mho.Hybrid(CHIP, seed=0)], ids=["digital", "analog", "hybrid"]
)
@pytest.mark.parametrize("init", ["spectral", "random"])
def test_planted_blocks_are_found_on_any_engine(engine, init):
    graph, block = _planted((40, 30, 20), 0.5, 0.02, seed=1)
    model = SymNMF(3, affinity="precomputed", engine=engine, init=init, max_iter=60, random_state=0)
    assert adjusted_rand_score(block, model.fit_predict(graph)) == 1
    assert model.history_[-1]["error"] < model.history_[0]["error"] + 1e-3


def test_a_half_step_is_scipys_least_squares_with_the_rows_that_hold_the_factors_together():
    graph, _ = _planted((8, 7), 0.6, 0.1, seed=2)
    S, k, coupling = normalized(graph), 2, 0.3
    W = np.random.default_rng(3).random((15, k))
    problem = SymmetricProblem(S, k, mho.Digital(), coupling)
    found = problem.update_H(W, np.zeros((k, 15)))
    A = np.vstack([W, np.sqrt(coupling) * np.eye(k)])
    B = np.vstack([S.toarray(), np.sqrt(coupling) * W.T])
    expected = np.stack([nnls(A, b)[0] for b in B.T], axis=1)
    np.testing.assert_allclose(found.H, expected, atol=1e-10)
    left = np.linalg.norm(S.toarray() - expected.T @ expected) / np.linalg.norm(S.toarray())
    assert found.error == pytest.approx(left, rel=1e-9)
    joint = np.linalg.norm(A @ expected - B) / np.linalg.norm(S.toarray())
    assert found.objective == pytest.approx(joint, rel=1e-9)


def test_the_graph_is_jaccards_index_of_neighbourhoods():
    X = np.random.default_rng(4).random((30, 3))
    graph, n = neighbor_graph(X, 4).toarray(), len(X)
    distance = np.linalg.norm(X[:, None] - X[None], axis=2)
    near = [set(np.argsort(row)[:5].tolist()) for row in distance]
    for i in range(n):
        for j in range(n):
            linked = j in near[i] or i in near[j]  # a sample with itself too
            assert graph[i, j] == pytest.approx(len(near[i] & near[j]) / len(near[i] | near[j]) if linked else 0)


def test_digits_are_clustered_as_well_as_is_documented():
    X, digit = load_digits(return_X_y=True)
    model = SymNMF(10, random_state=0).fit(X)
    found = normalized_mutual_info_score(digit, model.labels_)
    peer = SpectralClustering(10, affinity="precomputed", random_state=0).fit(model.affinity_matrix_)
    assert found >= max(0.88, normalized_mutual_info_score(digit, peer.labels_))
    chip = mho.Analog(CHIP.with_(off_state="circuit"), seed=0)
    again = SymNMF(10, affinity="precomputed", engine=chip, random_state=0).fit(model.affinity_matrix_)
    assert normalized_mutual_info_score(digit, again.labels_) >= found - 0.02


def test_factors_of_the_last_ten_iterations_on_a_chip_are_averaged():
    graph, _ = _planted((20, 20), 0.5, 0.05, seed=7)
    S, chip = normalized(graph), CHIP.with_(levels=None)
    model = SymNMF(2, affinity="precomputed", engine=mho.Analog(chip, seed=0), max_iter=12, random_state=0).fit(graph)
    exact = SymNMF(2, affinity="precomputed", random_state=0).fit(graph).membership_.T
    problem = SymmetricProblem(S, 2, mho.Analog(chip, seed=1), float(S.max()) ** 2)
    one = problem.update_H(problem.update_W(exact.T, exact), exact).H
    assert np.linalg.norm(model.membership_.T - exact) < 0.6 * np.linalg.norm(one - exact)


def test_the_sum_of_squares_left_is_that_of_the_factors():
    graph, _ = _planted((20, 20), 0.5, 0.05, seed=5)
    model = SymNMF(2, affinity="precomputed", random_state=0).fit(graph)
    H = model.membership_
    degrees = graph.toarray().sum(axis=0)
    S = graph.toarray() / np.sqrt(np.outer(degrees, degrees))
    assert model.reconstruction_err_ == pytest.approx(np.linalg.norm(S - H @ H.T), rel=1e-9)


def test_a_vertex_without_an_edge_belongs_to_no_cluster():
    graph, block = _planted((20, 20), 0.6, 0.02, seed=6)
    lonely = sp.block_diag([graph, sp.csr_array((1, 1))], format="csr")
    with pytest.warns(UserWarning, match="X has 1 samples without an edge, whose label is -1"):
        labels = SymNMF(2, affinity="precomputed", random_state=0).fit_predict(lonely)
    assert labels[-1] == -1
    assert adjusted_rand_score(block, labels[:-1]) == 1


@parametrize_with_checks([SymNMF(3, n_neighbors=3)])
def test_it_is_an_estimator_of_scikit_learns(estimator, check):
    check(estimator)


PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("settings", "X", "says"),
    [
        ({"n_clusters": 0}, PAIR, "n_clusters must be at least 1"),
        ({"n_clusters": 3}, PAIR, "n_clusters must be at least 1 and at most 2"),
        ({}, PAIR[:, :1], "X must be square, an affinity for each pair of samples, got shape"),
        ({}, np.array([[0.0, 2.0], [1.0, 0.0]]), "X must be symmetric"),
        ({}, np.zeros((2, 2)), "X must have an affinity above zero"),
        ({}, -PAIR, "X contains a negative entry"),
        ({"affinity": "rbf"}, PAIR, "affinity must be one of 'nearest_neighbors', 'precomputed'"),
        (
            {"affinity": "nearest_neighbors"},
            np.ones((5, 3)),
            "n_clusters must be at most 1, the samples",
        ),
        (
            {"affinity": "nearest_neighbors", "n_clusters": 3},
            sp.csr_array(np.eye(2)[[0, 1, 0, 1]]),
            "n_clusters must be at most 2, the samples of X that differ",
        ),
        ({"init": "nndsvd"}, PAIR, "init must be one of 'spectral', 'random'"),
        ({"coupling": 0.0}, PAIR, "coupling must be"),
        ({"engine": "quantum"}, PAIR, "engine must be one of"),
    ],
)
def test_bad_input_is_one_sentence(settings, X, says):
    with pytest.raises(ValueError, match=says):
        SymNMF(**{"n_clusters": 2, "affinity": "precomputed", **settings}).fit(X)
