"""What a chip says and does where a default would hide something."""

import warnings

import numpy as np
import pytest

from mho.chip import Chip, preset
from mho.engines import Analog
from mho.operands import Sparse


def _problem(m=24, k=4, n=6, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.random((m, k))
    return A, A @ rng.random((k, n))


def test_read_noise_is_there_right_after_writing():
    """By the formula: no read comes sooner than a millisecond after writing."""
    A, B = _problem()
    array = Chip(preset("ideal").with_(flicker=0.01), seed=0).program(A)
    first, second = array.solve(B), array.solve(B)
    assert np.abs(first - second).max() > 0
    g, noise, tau = np.full(20_000, 2e-5), array.design.device.noise, 1e-6
    expected = 0.01 * 2e-5 * np.sqrt(np.log((1e-3 + tau) / (2 * tau)))
    np.testing.assert_allclose(noise.spread(g, 0.0, tau, 300.0), expected, rtol=1e-12)


def test_age_and_heat_that_change_nothing_say_so():
    array = Chip("pku-2025", seed=0).program(_problem()[0])
    with pytest.warns(UserWarning, match=r"age 100 s changes nothing on pku-2025: .* neither a relaxation nor read"):
        array.age(100.0)
    with pytest.warns(UserWarning, match=r"heat 350 K changes nothing on pku-2025: .* no temperature coefficient"):
        array.heat(350.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aged = Chip("neurram", seed=0).program(_problem()[0])
        aged.age(10.0)
        aged.heat(350.0)


def test_an_error_of_the_cells_survives_rewriting_and_that_of_writing_does_not():
    A, _ = _problem(m=64, k=16)
    exact = Chip("ideal", seed=0).program(A).g_left
    for part, kept in (("sigma_cell", True), ("sigma", False)):
        array = Chip(preset("ideal").with_(**{part: 0.05}), seed=0).program(A)
        before = array.g_left - exact
        array.refresh()
        after = array.g_left - exact
        in_range = (before > -exact) & (after > -exact)  # no conductance is negative
        assert np.std(before[in_range]) == pytest.approx(0.05 * array.design.device.g_max, rel=0.1)
        correlation = np.corrcoef(before[in_range], after[in_range])[0, 1]
        assert correlation == pytest.approx(1.0) if kept else abs(correlation) < 0.1
    other = Chip(preset("ideal").with_(sigma_cell=0.05), seed=0)
    other.program(A[:, ::-1])
    again = other.program(A).g_left - exact
    np.testing.assert_allclose(again, Chip(preset("ideal").with_(sigma_cell=0.05), seed=0).program(A).g_left - exact)


def test_missing_is_said_as_elsewhere():
    A, B = _problem()
    B[3, 2] = np.nan
    array = Chip("ideal").program(A)
    np.testing.assert_allclose(array.solve(B, missing="nan"), array.solve(Sparse(B)), rtol=1e-12)
    np.testing.assert_allclose(array.solve(B[:, 2], missing="nan"), array.solve(Sparse(B))[:, 2], rtol=1e-12)
    with pytest.raises(ValueError, match="missing='nan'"):
        array.solve(B)
    with pytest.raises(ValueError, match="missing must be one of None, 'nan'"):
        array.solve(B, missing="zero")


def test_right_hand_sides_of_which_nothing_is_known_are_counted_once():
    A, B = _problem()
    B[:, [1, 4]] = np.nan
    array = Chip("ideal").program(A)
    with pytest.warns(UserWarning, match="nothing is known of 2 of 6 right-hand sides: their answers are zero") as said:
        X = array.solve(B, missing="nan")
    assert len(said) == 1
    np.testing.assert_array_equal(X[:, [1, 4]], 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an engine, which is asked again and again, has its own words
        Analog("ideal").program(A).solve(Sparse(B))


def test_rows_that_the_converters_lose_are_told():
    A, B = _problem()
    B[5] *= 1e4
    array = Chip(preset("ideal").with_(dac_bits=8)).program(A)
    with pytest.warns(UserWarning, match="most entries of 6 of 6 right-hand sides are below half a step of a DAC"):
        array.solve(B)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        array.solve(_problem()[1])
        Chip("ideal").program(A).solve(B)


def test_a_full_scale_for_the_batch_loses_what_is_small_beside_the_largest():
    A, B = _problem(n=40)
    B *= np.logspace(0, -2, 40)
    exact = Chip("ideal").program(A).solve(B)
    errors = {}
    for full_scale in ("vector", "batch"):
        array = Chip(preset("ideal").with_(dac_bits=8, adc_bits=8, full_scale=full_scale)).program(A)
        found = array.solve(B)
        errors[full_scale] = np.linalg.norm(found - exact, axis=0) / np.linalg.norm(exact, axis=0)
    assert errors["vector"].max() < 0.02
    assert errors["batch"][-1] > 10 * errors["vector"][-1]
    np.testing.assert_allclose(errors["batch"][0], errors["vector"][0], atol=0.02)


def test_counts_are_plain_numbers():
    A, B = _problem()
    chip = Chip("pku-2025", seed=0)
    chip.program(A).solve(B)
    assert "np." not in repr(chip.ledger)
