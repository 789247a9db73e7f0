"""The rate that is asked for is kept, or refused with what would keep it."""

from types import SimpleNamespace

import numpy as np
import pytest
from monitor_machine import RATE, levels, recording, vibration
from scipy import stats

from mho.monitor import Monitor, RateError, Recording
from mho.monitor.learn import _tests
from mho.monitor.tail import Tails, fit_tail


def alarms(monitor, values):
    return np.mean([result.state == "alarm" for result in monitor.run(recording(values))])


def test_healthy_rows_alarm_at_most_as_often_as_asked():
    """Mean over machines: each one's own rate scatters about it."""
    found = []
    for seed in range(4):
        monitor = Monitor(false_alarms=0.03)
        monitor.learn(recording(levels(900, seed)))
        found.append(alarms(monitor, levels(3000, 100 + seed)))
    assert 0 < np.mean(found) < 0.03


def test_a_limit_from_training_scores_would_not_keep_it():
    """What the forward chaining is for: the same model's own training quantile alarms more often than asked."""
    rates = []
    for seed in range(4):
        monitor = Monitor(false_alarms=0.03, adapt=None)
        monitor.learn(recording(levels(900, seed)))
        group = monitor.streams[0].groups[0]
        frames = monitor.streams[0].framer().push(np.arange(900.0), levels(900, seed)).features["mean"][30:]
        fresh = monitor.streams[0].framer().push(np.arange(3000.0), levels(3000, 100 + seed)).features["mean"][30:]
        limit = np.quantile(group.reduce(group.residuals(frames, group.center)), 0.97)
        rates.append(np.mean(group.reduce(group.residuals(fresh, group.center)) > limit))
    assert np.mean(rates) > 0.045


def test_too_short_a_recording_is_refused_with_the_rows_it_needs():
    with pytest.raises(RateError, match=r"Record 1,200 rows, 20 minutes in all, or ask for 3 % of windows"):
        Monitor(false_alarms=0.01).learn(recording(levels(400, 0)))
    Monitor(false_alarms=0.01).learn(recording(levels(1200, 0)))
    monitor = Monitor(false_alarms=0.01, accept_rate=True)
    assert "supported or not" in str(monitor.learn(recording(levels(400, 0))))
    assert monitor.limits == [0.01]


def test_episodes_are_refused_by_time():
    with pytest.raises(RateError, match=r"1/month.*12\.2 days in all"):
        Monitor(false_alarms="1/month").learn(recording(levels(600, 0)))
    monitor = Monitor(false_alarms="2/hour")
    monitor.learn(recording(levels(1200, 0)))
    assert monitor.limits == [pytest.approx(2 / 3600)]


def test_streams_share_episodes_once():
    """The joint probability counts them already: of eight a limit divided too would keep an eighth."""
    values = levels(2400, 0)
    monitor = Monitor(false_alarms="2/hour")
    monitor.learn(
        [
            Recording(values[:, :2], rate=1.0, names=("flow", "pressure")),
            Recording(values[:, 2:], rate=2.0, names=("temperature",)),
        ]
    )
    assert sorted(monitor.limits) == [pytest.approx(1 / 3600), pytest.approx(2 / 3600)]
    assert [run.correction for run in monitor._runs] == [pytest.approx(np.log(2))] * 2


def test_auto_is_what_the_recording_shows_by_itself():
    monitor = Monitor()
    assert "10 % of windows" in str(monitor.learn(recording(levels(400, 0))))
    assert monitor.limits == [pytest.approx(1 / 10)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("often", "false_alarms must be"),
        (0, "above 0"),
        (1.5, "false_alarms must be"),
        ("1/moon", "false_alarms must be"),
    ],
)
def test_rates_that_are_none_are_refused(given, said):
    with pytest.raises(ValueError, match=said):
        Monitor(false_alarms=given)


def test_the_tail_is_that_of_an_exponential_and_heavier_where_little_is_known():
    scores = stats.expon.isf((np.arange(20_000) + 0.5) / 20_000)
    tail = fit_tail(scores, 1e9)
    for score in (0.5, 2.0, 5.0, 12.0, 20.0):
        assert tail.log_p(np.array([score]))[0] == pytest.approx(-score, rel=0.02, abs=0.02)
    for log_p in (-1.0, -5.0, -14.0):
        assert tail.log_p(np.array([tail.score(log_p)]))[0] == pytest.approx(log_p, abs=1e-3)
    few = fit_tail(scores, 30.0)
    assert few.independent == pytest.approx(3)
    assert few.log_p(np.array([8.0]))[0] > tail.log_p(np.array([8.0]))[0] + 2
    assert np.isnan(tail.log_p(np.array([np.nan]))[0])


