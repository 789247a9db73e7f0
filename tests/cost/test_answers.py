"""A matrix programmed once and many answers: parts, rates, rewrites, break-even, fleets."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import mho
from mho.chip import Chip, ChipError, Relaxation, Retention, as_circuit, plan_refresh, preset
from mho.circuits import equations
from mho.circuits.transient import settling_time
from mho.cost import (
    ANSWER_PLATFORMS,
    USES,
    Duty,
    Inference,
    Interval,
    Sustained,
    answer_work,
    answers_bill,
    answers_even,
    answers_lines,
    answers_measured,
    battery_of,
    deciders,
    fleet_of_chips,
    fleet_of_platform,
    measured_answers,
    most_per_day,
    product_work,
    read_inference,
    replaced,
    rewrites,
    technologies,
    technology,
    write_inference,
)
from mho.cost.arithmetic import term
from mho.data import DataError

DAILY = term("rewrites a day", Interval(0.5, 1.0, 4.0), "given")


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(0)
    engine = mho.Analog("pku-2025-4bit", seed=0, readback=True, probe=True)
    A = rng.random((40, 5))
    engine.program(A).solve(A @ rng.random((5, 12)))
    return Inference.of(engine.tally, "window", answers=6)


def ends(value):
    return np.array([value.low, value.typical, value.high])


def test_a_tally_tells_writing_from_solving():
    """Of two matrices, one of them twice: the sums are the ledger's."""
    rng = np.random.default_rng(0)
    engine = mho.Analog("pku-2025", seed=0)
    A, other = rng.random((30, 4)), rng.random((9, 3))
    for matrix, n in ((A, 3), (other, 2), (A, 1)):
        engine.program(matrix).solve(rng.random((len(matrix), n)))
    tally = engine.tally
    whole = tally.written.copy()
    whole.add(tally.solved)
    assert whole == engine.ledger()
    assert (tally.programmings, tally.matrices, tally.solves) == (3, 2, 6)
    assert (tally.rows, tally.columns, tally.known) == (30, 4, 4 * 30 + 2 * 9)
    assert tally.written.solves == tally.solved.cells == 0
    one = Inference.of(tally, "x", answers=2)
    assert one.programmed.cells == pytest.approx(2 / 3 * tally.written.cells)
    assert one.answered.adc_conversions == (4 * 4 + 2 * 3) / 2
    assert one.work.flops == pytest.approx(2 * answer_work(4, 30).flops + answer_work(3, 9).flops)


def test_a_probe_is_an_event_of_the_answer_and_reading_back_one_of_programming(run):
    assert run.solves == 2
    assert run.answered.solves >= 2 * 2  # each right-hand side once more, for its own answer
    assert run.answered.operations > 0
    assert run.programmed.adc_conversions == 40 * 5


@pytest.mark.parametrize("name", technologies())
def test_parts_add_up(run, name):
    bill = answers_bill(run, Duty(answers_per_day=1e5, rewrites=DAILY), name)
    assert ends(bill.joules) == pytest.approx(sum(ends(part.joules) for part in bill.parts))
    assert ends(bill.watts) == pytest.approx(ends(bill.joules) * 1e5 / 86400)
    rewriting = sum(ends(part.joules) for part in bill.parts if part.writing)
    assert ends(bill.answer_joules) == pytest.approx(ends(bill.joules) - rewriting)
    assert {"rewriting", "calibration", "waking", "digital operations"} <= {part.name for part in bill.parts}
    for line in answers_lines(bill, {}):
        assert all(factor.source for factor in line.sum.factors())


def test_a_calibration_is_paid_with_every_rewrite_however_often_that_is():
    """Its solves have parts that are differences, whose terms fall where rewrites are an interval."""
    engine = mho.Analog("pku-2025-realistic", seed=0, calibrate=True, probe=True)
    A = np.random.default_rng(0).random((40, 5))
    engine.program(A).solve(A @ np.ones((5, 2)))
    calibrated = Inference.of(engine.tally, "window", answers=2)
    bill = answers_bill(calibrated, Duty(answers_per_day=1e5, rewrites=DAILY))
    paid = next(part for part in bill.parts if part.name == "calibration").joules
    programming = sum(ends(part.joules) for part in bill.programming.parts if not part.writing)
    assert ends(paid) == pytest.approx(programming * ends(DAILY.value) / 1e5)
    assert calibrated.programmed.solves > 24 * 5  # 8 k probes for the maps, and problems held out


