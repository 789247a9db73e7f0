"""Converters' errors against their definitions: a code density test, as converters are characterised on the bench."""

import numpy as np
import pytest
from scipy.sparse import csc_array

from mho.chip import Chip, Converters, preset
from mho.chip.converters import ConverterBank
from mho.operands import Sparse

IDEAL = preset("ideal")


def bank(seed=0, **changes):
    return ConverterBank(Converters(v_in=1.0, v_out=1.0, adc_ranges=0, **changes), np.random.default_rng(seed))


def dac_levels(made, converters=200, bits=6):
    """Every code of every DAC, steps, (converters, codes from 0)."""
    most = 2 ** (bits - 1) - 1
    codes = np.arange(most + 1) / most
    return made.to_volts(np.tile(codes, (converters, 1)), np.ones(most + 1), np.arange(converters)[:, None]) * most


def adc_steps(made, converters=50, bits=6):
    """Width of every step of every ADC but the outermost, steps, from how often a ramp meets each code."""
    most, ramp = 2**bits - 1, np.linspace(0, 1, 200_000)
    volts = np.tile(ramp[:, None], (1, converters))
    codes = np.rint(made.to_digital(volts) * most).astype(int)
    counts = np.stack([np.bincount(codes[:, j], minlength=most + 1) for j in range(converters)])
    return counts[:, 1:-1] / len(ramp) * most


def test_dnl_of_dacs_is_the_spread_of_their_steps_and_their_ends_are_exact():
    levels = dac_levels(bank(dac_bits=6, dnl=0.2))
    assert np.diff(levels, axis=1).std() == pytest.approx(0.2, rel=0.05)
    np.testing.assert_allclose(levels[:, [0, -1]], [[0, 31]] * 200, atol=1e-9)


def test_inl_of_dacs_is_a_bow_of_the_stated_spread():
    levels = dac_levels(bank(dac_bits=6, inl=0.5), converters=2000)
    deviation = levels - np.arange(32)
    assert np.abs(deviation).max(axis=1).std() < deviation[:, 16].std() == pytest.approx(0.5, rel=0.05)
    assert np.linalg.matrix_rank(deviation, tol=1e-6) == 1


def test_dnl_of_adcs_is_the_spread_of_their_code_widths():
    widths = adc_steps(bank(adc_bits=6, dnl=0.1))
    assert widths.mean() == pytest.approx(1, rel=0.01)
    assert widths.std() == pytest.approx(0.1 / np.sqrt(2), rel=0.1)  # transitions lie between codes: half of two steps


def test_noise_of_a_conversion_has_its_spread_in_volts_and_leaves_zero_alone():
    made = bank(conversion_noise=1e-3)
    volts = made.to_volts(np.full((100, 200), 3.0), np.full(200, 6.0), np.arange(100)[:, None]) / 6
    assert volts.std() == pytest.approx(1e-3, rel=0.03)
    assert made.to_digital(np.full((100, 200), 0.5)).std() == pytest.approx(1e-3, rel=0.03)
    assert not made.to_volts(np.zeros((3, 2)), np.ones(2), np.arange(3)[:, None]).any()


def test_characteristics_belong_to_the_chip_and_outlast_programming():
    A = np.random.default_rng(0).random((30, 4))
    B = A @ np.random.default_rng(1).random((4, 5))
    design = IDEAL.with_(dac_bits=6, adc_bits=6, inl=1.0, dnl=0.3)
    chip = Chip(design, seed=1)
    first = chip.program(A[:20]).volts(B[:20])
    chip.program(A)  # more rows, more converters
    np.testing.assert_array_equal(first, chip.program(A[:20]).volts(B[:20]))
    assert not np.array_equal(first, Chip(design, seed=2).program(A[:20]).volts(B[:20]))


def test_right_hand_sides_meet_the_same_converters_however_they_are_stored():
    A = np.random.default_rng(0).random((30, 4))
    B = np.random.default_rng(1).random((30, 5)) * (np.random.default_rng(2).random((30, 5)) < 0.6)
    array = Chip(IDEAL.with_(dac_bits=6, adc_bits=6, inl=1.0, dnl=0.3), seed=1).program(A)
    np.testing.assert_allclose(array.solve(Sparse(csc_array(B))), array.solve(B), atol=1e-12)


def test_without_errors_no_random_number_is_used():
    rng = np.random.default_rng(5)
    ConverterBank(Converters(dac_bits=8, adc_bits=8), rng)
    assert rng.random() == np.random.default_rng(5).random()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inl": 0.5}, "inl and dnl are errors of steps: they need dac_bits or adc_bits, got None for both"),
        ({"dnl": 0.5, "adc_bits": 16}, "adc_bits must be at most 12 where inl or dnl is above 0, got 16"),
        ({"conversion_noise": -1e-3}, "conversion_noise must be finite and at least 0"),
    ],
)
def test_bad_values_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        IDEAL.with_(**changes)


def test_signed_outputs_do_not_bend_the_others():
    """Signed outputs have half as many codes, on a curve of their own."""
    bent = Converters(adc_bits=8, inl=1.0)
    volts = np.random.default_rng(0).uniform(0, 0.2, (5, 3))
    alone, after = (ConverterBank(bent, np.random.default_rng(1)) for _ in range(2))
    after.to_digital(-volts, signed=True)
    np.testing.assert_array_equal(after.to_digital(volts), alone.to_digital(volts))


def test_nothing_to_convert_is_no_error():
    bank = ConverterBank(Converters(dac_bits=8, inl=1.0), np.random.default_rng(1))
    assert bank.to_volts(np.zeros(0), np.zeros(0), np.zeros(0, int)).shape == (0,)
