"""Components that say the same twice, replaced where a random start is at rest."""

from itertools import islice

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mho import NMF
from mho.engines import Digital, Penalty
from mho.nmf import estimator
from mho.nmf.loop import Problem, extrapolate
from mho.nmf.start import starting_factors
from mho.nmf.swaps import swapped
from mho.operands import Dense

DIGITS = load_digits(return_X_y=True)[0].astype(np.float32)
DIGITS = DIGITS[:, DIGITS.any(axis=0)]


@pytest.fixture(scope="module")
def planted():
    rng = np.random.default_rng(0)
    W, H = rng.gamma(0.3, size=(80, 5)), rng.gamma(0.3, size=(5, 40))
    return Problem(Dense(W @ H + 0.01 * rng.random((80, 40))), Digital(sweeps=4), Penalty(), Penalty()), W, H


def _at_rest(problem, W, H):
    return list(islice(extrapolate(problem, W, H), 60))[-1]


def test_a_component_that_is_there_twice_gives_way_to_the_one_that_is_not_there(planted):
    problem, W, H = planted
    twice = np.array([0, 1, 2, 3, 3])
    rest = problem.update_H(W[:, twice] * [1, 1, 1, 0.5, 0.5], H[twice])
    assert rest.error > 0.1
    found = swapped(problem, rest)
    assert found is not None
    assert _at_rest(problem, found.W, found.H).error < 0.01


def test_the_best_factors_are_left_as_they_are(planted):
    assert swapped(planted[0], _at_rest(*planted)) is None


def _errors(fit):
    return np.array([record["error"] for record in fit.history_])


def test_a_start_ends_lower_and_goes_the_same_way_until_it_rests(monkeypatch):
    """The seed is one of those by which tries were chosen; its components say the same twice."""
    settings = {"init": "random", "random_state": 1052}
    swaps = NMF(30, **settings).fit(DIGITS)
    monkeypatch.setattr(estimator, "MOST_SWAPS", 0)
    plain = NMF(30, **settings).fit(DIGITS)
    np.testing.assert_array_equal(_errors(swaps)[: plain.n_iter_], _errors(plain))
    assert _errors(swaps)[-1] < 0.97 * _errors(plain)[-1]
    assert (np.diff(_errors(swaps)) <= 1e-7).all()
    monkeypatch.undo()
    after = plain.n_iter_ + 3
    part = NMF(30, callback=lambda record: record["iteration"] == after, **settings).fit(DIGITS)
    rest = NMF(30, **settings).resume(DIGITS, part.loop_state_)
    np.testing.assert_array_equal(np.r_[_errors(part), _errors(rest)], _errors(swaps))


@pytest.mark.parametrize("how", ["given", "auto", "ridge", "never at rest"])
def test_other_fits_are_not_touched(monkeypatch, how):
    def refused(*_):
        raise AssertionError("tried")

    monkeypatch.setattr(estimator, "swapped", refused)
    X, given = DIGITS[:200][:, DIGITS[:200].any(axis=0)], {}
    if how == "given":
        given = dict(zip("WH", starting_factors(Dense(X), 20, "random", np.random.RandomState(0)), strict=True))
    settings = {"ridge": {"l2_W": 0.1, "l2_H": 0.1}, "never at rest": {"tol": 0, "max_iter": 60}}.get(how, {})
    init = "auto" if how == "auto" else "random"
    assert NMF(20, init=init, random_state=0, **settings).fit(X, **given).n_iter_ > 5
