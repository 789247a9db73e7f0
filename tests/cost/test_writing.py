"""Write ports, tiles, their drivers, and cells of compensation."""

import numpy as np
import pytest

from mho.chip import Chip, Ledger, preset
from mho.cost import Workload, estimate, sweep_ledger


def programmed(A, **changes):
    chip = Chip(preset("pku-2025").with_(**changes), seed=0)
    return chip, chip.program(A)


def test_the_slowest_tile_is_the_one_with_the_most_pulses():
    """Cells that are written and verified take different numbers of pulses; tiles of 16 rows, the last one of 2."""
    A = np.random.default_rng(0).random((50, 3))
    chip, array = programmed(A, rows=16, window=1e-6, first_error=5e-6)
    store = array.store
    in_turn = (
        store.left.pulses.max(axis=1) + store.right.pulses.max(axis=1) + store.comp.pulses * (store.comp.parallel > 0)
    )
    tiles = [in_turn[first : first + 16].sum() for first in range(0, 50, 16)]
    assert len(set(tiles)) > 1
    assert chip.ledger.tile_pulses == max(tiles)
    assert chip.ledger.row_pulses == sum(tiles)
    assert chip.ledger.tiles == 4


def test_a_row_written_again_waits_for_no_other_tile():
    chip, array = programmed(np.random.default_rng(0).random((50, 3)), rows=16)
    before = chip.ledger.copy()
    array.refresh([0, 1, 20])
    again = chip.ledger.since(before)
    assert again.tile_pulses == pytest.approx(again.row_pulses * 2 / 3)


def test_cells_that_are_pulsed_have_an_area():
    """Every row has room for as many compensation cells as the row that needs most."""
    A = np.random.default_rng(0).random((128, 10))
    chip, array = programmed(A)
    needed = array.store.comp.parallel
    assert 4 < needed.mean() < 8
    assert chip.ledger.row_extras == needed.max() > needed.mean()
    cell = 48 * 40e-9**2
    area = dict(estimate(chip.ledger).areas)["cells"].value
    assert area.typical == pytest.approx(128 * (20 + needed.max()) * cell)
    assert area.typical >= chip.ledger.cells * cell
    assert area.high == pytest.approx(128 * (20 + 20) * 2 * cell)  # 2 k: one row full, another empty; wider transistors


def test_no_matrix_needs_more_compensation_than_as_many_cells_as_in_both_copies():
    """A full row beside an empty one lacks 2 k (g_max - g_min), made of cells of g_max at most."""
    A = np.vstack([np.ones((1, 6)), np.zeros((3, 6))])
    chip, array = programmed(A)
    d = array.design.device
    assert array.store.comp.target.max() == pytest.approx(2 * 6 * (d.g_max - d.g_min))
    assert chip.ledger.row_extras == 12


@pytest.mark.parametrize(
    ("ports", "drivers"),
    [("solver", 12), ("tile", 3 * 12), ("array", 3 * (2 * 10 + 12))],
)
def test_drivers_by_hand(ports, drivers):
    """300 rows in 3 tiles, 10 columns, 12 compensation cells: as wide as the widest of what a port serves in turn."""
    ledger = Ledger(rows=300, columns=10, tiles=3, row_extras=12)
    area = dict(estimate(ledger, solvers=2, ports=ports).areas)["write drivers"].value
    assert area.typical == pytest.approx(2 * drivers * 500e-12)
    assert (area.low, area.high) == pytest.approx((2 * drivers * 100e-12, 2 * drivers * 6000e-12))


def test_a_single_tile_gains_by_its_arrays_alone():
    ledger = sweep_ledger(Workload(m=100, n=60, k=4))
    seconds = [estimate(ledger, ports=ports).write_seconds.typical for ports in ("solver", "tile", "array")]
    assert seconds == pytest.approx([seconds[0], seconds[0], seconds[0] / 3])


def test_ports_change_neither_energy_nor_solving():
    ledger = sweep_ledger(Workload(m=1000, n=600, k=4))
    one, many = (estimate(ledger, ports=ports) for ports in ("solver", "array"))
    assert one.joules == many.joules
    assert one.solve_seconds == many.solve_seconds
    assert one.write_seconds.typical > 5 * many.write_seconds.typical


def test_unknown_ports():
    with pytest.raises(ValueError, match="ports must be one of 'array', 'tile', 'solver', None, got 3"):
        estimate(Ledger(), ports=3)
