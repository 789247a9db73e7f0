"""Zeros that conduct, and what correcting them buys, against exact NNLS of the matrix that was meant."""

import numpy as np
from scipy.optimize import nnls
from scipy.sparse import csc_array

from mho.chip import Chip, preset
from mho.operands import Sparse

LEAKY = preset("ideal").with_(g_min=0.5e-6)


def problem(noise=0.02):
    rng = np.random.default_rng(0)
    A = rng.random((60, 6)) * (rng.random((60, 6)) < 0.4)
    B = np.maximum(A @ rng.random((6, 20)) + noise * rng.standard_normal((60, 20)), 0)
    return A, B * (rng.random(B.shape) < 0.8)


def chips(A):
    return [Chip(LEAKY.with_(off_state=how)).program(A) for how in ("none", "digital")]


def test_the_correction_takes_most_of_the_error_away():
    A, B = problem()
    expected = np.stack([nnls(A, b)[0] for b in B.T], axis=1)
    plain, corrected = (np.linalg.norm(array.solve(B) - expected) for array in chips(A))
    assert plain > 0.01 * np.linalg.norm(expected)
    assert corrected < plain / 4


def test_zeros_that_are_not_stored_are_corrected_too():
    A, B = problem()
    array = chips(A)[1]
    np.testing.assert_allclose(array.solve(csc_array(B)), array.solve(B), atol=1e-12)


def test_missing_entries_are_corrected_over_the_rows_that_are_on():
    A, B = problem()
    known = np.random.default_rng(3).random(B.shape) < 0.7
    expected = np.stack([nnls(A[on], b[on])[0] for on, b in zip(known.T, B.T, strict=True)], axis=1)
    given = Sparse(np.where(known, B, np.nan))
    plain, corrected = (np.linalg.norm(array.solve(given) - expected) for array in chips(A))
    assert corrected < plain / 3


def test_each_right_hand_side_is_solved_twice():
    A, B = problem()
    chip = Chip(LEAKY.with_(off_state="digital", v_out=10.0))
    chip.program(A).solve(B)
    assert chip.ledger.solves == 2 * 20
