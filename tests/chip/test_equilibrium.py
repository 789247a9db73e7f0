"""The operating point of a loop that may have several is the one that its transient from zero reaches."""

import numpy as np
import pytest

from mho.chip import Chip, ChipError, as_circuit, ngspice_rest, preset
from mho.circuits.transient import transient
from mho.operands import Sparse
from mho.spice import available

SIZES = ((12, 4), (16, 4), (32, 8))
TOPOLOGIES = ("compact", "compact", "classic", "gram")


def _loop(seed):
    """A chip of cells up to 30 % off, with columns more or less alike, and a right-hand side."""
    rng = np.random.default_rng(seed)
    (m, k), alike, sigma = SIZES[seed % 3], rng.choice([0, 0.5, 0.9]), rng.uniform(0, 0.3)
    A = (1 - alike) * rng.random((m, k)) + alike * rng.random((m, 1))
    b = A @ (rng.random(k) * (rng.random(k) < 0.7))
    design = preset("pku-2025").with_(sigma=sigma, topology=TOPOLOGIES[seed % 4], dac_bits=None, adc_bits=None)
    chip = Chip(design, seed=seed)
    return chip, chip.program(A), b


def _settled(array, volts):
    """Outputs by the transient, None where it does not settle."""
    try:
        return transient(as_circuit(array), volts).rest()
    except ChipError:
        return None


def _connected(array):
    return array.g_left.sum(axis=0) + array.g_right.sum(axis=0) > 0


def test_it_is_the_end_of_the_transient():
    """Of 200 loops; benchmarks/chip/equilibrium.py has a thousand, and fifty live against ngspice."""
    refused = followed = 0
    for seed in range(200):
        chip, array, b = _loop(seed)
        volts = array.volts(b)
        expected = _settled(array, volts)
        if expected is None:
            refused += 1
            with pytest.raises(ChipError):
                array.solve_volts(volts)
            continue
        found = array.solve_volts(volts)[_connected(array)]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * np.abs(expected).max())
        array.solve(b)  # no false alarm
        followed += chip.ledger.followed
    assert followed > 10  # there were such loops
    assert refused < 12


@pytest.mark.skipif(not available(), reason="ngspice is not installed")
def test_it_is_where_ngspice_rests():
    compared = 0
    for seed in range(5000, 5036, 3):  # 12 x 4
        _, array, b = _loop(seed)
        volts = array.volts(b)
        if _settled(array, volts) is None:
            continue
        found = array.solve_volts(volts)[_connected(array)]
        try:
            settled = ngspice_rest(as_circuit(array), volts)
        except ValueError:  # not stable with every output free, so that no time constant tells how long to wait
            settled = ngspice_rest(as_circuit(array), volts, duration=2e-5)
        if settled.settled:
            compared += 1
            np.testing.assert_allclose(settled.outputs, found, rtol=0, atol=1e-3 * np.abs(found).max())
    assert compared >= 8


def test_wires_and_masks_are_followed_too():
    rng = np.random.default_rng(3)
    A = 0.1 * rng.random((12, 4)) + 0.9 * rng.random((12, 1))
    chip = Chip(preset("pku-2025").with_(sigma=0.2, row_ohms=1.0, column_ohms=1.0), seed=3)
    array = chip.program(A)
    b = A @ rng.random((4, 1))
    b[2] = np.nan
    found = array.solve_volts(array.volts(np.nan_to_num(b[:, 0])) + np.where(np.isnan(b[:, 0]), np.nan, 0))
    expected = transient(as_circuit(array, ~np.isnan(b[:, 0])), array.volts(np.nan_to_num(b[:, 0]))).rest()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * expected.max())
    array.solve(Sparse(b))
    assert chip.ledger.followed > 0


def test_well_written_loops_are_not_followed():
    chip = Chip(preset("pku-2025-4bit"), seed=0)
    A = np.random.default_rng(0).random((64, 8))
    chip.program(A).solve(A @ np.random.default_rng(1).random((8, 200)))
    assert chip.ledger.followed == 0
