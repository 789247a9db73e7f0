"""The modes of a loop against the generalized eigenproblem of its ports and an integration in time, both scipy's."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import eigvals

from mho.chip import Chip, preset
from mho.circuits.modes import Modes

FREE = np.array([True, False, True, True, True])


def loop(**changes):
    design = preset("ideal").with_(sigma=0.05, gain=1e3, **changes)
    return Chip(design, seed=0).program(np.random.default_rng(0).random((20, 5))).loop


def in_order(rates):
    """By real part, of a pair of conjugates the one below first, whichever real part rounding makes the smaller."""
    return rates[np.lexsort((rates.imag, np.round(rates.real / np.abs(rates).max(), 12)))]


@pytest.mark.parametrize("ohms", [0.0, 20.0])
def test_rates_are_the_generalized_eigenvalues_of_drive_and_sense(ohms):
    closed = loop(row_ohms=ohms, column_ohms=ohms)
    on = np.arange(20) % 3 > 0
    ports, block = closed.network(on), np.ix_(FREE, FREE)
    expected = 2 * np.pi * 100e6 * (eigvals(ports.drive[block], ports.sense[block]) + 1e-3)
    modes = Modes.of(closed, on, FREE)
    np.testing.assert_allclose(in_order(modes.rates), in_order(expected), rtol=1e-9)
    assert modes.slowest == pytest.approx(expected.real.min())


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
def test_the_rise_is_that_of_the_differential_equation(clamp):
    closed = loop(clamp=clamp)
    on, rest = np.ones(20, bool), np.array([0.1, 0.15, 0.05, 0.2])
    modes = Modes.of(closed, on, FREE)
    time = np.linspace(0, 3 / modes.slowest, 7)
    H = modes.H + np.eye(4) / 1e3
    course = solve_ivp(
        lambda _, x: -2 * np.pi * 100e6 * H @ (x - rest),
        time[[0, -1]],
        np.zeros(4),
        "LSODA",
        time,
        rtol=1e-9,
        atol=1e-12,
    )
    np.testing.assert_allclose(rest - modes.before_rest(rest, time), course.y.T, rtol=0, atol=1e-6)


def test_a_loop_with_every_output_clamped_has_no_modes():
    modes = Modes.of(loop(), np.ones(20, bool), np.zeros(5, bool))
    assert modes.slowest == np.inf
    assert modes.before_rest(np.zeros(0), np.zeros(3)).shape == (3, 0)
