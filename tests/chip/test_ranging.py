"""Right-hand sides that leave a range: solved again at smaller inputs, and counted."""

import numpy as np
import pytest
from scipy.sparse import csc_array

from mho.chip import Chip, preset
from mho.operands import Sparse

IDEAL = preset("ideal")


def problem(n=6, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.random((24, 5))
    return A, A @ rng.uniform(0.2, 1.5, (5, n))


def solved(B, **changes):
    chip = Chip(IDEAL.with_(**changes))
    return chip.program(problem()[0]).solve(B), chip.ledger


def test_nothing_is_counted_where_everything_fits():
    _, ledger = solved(problem()[1], v_out=10.0)
    assert (ledger.clipped, ledger.overloaded, ledger.solves) == (0, 0, 6)


def test_an_answer_beyond_the_output_range_is_solved_again():
    B = problem()[1]
    X, ledger = solved(B, v_out=0.01)
    np.testing.assert_allclose(X, solved(B, v_out=10.0)[0], rtol=1e-9)
    assert (ledger.clipped, ledger.overloaded, ledger.solves) == (6, 0, 12)


@pytest.mark.parametrize("stored", ["dense", "sparse", "masked"])
@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
def test_no_op_amp_delivers_more_than_its_limit(stored, clamp):
    B = problem()[1]
    given = {"dense": B, "sparse": Sparse(csc_array(B)), "masked": Sparse(csc_array(B), missing=True)}[stored]
    free, without = solved(given, clamp=clamp)
    limit = without.peak_amperes / 3
    X, ledger = solved(given, clamp=clamp, current_limit=limit)
    np.testing.assert_allclose(X, free, rtol=1e-9)
    assert ledger.overloaded > 0
    assert ledger.peak_amperes == pytest.approx(limit, rel=2e-3)  # found by another way, for these eight and fewer
    assert ledger.solves == 6 + ledger.overloaded + ledger.clipped
