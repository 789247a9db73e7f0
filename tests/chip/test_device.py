"""Laws of a memory cell, against the formulas and the tables they come from, and the chip that obeys them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mho.chip import (
    Chip,
    ChipError,
    Device,
    Faults,
    ReadNoise,
    Relaxation,
    Retention,
    TemperatureCoefficient,
    WriteVerify,
    preset,
)

MICRO = 1e-6
LAW = Relaxation(
    levels=(1 * MICRO, 40 * MICRO),
    times=(0.0, 1.0, 1e5),
    shift=((0.0, 0.5 * MICRO, 1 * MICRO), (0.0, -0.5 * MICRO, -2 * MICRO)),
    spread=((0.3 * MICRO, 1 * MICRO, 2 * MICRO), (0.3 * MICRO, 1.5 * MICRO, 3 * MICRO)),
)
RELAXING = preset("ideal").with_(g_min=1 * MICRO, g_max=40 * MICRO, relaxation=LAW, columns=200)


def reads(levels=5, cells=200, times=(0.0, 0.1, 10.0), seed=0):
    """A table of cells that relax, in random order."""
    rng = np.random.default_rng(seed)
    rows = [
        {"level": level, "time": t, "conductance": g}
        for level in range(levels)
        for i, t in enumerate(times)
        for g in rng.normal(5 * MICRO * (level + 1) - i * MICRO, (1 + i) * MICRO, cells)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=seed)


def test_a_fit_has_the_mean_and_the_spread_of_every_level_at_every_time():
    table = reads()
    law = Device.fit(table).relaxation
    for (level, time), cells in ((np.asarray(key), cells) for key, cells in table.groupby(["level", "time"])):
        level = int(level)
        shift, spread = law.moments(np.array([law.levels[level]]), float(time))
        assert law.levels[level] + shift[0] == pytest.approx(cells.conductance.mean(), rel=1e-9)
        assert spread[0] == pytest.approx(cells.conductance.std(), rel=1e-9)


def test_a_fit_takes_names_jittered_times_missing_reads_and_other_columns():
    table = reads()
    plain = Device.fit(table).relaxation
    rng = np.random.default_rng(1)
    other = table.assign(
        state=table.level.map(lambda level: f"state {level}"),
        seconds=table.time * rng.uniform(0.95, 1.05, len(table)),
    ).rename(columns={"conductance": "g"})
    gaps = pd.DataFrame({"state": ["state 0", None, "state 1"], "seconds": [0.0, 0.0, np.nan], "g": [np.nan, 1, 1]})
    law = Device.fit(
        pd.concat([other[["state", "seconds", "g"]], gaps]), level="state", time="seconds", conductance="g"
    )
    law = law.relaxation
    np.testing.assert_allclose(law.times[:-1], plain.times[:-1], rtol=0.01)
    assert law.times[-1] == other.seconds.max()  # no time that was measured is beyond
    np.testing.assert_allclose(law.shift, plain.shift, atol=1e-12)
    np.testing.assert_allclose(law.spread, plain.spread)


def test_a_fit_interpolates_where_a_level_was_hardly_read():
    table = reads(times=(0.0, 1.0, 3.0))
    few = table[~((table.level == 2) & (table.time == 1.0))]
    law = Device.fit(few).relaxation
    middle = np.log(2) / np.log(4)  # where 1 s lies between 0 and 3 s
    expected = law.spread[2][0] + middle * (law.spread[2][2] - law.spread[2][0])
    assert law.spread[2][1] == pytest.approx(expected)


def test_targets_are_taken_from_their_column():
    table = reads()
    table["aim"] = 5.2 * MICRO * (table.level + 1)
    law = Device.fit(table, target="aim").relaxation
    np.testing.assert_allclose(law.levels, 5.2 * MICRO * np.arange(1, 6))
    assert law.shift[4][0] == pytest.approx(-1 * MICRO, abs=0.3 * MICRO)


@pytest.mark.parametrize("age", [0.0, 1.0, 1e3, 1e5])
@pytest.mark.parametrize("share", [0.05, 1.0])
def test_the_cells_of_a_chip_have_the_mean_and_the_spread_of_the_law(age, share):
    A = np.vstack([np.full((400, 200), share), np.ones((1, 200))])
    array = Chip(RELAXING, seed=0).program(A)
    for _ in range(2):  # in two strides, which must not matter
        array.age(age / 2)
    g = array.g_left[:-1]
    shift, spread = LAW.moments(np.array([share * 40 * MICRO]), age)
    assert g.min() >= 0
    assert g.mean() == pytest.approx(share * 40 * MICRO + shift[0], abs=0.02 * MICRO)
    assert g.std() == pytest.approx(spread[0], rel=0.03)


def test_parallel_cells_relax_as_the_sum_of_single_ones():
    A = np.zeros((2000, 4))
    A[0] = 1.0
    array = Chip(RELAXING, seed=0).program(A)
    array.age(1e5)
    target = 2 * (4 * 40 - 4 * 1) * MICRO  # eight cells
    shift, spread = LAW.moments(np.array([target / 8]), 1e5)
    comp = array.g_comp[1:]
    assert comp.mean() == pytest.approx(target + 8 * shift[0], abs=0.6 * MICRO)
    assert comp.std() == pytest.approx(np.sqrt(8) * spread[0], rel=0.06)


def test_rows_remember_when_they_were_written():
    array = Chip(RELAXING, seed=0).program(np.random.default_rng(0).random((6, 3)))
    array.age(100.0)
    old = array.g_left.copy()
    array.refresh([1, 4])
    array.age(5.0)
    np.testing.assert_array_equal(array.store.elapsed, [105, 5, 105, 105, 5, 105])
    assert np.all(array.g_left[[1, 4]] != old[[1, 4]])
    array.refresh()
    assert not array.store.elapsed.any()


def test_columns_without_cells_stay_unconnected():
    A = np.random.default_rng(0).random((6, 3))
    A[:, 1] = 0
    array = Chip(RELAXING, seed=0).program(A)
    array.age(1e4)
    assert not array.g_left[:, 1].any()


def test_what_was_not_measured_is_refused():
    array = Chip(RELAXING, seed=0).program(np.ones((3, 2)))
    with pytest.raises(ChipError, match="cannot be aged to 200000 s: they were measured up to 100000 s"):
        array.age(2e5)
    with pytest.raises(ChipError, match="nothing is known of how heat ages this device"):
        array.age(1.0, kelvin=350)
    law = Retention(activation=1.6e-19, reference=300.0, coldest=290.0, hottest=400.0)
    with pytest.raises(ChipError, match="fitted from 290 to 400 K"):
        law.acceleration(401)


def test_moments_take_numbers_and_have_their_shape():
    shift, spread = LAW.moments(1 * MICRO, 1.0)
    assert shift.shape == spread.shape == ()
    assert (shift, spread) == (pytest.approx(0.5 * MICRO), pytest.approx(1 * MICRO))
    shift, _ = LAW.moments([1 * MICRO, 40 * MICRO], [[0], [100_000]])
    np.testing.assert_allclose(shift, np.array([[0.0, 0.0], [1.0, -2.0]]) * MICRO)


def test_heat_ages_as_arrhenius_says():
    electronvolt = 1.602176634e-19
    law = Retention(activation=1.1 * electronvolt, reference=300.0, coldest=290.0, hottest=400.0)
    array = Chip(RELAXING.with_(retention=law), seed=0).program(np.ones((3, 2)))
    array.age(10.0, kelvin=350)
    assert array.store.elapsed[0] == pytest.approx(10 * np.exp(1.1 / 8.617333e-5 * (1 / 300 - 1 / 350)), rel=1e-5)


def test_conductances_change_with_temperature_and_come_back():
    design = preset("ideal").with_(temperature_slope=-1e-3, temperature_spread=5e-4, columns=200)
    array = Chip(design, seed=0).program(np.ones((200, 200)))
    cold = array.g_left.copy()
    array.heat(350.0)
    change = (array.g_left / cold - 1) / 50
    assert change.mean() == pytest.approx(-1e-3, abs=1e-5)
    assert change.std() == pytest.approx(5e-4, rel=0.02)
    array.refresh()
    np.testing.assert_allclose((array.g_left / cold - 1) / 50, change, atol=1e-12)  # it belongs to the place
    array.heat(300.0)
    np.testing.assert_array_equal(array.g_left, cold)


def test_read_noise_is_its_formula_and_falls_with_integration():
    noise = ReadNoise(flicker=0.02, read_volts=0.1)
    g = np.array([10 * MICRO])
    flicker = (0.02 * g) ** 2 * np.log((100 + 1e-6) / 2e-6)
    thermal = 4 * 1.380649e-23 * 300 * g / (2 * 1e-6 * 0.01)
    np.testing.assert_allclose(noise.spread(g, 100.0, 1e-6, 300.0) ** 2, flicker + thermal)
    assert noise.spread(g, 100.0, 1e-3, 300.0) < noise.spread(g, 100.0, 1e-6, 300.0)


def test_additive_read_noise_is_that_of_a_sampled_one_over_f_spectrum():
    tau, periods = 1e-3, 4096
    f = np.fft.rfftfreq(periods, tau)[1:]
    level = (0.3 * MICRO) ** 2
    variance = np.sum(level / f * f[0])  # from 1 / t to 1 / 2 tau
    found = ReadNoise(flicker_siemens=0.3 * MICRO).spread(np.array([1e-6, 1e-4]), periods * tau, tau, 300.0)
    np.testing.assert_allclose(found, np.sqrt(variance), rtol=0.05)


def test_every_solve_reads_anew_where_there_is_read_noise():
    A, b = np.random.default_rng(0).random((20, 3)), np.ones(20)
    noisy = Chip(preset("ideal").with_(flicker=0.01, integration=1e-3), seed=0).program(A)
    noisy.age(1.0)
    assert np.any(noisy.solve(b) != noisy.solve(b))
    quiet = Chip("ideal", seed=0).program(A)
    np.testing.assert_array_equal(quiet.solve(b), quiet.solve(b))


def test_faulty_cells_are_as_many_as_stated_and_stay_where_they_are():
    design = preset("ideal").with_(g_min=MICRO, stuck_low=0.1, stuck_high=0.05, dead=0.02, columns=100)
    chip = Chip(design, seed=0)
    half = np.vstack([np.full((300, 100), 0.5), np.ones((1, 100))])
    first = chip.program(half).g_left[:-1]
    for value, share in ((MICRO, 0.1), (35 * MICRO, 0.05), (0.0, 0.02)):
        assert np.mean(first == value) == pytest.approx(share, abs=0.005)
    second = chip.program(np.vstack([half[:-1, :7], np.ones((1, 7))])).g_left[:-1]
    np.testing.assert_array_equal(second, first[:, :7])


def test_cells_wear_out_as_weibull_says():
    law = Faults(endurance=1000.0, wear_shape=1.5)
    life = np.random.default_rng(0).random(100_000)
    for writes in (300, 1000, 2000):
        worn = ~np.isnan(law.stuck_at(np.ones_like(life), life, writes, 0.0, 1.0))
        assert worn.mean() == pytest.approx(stats.weibull_min.cdf(writes, 1.5, scale=1000), abs=0.005)
    chip = Chip(preset("ideal").with_(endurance=2.0), seed=0)
    half = np.array([[0.5, 0.5], [1.0, 1.0]])
    stuck = [np.sum(chip.program(half).g_left[0] == 35 * MICRO) for _ in range(8)]
    assert stuck[-1] == 2
    assert np.all(np.diff(stuck) >= 0)


def test_write_verify_ends_in_its_window_and_counts_pulses():
    design = preset("ideal").with_(window=MICRO, first_error=6 * MICRO, increment=MICRO, retries=60)
    chip = Chip(design, seed=0)
    array = chip.program(np.full((100, 50), 1.0))
    cells = array.store.left
    assert np.abs(cells.error).max() <= MICRO
    inside = stats.norm.cdf(1 / 6) - stats.norm.cdf(-1 / 6)
    assert np.mean(cells.pulses == 1) == pytest.approx(inside, abs=0.02)
    assert chip.ledger.pulses == cells.pulses.sum() + array.store.right.pulses.sum()
    assert chip.ledger.row_pulses == cells.pulses.max(axis=1).sum() + array.store.right.pulses.max(axis=1).sum()
    assert chip.ledger.unverified == 0


def test_cells_that_run_out_of_pulses_are_counted():
    law = WriteVerify(window=MICRO, first_error=6 * MICRO, increment=MICRO, variability=0.0, retries=2)
    error, pulses, outside = law.write((20_000,), np.random.default_rng(0))
    assert pulses.max() == 3
    assert outside.mean() == pytest.approx(2 * stats.norm.sf(3 / 6), abs=0.01)
    np.testing.assert_array_equal(outside, np.abs(error) > MICRO)


def test_age_and_temperature_of_a_design_are_those_of_its_arrays():
    array = Chip(RELAXING.with_(age=50.0, kelvin=330.0), seed=0).program(np.ones((3, 2)))
    assert array.kelvin == 330.0
    np.testing.assert_array_equal(array.store.elapsed, 50.0)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (
            lambda: Device.fit(reads(), level="state"),
            ValueError,
            "table must have a column 'state', got 'level', 'time'",
        ),
        (lambda: Device.fit(reads(cells=5)), ValueError, "two levels or more with at least 8 reads .* got 0"),
        (lambda: Device.fit(reads().assign(time="soon")), TypeError, "column 'time' must hold numbers"),
        (lambda: Device.fit(reads().assign(time=-1.0)), ValueError, "column 'time' must be at least 0, got -1"),
        (lambda: LAW.moments("high", 1.0), TypeError, "target must be numbers, got 'high'"),
        (lambda: LAW.moments(MICRO, np.nan), ValueError, "seconds must be finite, got nan"),
        (lambda: LAW.moments(MICRO, [1.0, -2.0]), ValueError, "seconds must be at least 0, got -2"),
        (lambda: RELAXING.with_(sigma=0.1), ValueError, "sigma must be 0 where relaxation has the error"),
        (lambda: RELAXING.with_(g_max=50 * MICRO), ValueError, "must lie within the measured levels, 1e-06 to 4e-05 S"),
        (lambda: RELAXING.with_(stuck_low=0.7, dead=0.5), ValueError, "must not exceed 1 together"),
        (lambda: RELAXING.with_(kelvin=0), ValueError, "kelvin must be finite and above 0, got 0"),
        (lambda: RELAXING.with_(relaxation=3), TypeError, "relaxation must be a Relaxation or None, got int"),
        (lambda: TemperatureCoefficient(temperature_spread=-1), ValueError, "temperature_spread must be finite"),
        (
            lambda: Relaxation(levels=(2.0, 1.0), times=(0.0,), shift=((0,), (0,)), spread=((0,), (0,))),
            ValueError,
            "levels must be 2 or more increasing numbers",
        ),
    ],
)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize(("fault", "each"), [("stuck_high", 35 * MICRO), ("stuck_low", 0.5 * MICRO), ("dead", 0.0)])
def test_faults_of_the_compensation_and_of_reference_columns_reach_every_cell_in_parallel(fault, each):
    A = np.triu(np.random.default_rng(0).random((60, 20)))
    design = preset("ideal").with_(g_min=0.5e-6, off_state="circuit")
    sound, all_faulty, some = (Chip(design.with_(**{fault: share}), seed=0).program(A) for share in (0, 1, 0.3))
    cells = np.ceil(sound.g_comp / (35 * MICRO) - 1e-9)
    assert cells.max() > 10
    np.testing.assert_allclose(all_faulty.g_comp, cells * each, atol=1e-12)
    expected = 0.7 * sound.g_comp.sum() + 0.3 * each * cells.sum()
    assert some.g_comp.sum() == pytest.approx(expected, rel=0.1)
    for column in (all_faulty.conductances.reference.left, all_faulty.conductances.reference.right):
        np.testing.assert_allclose(column, each, atol=1e-12)


def test_a_faulty_cell_of_the_compensation_stays_so_through_every_writing():
    A = np.triu(np.random.default_rng(0).random((60, 20)))
    chip = Chip(preset("ideal").with_(dead=0.2, sigma=0.0), seed=0)
    array = chip.program(A)
    before = array.g_comp
    array.refresh()
    np.testing.assert_array_equal(array.g_comp, before)
    np.testing.assert_array_equal(chip.program(A).g_comp, before)
