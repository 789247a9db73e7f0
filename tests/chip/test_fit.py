"""`Device.fit` on cells it was not made for: measured ones of another technology, and all that a table may contain."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mho.chip import Chip, Device, preset

from .hostile import MICRO, unlike_any

FEWEST = 8


def measured(table):
    """Mean and spread of every level (rows) at every time (columns) as pandas has them; NaN of fewer reads than 8."""
    found = table.dropna().groupby(["level", "time"]).conductance.agg(["size", "mean", "std"])
    found = found.where(found["size"] >= FEWEST).unstack()
    return found["mean"].sort_values(0.0), found["std"].loc[found["mean"].sort_values(0.0).index]


def drawn(device, seconds):
    """Mean and spread of the cells of a chip, 4,000 of each level of the law."""
    levels = np.asarray(device.relaxation.levels)
    design = replace(preset("ideal").with_(columns=200), device=device)
    array = Chip(design, seed=0).program(np.repeat(levels / device.g_max, 20)[:, None] * np.ones(200))
    array.age(seconds)
    g = array.g_left.reshape(len(levels), -1)
    return g.mean(axis=1), g.std(axis=1)


def tech_a():
    table = pd.read_csv(Path(__file__).parent / "data/tech_a_bake_220.csv", comment="#")
    return table.assign(conductance=table.nS * 1e-9, level=table.range, time=table.after.astype(float))


@pytest.mark.parametrize("cells", [tech_a, unlike_any])
def test_mean_and_spread_of_every_level_and_time_are_met(cells):
    table = cells()
    mean, spread = measured(table)
    device = Device.fit(table)
    levels = np.asarray(device.relaxation.levels)
    for seconds in mean.columns:
        shift, found = device.relaxation.moments(levels, seconds)
        known = mean[seconds].notna().to_numpy()
        np.testing.assert_allclose((levels + shift)[known], mean[seconds][known], rtol=1e-9, atol=1e-9 * MICRO)
        np.testing.assert_allclose(found[known], spread[seconds][known], rtol=1e-9)


@pytest.mark.parametrize("cells", [tech_a, unlike_any])
def test_so_are_they_by_the_cells_of_a_chip(cells):
    table = cells()
    mean, spread = (part.dropna(axis=1) for part in measured(table))
    device = Device.fit(table)
    for seconds in mean.columns:
        centre, found = drawn(device, seconds)
        error = 3 * spread[seconds] / np.sqrt(4000)  # of a mean of that many cells
        possible = np.maximum(mean[seconds], spread[seconds] / 3)  # of what conducts, whatever noise of reading adds
        assert np.all(np.abs(centre - possible) < 0.5 * MICRO + error)
        np.testing.assert_allclose(found, spread[seconds], rtol=0.1)


def test_reads_at_times_of_their_own_are_put_together():
    rng = np.random.default_rng(0)
    table = unlike_any()
    late = table.time > 0
    scattered = table.assign(time=table.time.where(~late, table.time * rng.uniform(0.7, 1.4, len(table))))
    nominal, found = Device.fit(table).relaxation, Device.fit(scattered).relaxation
    np.testing.assert_allclose(found.times, nominal.times, rtol=0.4)
    np.testing.assert_allclose(found.spread, nominal.spread, rtol=1e-9)


def test_a_trace_is_cut_into_pieces():
    time = np.geomspace(0.01, 100, 4000)
    table = {"level": np.tile([0, 1], 4000), "time": np.repeat(time, 2)}
    table["conductance"] = np.tile([5e-6, 9e-6], 4000) + 1e-6 * np.log10(np.repeat(time, 2))
    law = Device.fit(table).relaxation
    assert 20 <= len(law.times) <= 28  # 13.3 octaves in halves
    known = np.array([0.3, 3.0, 30.0])
    shift, _ = law.moments(np.full(3, law.levels[1]), known)
    assert law.levels[1] + shift == pytest.approx(9e-6 + 1e-6 * np.log10(known), abs=0.05e-6)


def test_a_level_need_not_be_read_at_the_first_time():
    table = unlike_any()
    later = table[(table.level != "L5") | (table.time >= 0.1)]
    law = Device.fit(later).relaxation
    reads = later[(later.level == "L5") & (later.time == 0.1)].conductance.dropna()
    row = int(np.argmin(np.abs(np.asarray(law.levels) - reads.mean())))
    assert law.levels[row] == pytest.approx(reads.mean())
    assert law.spread[row][2] == pytest.approx(reads.std())
    before = np.asarray(law.shift)[row - 1 : row + 2, 0] - np.asarray(law.shift)[row - 1 : row + 2, 2]
    assert min(before[[0, 2]]) < before[1] < max(before[[0, 2]])  # it changed as its neighbours until then


def test_a_few_late_reads_do_not_stretch_what_is_known():
    table = unlike_any()
    late = table[table.time == 1e6].groupby("level").head(3).assign(time=1e8)
    assert Device.fit(pd.concat([table, late])) == Device.fit(table)


def test_names_of_one_target_are_one_level():
    table = unlike_any().assign(aim=20 * MICRO)
    table.loc[table.level == "L3", "aim"] = 80 * MICRO
    law = Device.fit(table, target="aim").relaxation
    assert law.levels == pytest.approx((20 * MICRO, 80 * MICRO))
    rest = table[(table.level != "L3") & (table.time == 30.0)].conductance
    assert law.spread[0][3] == pytest.approx(rest.std())


@pytest.mark.parametrize("cells", [8, 20])
def test_few_cells_of_a_level_will_do(cells):
    table = unlike_any().dropna().groupby(["level", "time"]).head(cells)
    assert len(Device.fit(table).relaxation.levels) == 12


def test_many_times_of_enough_reads_are_kept():
    rng = np.random.default_rng(0)
    time, level, _ = (part.ravel() for part in np.meshgrid(np.linspace(1, 10, 60), [5.0, 9.0], np.arange(10)))
    table = {"time": time, "level": level, "conductance": (level + np.log(time) * rng.random(len(time))) * MICRO}
    law = Device.fit(table).relaxation
    assert law.times == tuple(np.linspace(1, 10, 60))
    expected = pd.DataFrame(table).groupby(["level", "time"]).conductance.std().unstack()
    np.testing.assert_allclose(law.spread, expected, rtol=1e-9)
