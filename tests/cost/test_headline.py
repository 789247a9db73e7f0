from itertools import pairwise

import pytest

from mho.chip import preset
from mho.cost import CLAIMS, PLATFORMS, WORKLOADS, Cost, cases, estimate, sweep_ledger, technology, verdicts
from mho.cost.arithmetic import term


@pytest.fixture(scope="module")
def ledger():
    return sweep_ledger(WORKLOADS["netflix"])


@pytest.fixture(scope="module")
def netflix(ledger):
    classic = sweep_ledger(WORKLOADS["netflix"], preset("pku-2025").with_(topology="classic"))
    return cases(ledger, technology("40nm"), classic=classic)


def costs(*names, workload="netflix"):
    return {name: PLATFORMS[name].cost(WORKLOADS[workload].work()) for name in names}


def found(netflix, name, *, end="typical", platforms=None):
    case = next(case for case in netflix if case.name == name)
    (verdict,) = verdicts(CLAIMS["netflix"], (case,), platforms or costs("H100"), most=17_770, end=end)
    return verdict


def test_the_powers_that_the_ratios_fix():
    """228 / 12 = 19 and 46,000 / 212 = 217."""
    assert CLAIMS["netflix"].power_ratio == pytest.approx(19)
    assert CLAIMS["movielens-100k"].power_ratio == pytest.approx(217, rel=1e-3)


def test_netflix_needs_thousands_of_solvers(netflix):
    """12 times faster than an H100 is half a nanosecond a right-hand side: thousands side by side, writing left out."""
    alone = found(netflix, "no writing, no memory")
    assert 1_000 < alone.solvers < 10_000
    assert alone.holds
    assert found(netflix, "all counted").solvers is None
    assert found(netflix, "one write port").solvers is None
    assert found(netflix, "no writing").solvers is None  # the memory is too slow
    assert not found(netflix, "no writing").holds


@pytest.mark.parametrize(("ports", "fewest"), [("tile", 87), (None, 83)])
def test_the_kindest_end_comes_to_the_claim_beside_a_V100(ledger, ports, fewest):
    """By hand: writing in pulses and reads of 110 ns, a third of it with three ports a tile; 106 ms of a V100."""
    (kindest, *_) = cases(ledger, technology("40nm"), ports=ports)
    (verdict,) = verdicts(CLAIMS["netflix"], (kindest,), costs("V100"), most=17_770, end="kindest")
    assert (verdict.solvers, verdict.holds) == (fewest, True)
    work, t = WORKLOADS["netflix"].work(), technology("40nm")
    v100_seconds = work.bytes_uncached / 0.9e12 / 0.1 + 2 * 20e-6
    writing = ledger.tile_pulses * 110e-9 / (3 if ports is None else 1)
    solving = ledger.settle_seconds + ledger.solves * 20e-9
    needed = solving / (v100_seconds / 12 - writing)
    assert fewest - 1 < needed <= fewest
    written = ledger.pulses * (t.pulse_joules.value.low + t.verify_joules.value.low)
    solved = estimate(ledger).solve_joules.low
    assert verdict.saving == pytest.approx(300 * v100_seconds / (solved + fewest * written))


def test_neither_end_nor_middle_comes_to_it_otherwise(netflix):
    for end in ("typical", "unkindest"):
        gpus = costs("H100", "A100", "V100", "P100")
        assert not any(v.holds for v in verdicts(CLAIMS["netflix"], netflix[:1], gpus, most=17_770, end=end))
    with pytest.raises(ValueError, match="end must be one of 'kindest', 'typical', 'unkindest', got 'best'"):
        found(netflix, "no writing", end="best")


def test_the_fewest_solvers_are_just_enough(netflix):
    baseline = costs("FPGA VU9P")["FPGA VU9P"]
    one = found(netflix, "no writing, no memory", platforms={"it": baseline})
    needed = baseline.seconds.typical / CLAIMS["netflix"].faster
    alone = netflix[0].one.shared_seconds.typical
    assert alone / one.solvers <= needed < alone / (one.solvers - 1)
    memory = next(part.joules.typical for part in netflix[0].one.parts if part.name == "memory")
    assert one.saving == pytest.approx(baseline.joules.typical / (netflix[0].one.solve_joules.typical - memory))


def test_every_copy_is_written(netflix):
    """Against a platform that takes a megajoule some solvers are enough, and each has been written."""
    slow = {"slow": Cost(time=term("s", 12 * 14.2, ""), energy=term("J", 1e6, ""))}
    verdict = found(netflix, "one write port", platforms=slow)
    one = next(case.one for case in netflix if case.name == "one write port")
    assert verdict.solvers > 1
    joules = one.solve_joules.typical + verdict.solvers * one.write_joules.typical
    assert verdict.saving == pytest.approx(1e6 / joules)


def test_no_more_solvers_than_right_hand_sides():
    """A sweep of MovieLens on an H100 takes microseconds: faster than 943 solvers can be."""
    counted = cases(sweep_ledger(WORKLOADS["movielens-100k"]), technology("40nm"))
    platforms = costs("H100", workload="movielens-100k")
    for end in ("typical", "kindest"):
        every = list(verdicts(CLAIMS["movielens-100k"], counted, platforms, most=943, end=end))
        assert all(v.solvers is None and not v.holds for v in every)


def test_kinder_ends_need_no_more_solvers_and_save_more(netflix):
    by_end = [
        list(verdicts(CLAIMS["netflix"], netflix, costs("H100", "FPGA VU9P"), most=17_770, end=end))
        for end in ("unkindest", "typical", "kindest")
    ]
    for worse, better in pairwise(by_end):
        for one, other in zip(worse, better, strict=True):
            assert other.saving > one.saving or other.solvers > 1
            assert one.solvers is None or (other.solvers is not None and other.solvers <= one.solvers)


def test_the_classic_circuit_settles_sooner_with_more_op_amps(netflix):
    compact, classic = (case.one for case in (netflix[0], netflix[-1]))
    seconds = {one: next(p.seconds.typical for p in one.parts if p.name == "arrays") for one in (compact, classic)}
    bias = {one: next(p.joules.typical for p in one.parts if p.name == "op-amp bias") for one in (compact, classic)}
    assert seconds[classic] < 0.2 * seconds[compact]
    assert bias[classic] > bias[compact]
