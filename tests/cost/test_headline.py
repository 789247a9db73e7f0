import pytest

from mho.cost import CLAIMS, PLATFORMS, WORKLOADS, Cost, cases, sweep_ledger, technology, verdicts
from mho.cost.arithmetic import factor


@pytest.fixture(scope="module")
def netflix():
    return cases(sweep_ledger(WORKLOADS["netflix"]), technology("40nm"))


def costs(*names, workload="netflix"):
    return {name: PLATFORMS[name].cost(WORKLOADS[workload].work()) for name in names}


def test_the_powers_that_the_ratios_fix():
    """Section 1.2: 19 and 217."""
    assert CLAIMS["netflix"].power_ratio == pytest.approx(19)
    assert CLAIMS["movielens-100k"].power_ratio == pytest.approx(217, rel=1e-3)


def test_netflix_needs_thousands_of_solvers(netflix):
    """Section 4.4: "only reachable with thousands of parallel solvers"."""
    found = {v.case: v for v in verdicts(CLAIMS["netflix"], netflix, costs("H100"), most=17_770)}
    assert 1_000 < found["compact, writing left out"].solvers < 10_000
    assert found["compact, writing counted"].solvers is None
    assert found["compact, written in 100 ns"].solvers is None
    assert found["compact, writing and memory left out"].holds
    assert not found["compact, writing left out"].holds


def test_the_fewest_solvers_are_just_enough(netflix):
    claim = CLAIMS["netflix"]
    baseline = costs("FPGA VU9P")["FPGA VU9P"]
    found = next(verdicts(claim, netflix, {"it": baseline}, most=17_770))
    needed = baseline.seconds.typical / claim.faster
    alone = netflix[0].one.solve_seconds.typical
    assert alone / found.solvers <= needed < alone / (found.solvers - 1)
    assert found.saving == pytest.approx(baseline.joules.typical / netflix[0].one.solve_joules.typical)


def test_every_copy_is_written(netflix):
    """Against a platform that takes an hour and a megajoule some solvers are enough, and each has been written."""
    slow = {"slow": Cost(time=factor("s", 12 * 14.2, ""), energy=factor("J", 1e6, ""))}
    counted = next(case for case in netflix if case.name == "compact, writing counted")
    (found,) = verdicts(CLAIMS["netflix"], (counted,), slow, most=17_770)
    one = counted.one
    assert found.solvers > 1
    joules = one.solve_joules.typical + found.solvers * one.write_joules.typical
    assert found.saving == pytest.approx(1e6 / joules)


def test_no_more_solvers_than_right_hand_sides():
    """A sweep of MovieLens on an H100 takes microseconds: faster than 943 solvers can be."""
    counted = cases(sweep_ledger(WORKLOADS["movielens-100k"]), technology("40nm"))
    found = verdicts(CLAIMS["movielens-100k"], counted, costs("H100", workload="movielens-100k"), most=943)
    assert all(v.solvers is None and not v.holds for v in found)


def test_numbers_kindest_to_the_chip_need_fewer_solvers(netflix):
    typical, kindest = (
        list(verdicts(CLAIMS["netflix"], netflix, costs("H100"), most=17_770, kindest=kind)) for kind in (False, True)
    )
    for one, best in zip(typical, kindest, strict=True):
        assert best.saving > one.saving
        assert one.solvers is None or best.solvers < one.solvers


def test_the_classic_circuit_settles_sooner_with_more_op_amps(netflix):
    compact, classic = (case.one for case in (netflix[0], netflix[-1]))
    seconds = {one: next(p.seconds.typical for p in one.parts if p.name == "arrays") for one in (compact, classic)}
    bias = {one: next(p.joules.typical for p in one.parts if p.name == "op-amp bias") for one in (compact, classic)}
    assert seconds[classic] == pytest.approx(seconds[compact] * 96e-9 / 0.79e-6)
    assert bias[classic] > bias[compact]