def test_twice_the_rate_is_twice_the_answering_and_the_same_rewriting(run):
    once, twice = (answers_bill(run, Duty(answers_per_day=n, rewrites=DAILY)) for n in (1e4, 2e4))
    for one, other in zip(once.parts, twice.parts, strict=True):
        share = 0.5 if one.writing else 1.0
        assert ends(other.joules) == pytest.approx(share * ends(one.joules)), one.name
        assert ends(other.seconds) == pytest.approx(share * ends(one.seconds)), one.name
    assert ends(once.latency) == pytest.approx(ends(twice.latency))
    daily = [86400 * ends(bill.watts) - n * ends(bill.answer_joules) for bill, n in ((once, 1e4), (twice, 2e4))]
    assert daily[0] == pytest.approx(daily[1])
    assert daily[0] == pytest.approx(ends(DAILY.value) * ends(once.program_joules))


def drifting(spread, **heat):
    """A chip with cells whose error is `spread` of g_max at 1, 100 and 10,000 seconds."""
    table = tuple(tuple(1e-5 * s for s in spread) for _ in range(2))
    law = Relaxation(levels=(0.0, 1e-5), times=(1.0, 100.0, 1e4), shift=((0.0,) * 3,) * 2, spread=table)
    design = preset("pku-2025").with_(g_min=0.0, g_max=1e-5, levels=None, sigma=0.0, relaxation=law)
    return design.with_(retention=Retention(**heat)) if heat else design


@pytest.mark.parametrize("design", [preset("pku-2025-4bit"), drifting((0.02, 0.02, 0.02))], ids=["unknown", "still"])
def test_cells_that_never_drift_are_never_rewritten(run, design):
    none = rewrites(design, Interval(0.03, 0.05, 0.1))
    assert none.value == Interval.exact(0.0)
    bill = answers_bill(run, Duty(answers_per_day=100, rewrites=none))
    assert not any(part.writing for part in bill.parts)
    assert bill.joules == bill.answer_joules


def test_cells_are_rewritten_as_the_refresh_policy_of_the_chip_says():
    """From 1 to 3 to 5 % of g_max in a hundred and in ten thousand seconds, and so on along the logarithm of time."""
    design = drifting((0.01, 0.03, 0.05))
    often = rewrites(design, Interval(0.02, 0.03, 0.06)).value
    assert often.high == pytest.approx(86400 / (np.sqrt(2 * 101) - 1), rel=1e-3)  # half-way in log(1 + t)
    assert often.typical == pytest.approx(864, rel=1e-3)
    assert often.low == pytest.approx(0.864, rel=1e-3)  # a decade beyond what was measured
    assert rewrites(design, Interval.exact(0.06)).value.typical == 8.64  # no cells are trusted beyond that
    strict = rewrites(design, Interval(0.005, 0.03, 0.06))
    assert strict.value.high == strict.value.typical == often.typical
    assert "not met by cells just written" in strict.factors()[0].source
    with pytest.raises(ChipError, match=r"the error is 0\.01 at once, above the bar of 0\.005"):
        rewrites(design, Interval.exact(0.005))
    with pytest.raises(ChipError, match="a law needs two"):
        rewrites("milo-2021", Interval.exact(0.1))


def test_errors_of_cells_are_planned_from_what_they_were_measured_at():
    """Of the sample: chips that are written and aged along the law err by as much."""
    design = preset("neurram")
    plan = plan_refresh(design, error=0.06)
    A = np.random.default_rng(0).random((400, 40))
    array = Chip(design, seed=0).program(A)
    array.age(3600.0)
    read = array.store.conductances(300.0)
    off = np.sqrt(np.mean((read.written - read.scale * A) ** 2)) / design.device.g_max
    assert np.interp(np.log(3600.0), np.log(plan.times), plan.errors) == pytest.approx(off, rel=0.1)


def test_heat_shortens_the_hold_by_arrhenius_and_is_refused_where_nothing_is_known():
    electron_volt, boltzmann = 1.602177e-19, 1.380649e-23
    heat = {"activation": electron_volt, "reference": 300.0, "coldest": 300.0, "hottest": 360.0}
    design = drifting((0.01, 0.03, 0.05), **heat)
    faster = np.exp(electron_volt / boltzmann * (1 / 300 - 1 / 330))
    cold, hot = (rewrites(design, Interval.exact(0.03), kelvin=kelvin).value.typical for kelvin in (300.0, 330.0))
    assert hot / cold == pytest.approx(faster, rel=5e-3)
    with pytest.raises(ChipError, match="from 300 to 360 K"):
        rewrites(design, Interval.exact(0.03), kelvin=400.0)
    with pytest.raises(ChipError, match="nothing is known of how heat ages cells of"):
        rewrites(drifting((0.01, 0.03, 0.05)), Interval.exact(0.03), kelvin=310.0)


