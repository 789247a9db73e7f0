"""At the numbers that are printed, the two sides take the same."""

import pytest

from mho.cost import PLATFORMS, WORKLOADS, Cost, break_even, estimate, sweep_ledger, technology
from mho.cost.arithmetic import term


@pytest.fixture(scope="module")
def ledger():
    return sweep_ledger(WORKLOADS["movielens-100k"])


def found(ledger, *, seconds, joules, most=943, **writing):
    cost = Cost(time=term("s", seconds, ""), energy=term("J", joules, ""))
    (one,) = break_even(ledger, technology("40nm"), {"it": cost}, most=most, **writing)
    return one


@pytest.mark.parametrize("writing", [{}, {"write": "serial"}, {"ports": "solver"}, {"ports": "array"}])
def test_at_the_longest_pulse_both_take_the_same(ledger, writing):
    t = technology("40nm")
    one = found(ledger, seconds=0.3, joules=1e-3, **writing)
    watts = t.pulse_joules.value.typical / t.pulse_seconds.value.typical
    for pulse, quantity, expected in (
        (one.pulse_as_fast, "seconds", 0.3),
        (one.pulse_as_frugal, "joules", 1e-3),
    ):
        changed = t.with_(pulse_seconds=pulse, pulse_joules=watts * pulse)
        assert getattr(estimate(ledger, changed, **writing), quantity).typical == pytest.approx(expected)


def test_one_solver_fewer_is_slower_and_one_more_is_dearer(ledger):
    one = found(ledger, seconds=9e-3, joules=3e-4)

    def chip(solvers):
        return estimate(ledger, solvers=solvers)

    assert one.solvers_as_fast > 1
    assert chip(one.solvers_as_fast).seconds.typical <= 9e-3 < chip(one.solvers_as_fast - 1).seconds.typical
    assert chip(one.solvers_as_frugal).joules.typical <= 3e-4 < chip(one.solvers_as_frugal + 1).joules.typical
    fewest = found(ledger, seconds=1e-4, joules=1.0).unwritten_as_fast
    assert chip(fewest).solve_seconds.typical <= 1e-4 < chip(fewest - 1).solve_seconds.typical


def test_memory_takes_as_long_however_many_solvers_there_are(ledger):
    """2 x 100,000 numbers of a byte with addresses of four, factors of a byte: over 137 GB/s that takes 7.7 us."""
    memory = (2 * 100_000 * 5 + 2 * 26_250) / 137e9
    assert found(ledger, seconds=memory * 1.01, joules=1.0).unwritten_as_fast is not None
    assert found(ledger, seconds=memory * 0.99, joules=1.0).unwritten_as_fast is None
    assert estimate(ledger, solvers=943).solve_seconds.typical == pytest.approx(memory, rel=1e-3)


def test_no_number_is_enough(ledger):
    one = found(ledger, seconds=1e-6, joules=1e-6)
    assert {one.pulse_as_fast, one.pulse_as_frugal, one.solvers_as_fast, one.unwritten_as_fast} == {None}
    assert one.solvers_as_frugal is None


def test_no_more_solvers_than_right_hand_sides(ledger):
    assert found(ledger, seconds=1.0, joules=1e3).solvers_as_frugal == 943
    assert found(ledger, seconds=1e-4, joules=1e3, most=3).unwritten_as_fast is None


def test_netflix_beside_a_GPU():
    """Writing alone takes longer than the GPU does in all; with memory as fast as the GPU's, hundreds solve as fast."""
    w = WORKLOADS["netflix"]
    costs = {"H100": PLATFORMS["H100"].cost(w.work())}
    t = technology("40nm").with_(memory_seconds_per_byte=1 / 3.35e12)
    (one,) = break_even(sweep_ledger(w), t, costs, most=w.fewest_solves)
    assert one.pulse_as_fast is None
    assert one.solvers_as_fast is None
    assert 400 < one.unwritten_as_fast < 600
    assert 100 < one.solvers_as_frugal < 150
    (slower,) = break_even(sweep_ledger(w), technology("40nm"), costs, most=w.fewest_solves)
    assert slower.unwritten_as_fast is None  # a gigabyte at 137 GB/s takes longer than the GPU
