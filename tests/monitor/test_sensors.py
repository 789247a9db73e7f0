"""Sensors that stop, stick, clip or jump are told, never scored; what cannot be learned is named."""

import warnings

import numpy as np
import pytest
from monitor_machine import RATE, levels, recording, vibration

from mho.monitor import Monitor, Recording


@pytest.fixture(scope="module")
def pump():
    monitor = Monitor(false_alarms=0.05)
    monitor.learn(recording(levels(900, 0)))
    return monitor


def states(monitor, values):
    monitor.reset()
    return [result.state for result in monitor.run(recording(values))]


def test_a_window_of_nothing_has_no_score(pump):
    values = levels(200, 9)
    values[100:160] = np.nan
    found = states(pump, values)
    assert found[120:160] == ["missing"] * 40
    assert set(found[30:100]) | set(found[176:]) == {"ok"}
    pump.reset()
    results = list(pump.run(recording(values)))
    assert np.isnan(results[130].p)
    assert np.isnan(results[130].score)


def test_one_missing_channel_leaves_the_others_scored(pump):
    values = levels(300, 9, shift=8.0)
    values[:, 0] = np.nan
    found = states(pump, values)
    assert set(found[30:100]) == {"ok"}
    assert set(found[150:]) == {"alarm"}


def test_less_known_does_not_make_a_healthy_machine_alarm(pump):
    values = levels(900, 9)
    values[:, 1:] = np.nan
    assert np.mean([state == "alarm" for state in states(pump, values)]) < 0.05


def test_a_sensor_that_sticks_is_told(pump):
    values = levels(300, 9)
    values[100:] = values[100]
    found = states(pump, values)
    assert found[-1] == "flat"
    assert "alarm" not in found[-50:]


def test_a_clock_that_jumps_is_told(pump):
    pump.reset()
    values = levels(200, 9)
    list(pump.run(recording(values[:100])))
    later = list(pump.run(recording(values[100:], begin=1e6)))
    assert later[0].state == "clock jumped"
    assert later[50].state == "ok"


def test_states_of_a_waveform():
    fan = Monitor()
    fan.learn([Recording(vibration(6, seed), rate=RATE, names=("acc",)) for seed in range(2)])
    samples = vibration(8, 9)
    samples[8000:14000] = 1.0
    found = [result.state for result in fan.run(Recording(samples, rate=RATE, names=("acc",)))]
    assert "flat" in found
    fan.reset()
    clipped = np.clip(vibration(3, 9) * 1.0, -0.3, 0.3)
    assert {result.state for result in fan.run(Recording(clipped, rate=RATE, names=("acc",)))} == {"clipped"}
    fan.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent = Recording(np.zeros(8000), rate=RATE, names=("acc",))
        assert {result.state for result in fan.run(silent)} == {"flat"}
    fan.reset()
    results = fan.update("acc", 0.0, vibration(2, 9)) + fan.update("acc", 10.0, vibration(2, 9))
    assert [result.state for result in results].count("missing") == 1


def test_another_unit_is_told_not_scored(pump):
    values = levels(300, 9)
    values[100:] *= 1000
    found = states(pump, values)
    assert set(found[150:]) == {"scale changed"}
    values = levels(300, 9, shift=8.0)
    values[:, 0] *= 1000
    pump.reset()
    results = list(pump.run(recording(values)))
    assert {result.state for result in results[150:]} == {"alarm"}  # by the others
    assert np.isnan(results[200].channels["flow"])
    assert results[200].channels["pressure"] > 1
    fan = Monitor(false_alarms=0.01, accept_rate=True)
    fan.learn([Recording(vibration(4, seed), rate=RATE, names=("acc",)) for seed in range(2)])
    samples = np.concatenate([vibration(2, 8), 1000 * vibration(2, 9)])
    found = [result.state for result in fan.run(Recording(samples, rate=RATE, names=("acc",)))]
    assert found[:4] + found[-4:] == ["ok"] * 4 + ["scale changed"] * 4


def test_channels_that_cannot_be_learned_are_named():
    values = levels(400, 0)
    values[:, 0], values[:, 2] = np.nan, 7.0
    report = Monitor().learn(recording(values))
    assert report.left_out == ("flow: no sample is known", "temperature: constant")
    with pytest.raises(ValueError, match="no channel is left"):
        Monitor().learn(recording(np.full((400, 3), np.nan)))


def test_another_rate_is_refused_not_resampled(pump):
    with pytest.raises(ValueError, match="rate must be 1 Hz, as was learned, got 2 Hz"):
        list(pump.run(Recording(levels(100, 9), rate=2.0, names=("flow", "pressure", "temperature"))))
    with pytest.raises(ValueError, match="channels must include pressure"):
        list(pump.run(Recording(levels(100, 9)[:, :1], rate=1.0, names=("flow",))))
    with pytest.raises(ValueError, match="a filter between rates"):
        Monitor().learn([Recording(levels(300, n)[:, 0], rate=rate) for n, rate in enumerate((1.0, 1.1))])


def test_a_machine_that_drifts_is_followed_and_told():
    monitor = Monitor(false_alarms=0.02)
    monitor.learn(recording(levels(1800, 0)))
    values = levels(8000, 9) + np.linspace(0, 2.5, 8000)[:, None] * [1, 0, 0]
    results = list(monitor.run(recording(values)))
    assert np.mean([result.state == "alarm" for result in results]) < 0.05
    kinds = {alarm.kind: alarm for alarm in monitor.alarms}
    assert kinds["drifted"].explanation["channel"] == "flow"
    fixed = Monitor(false_alarms=0.02, adapt=None)
    fixed.learn(recording(levels(1800, 0)))
    stuck = [result.state == "alarm" for result in fixed.run(recording(values))]
    assert np.mean(stuck) > 0.3
    assert "stuck" in {alarm.kind for alarm in fixed.alarms}


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="times must rise, but that of row 3 repeats"):
        Recording(np.zeros((3, 1)), times=np.array([0.0, 1.0, 1.0]))
    with pytest.raises(ValueError, match="rate must be given"):
        Recording(np.zeros(3))
    with pytest.raises(ValueError, match="names must be 1, each another"):
        Recording(np.zeros(3), rate=1.0, names=("a", "b"))
    with pytest.raises(TypeError, match="source must be a Recording"):
        Monitor().learn(3)
    with pytest.raises(ValueError, match="has learned nothing"):
        list(Monitor().run(np.zeros(3), rate=1.0))
