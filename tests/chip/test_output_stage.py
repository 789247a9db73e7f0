"""Op-amps whose outputs have resistance and drive a capacitance: rest, motion and stability, against ngspice."""

from dataclasses import replace

import numpy as np
import pytest

from mho import NMF, Analog, spice
from mho.chip import Chip, ChipError, as_circuit, ngspice_rest, preset, program_circuit
from mho.circuits import Noise, OpAmp, equations, least_second_pole, operating_point, output_noise
from mho.circuits.transient import transient

needs_ngspice = pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
STAGE = {"output_ohms": 2e3, "load_farads": 2e-13}
LIMITS = {
    "one pole": {},
    "two poles": {"second_pole": 8e8},
    "single supply": {"clamp": "single-supply"},
    "signed": {"output": "signed", "second_pole": 8e8},
    "limited": {"v_max": 0.15, "slew_rate": 2e7},
}


def _circuit(topology, rows=12, columns=3, *, first=-0.4, offset=1e-4, **opamp):
    rng = np.random.default_rng(0)
    A = rng.random((rows, columns))
    design = preset("ideal") if topology == "gram" else preset("pku-2025-4bit")
    programmed = program_circuit(topology, A, design.with_(gain=1e4, offset=offset, row_ohms=1.0), seed=0)
    circuit = replace(programmed.circuit, opamp=replace(programmed.circuit.opamp, **(STAGE | opamp)))
    return circuit, programmed.volts(A @ np.r_[first, rng.uniform(0.3, 1, columns - 1)])


@pytest.fixture(params=LIMITS)
def limits(request):
    return LIMITS[request.param]


@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
def test_the_operating_point_is_the_end_of_the_motion(topology, limits):
    circuit, volts = _circuit(topology, **(limits | {"v_max": np.inf}))
    found = operating_point(circuit, volts, ideal_clamp=False)[-3:]
    np.testing.assert_allclose(transient(circuit, volts).rest(), found, rtol=0, atol=1e-9 * found.max())
    held = operating_point(circuit, volts)[-3:]
    np.testing.assert_allclose(held, found, rtol=0, atol=1e-2 / circuit.opamp.gain * found.max())
    ideal = operating_point(replace(circuit, opamp=replace(circuit.opamp, output_ohms=0.0, load_farads=0.0)), volts)
    assert np.abs(found - ideal[-3:]).max() < 0.1 * found.max()  # the loop makes up for what the resistance takes


@needs_ngspice
@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
def test_the_motion_and_its_end_are_those_of_ngspice(topology, limits):
    circuit, volts = _circuit(topology, **({"second_pole": 8e8} if topology == "classic" else {}) | limits)
    seconds = 6e-8 if topology == "classic" else 2e-7
    run = spice.run(spice.netlist(circuit, volts, duration=seconds, step=seconds / 2000))
    twin = transient(circuit, volts, duration=1.1 * seconds).outputs(run.time)
    found = np.stack([run.voltages[f"x{j}"] for j in range(3)])
    np.testing.assert_allclose(found, twin, rtol=0, atol=1e-3 * np.abs(twin).max())


@needs_ngspice
@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
def test_it_rests_where_ngspice_does(topology):
    circuit, volts = _circuit(topology)
    found = operating_point(circuit, volts)[-3:]
    np.testing.assert_allclose(ngspice_rest(circuit, volts).outputs, found, rtol=0, atol=1e-5 * found.max())


@needs_ngspice
def test_the_classic_loop_needs_a_second_pole_as_high_as_ngspice_says():
    """Within 2 %: above, the swing dies out at the rate of the slowest mode; below, one is left that grows."""
    circuit, volts = _circuit("classic", 16, 4, first=0.5, offset=0.0, output_ohms=1e3, load_farads=2e-14)
    least = least_second_pole(circuit)
    ideal = replace(circuit, opamp=replace(circuit.opamp, output_ohms=0.0, load_farads=0.0))
    assert abs(least / least_second_pole(ideal) - 1) > 0.05
    ends = np.array([1.5e-7, 2.5e-7, 3.5e-7])
    for share in (1.02, 0.98):
        changed = replace(circuit, opamp=replace(circuit.opamp, second_pole=share * least))
        run = spice.run(spice.netlist(changed, volts, duration=ends[-1], step=2e-11), timeout=120)
        windows = [(run.time > end - 4e-8) & (run.time <= end) for end in ends]
        twin = transient(changed, volts, duration=1.01 * ends[-1]).outputs(run.time)[1]
        swings, ours = (np.array([np.ptp(x[window]) for window in windows]) for x in (run.voltages["x1"], twin))
        np.testing.assert_allclose(swings, ours, rtol=2e-3)
        rate = np.linalg.eigvals(equations(changed).system).real.max()
        assert (rate < 0) == (share > 1)
        if share > 1:
            assert swings[-1] / swings[-2] == pytest.approx(np.exp(rate * (ends[-1] - ends[-2])), rel=0.05)
        else:
            assert swings[-1] > 0.98 * swings[-2]


