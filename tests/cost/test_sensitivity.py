import numpy as np
import pytest

from mho.chip import Ledger
from mho.cost import (
    WORKLOADS,
    estimate,
    ports_curve,
    precision_curve,
    pulse_curve,
    solvers_curve,
    sweep_ledger,
    technology,
    tornado,
)


@pytest.fixture(scope="module")
def ledger():
    return sweep_ledger(WORKLOADS["movielens-100k"])


def test_one_number_alone():
    """Three conversions: only their own time and energy move the answer, from their low to their high end."""
    t = technology("40nm")
    (swing,) = tornado(Ledger(adc_conversions=3), t)
    assert swing.name == "adc_joules"
    assert swing.joules == pytest.approx((3 * t.adc_joules.value.low, 3 * t.adc_joules.value.high))


def test_the_widest_swing_comes_first_and_all_lie_within_the_range(ledger):
    swings, whole = tornado(ledger, technology("40nm")), estimate(ledger)
    widths = [high - low for low, high in (s.joules for s in swings)]
    assert widths == sorted(widths, reverse=True)
    assert swings[0].name == "memory_joules_per_byte"
    assert all(whole.joules.low <= s.joules[0] <= s.joules[1] <= whole.joules.high for s in swings)


def test_swings_of_a_sum_add_up_to_its_range(ledger):
    """Each product of the bill has one uncertain factor."""
    whole = estimate(ledger)
    widths = sum(high - low for low, high in (s.joules for s in tornado(ledger, technology("40nm"))))
    assert widths == pytest.approx(whole.joules.high - whole.joules.low)


def test_writing_takes_as_long_as_its_pulses(ledger):
    t = technology("40nm")
    curve = pulse_curve(ledger, t, [1e-9, 1e-6])
    assert np.diff(curve.seconds)[0] == pytest.approx(ledger.tile_pulses * (1e-6 - 1e-9))
    alone = pulse_curve(ledger, t, [1e-9, 1e-6], ports="solver")
    assert np.diff(alone.seconds)[0] == pytest.approx(ledger.row_pulses * (1e-6 - 1e-9))
    assert curve.joules[1] == pytest.approx(estimate(ledger, t).joules.typical)


def test_solvers_leave_writing(ledger):
    curve = solvers_curve(ledger, technology("40nm"), [1, 10, 100])
    writing = estimate(ledger).write_seconds.typical
    assert np.subtract(curve.seconds, writing) * [1, 10, 100] == pytest.approx(curve.seconds[0] - writing)


def test_rows_at_once_share_the_writing(ledger):
    """943 rows are 7 tiles and a part, 1,682 are 13 and a part: in all 2,625 rows in turn or twice 128."""
    t = technology("40nm")
    curve = ports_curve(ledger, t)
    assert curve.values == pytest.approx([1, 2625 / 256, 3 * 2625 / 256], rel=1e-3)
    solving = estimate(ledger, t).solve_seconds.typical
    assert (np.array(curve.seconds) - solving) * curve.values == pytest.approx(curve.seconds[0] - solving)
    assert curve.joules == pytest.approx([curve.joules[0]] * 3)


def test_write_ports_move_time_alone(ledger):
    swing = next(s for s in tornado(ledger, technology("40nm")) if s.name == "write ports")
    assert swing.joules[0] == swing.joules[1]
    assert swing.seconds[1] - swing.seconds[0] == pytest.approx((ledger.row_pulses - ledger.tile_pulses / 3) * 1.1e-6)
    assert all(s.name != "write ports" for s in tornado(ledger, technology("40nm"), ports="tile"))


def test_every_bit_of_precision_costs_time_and_energy():
    """Settling to half a step takes ln 2 time constants more for a bit."""
    curve = precision_curve(WORKLOADS["movielens-100k"], technology("40nm"))
    steps = np.diff(curve.seconds)
    assert (steps > 0).all()
    assert steps == pytest.approx(steps.mean(), rel=0.05)
    assert (np.diff(curve.joules) > 0).all()
