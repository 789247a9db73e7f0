import numpy as np
import pytest

from mho.chip import Chip, Ledger, preset
from mho.cost import Interval, Workload, estimate, sweep_ledger, technologies, technology


@pytest.fixture(scope="module")
def ledger():
    chip = Chip("pku-2025", seed=0)
    chip.program(np.random.default_rng(0).random((30, 5))).solve(np.random.default_rng(1).random((30, 7)))
    return chip.ledger


def ends(r: Interval):
    return np.array([r.low, r.typical, r.high])


@pytest.mark.parametrize("name", technologies())
def test_parts_add_up(ledger, name):
    e = estimate(ledger, name, solvers=3)
    assert ends(e.seconds) == pytest.approx(sum(ends(p.seconds) for p in e.parts))
    assert ends(e.joules) == pytest.approx(sum(ends(p.joules) for p in e.parts))
    assert ends(e.seconds) == pytest.approx(ends(e.write_seconds) + ends(e.solve_seconds))
    assert ends(e.joules) == pytest.approx(ends(e.write_joules) + ends(e.solve_joules))
    assert ends(e.square_metres) == pytest.approx(sum(ends(area.value) for _, area in e.areas))
    assert e.watts.typical == pytest.approx(e.joules.typical / e.seconds.typical)
    assert all(p.joules.low >= 0 for p in e.parts if not p.name.startswith(("input", "op-amp outputs")))


@pytest.mark.parametrize("name", technologies())
def test_every_number_has_a_range_and_a_source(name):
    numbers = technology(name).numbers()
    for key, number in numbers.items():
        assert 0 < number.value.low <= number.value.typical <= number.value.high, key
        assert number.source, key
    assert sum(n.value.low < n.value.high for n in numbers.values()) > len(numbers) * 3 / 4


def test_each_event_costs_what_the_technology_says():
    t = technology("40nm")
    assert estimate(Ledger(pulses=10, row_pulses=2)).write_seconds.typical == pytest.approx(2 * (1e-6 + 100e-9))
    assert estimate(Ledger(pulses=10, row_pulses=2)).joules.typical == pytest.approx(10 * (75e-12 + 2.6e-12))
    assert ends(estimate(Ledger(adc_conversions=3)).solve_joules) == pytest.approx(3 * ends(t.adc_joules.value))
    assert estimate(Ledger()).seconds == estimate(Ledger()).joules == Interval.exact(0)


def test_bias_of_an_op_amp_of_100_MHz():
    """Section 4.2: 150 uW."""
    assert estimate(Ledger(amplifier_cycles=100e6)).joules.typical == pytest.approx(150e-6)


def test_writing_movielens_takes_what_the_reference_sheet_says():
    """Section 5: 26,250 cells, 10 pulses of 1 us: 0.26 s one after the other, 26 ms a row of ten at once."""
    free_reads = technology("40nm").with_(verify_seconds=0.0)
    ledger = Ledger(pulses=10 * 26_250, row_pulses=26_250)
    serial, row = (estimate(ledger, free_reads, write=write, ports="solver") for write in ("serial", "row"))
    assert serial.write_seconds.typical == pytest.approx(0.26, rel=0.02)
    assert ends(row.write_seconds) == pytest.approx([2.6e-3, 26e-3, 26e-3], rel=0.02)


def test_loads_are_paid_from_the_supply():
    """V_dd times the charge, whatever of it becomes heat in the arrays."""
    ledger = Ledger(array_joules=3e-6, load_joules=1e-6, load_coulombs=2e-5, input_coulombs=1e-5)
    assert ends(estimate(ledger).joules) == pytest.approx(np.array([0.99, 1.1, 1.21]) * 3e-5)


def test_a_load_that_one_output_stage_cannot_drive():
    assert ends(estimate(Ledger(peak_amperes=2.5e-3)).output_stages) == pytest.approx([1, 2.5, 5])
    assert estimate(Ledger()).output_stages == Interval.exact(1)


def test_area_by_hand():
    """Two copies of 128 x 10 cells and 7 compensation cells a row, 48 F^2 each; converters at both ends."""
    e = estimate(Ledger(rows=128, columns=10, tiles=1, row_extras=7), solvers=2)
    areas = {name: area.value.typical for name, area in e.areas}
    assert areas["cells"] == pytest.approx(2 * 128 * (2 * 10 + 7) * 48 * 40e-9**2)
    assert areas["ADC"] == pytest.approx(2 * 10 * 5600e-12)
    assert areas["op-amps"] == pytest.approx(2 * 10 * 1000e-12)


def test_the_classic_circuit_has_an_op_amp_at_each_row_as_well():
    """16 x 4: twenty op-amps where the compact circuit has four, which a run and the sizes alone tell alike."""
    rng = np.random.default_rng(0)
    for topology, count in (("compact", 4), ("classic", 20)):
        design = preset("pku-2025").with_(topology=topology, current_limit=1e-3)
        chip = Chip(design, seed=0)
        A = rng.random((16, 4))
        chip.program(A).solve(A @ rng.random((4, 3)))
        for ledger in (chip.ledger, sweep_ledger(Workload(m=16, n=16, k=4), design)):
            (area,) = (area.value.typical for name, area in estimate(ledger).areas if name == "op-amps")
            assert area == pytest.approx(count * 1000e-12), topology


def test_more_solvers_solve_faster_and_cost_more_writing(ledger):
    one, four = estimate(ledger), estimate(ledger, "40nm", solvers=4)
    assert ends(four.solve_seconds) == pytest.approx(ends(one.solve_seconds) / 4)
    assert ends(four.solve_joules) == pytest.approx(ends(one.solve_joules))
    assert ends(four.write_seconds) == pytest.approx(ends(one.write_seconds))
    assert ends(four.write_joules) == pytest.approx(4 * ends(one.write_joules))


def test_more_solvers_than_right_hand_sides(ledger):
    assert estimate(ledger, solvers=7).seconds.typical > 0
    with pytest.raises(ValueError, match="solvers must be at most 7, the right-hand sides, got 1,000,000"):
        estimate(ledger, solvers=1_000_000)


def test_memory_that_is_slower_than_solving_is_waited_for():
    """137 GB take a second, and solving 0.4 s meanwhile."""
    ledger = Ledger(bytes_read=137e9, settle_seconds=0.4)
    assert estimate(ledger).solve_seconds.typical == pytest.approx(1.0)
    assert estimate(Ledger(bytes_read=137e6, settle_seconds=0.4)).solve_seconds.typical == pytest.approx(0.4)


def test_memory_is_paid_by_the_byte():
    assert estimate(Ledger(bytes_read=3, bytes_written=2)).joules.typical == pytest.approx(5 * 56e-12)


def test_unknown_technology():
    assert technologies() == ("130nm", "28nm", "40nm", "board")
    with pytest.raises(ValueError, match="no technology '7nm'; there are: '130nm'"):
        estimate(Ledger(), "7nm")
    with pytest.raises(ValueError, match="'pulse' is no number of a technology"):
        technology("40nm").with_(pulse=1.0)


def test_a_range_that_falls():
    with pytest.raises(ValueError, match="must rise, got 2, 1, 3"):
        Interval(2, 1, 3)
