"""Operating points of many right-hand sides at once, rows switched off, and right-hand sides that are none."""

import numpy as np
import pytest

from mho import circuits
from mho.chip import preset, program_circuit
from mho.circuits import operating_point


def test_many_right_hand_sides_go_together(problem):
    circuit, volts = problem()
    many = np.column_stack([volts, -volts, 0.5 * volts])
    together = operating_point(circuit, many)
    one_by_one = np.column_stack([operating_point(circuit, column) for column in many.T])
    np.testing.assert_allclose(together, one_by_one, rtol=0, atol=1e-12 * np.abs(one_by_one).max())


def test_rows_switched_off_are_those_without_cells():
    """A row that is off neither drives nor senses: the compact circuit of the other rows has the same outputs."""
    rng = np.random.default_rng(0)
    G, volts = rng.uniform(1e-6, 30e-6, (12, 3)), rng.uniform(0, 0.1, (12, 4))
    opamp = circuits.OpAmp(gain=1e5, bandwidth=1e8)
    off = rng.random(volts.shape) < 0.3
    whole = circuits.CompactGinv(g_left=G, g_right=1.1 * G, g_comp=np.zeros(12), g_in=2e-5, opamp=opamp)
    found = operating_point(whole, np.where(off, np.nan, volts))
    for j, on in enumerate(~off.T):
        left = circuits.CompactGinv(
            g_left=G[on], g_right=1.1 * G[on], g_comp=np.zeros(on.sum()), g_in=2e-5, opamp=opamp
        )
        np.testing.assert_allclose(found[:, j], operating_point(left, volts[on, j]), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("topology", "b", "says"),
    [
        ("classic", np.r_[np.nan, np.ones(7)], "b contains NaN; every entry must be a number"),
        ("compact", np.ones(7), r"b must have shape \(8,\), one per row of the matrix, got \(7,\)"),
        ("gram", np.ones((8, 2)), r"b must have shape \(8,\), one per row of the matrix, got \(8, 2\)"),
        ("mvm", np.ones(8), r"b must have shape \(3,\), one per column of the matrix, got \(8,\)"),
    ],
)
def test_bad_right_hand_sides_are_one_sentence(topology, b, says):
    A = np.random.default_rng(0).random((8, 3))
    with pytest.raises(ValueError, match=says) as raised:
        program_circuit(topology, A, preset("ideal"), seed=0).solve(b)
    assert "\n" not in str(raised.value)
