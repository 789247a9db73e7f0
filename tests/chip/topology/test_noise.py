"""Noise at rest against ngspice's own analysis, a run in time, and cells that really vary."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mho import circuits, spice
from mho.circuits import Noise, operating_point, output_noise

needs_ngspice = pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")


def sigma(circuit, volts, noise):
    return np.sqrt(np.diag(output_noise(circuit, volts, noise)))


@pytest.mark.spice
@needs_ngspice
@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
@pytest.mark.parametrize("density", [0.0, 20e-9], ids=["thermal", "with amplifiers"])
def test_ngspice_integrates_the_same_noise(problem, clamp, density):
    circuit, volts = problem(clamp=clamp, noise=density)
    found = sigma(circuit, volts, Noise(kelvin=300.15, amplifier=density))
    for at in (-1, -2):
        expected = spice.noise(spice.noise_netlist(circuit, volts, circuit.outputs[at]))
        assert found[at] == pytest.approx(expected, rel=3e-3, abs=1e-12)


@pytest.mark.spice
@needs_ngspice
def test_an_output_in_time_strays_as_far():
    circuit = circuits.GramInv(
        g_gram=np.array([[30.0, 12.0], [12.0, 20.0]]) * 1e-6,
        g_in=20e-6,
        opamp=circuits.OpAmp(gain=1e4, bandwidth=1e6),
        offset=np.ones(2),
    )
    interval, steps, rms = 60e-9, 6000, 1e-4
    samples = rms * np.random.default_rng(0).standard_normal((2, steps))
    text = spice.netlist(circuit, [0.2, 0.1], duration=steps * interval, step=interval)
    for j, wave in enumerate(samples):
        points = "\n+ ".join(f"{t * interval:.4g} {v:.6g}" for t, v in enumerate(wave))
        text = text.replace(f"Voffset{j} reference{j} 0 1.0", f"Voffset{j} reference{j} 0 PWL(\n+ {points})")
    run = spice.run(text.replace("reltol=1e-6 abstol=1e-15 vntol=1e-10 chgtol=1e-20", "reltol=1e-3"))
    # Samples joined by straight lines have the one-sided density 2 rms^2 interval, far below their own rate
    noise = Noise(kelvin=0, amplifier=float(np.sqrt(2 * interval)) * rms)
    found = sigma(replace(circuit, offset=None), [0.2, 0.1], noise)
    at = np.arange(steps // 50, steps) * interval
    traces = [np.interp(at, run.time, run.voltages[node]) for node in circuit.outputs]
    np.testing.assert_allclose(np.std(traces, axis=1), found, rtol=0.1)


def test_read_noise_is_what_cells_that_vary_do(problem):
    circuit, volts = problem(seed=3)
    spread = 2e-8  # siemens
    found = output_noise(circuit, volts, Noise(kelvin=0, read=spread))
    rng, names = np.random.default_rng(3), [f.name for f in fields(circuit) if f.name in _ARRAYS]
    at_zero, trials = operating_point(circuit, volts)[-len(found) :], []
    for _ in range(1500):
        noisy = {
            name: np.abs(getattr(circuit, name) + spread * rng.standard_normal(getattr(circuit, name).shape))
            for name in names
        }
        trials.append(operating_point(replace(circuit, **noisy), volts)[-len(found) :])
    expected = np.sqrt(np.mean((np.array(trials) - at_zero) ** 2, axis=0))
    np.testing.assert_allclose(np.sqrt(np.diag(found)), expected, rtol=0.1, atol=1e-9)


_ARRAYS = ("g_left", "g_right", "g_gram", "g")


@pytest.mark.parametrize("field", ["kelvin", "amplifier", "read"])
def test_a_bad_noise_is_named(field):
    with pytest.raises(ValueError, match=f"{field} must be finite and at least 0"):
        Noise(**{field: -1.0})
