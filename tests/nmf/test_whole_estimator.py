"""Revival, scale, scikit-learn's penalties, held components, bounds, graphs, sparseness, other losses."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import lsq_linear, minimize, nnls
from sklearn.decomposition import NMF as SklearnNMF
from sklearn.decomposition import MiniBatchNMF
from sklearn.decomposition._nmf import _beta_divergence
from sklearn.exceptions import ConvergenceWarning

from mho import NMF
from mho.nmf.constrained import of_sparseness, sparseness
from mho.nmf.revival import dead_components, revived
from mho.operands import Dense, Sparse


def _errors(model):
    return np.array([record["error"] for record in model.history_])


FORMS = {
    "dense": (None, np.asarray),
    "single": (None, lambda X: X.astype(np.float32)),
    "sparse": (None, sp.csr_array),
    "unstored": ("unstored", sp.csc_array),
    "nan": ("nan", lambda X: np.where(X > 0.9, np.nan, X)),
}


@pytest.mark.parametrize("form", FORMS)
def test_dead_components_come_back_and_the_error_falls(make_low_rank, form):
    """Two components begin dead: coordinate descent alone would leave them so."""
    missing, make = FORMS[form]
    X = make_low_rank(m=60, n=40, k=6, noise=0.02)
    rng = np.random.default_rng(1)
    W, H = rng.random((60, 6)), rng.random((6, 40))
    W[:, 4:], H[4:] = 0, 0
    settings = {"missing": missing, "algorithm": "hals", "tol": 0}
    with pytest.warns(UserWarning, match="2 of 6 components are zero"):
        held = NMF(6, max_iter=20, **settings).fit(make(X), W=W, H=H)
    assert len(dead_components(held.W_, held.components_)) == 2
    model = NMF(6, max_iter=120, **settings).fit(make(X), W=W, H=H)
    assert len(dead_components(model.W_, model.components_)) == 0
    assert (np.diff(_errors(model)) <= 1e-6).all()
    assert model.history_[-1]["error"] < 0.7 * held.history_[-1]["error"]


@pytest.mark.parametrize("kind", ["dense", "sparse", "unstored"])
def test_a_new_component_is_the_best_multiple_of_the_worst_row(kind):
    rng = np.random.default_rng(2)
    X, W, H = rng.random((9, 7)) * (rng.random((9, 7)) < 0.7), 0.2 * rng.random((9, 3)), rng.random((3, 7))
    W[:, 1] = 0
    known = (X > 0) if kind == "unstored" else np.ones(X.shape, bool)
    operand = Dense(X) if kind == "dense" else Sparse(sp.csr_array(X), missing=kind == "unstored")
    before = np.where(known, X - W @ H, 0)
    worst = np.argmax((before**2).sum(axis=1))
    new_W, new_H = revived(operand, W, H)
    np.testing.assert_array_equal(new_W[:, [0, 2]], W[:, [0, 2]])
    h = np.maximum(before[worst], 0)
    np.testing.assert_allclose(new_H[1] / np.linalg.norm(new_H[1]), h / np.linalg.norm(h), atol=1e-12)
    for i in range(9):
        best = nnls(new_H[1][known[i]][:, None], before[i][known[i]])[0][0] if known[i].any() else 0
        assert new_W[i, 1] == pytest.approx(best, abs=1e-12)


def test_a_scaled_model_has_unit_rows_by_size_and_the_same_product(X):
    plain, model = (NMF(4, random_state=0, scaled=scaled).fit(X) for scaled in (False, True))
    np.testing.assert_allclose(model.components_.sum(axis=1), 1)
    assert (np.diff(model.W_.sum(axis=0)) <= 0).all()
    np.testing.assert_allclose(model.W_ @ model.components_, plain.W_ @ plain.components_, rtol=1e-9)
    W, d, H = plain.normalize()
    np.testing.assert_allclose(W.sum(axis=0), 1)
    np.testing.assert_allclose(d.sum(), (plain.W_ @ plain.components_).sum())
    np.testing.assert_allclose((W * d) @ H, plain.W_ @ plain.components_, rtol=1e-9)
    np.testing.assert_allclose(H, model.components_)


def test_the_penalties_of_scikit_learn_give_its_objective(X):
    options = {"alpha_W": 0.02, "alpha_H": 0.01, "l1_ratio": 0.4}
    peer = SklearnNMF(4, init="nndsvda", max_iter=600, tol=1e-9, **options)
    W, H = peer.fit_transform(X), peer.components_
    model = NMF(4, max_iter=500, tol=0, **options).fit(X, W=W + 0.01, H=H + 0.01)

    def objective(W, H):
        terms = [(0.02 * 30, W), (0.01 * 40, H)]
        price = sum(a * (0.4 * part.sum() + 0.6 * np.sum(part**2) / 2) for a, part in terms)
        return np.sum((X - W @ H) ** 2) / 2 + price

    assert objective(model.W_, model.components_) == pytest.approx(objective(W, H), rel=1e-2)


@pytest.mark.parametrize("options", [{"alpha_W": 0.1, "l1_W": 0.1}, {"alpha_H": 0.1, "l2_H": 0.1}])
def test_two_kinds_of_penalties_contradict(X, options):
    with pytest.raises(ValueError, match="give one kind"):
        NMF(4, **options).fit(X)


@pytest.mark.parametrize(("this", "other"), [("W", "H"), ("H", "W")])
def test_a_price_on_one_factor_alone_is_refused_with_the_reason(X, this, other):
    with pytest.raises(ValueError, match=f"l1_{this} without a penalty on {other} does nothing but scale"):
        NMF(4, **{f"l1_{this}": 0.1}).fit(X)


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("free", [None, [1], "entries"])
def test_components_are_held_and_the_others_find_the_best(X, form, free):
    given = np.random.default_rng(3).random((2, 30))
    moves = given > 0.5 if free == "entries" else free
    held = np.ones(given.shape, bool)
    if free is not None:
        held[moves] = False
    model = NMF(4, components=given, free=moves, random_state=0, tol=0, max_iter=300).fit(FORMS[form][1](X))
    np.testing.assert_array_equal(model.components_[:2][held], given[held])
    slope = model.W_.T @ (model.W_ @ model.components_ - X)
    slope[:2][held] = 0
    assert slope.min() > -0.05
    assert (np.diff(_errors(model)) <= 1e-9).all()
    assert model.n_components_ == 4


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"components": np.ones((2, 30)), "free": [2]}, ValueError, "free must name some of the 2 rows .* got 2"),
        ({"components": np.ones((2, 30)), "free": [True]}, ValueError, r"free must have shape \(2,\) or \(2, 30\)"),
        ({"components": np.ones((2, 30)), "free": [0.5]}, TypeError, "free must be numbers of components"),
        ({"components": np.ones((2, 29))}, ValueError, r"components must have 30 columns.* got \(2, 29\)"),
        ({"components": np.ones((5, 30))}, ValueError, r"at most 4 rows, got \(5, 30\)"),
        ({"free": [0]}, ValueError, "free names components of `components`, which were not given"),
        ({"components": np.ones((2, 30)), "loss": "huber"}, ValueError, "components: for engine='digital' and loss="),
        ({"upper_W": -1.0}, ValueError, "upper_W must be finite and above 0"),
        ({"sparseness_H": 1.5}, ValueError, "sparseness_H must be from 0 to 1"),
        ({"graph": np.ones((3, 3))}, ValueError, r"graph must be \(40, 40\)"),
        ({"graph": np.triu(np.ones((40, 40)))}, ValueError, "graph must be symmetric"),
        ({"l1_ratio": 2.0}, ValueError, "l1_ratio must be from 0 to 1"),
        ({"n_components": "cv", "components": np.ones((2, 30))}, ValueError, "n_components='cv' finds"),
    ],
)
def test_contradicting_settings_are_named(X, options, kind, says):
    with pytest.raises(kind, match=says):
        NMF(**{"n_components": 4, **options}).fit(X)


def test_upper_bounds_hold_in_fit_and_in_transform(X):
    model = NMF(4, upper_W=0.8, upper_H=0.7, random_state=0, max_iter=100).fit(X)
    assert model.W_.max() <= 0.8
    assert model.components_.max() <= 0.7
    expected = [lsq_linear(model.components_.T, x, (0, 0.8), method="bvls", tol=1e-12).x for x in X]
    np.testing.assert_allclose(model.transform(X), expected, atol=1e-8)


@pytest.mark.parametrize("wanted", [0.2, 0.6, 0.9])
def test_the_nearest_vector_of_a_sparseness(wanted):
    rng = np.random.default_rng(4)
    rows = rng.random((3, 8))
    found = of_sparseness(rows, wanted)
    np.testing.assert_allclose(sparseness(found), wanted, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(rows, axis=1))
    for row, near in zip(rows, found, strict=True):
        size, total = np.linalg.norm(row), near.sum()
        same = [
            {"type": "eq", "fun": lambda s, t=total: s.sum() - t},
            {"type": "eq", "fun": lambda s, n=size: s @ s - n**2},
        ]
        best = min(
            minimize(lambda s, r=row: np.sum((s - r) ** 2), rng.random(8), bounds=[(0, None)] * 8, constraints=same).fun
            for _ in range(4)
        )
        assert np.sum((near - row) ** 2) <= best + 1e-4


def test_a_model_of_a_given_sparseness(X):
    model = NMF(4, sparseness_H=0.6, random_state=0, max_iter=60).fit(X)
    np.testing.assert_allclose(sparseness(model.components_), 0.6, atol=1e-9)


def test_a_graph_makes_neighbours_alike_and_the_objective_falls(X):
    i = np.arange(39)
    graph = np.zeros((40, 40))
    graph[i, i + 1] = graph[i + 1, i] = 1
    rough = [
        np.sum(np.diff(NMF(4, graph=graph, graph_weight=w, random_state=0, tol=0).fit(X).W_, axis=0) ** 2)
        for w in (0.0, 1.0, 100.0)
    ]
    assert rough[0] > 2 * rough[1] > 4 * rough[2]
    seen = []

    def objective(record):
        W, H = model.W_, model.components_
        seen.append(np.sum((X - W @ H) ** 2) / 2 + 3 / 2 * np.sum(np.diff(W, axis=0) ** 2))

    model = NMF(4, graph=sp.csr_array(graph), graph_weight=3.0, callback=objective, random_state=0, tol=0, max_iter=50)
    model.fit(X)
    assert (np.diff(seen) <= 1e-9).all()


@pytest.mark.parametrize("beta", [-0.5, 0.5, 1.5, 2.5])
@pytest.mark.parametrize("make", [np.asarray, sp.csr_array])
def test_the_beta_divergence_is_scikit_learns_and_falls(X, beta, make):
    model = NMF(4, loss=beta, random_state=0, tol=0, max_iter=40).fit(make(X + 0.01))
    expected = _beta_divergence(X + 0.01, model.W_, model.components_, beta, square_root=True)
    assert model.reconstruction_err_ == pytest.approx(expected, rel=1e-9)
    assert (np.diff(_errors(model)) <= 1e-12).all()
    rng = np.random.default_rng(10)
    W, H = rng.random((40, 4)) + 0.1, rng.random((4, 30)) + 0.1
    peer = SklearnNMF(4, beta_loss=beta, solver="mu", init="custom", max_iter=40, tol=0)
    peer.fit_transform(X + 0.01, W=W.copy(), H=H.copy())
    same = NMF(4, loss=beta, max_iter=40, tol=0).fit(make(X + 0.01), W=W, H=H)
    np.testing.assert_allclose(same.components_, peer.components_, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("beta", [1, 1.0, 0, 2])
def test_a_number_for_a_loss_that_has_a_name(X, beta):
    name = {2: "frobenius", 1: "kullback-leibler", 0: "itakura-saito"}[beta]
    one, other = (NMF(4, loss=loss, random_state=0, max_iter=5).fit(X + 0.1) for loss in (beta, name))
    np.testing.assert_array_equal(one.components_, other.components_)


def test_a_few_outliers_leave_huber_and_missing_entries_cold():
    rng = np.random.default_rng(5)
    X = (rng.random((40, 3)) + 0.1) @ (rng.random((3, 30)) + 0.1)
    spoilt = X.copy()
    spoilt[rng.random(X.shape) < 0.02] += 30
    robust = NMF(3, loss="huber", loss_parameter=0.05, init="random", random_state=0, max_iter=800, tol=0).fit(spoilt)
    square = NMF(3, random_state=0, max_iter=400, tol=0).fit(spoilt)
    left = [np.linalg.norm(X - m.W_ @ m.components_) / np.linalg.norm(X) for m in (robust, square)]
    assert left[0] < 0.05 < left[1]
    gaps = np.where(spoilt > 10, np.nan, X)
    known = NMF(3, loss="huber", loss_parameter=10.0, missing="nan", random_state=0, max_iter=800, tol=0).fit(gaps)
    assert np.linalg.norm(X - known.W_ @ known.components_) < 0.02 * np.linalg.norm(X)


def test_the_negative_binomials_deviance_is_scipys_likelihood():
    from scipy.stats import nbinom

    rng = np.random.default_rng(6)
    mean, r = 10 * rng.random((30, 3)) @ rng.random((3, 20)) + 0.1, 4.0
    X = rng.negative_binomial(r, r / (r + mean)).astype(float) + 0.0
    model = NMF(3, loss="negative-binomial", loss_parameter=r, random_state=0, max_iter=100, tol=0).fit(X)
    fitted = model.W_ @ model.components_
    likelihood = [nbinom.logpmf(X, r, r / (r + np.maximum(y, 1e-300))).sum() for y in (X, fitted)]
    assert model.reconstruction_err_**2 / 2 == pytest.approx(likelihood[0] - likelihood[1], rel=1e-6)
    assert (np.diff(_errors(model)) <= 1e-12).all()


def test_one_factor_alone_to_start_from(X):
    full = NMF(4, random_state=0, max_iter=200).fit(X)
    for given in ({"H": full.components_}, {"W": full.W_}):
        model = NMF(4, init="custom", max_iter=1, random_state=0).fit(X, **given)
        assert model.history_[0]["error"] < 1.02 * full.history_[-1]["error"]
    assert NMF("auto").fit(X, H=full.components_).n_components_ == 4


def test_a_generator_seeds_and_none_takes_every_feature(X):
    one, again = (NMF(4, random_state=np.random.default_rng(7), max_iter=3).fit(X).components_ for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert NMF(None, max_iter=2).fit(X).n_components_ == 30


def test_iterations_that_end_too_early_are_told():
    X = np.random.default_rng(8).random((20, 10))
    with pytest.warns(ConvergenceWarning, match="Maximum number of iterations 7 reached") as said:
        NMF(3, max_iter=7, random_state=0).fit(X)
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NMF(3, max_iter=7, tol=0, random_state=0).fit(X)
        NMF(3, max_iter=2000, random_state=0).fit(X)


@pytest.mark.parametrize(
    "options",
    [{"loss": "kullback-leibler"}, {"loss": "itakura-saito"}, {"missing": "nan"}, {"loss": 1.5}],
    ids=["kl", "is", "missing", "beta"],
)
def test_a_stream_of_any_loss_comes_nearer_than_scikit_learns_or_to_all_rows_at_once(make_low_rank, options):
    X = make_low_rank(m=120, n=20, k=3, noise=0.05) + 0.05
    if "missing" in options:
        X[np.random.default_rng(9).random(X.shape) < 0.2] = np.nan
    whole, stream = NMF(3, random_state=0, max_iter=300, **options).fit(X), NMF(3, random_state=0, **options)
    for _ in range(6):
        for i in range(0, 120, 20):
            stream.partial_fit(X[i : i + 20])

    def left(model):
        known = ~np.isnan(X)
        apart = (model.transform(X) @ model.components_ - X)[known]
        return np.linalg.norm(apart) / np.linalg.norm(X[known])

    if "missing" in options:
        assert left(stream) < 1.5 * left(whole)
    else:
        beta = {"kullback-leibler": 1, "itakura-saito": 0}.get(options["loss"], options["loss"])
        peer = MiniBatchNMF(3, beta_loss=beta, random_state=0, batch_size=20, max_iter=6, max_no_improvement=None).fit(
            X
        )
        assert left(stream) < 1.05 * np.linalg.norm(peer.transform(X) @ peer.components_ - X) / np.linalg.norm(X)
    before = left(whole)
    whole.partial_fit(X[:20])
    assert left(whole) < 1.2 * before