def test_a_large_load_makes_the_classic_loop_unstable_and_not_the_compact_one():
    for topology, stable in (("compact", True), ("classic", False)):
        circuit, volts = _circuit(topology, 16, 4, output_ohms=1e3, load_farads=3e-12)
        assert (np.linalg.eigvals(equations(circuit).system).real.max() < 0) == stable
        if not stable:
            with pytest.raises(ChipError, match="does not settle"):
                transient(circuit, volts)


def test_what_is_not_modelled_is_refused():
    circuit, volts = _circuit("compact")
    with pytest.raises(ChipError, match="noise is modelled with output_ohms of 0 alone, got 2000"):
        output_noise(circuit, volts, Noise())
    A = np.random.default_rng(0).random((4, 4))
    inverse = program_circuit("inv", A, preset("ideal"), seed=0).circuit
    with pytest.raises(ChipError, match="output_ohms must be 0 in the INV circuit"):
        equations(replace(inverse, opamp=replace(inverse.opamp, **STAGE)))
    with pytest.raises(ValueError, match="output_ohms and load_farads must both be above 0, or both 0, got 100 and 0"):
        OpAmp(gain=1e4, bandwidth=1e8, output_ohms=100.0)


@pytest.mark.parametrize("topology", ["compact", "gram"])
@pytest.mark.parametrize("name", ["one pole", "two poles", "single supply", "signed"])
def test_a_chip_rests_where_its_circuit_does(topology, name):
    rng = np.random.default_rng(0)
    A = rng.random((24, 5))
    exact = {"levels": None, "sigma": 0.005} if topology == "gram" else {}
    design = preset("pku-2025-4bit").with_(topology=topology, offset=1e-4, **STAGE, **LIMITS[name], **exact)
    chip = Chip(design, seed=0)
    array, B = chip.program(A), A @ rng.uniform(-0.3, 1, (5, 7))
    V = np.stack([array.volts(b) for b in B.T], axis=1)
    expected = operating_point(as_circuit(array), V)[-5:]
    np.testing.assert_allclose(array.solve_volts(V), expected, rtol=0, atol=1e-11 * expected.max())
    if topology == "compact":
        on = rng.random(len(V)) < 0.7
        expected = operating_point(as_circuit(array, on), V)[-5:]
        found = array.solve_volts(np.where(on[:, None], V, np.nan))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * expected.max())
    plain = design.with_(dac_bits=None, adc_bits=None, offset=0.0)
    exact = Chip(plain.with_(output_ohms=0.0, load_farads=0.0), seed=0).program(A).solve(B)
    found = Chip(plain, seed=0).program(A).solve(B)
    np.testing.assert_allclose(found, exact, rtol=0, atol=0.02 * exact.max())


def test_the_ledger_waits_for_pins_and_power_is_that_of_the_network():
    A = np.random.default_rng(0).random((24, 5))
    seconds, joules = [], []
    for farads in (1e-15, 3e-8):
        chip = Chip(preset("ideal").with_(gain=1e4, output_ohms=20.0, load_farads=farads))
        chip.program(A).solve(A @ np.ones(5))
        seconds.append(chip.ledger.settle_seconds)
        joules.append(chip.ledger.array_joules / chip.ledger.settle_seconds)
    without = Chip(preset("ideal").with_(gain=1e4))
    without.program(A).solve(A @ np.ones(5))
    assert seconds[0] == pytest.approx(without.ledger.settle_seconds, rel=0.02)
    assert seconds[1] > 1.1 * seconds[0]
    assert joules[0] == pytest.approx(without.ledger.array_joules / without.ledger.settle_seconds, rel=0.05)


def test_masked_factorizations_run_with_output_resistance():
    X = np.random.default_rng(0).random((20, 3)) @ np.random.default_rng(1).random((3, 12))
    X[np.random.default_rng(2).random(X.shape) < 0.2] = np.nan
    engine = Analog(preset("ideal").with_(gain=1e5, output_ohms=100.0, load_farads=1e-14))
    model = NMF(n_components=3, engine=engine, max_iter=5, random_state=0, missing="nan")
    W = model.fit_transform(X)
    assert np.sqrt(np.nanmean((W @ model.components_ - X) ** 2)) < 0.1


@pytest.mark.parametrize("changes", [{"topology": "classic"}, {"off_state": "circuit"}, {"entries": "signed"}])
def test_chips_that_do_not_model_it_say_so(changes):
    with pytest.raises(ValueError, match="output_ohms must be 0 in the topology"):
        preset("pku-2025").with_(**STAGE, **changes)
