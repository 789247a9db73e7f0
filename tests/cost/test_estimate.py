import numpy as np
import pytest

from mho.chip import Chip, Ledger
from mho.cost import Technology, estimate, technologies, technology


def test_parts_add_up():
    chip = Chip("pku-2025", seed=0)
    chip.program(np.random.default_rng(0).random((30, 5))).solve(np.random.default_rng(1).random((30, 7)))
    e = estimate(chip.ledger)
    assert e.seconds == pytest.approx(sum(s for _, s, _ in e.rows()))
    assert e.joules == pytest.approx(sum(j for _, _, j in e.rows()))
    assert e.seconds == pytest.approx(e.write_seconds + e.solve_seconds)
    assert e.joules == pytest.approx(e.write_joules + e.solve_joules)
    assert min(e.write_seconds, e.solve_seconds, e.write_joules, e.solve_joules) > 0


def test_each_event_costs_what_the_technology_says():
    t = technology("40nm")
    assert estimate(Ledger(pulses=10, row_pulses=2)).write_seconds == pytest.approx(
        2 * (t.pulse_seconds + t.verify_seconds)
    )
    assert estimate(Ledger(pulses=10, row_pulses=2)).joules == pytest.approx(10 * (t.pulse_joules + t.verify_joules))
    assert estimate(Ledger(adc_conversions=3)).solve_joules == pytest.approx(3 * t.adc_joules)
    assert estimate(Ledger(amplifier_seconds=2)).solve_joules == pytest.approx(2 * t.amplifier_watts)
    assert estimate(Ledger()).seconds == estimate(Ledger()).joules == 0


def test_writing_movielens_takes_what_the_reference_sheet_says():
    """Section 5: 26,250 cells, 10 pulses of 1 us, ten at once: 26 ms; two copies take twice that."""
    t = technology("40nm")
    free_reads = Technology(**{f: getattr(t, f) for f in t.__dataclass_fields__} | {"verify_seconds": 0.0})
    assert estimate(Ledger(row_pulses=26_250 / 10 * 10), free_reads).write_seconds == pytest.approx(26e-3, rel=0.02)


def test_loads_are_paid_from_the_supply():
    """V_dd times the charge, whatever of it becomes heat in the arrays [4.2]."""
    t = technology("40nm")
    ledger = Ledger(array_joules=3e-6, load_joules=1e-6, load_coulombs=2e-5, input_coulombs=1e-5)
    assert estimate(ledger).joules == pytest.approx(t.supply_volts * 3e-5)
    assert estimate(Ledger(peak_amperes=2.5 * t.output_amperes)).output_stages == 3
    assert estimate(Ledger()).output_stages == 1


def test_more_solvers_solve_faster_and_cost_more_writing():
    ledger = Ledger(pulses=100, row_pulses=10, solves=8, settle_seconds=8e-6, adc_conversions=80)
    one, four = estimate(ledger), estimate(ledger, "40nm", solvers=4)
    assert four.solve_seconds == pytest.approx(one.solve_seconds / 4)
    assert four.solve_joules == pytest.approx(one.solve_joules)
    assert four.write_seconds == pytest.approx(one.write_seconds)
    assert four.write_joules == pytest.approx(4 * one.write_joules)


def test_serial_writing_of_movielens():
    """Section 5: 26,250 cells, 10 pulses of 1 us, one after the other: 0.26 s."""
    ledger = Ledger(pulses=10 * 26_250, row_pulses=26_250)
    pulses, *_ = estimate(ledger, write="serial").parts
    assert pulses.seconds == pytest.approx(0.26, rel=0.02)
    assert estimate(ledger).parts[0].seconds == pytest.approx(26e-3, rel=0.02)


def test_memory_is_paid_by_the_byte():
    assert estimate(Ledger(bytes_read=3, bytes_written=2)).joules == pytest.approx(5 * 56e-12)


def test_unknown_technology():
    assert technologies() == ("40nm",)
    with pytest.raises(ValueError, match="no technology '7nm'; there are: '40nm'"):
        estimate(Ledger(), "7nm")
