"""What is said of the circuits side by side, against what is known of each."""

import numpy as np
import pytest

from mho.chip import TOPOLOGIES, TOPOLOGY_NOTES, compare_topologies, preset, presets
from mho.circuits import Noise


def found(design, m=32, k=4, **noise):
    rng = np.random.default_rng(0)
    A, x = rng.random((m, k)), rng.uniform(0.5, 1.5, k)
    return {one.topology: one for one in compare_topologies(A, x, design, Noise(**noise), seed=0)}


def test_every_circuit_has_facts_and_figures():
    assert tuple(TOPOLOGY_NOTES) == TOPOLOGIES == tuple(found(preset("ideal")))


def test_op_amps_and_cells_are_counted():
    counts = {name: (one.opamps, one.cells) for name, one in found(preset("ideal"), 32, 4).items()}
    assert counts == {"compact": (4, 256), "classic": (36, 256), "gram": (4, 16), "mvm": (32, 128)}


def test_errors_of_cells_count_where_there_are_any():
    ideal, real = found(preset("ideal")), found(preset("ideal").with_(sigma=0.01, levels=64))
    for name in TOPOLOGIES:
        assert ideal[name].written_error == ideal[name].error < 1e-7
        assert real[name].written_error > 1e-3
        assert real[name].error == ideal[name].error


@pytest.mark.parametrize("name", [name for name in presets() if not preset(name).wires])
def test_measured_cells_are_exact_in_all_but_the_written_error(name):
    design = preset(name)
    measured, exact = found(design), found(preset("ideal").with_(g_max=design.device.g_max, gain=design.amplifier.gain))
    for topology in TOPOLOGIES:
        assert measured[topology].error == exact[topology].error
        assert name == "ideal" or measured[topology].written_error > 1e-3


def test_the_error_of_finite_gain_is_inverse_to_it():
    low, high = (found(preset("ideal").with_(gain=gain)) for gain in (1e4, 1e5))
    for name in TOPOLOGIES:
        assert low[name].error == pytest.approx(10 * high[name].error, rel=0.05)


def test_time_is_inverse_to_bandwidth_and_thermal_noise_goes_with_the_root_of_temperature():
    slow, fast = (found(preset("ideal").with_(bandwidth=hertz), kelvin=300) for hertz in (1e7, 1e8))
    cold = found(preset("ideal").with_(bandwidth=1e7), kelvin=75)
    for name in TOPOLOGIES:
        assert slow[name].time_constant == pytest.approx(10 * fast[name].time_constant)
        assert slow[name].noise == pytest.approx(2 * cold[name].noise)


def test_the_compact_circuit_is_slower_and_more_sensitive_than_the_classic_one():
    """As simulations without this code found: 6 to 10 times slower, an order of magnitude in offset."""
    both = found(preset("ideal").with_(gain=1e5), 64, 8)
    assert 4 < both["compact"].time_constant / both["classic"].time_constant < 15
    assert 5 < both["compact"].offset_gain / both["classic"].offset_gain < 30
