"""The chip's operating point against ngspice, which solves the circuit and knows nothing of complementarity."""

import numpy as np
import pytest

from mho import spice
from mho.chip import Chip, as_circuit, ngspice_rest, preset
from mho.penalty import Penalty

pytestmark = [
    pytest.mark.spice,
    pytest.mark.skipif(not spice.available(), reason="ngspice is not installed"),
]

IDEAL = preset("ideal").with_(gain=1e5)
UNEQUAL = IDEAL.with_(sigma=0.05, g_min=0.5e-6, levels=16)
TOLERANCE = 1e-3  # of the largest output


def problem(m, k, seed, *, clamped):
    """A matrix and a right-hand side whose answer is positive everywhere, or zero in about half of the columns."""
    rng = np.random.default_rng(seed)
    A = rng.uniform(0.0, 1.0, (m, k))
    x = rng.uniform(0.5, 1.5, k)
    if clamped:
        x[::2] = -0.5  # pushes these columns against their clamps
    return A, A @ x + 0.02 * rng.standard_normal(m)


def at_rest(array, b):
    """Outputs in volts according to ngspice, all columns connected."""
    off = np.isnan(b)
    volts = array.volts(np.where(off, 0.0, b))
    on = np.concatenate([~off, np.ones(len(volts) - len(b), bool)])
    rest = ngspice_rest(as_circuit(array, None if on.all() else on), volts)
    assert rest.settled
    return rest.outputs


@pytest.mark.parametrize("size", [(16, 4), (32, 8)])
@pytest.mark.parametrize("design", [IDEAL, UNEQUAL], ids=["equal copies", "unequal copies"])
@pytest.mark.parametrize("clamped", [False, True], ids=["active", "clamped"])
@pytest.mark.parametrize("seed", [1, 2])
def test_rest(size, design, clamped, seed):
    A, b = problem(*size, seed, clamped=clamped)
    array = Chip(design, seed=seed).program(A)
    expected = at_rest(array, b)
    assert (expected > 1e-6).all() != clamped
    solved = array.solve(b) / array.units_per_volt
    np.testing.assert_allclose(solved, expected, rtol=0, atol=TOLERANCE * expected.max())
    np.testing.assert_allclose(array.solve_volts(array.volts(b)), expected, rtol=0, atol=TOLERANCE * expected.max())


def test_rows_switched_off():
    A, b = problem(16, 4, 3, clamped=True)
    array = Chip(UNEQUAL, seed=3).program(A)
    b[[1, 5, 6, 11]] = np.nan
    expected = at_rest(array, b)
    solved = array.solve_volts(np.where(np.isnan(b), np.nan, array.volts(np.nan_to_num(b))))
    np.testing.assert_allclose(solved, expected, rtol=0, atol=TOLERANCE * expected.max())


def test_ridge_towards_a_prior_and_price_of_the_sum():
    A, b = problem(16, 4, 4, clamped=False)
    array = Chip(UNEQUAL, seed=4).program(A, penalty=Penalty(l2=2.0, prior=1.5, l1=1.0))
    expected = at_rest(array, b)
    np.testing.assert_allclose(array.solve(b) / array.units_per_volt, expected, rtol=0, atol=TOLERANCE * expected.max())


def test_the_written_netlist_itself():
    A, b = problem(16, 4, 5, clamped=True)
    chip = Chip(UNEQUAL, seed=5)
    array = chip.program(A)
    transient = spice.run(chip.netlist(array, b))
    end = np.array([transient.voltages[f"x{j}"][-1] for j in range(4)])
    np.testing.assert_allclose(array.solve(b) / array.units_per_volt, end, rtol=0, atol=TOLERANCE * end.max())


def test_a_column_of_zeros_is_not_connected():
    A, b = problem(16, 4, 6, clamped=False)
    A[:, 2] = 0
    array = Chip(UNEQUAL, seed=6).program(A)
    expected = at_rest(array, b)
    solved = array.solve_volts(array.volts(b))
    assert solved[2] == 0
    np.testing.assert_allclose(solved[[0, 1, 3]], expected, rtol=0, atol=TOLERANCE * expected.max())
