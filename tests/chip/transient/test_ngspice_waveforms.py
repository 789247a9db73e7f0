"""The twin's waveforms and settling times against ngspice at every one of its time points."""

import numpy as np
import pytest

from mho import circuits, spice
from mho.chip import Chip, as_circuit, preset
from mho.circuits.transient import transient
from mho.penalty import Penalty

pytestmark = [
    pytest.mark.spice,
    pytest.mark.skipif(not spice.available(), reason="ngspice is not installed"),
]

FULL_SCALE = 0.01
SETTLING = 0.03


def in_ngspice(circuit, volts, duration, steps=2000):
    result = spice.run(spice.netlist(circuit, volts, duration=duration, step=duration / steps))
    return np.minimum(result.time, duration), np.array([result.voltages[node] for node in circuit.outputs])


def settled_at(time, X, tolerance=0.01):
    """When the last output enters the band around its end, interpolated between two of ngspice's time points."""
    off = np.abs(X - X[:, -1:]).max(axis=0) / X[:, -1].max()
    last = np.flatnonzero(off > tolerance)[-1]
    return np.interp(-tolerance, -off[last : last + 2], time[last : last + 2])


def compare(circuit, volts):
    waveform = transient(circuit, volts)
    duration = max(8 * circuits.time_constant(circuit), 2 * waveform.settling_time())
    time, X = in_ngspice(circuit, volts, duration)
    np.testing.assert_allclose(waveform.outputs(time), X, rtol=0, atol=FULL_SCALE * X.max())
    assert waveform.settling_time() == pytest.approx(settled_at(time, X), rel=SETTLING)
    return waveform


@pytest.mark.parametrize("kind", ["compact", "classic"])
@pytest.mark.parametrize("size", [(16, 4), (32, 8)])
@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_waveform(make_circuit, make_volts, kind, size, clamp, seed):
    circuit = make_circuit(kind, size, seed, clamp=clamp)
    waveform = compare(circuit, make_volts(circuit, seed))
    assert len(waveform.regimes) > 1, "no clamp was met: the test would see a linear loop"


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
def test_slew_rate(make_circuit, make_volts, clamp):
    """Slow enough to last most of the rise."""
    circuit = make_circuit("compact", (16, 4), 1, clamp=clamp, slew_rate=5e5)
    waveform = compare(circuit, make_volts(circuit, 1))
    assert np.any([regime.limits.rising.any() for regime in waveform.regimes])


def test_output_rail(make_circuit, make_volts):
    """A rail below the answer: the output stays there and the others make the best of it."""
    free = make_circuit("compact", (16, 4), 2)
    volts = make_volts(free, 2)
    railed = make_circuit("compact", (16, 4), 2, v_max=0.6 * transient(free, volts).rest().max())
    waveform = compare(railed, volts)
    assert waveform.rest().max() == railed.opamp.v_max


def test_programmed_chip_with_wires_offset_and_rows_off():
    """The same reduction of the network as the chip's own."""
    design = preset("pku-2025").with_(sigma=0.02, gain=1e5, offset=1e-5, row_ohms=20.0, column_ohms=20.0)
    rng = np.random.default_rng(4)
    A = rng.uniform(0, 1, (16, 4))
    array = Chip(design, seed=4).program(A, penalty=Penalty(l1=0.3))
    b = A @ np.array([1.0, -0.5, 0.8, 1.2])
    compare(as_circuit(array), array.volts(b))
    plain = Chip(design.with_(row_ohms=0.0, column_ohms=0.0), seed=4).program(A)
    on = np.arange(16) % 4 != 1
    compare(as_circuit(plain, on), plain.volts(b))


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
def test_programmed_chip_with_reference_columns(clamp):
    design = preset("ideal").with_(g_min=3.5e-6, off_state="circuit", sigma=0.02, gain=1e5, clamp=clamp)
    A = np.random.default_rng(4).uniform(0, 1, (16, 4))
    array = Chip(design, seed=4).program(A)
    compare(as_circuit(array), array.volts(A @ np.array([1.0, -0.5, 0.8, 1.2])))