def test_a_rate_that_settling_cannot_keep_is_refused_with_the_limit(run):
    most = most_per_day(answers_bill(run, Duty(answers_per_day=1.0)))
    assert answers_bill(run, Duty(answers_per_day=0.99 * most)).busy.typical == pytest.approx(0.99)
    with pytest.raises(ChipError, match=re.escape(f"at most {most:,.3g} times; share the answers")):
        answers_bill(run, Duty(answers_per_day=1.01 * most))
    answers_bill(run, Duty(answers_per_day=1.01 * most), chips=2)
    always = term("rewrites a day", 1e9, "given")
    with pytest.raises(ChipError, match="no time to answer is left"):
        answers_bill(run, Duty(answers_per_day=1.0, rewrites=always))


def test_a_fleet_is_as_large_as_its_rate_and_each_of_its_chips_is_rewritten(run):
    duty = Duty(answers_per_day=1e12, rewrites=DAILY)
    fleet, one = fleet_of_chips(run, duty, "40nm", pue=1.5)
    assert fleet.machines == np.ceil(1e12 / most_per_day(answers_bill(run, replace(duty, answers_per_day=1.0))))
    assert one.busy.typical <= 1
    joules = 1e12 * one.answer_joules.typical + fleet.machines * one.program_joules.typical
    assert fleet.watts.typical == pytest.approx(1.5 * joules / 86400)
    assert fleet.megawatt_hours.typical == pytest.approx(fleet.watts.typical * 8766 / 1e6)
    cost = Sustained(flops=Interval.exact(1e9), watts=Interval.exact(10.0), source="x").cost(answer_work(5, 40))
    other = fleet_of_platform(cost, answers_per_day=1e12, pue=1.5)
    assert other.watts.typical == pytest.approx(1.5 * 10 * 1e12 / 86400 * answer_work(5, 40).flops / 1e9)


def test_a_battery_by_hand():
    """2,000 answers of 0.01 J are 20 J a day; 15 Wh are 54,000 J."""
    found = battery_of(Interval.exact(0.01), watt_hours=15.0, answers_per_day=2000)
    assert found.share.typical == pytest.approx(20 / 54000)
    assert found.hours.typical == pytest.approx(54000 / 20 * 24)


def test_break_even_is_where_both_take_the_same(run):
    bill = answers_bill(run, Duty(answers_per_day=1000.0, rewrites=DAILY))
    costs = {name: platform.cost(run.work) for name, platform in ANSWER_PLATFORMS.items()}
    for even in answers_even(bill, costs):
        other = costs[even.baseline].joules
        assert ends(even.saving) == pytest.approx(ends(other) / ends(bill.joules)[::-1])
        for fewest, chip, theirs in ((even.typical, 1, 1), (even.kindest, 0, 2), (even.unkindest, 2, 0)):
            if fewest is not None:
                spent = ends(bill.program_joules)[chip] + fewest * ends(bill.answer_joules)[chip]
                assert spent == pytest.approx(fewest * ends(other)[theirs])
        if even.saving.typical > 1:
            assert bill.joules.typical + even.standby_watts * 86400 / 1000.0 == pytest.approx(other.typical)
        else:
            assert even.standby_watts == 0


def test_a_settling_replaces_its_multiplications():
    """k = 16 and 100 entries: 1,600 products with the matrix, and those of one Cholesky solve."""
    found = replaced(answer_work(16, 100), solves=1)
    assert found.instructions.typical == pytest.approx(1600 + 16**3 / 6 + 16**2)
    assert found.bytes.typical == 4 * (100 + 16)
    assert found.bytes.high == 4 * (100 + 16 + 100 * 16)
    assert replaced(answer_work(16, 100, own_gram=True), solves=1).instructions.typical == pytest.approx(
        found.instructions.typical + 100 * 16 * 17 / 2
    )
    assert product_work(64, 64).flops == 2 * 64 * 64


def test_products_of_one_matrix_are_one_step_and_fetch_it_once():
    one, many = product_work(8, 12), product_work(8, 12, count=50)
    assert (many.flops, many.bytes_cached, many.steps) == (50 * one.flops, 50 * one.bytes_cached, 1)
    assert many.bytes_uncached == 4 * (50 * (8 + 12) + 8 * 12)


