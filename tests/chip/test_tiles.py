"""Row tiles with wires of their own and a bus, against ngspice, their own circuit and the untiled one."""

import numpy as np
import pytest

from mho import Chip, spice
from mho.chip import Wires, as_circuit, ngspice_rest, preset
from mho.circuits import operating_point
from mho.circuits.passive_network import PassiveNetwork
from mho.operands import Sparse

OHMS = {"row_ohms": 20.0, "column_ohms": 30.0, "driver_ohms": 10.0, "sense_ohms": 15.0}
BUSES = {"bus": {"bus_ohms": 50.0}, "short bus": {}, "bus alone": {"bus_ohms": 50.0, "column_ohms": 0.0}}


def _array(rows=32, tile_rows=16, **changes):
    rng = np.random.default_rng(0)
    A = rng.random((rows, 4))
    design = preset("pku-2025-4bit").with_(tile_rows=tile_rows, offset=1e-5, **(OHMS | changes))
    array = Chip(design, seed=0).program(A)
    B = A @ rng.uniform(-0.2, 1, (4, 5)) + 0.05 * rng.standard_normal((rows, 5))
    return array, np.stack([array.volts(b) for b in B.T], axis=1), B


@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("bus", BUSES)
@pytest.mark.parametrize("off", [[], [16], [0, 1, 20], list(range(16))], ids=["all", "first of a tile", "some", "tile"])
def test_ngspice_finds_the_same(bus, off):
    array, V, _ = _array(**BUSES[bus])
    on = ~np.isin(np.arange(32), off)
    found = array.solve_volts(np.where(on, V[:, 0], np.nan))
    circuit = as_circuit(array, on if off else None)
    np.testing.assert_allclose(operating_point(circuit, V[:, 0])[-4:], found, rtol=0, atol=1e-10 * found.max())
    np.testing.assert_allclose(ngspice_rest(circuit, V[:, 0]).outputs, found, rtol=0, atol=1e-5 * found.max())


def test_one_tile_is_no_tile_and_sources_have_the_power_of_the_nodes():
    array, V, _ = _array()
    whole, one = (PassiveNetwork(array.conductances, Wires(**OHMS, tile_rows=rows)) for rows in (None, 32))
    for name in ("drive", "sense", "inputs", "load", "feed", "back"):
        expected = getattr(whole.ports(), name)
        np.testing.assert_allclose(getattr(one.ports(), name), expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    every = np.ones(32, bool)
    np.testing.assert_allclose(
        one.source_mutual_conductance(V, every), whole.source_mutual_conductance(V, every), rtol=1e-10
    )


@pytest.mark.parametrize("tile_rows", [8, 5])
def test_power_of_the_sources_is_heat_in_the_resistors(tile_rows):
    """With op-amps at ground a passive network heats as much as its sources deliver: K is what grounded ports leave."""
    array, _, _ = _array(rows=18)
    network = PassiveNetwork(array.conductances, Wires(**OHMS, tile_rows=tile_rows, bus_ohms=40.0))
    on = np.random.default_rng(1).random(18) < 0.7
    K = network.source_mutual_conductance(np.eye(on.sum()), on)
    np.testing.assert_allclose(K, K.T, rtol=0, atol=1e-12 * K.max())
    alone = [network.source_mutual_conductance(np.ones((1, 1)), np.arange(18) == i)[0, 0] for i in np.flatnonzero(on)]
    assert np.all(np.linalg.eigvalsh(K) > 0)
    assert np.all(K.diagonal() >= np.array(alone) * (1 - 1e-12))  # other rows are more ways to ground


def test_tiles_shorten_what_wires_cost():
    rng = np.random.default_rng(0)
    A, X = rng.random((512, 8)), rng.random((8, 20))
    errors = []
    for tile_rows in (None, 128, 64):
        chip = Chip(preset("ideal").with_(row_ohms=1.73, column_ohms=1.73, tile_rows=tile_rows, rows=512))
        errors.append(np.linalg.norm(chip.program(A).solve(A @ X) - X) / np.linalg.norm(X))
    assert errors[1] < errors[0] / 4
    assert errors[2] < errors[1] / 2


def test_masked_right_hand_sides_on_tiles_are_counted():
    array, _, B = _array(bus_ohms=5.0)
    B[::3, 1] = np.nan
    X = array.solve(Sparse(B))
    assert np.all(np.isfinite(X))
    assert np.all(X >= 0)


def test_tiles_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="bus_ohms must be 0 without tile_rows, got 1: a bus joins tiles"):
        preset("ideal").with_(bus_ohms=1.0)
    with pytest.raises(ValueError, match="tile_rows must be None but in the topology 'compact', got 64 with 'classic'"):
        preset("ideal").with_(topology="classic", tile_rows=64)
    with pytest.raises(ValueError, match="tile_rows must be at least 1, got 0"):
        preset("ideal").with_(tile_rows=0)
