"""Signatures: simulated catalogues, refits against scipy's optimum, matches, bad input."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mho.signatures import Signatures, match, refit


def catalogue(samples, signatures, seed, *, scale=4000):
    """Counts of 96 kinds: signatures of Dirichlet(0.1), exposures gamma(0.5) x scale of one and half of the others."""
    rng = np.random.default_rng(seed)
    known = rng.dirichlet(np.full(96, 0.1), signatures)
    active = rng.random((samples, signatures)) < 0.5
    active[np.arange(samples), rng.integers(signatures, size=samples)] = True
    exposures = rng.gamma(0.5, scale, active.shape) * active
    return rng.poisson(exposures @ known).astype(float), known, exposures


def test_planted_signatures_and_their_number_are_found():
    X, known, exposures = catalogue(80, 4, seed=0)
    model = Signatures([3, 4, 5], starts=6, random_state=0).fit(X)
    matched = match(model.components_, known)
    assert len(model.components_) == 4
    assert matched.cosine.min() > 0.98
    np.testing.assert_allclose(model.components_.sum(axis=1), 1)
    order = np.argsort(matched.known)
    found = model.exposures_[:, matched.found[order]]
    assert np.corrcoef(found.ravel(), exposures.ravel())[0, 1] > 0.99


def test_a_refit_is_the_likeliest():
    X, known, _ = catalogue(3, 4, seed=1)
    found = refit(X, known)
    for counts, mine in zip(X, found, strict=True):

        def minus_likelihood(e, counts=counts):
            rate = e @ known + 1e-12
            return rate.sum() - counts @ np.log(rate)

        best = minimize(minus_likelihood, np.full(4, counts.sum() / 4), bounds=[(0, None)] * 4, method="L-BFGS-B")
        assert minus_likelihood(mine) <= best.fun + 1e-6 * abs(best.fun)


def test_a_match_is_by_cosine_whatever_the_scale():
    rng = np.random.default_rng(2)
    known = rng.random((3, 6))
    matched = match(7 * known[[2, 0]], known)
    assert matched.known.tolist() == [2, 0]
    np.testing.assert_allclose(matched.cosine, 1)


COUNTS = np.ones((5, 4))


@pytest.mark.parametrize(
    ("settings", "X", "says"),
    [
        ({"n_signatures": 6}, COUNTS, "n_signatures must be at least 1 and at most 4"),
        ({"n_signatures": []}, COUNTS, "n_signatures must name at least one number"),
        ({"starts": 1}, COUNTS, "starts must be at least 2"),
        ({}, -COUNTS, "X contains a negative entry|X must"),
    ],
)
def test_bad_input_is_one_sentence(settings, X, says):
    with pytest.raises(ValueError, match=says):
        Signatures(**{"n_signatures": 2, "starts": 2, **settings}).fit(X)


@pytest.mark.parametrize(
    ("known", "says"),
    [(np.ones((2, 5)), "known must have 4 channels, as the counts, got 5"), (np.zeros((2, 4)), "signature 0 is zero")],
)
def test_a_catalogue_of_other_rows_is_refused(known, says):
    with pytest.raises(ValueError, match=says):
        refit(COUNTS, known)
