"""Windows whose alarm hangs by less than a chip's own errors, scored again digitally."""

import numpy as np
import pytest
from monitor_machine import levels, recording

from mho import Analog, Digital, Hybrid
from mho.monitor import Monitor
from mho.monitor.group import PLANS, fit_group


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    monitor = Monitor(false_alarms=0.03, features=("mean", "spread"), adapt=None)
    monitor.learn([recording(levels(500, seed)) for seed in range(2)], sessions="files")
    monitor.save(path := tmp_path_factory.mktemp("monitor") / "m.mon")
    return path


def scored(learned, engine, values):
    monitor = Monitor.load(learned, engine=engine)
    results = list(monitor.run(recording(values)))
    return monitor, np.array([r.state == "alarm" for r in results]), np.array([r.score for r in results])


def test_a_chip_alarms_as_digital_arithmetic_does_at_a_few_digital_windows(learned):
    values = levels(400, 9)
    values[:, 0] += np.linspace(0, 4 * values[:, 0].std(), len(values))
    _, alarms, exact = scored(learned, "digital", values)
    _, chips, _ = scored(learned, Analog("pku-2025-4bit", seed=1), values)
    checked, found, scores = scored(learned, Hybrid("pku-2025-4bit", seed=1), values)
    assert 0.02 < alarms.mean() < 0.9
    assert np.mean(chips != alarms) > 0.05
    assert np.mean(found != alarms) < np.mean(chips != alarms) / 5
    assert 0 < checked.checked_share < 0.3
    same = np.isclose(scores, exact, rtol=1e-6)
    assert np.sum(same & (exact > 0)) >= checked.checked_share * len(exact)
    assert not same[exact > 0].all()  # the others are the chip's


def test_missing_channels_are_checked_too(learned):
    values = levels(200, 9)
    values[:, 0] += np.linspace(0, 4 * values[:, 0].std(), len(values))
    values[40:90, 1] = np.nan
    checked, found, _ = scored(learned, Hybrid("pku-2025-4bit", seed=0), values)
    _, alarms, _ = scored(learned, "digital", values)
    assert np.mean(found != alarms) < 0.02
    assert checked.checked_share < 1


def test_without_a_chip_nothing_is_checked(learned):
    monitor, *_ = scored(learned, "digital", levels(60, 9))
    assert np.isnan(monitor.checked_share)


def test_a_group_runs_on_the_array_that_it_was_learned_on():
    features = np.random.default_rng(3).normal(20.0, 1.0, (200, 5)) + np.linspace(0, 3, 200)[:, None]
    exact, chip = (
        fit_group(PLANS["mean"], features, k=3, engine=engine, seed=0)
        for engine in (Digital(), Analog("pku-2025-4bit", seed=1))
    )
    left = chip.residuals(features, chip.center)
    assert not np.allclose(left, exact.residuals(features, exact.center), atol=0.01)
    assert np.abs(left.mean(axis=0)).max() < 1e-9  # an array with other errors would leave others
    np.testing.assert_array_equal(chip.spread, exact.spread)
