"""Numbers of components by entries held out, many starts, their agreement and their consensus."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.optimize import linear_sum_assignment, nnls
from sklearn.metrics import silhouette_score

import mho
from mho import NMF, kernels
from mho.engines import Penalty
from mho.nmf import selection
from mho.nmf.consensus import local_density
from mho.nmf.filled import Gaps, best_of_two
from mho.nmf.multiplicative import general_loss
from mho.nmf.stability import consensus_matrix, labels_of, stability

NO = Penalty(), Penalty()


def _planted(m, n, k, seed, level=0.1):
    rng = np.random.default_rng(seed)
    X = rng.gamma(0.5, size=(m, k)) @ rng.gamma(0.5, size=(k, n))
    return X * rng.gamma(1 / level**2, level**2, size=X.shape)


@pytest.mark.parametrize("k", [2, 4])
def test_a_planted_number_is_found(k):
    X = _planted(80, 60, k, seed=k)
    model = NMF("cv", random_state=0).fit(X)
    assert model.n_components_ == k
    assert model.components_.shape == (k, 60)
    assert model.selection_.best == k
    assert {k - 1, k, k + 1} <= set(model.selection_.components.tolist())


@pytest.mark.parametrize(("m", "n", "k"), [(20, 10, 3), (60, 40, 4), (100, 50, 5)])
def test_an_exact_product_has_no_more_components_than_its_rank(m, n, k):
    """More predict it as well: rounding alone decided between them."""
    rng = np.random.default_rng(k)
    model = NMF("cv", random_state=0).fit(rng.random((m, k)) @ rng.random((k, n)))
    assert model.n_components_ == k


def test_counts_are_told_by_their_deviance_even_where_a_prediction_is_zero():
    rng = np.random.default_rng(1)
    X = rng.poisson(8 * rng.gamma(0.5, size=(80, 3)) @ rng.gamma(0.5, size=(3, 60))).astype(float)
    found = mho.select(X, range(1, 6), loss="kullback-leibler", random_state=0)
    assert found.best == 3
    assert np.isfinite(found.errors).all()
    assert found.errors.shape == (3, 5)


def test_errors_are_those_of_the_entries_that_were_held_out():
    """Of a matrix of one component the others say all; of noise they say nothing."""
    rng = np.random.default_rng(2)
    rank_one, noise = np.outer(rng.random(40) + 0.1, rng.random(30) + 0.1), rng.random((40, 30))
    assert mho.select(rank_one, [1], random_state=0).mean[0] < 1e-6
    error = mho.select(noise, [1], random_state=0, held_out=0.2).mean[0]
    assert error == pytest.approx((1 / 12) / (1 / 3), rel=0.15)


def test_missing_and_sparse_forms_are_one_problem():
    X = _planted(50, 40, 2, seed=3)
    gaps = np.where(np.random.default_rng(4).random(X.shape) < 0.2, np.nan, X)
    dense = mho.select(gaps, [1, 2, 3], missing="nan", random_state=0)
    stored = mho.select(sp.csr_array(np.nan_to_num(gaps)), [1, 2, 3], missing="unstored", random_state=0)
    np.testing.assert_allclose(dense.errors, stored.errors, rtol=1e-6)
    assert dense.best == 2


def _gappy(make):
    X = make(_planted(40, 30, 2, seed=4))
    known = np.random.default_rng(5).random(X.shape) < 0.85
    return X, known, np.where(known, X, X.mean())


def test_filling_what_is_not_known_ends_at_the_least_squares_of_what_is():
    X, known, filled = _gappy(np.asarray)
    W, H = best_of_two(Gaps.of(filled, known, "frobenius", NO), 2, 0, max_iter=3000, tol=1e-9)
    rows = [nnls(H[:, k].T.astype(float), x[k])[1] for x, k in zip(X, known, strict=True)]
    left = np.linalg.norm(np.where(known, X - W @ H, 0), axis=1)
    np.testing.assert_allclose(left, rows, rtol=1e-3)
    columns = [nnls(W[k].astype(float), x[k])[1] for x, k in zip(X.T, known.T, strict=True)]
    assert np.linalg.norm(left) == pytest.approx(np.linalg.norm(columns), rel=1e-3)


def test_filling_under_a_divergence_ends_where_the_estimator_does():
    rng = np.random.default_rng(6)
    X, known, filled = _gappy(lambda X: rng.poisson(20 * X).astype(float) + 1)
    W, H = best_of_two(Gaps.of(filled, known, "kullback-leibler", NO), 2, 0, max_iter=500, tol=1e-7)
    gaps = np.where(known, X, np.nan)
    model = NMF(2, loss="kullback-leibler", missing="nan", max_iter=500, tol=1e-7, random_state=0).fit(gaps)

    def deviance(W, H):
        x, y = X[known], (W @ H)[known]
        return np.sum(x * np.log(x / y) - x + y)

    assert deviance(W, H) < 1.001 * deviance(model.W_, model.components_)


@pytest.mark.parametrize("loss", ["kullback-leibler", "itakura-saito"])
def test_a_divergence_with_gaps_is_of_the_entries_that_are_known(loss):
    X, known, filled = _gappy(lambda X: X + 0.1)
    problem = Gaps.of(filled, known, loss, NO)
    rng = np.random.default_rng(7)
    W, H = (rng.random(shape, np.float32) + 0.1 for shape in ((40, 2), (2, 30)))
    last = problem.update_H(W, H)

    def deviance(y):
        x = X[known]
        return np.sum(x * np.log(x / y) - x + y if loss == "kullback-leibler" else x / y - np.log(x / y) - 1)

    expected = deviance((last.W @ last.H)[known]) / deviance(X[known].mean())
    assert last.error == pytest.approx(expected, rel=1e-4)


def test_nothing_is_filled_in_beyond_the_largest_of_row_and_column_together():
    X, known, filled = _gappy(np.asarray)
    problem = Gaps.of(filled, known, "frobenius", NO)
    problem.fill(np.full((40, 2), 1e3, np.float32), np.ones((2, 30), np.float32))
    shown = np.where(known, X, 0).astype(np.float32)
    largest = shown.max(axis=1, keepdims=True) + shown.max(axis=0)
    np.testing.assert_array_equal(problem.X[~known], largest[~known])
    np.testing.assert_array_equal(problem.X[known], shown[known])


def test_what_was_learnt_from_noise_is_mixed_with_the_means():
    """Many components of counts that depend on rows and columns alone predict nearly as well as those do."""
    rng = np.random.default_rng(8)
    X = rng.poisson(np.outer(rng.gamma(2, size=60), rng.gamma(2, size=50))).astype(float)
    one, many = mho.select(X, [1, 12], loss="kullback-leibler", random_state=0).mean
    assert one < many < 1.06 * one


@pytest.mark.parametrize(("loss", "parameter"), [(1.5, None), (0.5, None), ("negative-binomial", 3.0)])
def test_entries_held_out_are_judged_by_the_loss_that_is_fitted(loss, parameter):
    rng = np.random.default_rng(9)
    X, held = rng.gamma(1.0, size=(30, 20)) + 0.1, rng.random((30, 20)) < 0.2
    W, H = rng.random((30, 2)) + 0.1, rng.random((2, 20)) + 0.1
    part = selection._Part.of(X, np.ones_like(held), held)
    measure, said = general_loss(loss, parameter), np.minimum((W @ H)[held], part.most)
    shares = np.linspace(0.03, 1, 400)
    expected = min(np.mean(measure.values(X[held], (1 - one) * said + one * part.floor)) for one in shares)
    found = part.error(W, H, selection._deviances_of(NMF(2, loss=loss, loss_parameter=parameter)))
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("clear", "options", "masks"), [(-np.inf, {}, 3), (np.inf, {}, 10), (np.inf, {"masks": 1}, 1)])
def test_a_search_in_doubt_holds_more_out(monkeypatch, clear, options, masks):
    monkeypatch.setattr(selection, "_CLEAR", clear)
    found = mho.select(_planted(40, 30, 2, seed=9), random_state=0, **options)
    assert found.errors.shape == (masks, len(found.components))
    if masks == 10:
        assert found.best == 2
        alone = mho.select(_planted(40, 30, 2, seed=9), found.components, random_state=0, masks=10)
        np.testing.assert_array_equal(found.errors, alone.errors)


def test_the_survey_and_its_picture(tmp_path):
    X = _planted(30, 40, 2, seed=5)
    found = mho.select(X, [2, 3], masks=2, starts=6, shuffled=True, random_state=0)
    assert set(found.stability) == set(found.shuffled) == {2, 3}
    assert found.shuffled[2].errors.min() > 2 * found.stability[2].errors.min()
    row = found.table()[0]
    assert row["components"] == 2
    assert row["error"] == found.mean[0]
    assert row["standard_error"] == pytest.approx(np.std(found.errors[:, 0], ddof=1) / np.sqrt(2))
    assert {"cophenetic", "dispersion", "silhouette", "shuffled_cophenetic"} <= set(row)
    figure = found.plot(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 1000
    assert figure.axes[0].get_title().startswith("2 components")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"components": range(1, 99)}, r"components must be at least 1 and at most 30 \(min\(m, n\)\), got 31"),
        ({"components": []}, "components must name at least one number"),
        ({"held_out": 0.95}, "held_out must be above 0 and below 0.9"),
        ({"masks": 0}, "masks must be at least 1"),
    ],
)
def test_a_bad_range_is_named(X, options, says):
    with pytest.raises(ValueError, match=says):
        mho.select(X, **options)


def test_agreement_is_what_scipy_and_scikit_learn_compute():
    rng = np.random.default_rng(6)
    labels = [rng.integers(0, 3, 12) for _ in range(5)]
    consensus = consensus_matrix(labels)
    for i in range(12):
        for j in range(12):
            assert consensus[i, j] == pytest.approx(np.mean([own[i] == own[j] for own in labels]))
    runs = mho.many_starts(_planted(12, 20, 3, seed=6), 3, 5, random_state=0)
    found = stability(runs)
    apart = 1 - found.consensus
    distances = apart[np.triu_indices(12, 1)]
    assert found.cophenetic == pytest.approx(np.corrcoef(distances, cophenet(linkage(distances, "average")))[0, 1])
    assert found.silhouette == pytest.approx(silhouette_score(apart, found.labels, metric="precomputed"))
    assert found.dispersion == pytest.approx(np.mean(4 * (found.consensus - 0.5) ** 2))


def test_a_sample_is_of_what_it_has_more_of_than_others_have():
    W = np.array([[10.0, 1], [10, 1], [10, 1], [9, 3], [8, 4], [7, 0]])
    np.testing.assert_array_equal(labels_of(W), [0, 0, 0, 1, 1, 0])
    np.testing.assert_array_equal(labels_of(W * [1e-3, 1e3]), labels_of(W))
    np.testing.assert_array_equal(labels_of(W * [1, 0]), np.zeros(6))
    runs = mho.many_starts(_planted(12, 20, 2, seed=6), 2, 3, random_state=0)
    given = [np.arange(12) % 2] * 3
    assert stability(runs, given).cophenetic == 1
    np.testing.assert_array_equal(stability(runs, given).consensus, np.equal.outer(given[0], given[0]))


def test_a_large_sparse_matrix_is_compressed_too(monkeypatch):
    X = sp.csr_array(np.random.default_rng(1).poisson(4 * _planted(120, 90, 3, seed=7)).astype(float))
    alone = mho.many_starts(X, 3, 6, random_state=0)
    monkeypatch.setattr("mho.nmf.starts._SMALL", 100)
    runs = mho.many_starts(X, 3, 6, random_state=0)
    assert not np.array_equal(runs.H[0], alone.H[0])
    assert np.median(runs.errors) == pytest.approx(np.median(alone.errors), rel=2e-3)
    for W, H, error in zip(runs.W, runs.H, runs.errors, strict=True):
        assert np.linalg.norm(X.toarray() - W @ H) / sp.linalg.norm(X) == pytest.approx(error, rel=1e-5)
    assert np.isfinite(mho.many_starts(X, 3, 9, racing=True, random_state=0).errors).sum() == 1


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_many_starts_end_where_single_fits_do(form):
    X = _planted(120, 90, 3, seed=7)
    runs = mho.many_starts(form(X), 3, 6, random_state=0)
    single = NMF(3, init="random", random_state=0).fit(X).history_[-1]["error"]
    for W, H, error in zip(runs.W, runs.H, runs.errors, strict=True):
        assert np.linalg.norm(X - W @ H) / np.linalg.norm(X) == pytest.approx(error, rel=1e-5)
        assert error < 1.02 * single
    again = mho.many_starts(form(X), 3, 6, random_state=0)
    np.testing.assert_array_equal(again.H[4], runs.H[4])
    assert len(set(runs.seeds.tolist())) == 6


def test_starts_side_by_side_end_as_in_turn_and_an_error_ends_all(monkeypatch):
    X, given = _planted(40, 30, 2, seed=3), {"starts": 6, "loss": "kullback-leibler", "random_state": 1}
    found = []
    for threads in "1", "3":
        monkeypatch.setenv("MHO_NUM_THREADS", threads)
        found.append(mho.many_starts(X, 2, **given))
        assert kernels.thread_count() == int(threads)
    for one, other in zip(found[0].H, found[1].H, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(found[0].errors, found[1].errors)
    with pytest.raises(ValueError, match="max_iter must be"):
        mho.many_starts(X, 2, **given, max_iter=0)


def test_a_race_keeps_the_better_starts_alone():
    X = _planted(120, 90, 5, seed=8)
    runs = mho.many_starts(X, 5, 9, racing=True, random_state=0)
    assert np.isfinite(runs.errors).sum() == 1
    everyone = mho.many_starts(X, 5, 9, random_state=0)
    assert runs.errors.min() < 1.02 * np.median(everyone.errors)
    with pytest.raises(ValueError, match="racing is for a dense or large sparse X"):
        mho.many_starts(sp.csr_array(X), 5, 3, racing=True)


def _matched(found, truth):
    """Correlations of each true spectrum with the one found for it."""
    correlation = np.corrcoef(found, truth)[: len(found), len(found) :]
    return correlation[linear_sum_assignment(-correlation)]


def test_the_best_of_many_starts_has_the_components_of_a_fit_that_was_never_compressed():
    rng = np.random.default_rng(9)
    X = rng.poisson(0.1 * rng.gamma(0.4, size=(200, 6)) @ rng.gamma(0.4, size=(6, 150))).astype(float)
    X = X[X.sum(axis=1) > 0][:, X.sum(axis=0) > 0]
    runs = mho.many_starts(X, 6, 6, random_state=0)
    settings = {"init": "random", "algorithm": "extrapolated", "tol": 1e-9, "max_iter": 2000}
    alone = NMF(6, random_state=int(runs.seeds[runs.best]), **settings).fit(X)
    assert _matched(runs.H[runs.best], alone.components_).min() > 0.99
    assert runs.errors[runs.best] == pytest.approx(alone.history_[-1]["error"], rel=1e-4)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_the_consensus_finds_planted_spectra_and_projects_other_rows(form):
    rng = np.random.default_rng(9)
    W, H = rng.gamma(0.3, size=(150, 4)), rng.gamma(0.3, size=(4, 60))
    X = rng.poisson(20 * W @ H).astype(float)
    X = X[X.sum(axis=1) > 0]
    found = mho.consensus(form(X), 4, starts=12, random_state=0)
    assert _matched(found.gene_spectra, H).min() > 0.9
    assert found.silhouette > 0.8
    np.testing.assert_allclose(found.spectra.sum(axis=1), 1)
    np.testing.assert_allclose(found.transform(form(X[:20])), found.usage[:20], atol=1e-9)
    shares = found.usage / np.maximum(found.usage.sum(axis=1, keepdims=True), 1e-300)
    standard = (X - X.mean(axis=0)) / np.where(X.std(axis=0, ddof=1) > 0, X.std(axis=0, ddof=1), 1)
    np.testing.assert_allclose(found.scores, np.linalg.lstsq(shares, standard)[0], atol=1e-8)


def test_the_consensus_of_a_dense_or_large_matrix_is_on_no_compression(monkeypatch):
    rng = np.random.default_rng(11)
    X = rng.poisson(rng.gamma(0.3, size=(200, 5)) @ rng.gamma(0.3, size=(5, 120))).astype(float)
    X = X[X.sum(axis=1) > 0][:, X.sum(axis=0) > 0]
    alone = mho.consensus(sp.csr_array(X), 5, starts=12, random_state=0)
    dense = mho.consensus(X, 5, starts=12, random_state=0)
    monkeypatch.setattr("mho.nmf.starts._SMALL", 100)
    large = mho.consensus(sp.csr_array(X), 5, starts=12, random_state=0)
    np.testing.assert_array_equal(large.errors, alone.errors)
    assert _matched(dense.spectra, alone.spectra).min() > 0.999


def test_outliers_are_left_out():
    rows = np.eye(4)[[0, 0, 0, 1, 1, 1, 2]]
    np.testing.assert_allclose(local_density(rows, 2), [0, 0, 0, 0, 0, 0, np.sqrt(2)], atol=1e-9)
    X = _planted(60, 40, 3, seed=10)
    with pytest.raises(ValueError, match=r"threshold=1e-09 leaves \d+ of 15 spectra for 3 components"):
        mho.consensus(X, 3, starts=5, threshold=1e-9, random_state=0)


class _Annotated:
    """As an AnnData: a matrix, layers, and places for results."""

    def __init__(self, X, **layers):
        self.X, self.layers, self.obs, self.var, self.obsm, self.varm = X, layers, None, None, {}, {}


def test_an_annotated_matrix_in_and_out():
    X = _planted(60, 40, 3, seed=11)
    given = _Annotated(None, counts=sp.csr_array(X))
    with pytest.raises(ValueError, match="AnnData without counts"):
        mho.consensus(given, 3)
    with pytest.raises(ValueError, match="layer must be one of 'counts', got 'raw'"):
        mho.consensus(given, 3, layer="raw")
    found = mho.consensus(given, 3, starts=4, layer="counts", columns=30, random_state=0)
    assert len(found.columns) == 30
    np.testing.assert_array_equal(given.obsm["mho_usage"], found.usage)
    assert given.varm["mho_spectra"].shape == given.varm["mho_scores"].shape == (40, 3)


def test_many_cheap_chips_agree():
    X = _planted(40, 30, 2, seed=12)
    runs = mho.many_starts(X, 2, 4, chip="pku-2025-4bit", max_iter=8, random_state=0)
    assert len({H.tobytes() for H in runs.H}) == 4
    exact = NMF(2, random_state=0, max_iter=300).fit(X)
    found = mho.consensus(X, 2, starts=4, scale=False, chip="pku-2025-4bit", max_iter=8, random_state=0)
    assert _matched(found.spectra, exact.components_).min() > 0.97
