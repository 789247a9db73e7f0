"""Every static non-ideality alone, and all of them together, against ngspice."""

import numpy as np
import pytest

from mho import spice
from mho.chip import Chip, as_circuit, ngspice_rest, preset

pytestmark = [
    pytest.mark.spice,
    pytest.mark.skipif(not spice.available(), reason="ngspice is not installed"),
]

IDEAL = preset("ideal").with_(gain=1e6)
ALONE = {
    "levels": {"levels": 16},
    "sigma": {"sigma": 0.03},
    "off-state conductance": {"g_min": 0.5e-6},
    "gain": {"gain": 1e4},
    "offset": {"offset": 1e-4},
    "wires": {"row_ohms": 2.0, "column_ohms": 2.0, "driver_ohms": 5.0, "sense_ohms": 5.0},
    "clamp": {"clamp": "single-supply"},
}
ALL = {name: value for changes in ALONE.values() for name, value in changes.items()}
TOGETHER = {"all but the clamp": ALL | {"clamp": "rectifying"}, "all": ALL}
CASES = ALONE | TOGETHER
OFF_STATES = ["none", "digital", "circuit"]
TOLERANCE = 1e-3  # of the largest output


def problem(m, k, seed=1):
    """A sparse matrix, so that there are cells at their lowest state, and an answer with clamped outputs."""
    rng = np.random.default_rng(seed)
    A = rng.random((m, k)) * (rng.random((m, k)) < 0.7)
    x = rng.uniform(0.5, 1.5, k)
    x[::3] = -0.5
    return A, A @ x + 0.02 * rng.standard_normal(m)


def at_rest(array, volts, on=None):
    rest = ngspice_rest(as_circuit(array, on), volts)
    assert rest.settled
    return rest.outputs


@pytest.mark.parametrize("size", [(16, 4), (32, 8)])
@pytest.mark.parametrize("changes", ALONE.values(), ids=ALONE)
def test_the_state_of_rest(changes, size):
    A, b = problem(*size)
    array = Chip(IDEAL.with_(**changes), seed=1).program(A)
    volts = array.volts(b)
    expected = at_rest(array, volts)
    assert (expected < 1e-6).any()
    np.testing.assert_allclose(array.solve_volts(volts), expected, rtol=0, atol=TOLERANCE * expected.max())
    assert changed(array, A, volts) > 2e-5 * expected.max()  # or it was not there


def changed(array, A, volts):
    """How far the outputs are from those of a chip without it."""
    plain = Chip(IDEAL, seed=1).program(A)
    return np.abs(plain.solve_volts(volts) - array.solve_volts(volts)).max()


def corrected(rest, array, A, b):
    """The outputs, and the input voltages that they are due to, of a chip that corrects its zeros digitally if at all.

    `rest` says where the circuit comes to rest.
    """
    volts = array.volts(b)
    if array.design.array.off_state != "digital":
        return rest(volts), volts
    excess = (A == 0) * (array.design.device.g_min / array.conductances.scale)
    volts = array.volts(b + excess @ (rest(volts) * array.units_per_volt))
    return rest(volts), volts


@pytest.mark.parametrize("size", [(16, 4), (32, 8)])
@pytest.mark.parametrize("name", TOGETHER)
@pytest.mark.parametrize("off_state", OFF_STATES)
def test_all_together_whatever_is_done_about_zeros(off_state, name, size):
    A, b = problem(*size)
    array = Chip(IDEAL.with_(**CASES[name], off_state=off_state), seed=1).program(A)
    expected, volts = corrected(lambda volts: at_rest(array, volts), array, A, b)
    found, _ = corrected(array.solve_volts, array, A, b)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * expected.max())
    assert changed(array, A, volts) > 1e-2 * expected.max()


@pytest.mark.parametrize("name", ["offset", "wires", "clamp", "all but the clamp", "all"])
@pytest.mark.parametrize("off_state", ["none", "circuit"])
def test_the_state_of_rest_with_rows_switched_off(name, off_state):
    A, b = problem(16, 4, seed=3)
    array = Chip(IDEAL.with_(**CASES[name], off_state=off_state), seed=3).program(A)
    volts, on = array.volts(b), np.ones(16, bool)
    on[[0, 5, 6, 15]] = False
    expected = at_rest(array, volts, on)
    found = array.solve_volts(np.where(on, volts, np.nan))
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * expected.max())