def test_a_batch_shares_the_start_and_nothing_else():
    work = answer_work(6, 128)
    assert work.batched(10).steps == work.steps / 10
    assert work.batched(10).flops == work.flops
    one, together = (ANSWER_PLATFORMS[name].cost(work) for name in ("H100, one", "H100, 4,096 together"))
    assert one.seconds.typical > 100 * together.seconds.typical


class Meter:
    """A processor that has counted 30 joules."""

    def joules(self):
        return 30.0


@pytest.mark.parametrize(("meter", "said"), [(Meter(), "counted by the processor"), (None, "power assumed, 5 to 20 W")])
def test_time_and_energy_of_this_cpu_are_of_one_run(run, monkeypatch, meter, said):
    """On a clock that every look moves on by two seconds: of three rounds, what was counted meanwhile."""
    looks = iter(range(0, 1000, 2))
    monkeypatch.setattr(answers_measured, "time", SimpleNamespace(perf_counter=lambda: next(looks)))
    monkeypatch.setattr(answers_measured, "power_meter", lambda: meter)
    alone, together = measured_answers(mho.Digital(), run).values()
    one = answer_work(5, 40)
    assert alone.cost(one).seconds.typical == pytest.approx(2 / 200)  # 200 answers a round
    assert said in alone.source
    assert said in together.source
    if meter is not None:
        assert alone.cost(one).joules.typical == pytest.approx(30 / 3 / 200)
        assert together.watts == Interval.exact(5.0)
    else:
        assert ends(alone.watts) == pytest.approx([5, 10, 20])


def test_the_decider_moves_most(run):
    duty = Duty(answers_per_day=1000.0, rewrites=DAILY)
    cost = ANSWER_PLATFORMS["Cortex-M4"].cost(run.work)
    found = deciders(run, duty, technology("40nm"), cost)
    widths = [one.high / one.low for one in found]
    assert widths == sorted(widths, reverse=True)
    by_name = {one.name: one for one in found}
    assert by_name["energy of the platform"].high / by_name["energy of the platform"].low == pytest.approx(
        cost.joules.high / cost.joules.low
    )
    assert {"memory_joules_per_byte", "rewrites a day", "pulse_joules"} <= set(by_name)


@pytest.mark.parametrize("name", ["one pole", "two poles", "realistic"])
def test_the_latency_waits_for_the_transient_of_two_poles(name):
    """Within half a step of the ADC; the chip, which knows no answer, gives the slowest mode its time."""
    design = {
        "one pole": preset("pku-2025-4bit").with_(offset=20e-6),
        "two poles": preset("pku-2025-4bit").with_(offset=20e-6, second_pole=200e6),
        "realistic": preset("pku-2025-realistic").with_(dac_bits=None),
    }[name]
    for seed in range(4):
        rng = np.random.default_rng(seed)
        A = rng.random((16, 4))
        chip = Chip(design, seed=seed)
        array = chip.program(A)
        b = A @ rng.uniform(0.5, 1.5, (4, 1))
        array.solve(b)
        given = chip.ledger.settle_seconds / chip.ledger.solves
        circuit = as_circuit(array)
        taken = settling_time(circuit, array.volts(b[:, 0]), 2.0**-9)
        assert taken <= given <= 2.2 * taken
        slowest = -np.linalg.eigvals(equations(circuit).system).real.max()
        assert given == pytest.approx(np.log(2**9) / slowest, rel=1e-9)


def test_a_file_gives_what_was_written(run, tmp_path):
    path = tmp_path / "run.json"
    write_inference(path, run)
    assert read_inference(path) == run
    text = path.read_text()
    for old, new, says in (
        ('"m": 40', '"m": 41', "checksum is wrong"),
        (text, " " * 70_000, "65,536 bytes"),
        (text, "{}", "format is not 'mho chip answers'"),
        (text, text.replace("mho-crc32", "x"), "checksum is gone"),
    ):
        path.write_text(text.replace(old, new, 1))
        with pytest.raises(DataError, match=says):
            read_inference(path)


def test_the_five_uses_are_whole():
    assert tuple(USES) == ("visitor", "photo", "vibration", "camera", "topics")
    for name, use in USES.items():
        assert use.run.name == name
        assert use.beside in ANSWER_PLATFORMS
        assert use.borne.low <= use.borne.typical <= use.borne.high
        assert "benchmarks/cost/uses.py" in use.source
        bill = answers_bill(use.run, Duty(answers_per_day=use.answers_per_day))
        assert ends(bill.joules) == pytest.approx(sum(ends(part.joules) for part in bill.parts))
