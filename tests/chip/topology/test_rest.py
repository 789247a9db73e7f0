"""Operating points and what an offset does to them, against ngspice."""

from dataclasses import replace

import numpy as np
import pytest

from mho import circuits, spice
from mho.circuits import offset_gain, operating_point

pytestmark = [pytest.mark.spice, pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")]


def at_rest(circuit, volts):
    found = spice.operating_point(spice.operating_point_netlist(circuit, volts))
    return np.array([found[node] for node in circuit.outputs])


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
@pytest.mark.parametrize("gain", [1e5, 1e3])
def test_ngspice_comes_to_the_same_rest(problem, clamp, gain):
    circuit, volts = problem(clamp=clamp, gain=gain)
    expected = at_rest(circuit, volts)
    assert (expected > 0).any()
    assert (expected == 0).any() or isinstance(circuit, circuits.Mvm)
    found = operating_point(circuit, volts)[-len(circuit.outputs) :]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 / gain * np.abs(expected).max())


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
def test_an_offset_moves_the_outputs_by_its_gain(problem, clamp):
    circuit, volts = problem(seed=1, clamp=clamp)
    gain, at_zero = offset_gain(circuit, volts), at_rest(circuit, volts)
    assert gain.shape == (len(circuit.outputs), circuit.opamps)
    for own in range(-1, -3, -1):
        offset = np.zeros(len(circuit.outputs))
        offset[own] = 1e-5
        moved = (at_rest(replace(circuit, offset=offset), volts) - at_zero) / 1e-5
        signed = -1 if circuit.name == "classic GINV" else 1  # its input is the other one
        np.testing.assert_allclose(moved, signed * gain[:, own], rtol=0, atol=1e-9 + 1e-3 * np.abs(moved).max())
