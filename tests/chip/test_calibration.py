"""Calibration by probes, against scipy's answers: offsets, gain, wires in tiles."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.chip import Chip, preset

FOUR_BITS = preset("pku-2025-4bit")


def _errors(seeds=3, **changes):
    """Mean relative errors without offset, with it, calibrated; right-hand sides with a residual of 5 %."""
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        A, X = rng.random((128, 16)), np.maximum(rng.standard_normal((16, 30)), 0)
        B = A @ X
        B = np.maximum(B + 0.05 * B.std() * rng.standard_normal(B.shape), 0)
        exact = np.column_stack([nnls(A, b)[0] for b in B.T])
        without = Chip(FOUR_BITS.with_(**changes | {"offset": 0.0}), seed=seed).program(A)
        array = Chip(FOUR_BITS.with_(**changes), seed=seed).program(A)
        answers = [without.solve(B), array.solve(B)]
        array.calibrate(A)
        answers.append(array.solve(B))
        found.append([np.linalg.norm(Y - exact) / np.linalg.norm(exact) for Y in answers])
    return np.mean(found, axis=0)


@pytest.mark.parametrize(("offset", "raw"), [(1e-5, 0.05), (2e-5, 0.08), (1e-4, 0.3)])
def test_offsets_are_cancelled(offset, raw):
    without, before, after = _errors(offset=offset)
    assert before > raw
    assert after < min(without + 0.005, 0.05)


def test_low_gain_is_corrected():
    without, _, after = _errors(gain=1e3)
    assert after < without / 5


def test_a_chip_in_tiles_is_corrected():
    _, before, after = _errors(offset=2e-5, row_ohms=1.73, column_ohms=1.73, tile_rows=64)
    assert before > 0.08
    assert after < 0.03


def test_it_tells_what_it_did_and_is_counted():
    A = np.random.default_rng(0).random((32, 4))
    chip = Chip(FOUR_BITS.with_(offset=1e-4), seed=0)
    array = chip.program(A)
    found = array.calibrate(A)
    assert found is array.calibration_
    assert chip.ledger.solves >= found.probes > 0
    assert found.mapped
    assert found.error_after < found.error_before / 2
    x = np.r_[0.5, 0.0, 1.0, 0.8]
    assert np.all(array.solve(A @ x) >= 0)
    assert np.linalg.norm(array.solve(A @ x) - x) < 0.05


def test_another_matrix_is_refused():
    array = Chip(FOUR_BITS, seed=0).program(np.ones((6, 2)) + np.eye(6, 2))
    with pytest.raises(
        ValueError, match=r"A must be of shape \(6, 2\), as programmed, without a column of zeros, got \(2,"
    ):
        array.calibrate(np.eye(2))
