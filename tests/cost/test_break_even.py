"""At the numbers that are printed, the two sides take the same."""

import pytest

from mho.cost import PLATFORMS, WORKLOADS, Cost, break_even, estimate, sweep_ledger, technology
from mho.cost.arithmetic import factor


@pytest.fixture(scope="module")
def ledger():
    return sweep_ledger(WORKLOADS["movielens-100k"])


def found(ledger, *, seconds, joules, most=943, write="row"):
    cost = Cost(time=factor("s", seconds, ""), energy=factor("J", joules, ""))
    (one,) = break_even(ledger, technology("40nm"), {"it": cost}, most=most, write=write)
    return one


@pytest.mark.parametrize("write", ["row", "serial"])
def test_at_the_longest_pulse_both_take_the_same(ledger, write):
    t = technology("40nm")
    one = found(ledger, seconds=0.3, joules=1e-3, write=write)
    watts = t.pulse_joules.value.typical / t.pulse_seconds.value.typical
    for pulse, quantity, expected in (
        (one.pulse_as_fast, "seconds", 0.3),
        (one.pulse_as_frugal, "joules", 1e-3),
    ):
        changed = t.with_(pulse_seconds=pulse, pulse_joules=watts * pulse)
        assert getattr(estimate(ledger, changed, write=write), quantity).typical == pytest.approx(expected)


def test_one_solver_fewer_is_slower_and_one_more_is_dearer(ledger):
    one = found(ledger, seconds=0.0745, joules=3e-4)

    def chip(solvers):
        return estimate(ledger, solvers=solvers)

    assert one.solvers_as_fast > 1
    assert chip(one.solvers_as_fast).seconds.typical <= 0.0745 < chip(one.solvers_as_fast - 1).seconds.typical
    assert chip(one.solvers_as_frugal).joules.typical <= 3e-4 < chip(one.solvers_as_frugal + 1).joules.typical
    fewest = found(ledger, seconds=1e-4, joules=1.0).unwritten_as_fast
    assert chip(fewest).solve_seconds.typical <= 1e-4 < chip(fewest - 1).solve_seconds.typical


def test_no_number_is_enough(ledger):
    one = found(ledger, seconds=1e-6, joules=1e-6)
    assert {one.pulse_as_fast, one.pulse_as_frugal, one.solvers_as_fast, one.unwritten_as_fast} == {None}
    assert one.solvers_as_frugal is None


def test_no_more_solvers_than_right_hand_sides(ledger):
    assert found(ledger, seconds=1.0, joules=1e3).solvers_as_frugal == 943
    assert found(ledger, seconds=1e-4, joules=1e3, most=3).unwritten_as_fast is None


def test_netflix_beside_a_GPU():
    """Writing alone takes longer than the GPU does in all, and so do the reads that follow pulses of no length."""
    w = WORKLOADS["netflix"]
    costs = {"H100": PLATFORMS["H100"].cost(w.work())}
    (one,) = break_even(sweep_ledger(w), technology("40nm"), costs, most=w.fewest_solves)
    assert one.pulse_as_fast is None
    assert one.solvers_as_fast is None
    assert 400 < one.unwritten_as_fast < 600
    assert 100 < one.solvers_as_frugal < 150