def test_an_unseen_session_of_a_waveform_stays_quiet_and_its_fault_does_not():
    monitor = Monitor(false_alarms=0.02)
    monitor.learn([Recording(vibration(20, seed), rate=RATE, names=("acc",)) for seed in range(2)])
    healthy = list(monitor.run(Recording(vibration(40, 7), rate=RATE, names=("acc",))))
    assert np.mean([result.state == "alarm" for result in healthy]) <= 0.02
    monitor.reset()
    faulty = list(monitor.run(Recording(vibration(5, 8, defect=2.5), rate=RATE, names=("acc",))))
    assert np.mean([result.state == "alarm" for result in faulty]) > 0.9
    explained = monitor.explain(monitor.alarms[0])
    assert explained.channel == "acc"
    hertz = [entry["hertz"] for entry in explained.entries if "hertz" in entry]
    assert explained.group != "envelope" or any(abs(h / 87 - round(h / 87)) < 0.03 for h in hertz)


def test_codes_tell_a_healthy_direction_that_goes_too_far():
    """All channels together, as they are healthy, but further: the residual hardly sees it, the codes do."""
    found = {}
    for group in ("mean", "codes"):
        monitor = Monitor(features=(group,), false_alarms=0.01, adapt=None)
        monitor.learn(recording(levels(1300, 0)))
        far = levels(400, 9)
        far[200:] += 3.0 * np.array([1.0, 0.5, 0.2])
        results = list(monitor.run(recording(far)))
        found[group] = np.median([result.score for result in results[240:]])
        assert set(results[300].channels) == {"flow", "pressure", "temperature"}
    assert found["codes"] > found["mean"]
    assert found["codes"] > 2


def test_few_windows_give_a_tail_from_lower_down():
    scores = stats.expon.isf((np.arange(400) + 0.5) / 400)
    assert fit_tail(scores, 6.0).share == pytest.approx(0.5)
    assert fit_tail(scores, 10.0).share == pytest.approx(0.3)
    assert fit_tail(scores, 500.0).share == pytest.approx(0.1)


def test_a_machine_that_still_changes_is_refused_a_rate():
    values = levels(1600, 1)
    values[:, 2] += 0.005 * np.arange(1600)
    with pytest.raises(
        RateError, match=r"grow with the time since what was learned, \d\d?\.\d times in this recording"
    ):
        Monitor(false_alarms=0.01).learn(recording(values))
    assert "grow with the time" in str(Monitor(false_alarms=0.01, accept_rate=True).learn(recording(values)))


@pytest.mark.parametrize(("alike", "least", "most"), [(0.0, 2.6, 3.0), (0.9, 1.3, 1.8), (1.0, 1.0, 1.0)])
def test_groups_that_deviate_together_do_not_pay_for_each_other(alike, least, most):
    """Mean over machines: by all groups the rate would be a half or a third of what is asked for."""
    rng, rates, bounds, counts = np.random.default_rng(0), [], [], []

    def scores(count):
        common, own = rng.standard_normal((count, 1)), rng.standard_normal((count, 3))
        return np.sqrt(alike) * common + np.sqrt(1 - alike) * own

    for _ in range(40):
        healthy, unseen = scores(400), scores(2000)
        tails = [fit_tail(column, 400) for column in healthy.T]
        found = [SimpleNamespace(scores=column, places=np.arange(400)) for column in healthy.T]
        counts.append(_tests(found, tails, 400))
        p = Tails(tails).log_p(unseen).min(axis=1)
        rates.append(np.mean(p + np.log(counts[-1]) < np.log(0.01)))
        bounds.append(np.mean(p + np.log(3) < np.log(0.01)))
    assert least <= np.mean(counts) <= most
    assert 0.005 < np.mean(rates) < 0.0125
    assert np.mean(bounds) <= np.mean(rates)
    assert alike < 0.5 or np.mean(bounds) < 0.6 * np.mean(rates)


def test_windows_that_not_every_group_scores_tell_nothing_about_them_together():
    tails = [SimpleNamespace(threshold=0.5)] * 2
    one, two = np.zeros(20), np.zeros(10)
    one[:4], one[12:14], two[2:4] = 1.0, 1.0, 1.0
    found = [SimpleNamespace(scores=one, places=np.arange(20)), SimpleNamespace(scores=two, places=np.arange(10, 20))]
    assert _tests(found, tails, 20) == 1.0
    two[5] = 1.0
    assert _tests(found, tails, 20) == pytest.approx(3 / 2.5)
    assert _tests([SimpleNamespace(scores=0 * one, places=np.arange(20))] * 2, tails, 20) == 2.0


def test_learn_tells_how_many_samples_are_missing(tmp_path):
    rows = [[f"{cell:.6f}" for cell in row] for row in levels(1600, 0)]
    for row in (3, 40, 41):
        rows[row][1] = "broken"
    text = "flow,pressure,temperature\n" + "\n".join(map(",".join, rows))
    (tmp_path / "r.csv").write_text(text)
    report = Monitor(false_alarms=0.01).learn(tmp_path / "r.csv", rate=1.0)
    assert report.notes == ("pressure: 3 of 1,600 samples are missing (empty, text or NaN)",)
