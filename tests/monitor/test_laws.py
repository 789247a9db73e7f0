"""Laws of the monitor: any split of the stream, any origin of time, any unit, any gap."""

import numpy as np
import pytest
from monitor_machine import GROUPS, RATE, levels, recording, vibration

from mho.monitor import Monitor, Recording
from mho.monitor.waveform import WaveformFeatures


@pytest.fixture(scope="module")
def pump():
    monitor = Monitor(false_alarms=0.01)
    monitor.learn(recording(levels(1600, 0)))
    return monitor


@pytest.fixture(scope="module")
def fan():
    monitor = Monitor(features=GROUPS)
    monitor.learn([Recording(vibration(6, seed), rate=RATE, names=("acc",)) for seed in range(3)])
    return monitor


def probabilities(results):
    return np.array([result.p for result in results])


@pytest.mark.parametrize("seed", range(3))
def test_any_split_of_rows_gives_the_same_bits(pump, seed):
    values = levels(300, 9, shift=3.0)
    pump.reset()
    whole = list(pump.run(recording(values)))
    pump.reset()
    cuts = np.sort(np.random.default_rng(seed).choice(np.arange(1, 300), 40, replace=False))
    parts = [result for part in np.split(np.arange(300), cuts) for result in pump.run(recording(values).part(part))]
    assert probabilities(whole).tobytes() == probabilities(parts).tobytes()
    assert [result.state for result in whole] == [result.state for result in parts]


def test_any_split_of_rows_with_gaps_gives_the_same_bits(pump):
    values = levels(300, 9, shift=3.0)
    values[np.random.default_rng(0).random(values.shape) < 0.02] = np.nan
    values[100:180, 1] = np.nan
    pump.reset()
    whole = list(pump.run(recording(values)))
    pump.reset()
    parts = [result for row in range(300) for result in pump.run(recording(values).part(np.array([row])))]
    assert probabilities(whole).tobytes() == probabilities(parts).tobytes()


def test_channels_pushed_one_by_one_give_the_same_bits(pump):
    values = levels(300, 9, shift=3.0)
    pump.reset()
    whole = list(pump.run(recording(values)))
    pump.reset()
    rng, parts = np.random.default_rng(0), []
    done = [0, 0, 0]
    while min(done) < 300:
        column = int(rng.integers(3))
        begin, end = done[column], min(300, done[column] + int(rng.integers(1, 50)))
        name = ("flow", "pressure", "temperature")[column]
        parts += pump.update(name, np.arange(begin, end, dtype=float), values[begin:end, column])
        done[column] = end
    assert probabilities(whole).tobytes() == probabilities(parts).tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_any_split_of_a_waveform_gives_the_same_bits(fan, seed):
    samples = vibration(6, 9, defect=4.0)
    samples[[7000, 7001, 7900, 12_000]] = np.nan  # few enough to be interpolated
    fan.reset()
    whole = list(fan.run(Recording(samples, rate=RATE, names=("acc",))))
    fan.reset()
    cuts = np.sort(np.random.default_rng(seed).choice(np.arange(1, len(samples)), 25, replace=False))
    parts = []
    for begin, end in zip([0, *cuts], [*cuts, len(samples)], strict=True):
        parts += fan.update("acc", begin / RATE, samples[begin:end])
    assert probabilities(whole).tobytes() == probabilities(parts).tobytes()
    assert [one.time for one in whole] == pytest.approx([one.time for one in parts])
    assert {result.state for result in whole} == {"alarm"}


def test_a_shift_of_all_times_shifts_alarms_alone(pump):
    values, found = levels(300, 9, shift=6.0), []
    for begin in (0.0, 1_700_000_000.0):
        pump.reset()
        results = list(pump.run(recording(values, begin)))
        found.append((probabilities(results), [alarm.opened - begin for alarm in pump.alarms]))
    assert found[0][0].tobytes() == found[1][0].tobytes()
    assert found[0][1] == found[1][1] != []


