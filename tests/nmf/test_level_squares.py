"""Kullback-Leibler from iterations on squared errors of a matrix whose rows and columns are levelled."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp

from mho import NMF
from mho.nmf.divergence import divergence
from mho.nmf.level_squares import deviation, level_squares_start
from mho.nmf.start import starting_factors
from mho.operands import Dense, Sparse

KL = "kullback-leibler"


def _counts(level, m=120, n=90, k=6, seed=0):
    rng = np.random.default_rng(seed)
    mean = rng.gamma(0.5, size=(m, k)) @ (rng.gamma(0.5, size=(k, n)) * np.exp(rng.normal(size=n)))
    return rng.poisson(level * mean / mean.mean()).astype(float)


def _plain(X, k, seed, **settings):
    W, H = starting_factors(Dense(X), k, "random", np.random.RandomState(seed))
    return NMF(k, loss=KL, **settings).fit(X, W=W, H=H)


@pytest.mark.parametrize("level", [2, 50])
def test_it_ends_as_low_as_plain_starts_after_half_the_iterations(level):
    X = _counts(level)
    ours = [NMF(6, loss=KL, init="random", random_state=seed).fit(X) for seed in range(6)]
    plain = [_plain(X, 6, seed) for seed in range(6)]
    error, other = (np.median([fit.history_[-1]["error"] for fit in fits]) for fits in (ours, plain))
    assert error < 1.002 * other
    assert np.median([fit.n_iter_ for fit in ours]) < 0.7 * np.median([fit.n_iter_ for fit in plain])


def test_the_fit_stops_by_what_was_gained_from_the_first_iteration_of_all_on():
    """Of an exact product the start leaves next to nothing, of which a share of itself would always be gained."""
    rng = np.random.default_rng(1)
    X = rng.gamma(0.5, size=(100, 5)) @ rng.gamma(0.5, size=(5, 80)) + 1e-3
    fit = NMF(5, loss=KL, init="random", random_state=0).fit(X)
    errors, first = [record["error"] for record in fit.history_], fit.loop_state_.objectives[0]
    assert fit.n_iter_ < 20
    assert 20 * errors[0] < first <= 1
    gained = [before - after for before, after in zip([first, *errors], [first, *errors][5:], strict=False)]
    assert gained[-1] < 5 * fit.tol * first <= gained[-2]
    assert all(after <= before for before, after in pairwise(errors))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_that_is_zero_where_x_is_not_is_left_at_once(dtype):
    """Squares and strides end at zeros, from which a divergence would never come back."""
    rng = np.random.default_rng(0)
    X = sp.csr_array(rng.poisson(0.1 * rng.gamma(0.1, size=(900, 16)) @ rng.gamma(0.1, size=(16, 500))).astype(dtype))
    X = X[X.sum(axis=1) > 0][:, X.sum(axis=0) > 0]
    _, last = level_squares_start(Sparse(X), 16, "auto", np.random.RandomState(0))
    assert divergence(Sparse(X), *last, KL) == np.inf
    errors = [record["error"] for record in NMF(16, loss=KL, random_state=0).fit(X).history_]
    assert np.isfinite(errors).all()
    assert errors[-1] < 1.01 * _plain(X.toarray(), 16, 0).history_[-1]["error"]


@pytest.mark.parametrize("init", ["auto", "random"])
def test_rows_that_hold_next_to_nothing_do_not_decide(init):
    ratios = []
    for seed in range(5):
        rng = np.random.default_rng(100 + seed)
        mean = rng.gamma(0.1, size=(400, 8)) @ rng.gamma(0.1, size=(8, 300))
        X = rng.poisson(0.01 * mean / mean.mean()).astype(float)
        X = X[X.any(axis=1)][:, X.any(axis=0)]
        W, H = starting_factors(Dense(X), 8, init, np.random.RandomState(seed))
        fits = NMF(8, loss=KL, init=init, random_state=seed).fit(X), NMF(8, loss=KL).fit(X, W=W, H=H)
        ours, plain = (fit.history_[-1]["error"] for fit in fits)
        ratios.append(ours / plain)
    assert np.median(ratios) < 1


def test_a_fit_with_penalties_starts_without():
    """Squared errors know of none, and may end far from what penalised factors look like."""
    fit = NMF(6, loss=KL, l1_W=1.0, l1_H=1.0, max_iter=1, tol=0).fit(_counts(5))
    assert "squared errors" not in fit.algorithm_


def test_factors_that_are_given_are_started_from():
    X = _counts(5)
    W, H = (factor + 0.1 for factor in (np.ones((120, 6)), np.random.default_rng(0).random((6, 90))))
    fit = NMF(6, loss=KL, max_iter=1, tol=0).fit(X, W=W, H=H)
    assert "squared errors" not in fit.algorithm_
    assert len(fit.loop_state_.objectives) == 1
    assert "squared errors" in NMF(6, loss=KL, max_iter=1, tol=0).fit(X).history_[0]["algorithm"]


def test_empty_rows_and_columns_stay_empty():
    X = _counts(2)
    X[3], X[:, 5] = 0, 0
    for operand in (Dense(X), Sparse(sp.csr_array(X))):
        for W, H in level_squares_start(operand, 5, "random", np.random.RandomState(0)):
            assert not W[3].any()
            assert not H[:, 5].any()
            assert W.any(axis=0).all()


def test_entries_deviate_alike_once_levelled():
    rng = np.random.default_rng(2)
    rows, columns = rng.gamma(1, size=200), rng.gamma(1, size=300)
    X = rng.poisson(50 * np.outer(rows, columns)).astype(float)
    left, right = deviation(X.mean(axis=1), KL), deviation(X.mean(axis=0), KL)
    level = (X - 50 * np.outer(rows, columns)) / left[:, None] / right
    large = rows > np.median(rows)
    assert level[large].std() == pytest.approx(level[~large].std(), rel=0.05)
    assert left.mean() == pytest.approx(1)
    np.testing.assert_array_equal(deviation(np.array([0.0, 4.0, 0.0]), KL), [1, 3, 1])


def test_a_matrix_of_zeros_is_left_alone():
    with pytest.warns(UserWarning, match="all zero"):
        fit = NMF(2, loss=KL, max_iter=8).fit(np.zeros((12, 9)))
    assert not fit.components_.any()
    assert fit.history_[-1]["error"] == 0