def test_the_unit_of_a_channel_does_not_count():
    found = []
    for unit in (1.0, 1000.0):
        monitor = Monitor(false_alarms=0.05)
        monitor.learn(recording(levels(900, 0) * [1, unit, 1]))
        found.append(probabilities(monitor.run(recording(levels(200, 9, shift=3.0) * [1, unit, 1]))))
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_a_gap_leaves_windows_that_do_not_overlap_it():
    monitor = Monitor(false_alarms=0.05, adapt=None)
    monitor.learn(recording(levels(900, 0)))
    whole = recording(levels(300, 9, shift=3.0))
    expected = {result.time: result.p for result in monitor.run(whole)}
    for rows in (np.r_[0:120, 125:300], np.r_[0:120, 200:300]):
        monitor.reset()
        results = list(monitor.run(whole.part(rows)))
        after = 120 + (rows[120] - 120) + monitor.window
        clear = [result for result in results if result.time < 120 or result.time >= after]
        assert len(clear) > 150
        assert all(result.p == expected[result.time] or np.isnan(expected[result.time]) for result in clear)


def test_a_gap_of_whole_hops_leaves_windows_of_a_waveform_that_do_not_overlap_it(fan):
    samples, hop = vibration(9, 9, defect=0.5), WaveformFeatures(RATE).hop
    fan.reset()
    whole = {round(result.time, 6): result.p for result in fan.update("acc", 0.0, samples)}
    fan.reset()
    found = fan.update("acc", 0.0, samples[: 8 * hop]) + fan.update("acc", 11 * hop / RATE, samples[11 * hop :])
    assert [result.state for result in found].count("missing") == 1
    clear = [result for result in found if result.p == result.p and not 2 < result.time < 11 * hop / RATE + 4]
    assert len(clear) > 10
    assert all(result.p == whole[round(result.time, 6)] for result in clear)


def test_the_unit_and_the_clock_of_a_waveform_do_not_count():
    found, opened = [], []
    for unit, begin in ((1.0, 0.0), (1000.0, 1_700_000_000.0)):
        monitor = Monitor(false_alarms=0.1, features=GROUPS)
        monitor.learn([Recording(unit * vibration(5, seed), rate=RATE, names=("acc",)) for seed in range(3)])
        found.append(probabilities(monitor.update("acc", begin, unit * vibration(6, 9, defect=0.7))))
        opened.append([alarm.opened - begin for alarm in monitor.alarms])
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    assert opened[0] == pytest.approx(opened[1], abs=1e-5)
    assert len(opened[0]) >= 1


def test_a_saved_monitor_gives_the_same_bits(pump, fan, tmp_path):
    for monitor, source in (
        (pump, recording(levels(300, 9, shift=3.0))),
        (fan, Recording(vibration(4, 9, defect=2.0), rate=RATE, names=("acc",))),
    ):
        monitor.reset()
        expected = probabilities(monitor.run(source))
        monitor.save(tmp_path / "m.mon")
        loaded = Monitor.load(tmp_path / "m.mon")
        assert loaded.hash == monitor.hash
        assert probabilities(loaded.run(source)).tobytes() == expected.tobytes()


def test_a_state_goes_on_with_the_same_bits(pump, fan):
    import json

    values, samples = levels(300, 9, shift=5.0), vibration(6, 9, defect=4.0)
    for monitor, parts in (
        (pump, [recording(values).part(slice(0, 130)), recording(values).part(slice(130, 300))]),
        (fan, [Recording(samples, rate=RATE, names=("acc",)).part(slice(*cut)) for cut in ((0, 9001), (9001, None))]),
    ):
        monitor.reset()
        list(monitor.run(parts[0]))
        state = json.loads(json.dumps(monitor.state()))
        expected = [(result.p, result.alarm and result.alarm.id) for result in monitor.run(parts[1])]
        monitor.reset()
        monitor.restore(state)
        assert [(result.p, result.alarm and result.alarm.id) for result in monitor.run(parts[1])] == expected
    with pytest.raises(ValueError, match="must be of model"):
        pump.restore({"model": "another"})
