"""Clocks of sensors that are not ours: times follow slowly, and no gap comes of it."""

import json

import numpy as np
import pytest
from monitor_machine import RATE, vibration

from mho.monitor.frames import WaveformFramer
from mho.monitor.intake import Sorter
from mho.monitor.recording import Channel

BLOCK = 400
CHANNEL = (Channel("acc", "waveform", RATE),)


def arrivals(slow, seconds, seed=0):
    """Times at which blocks arrive that a sensor sends whose clock is slow by a share: each is late, some are much."""
    rng = np.random.default_rng(seed)
    sent = (1 + slow) * np.arange(1, int(seconds * RATE / BLOCK) + 1) * BLOCK / RATE
    return 1e9 + np.maximum.accumulate(sent + rng.exponential(0.02, len(sent)))


@pytest.mark.parametrize("slow", [0.0, 5e-4, -5e-4])
def test_windows_of_a_sensor_whose_clock_is_not_ours_have_our_times(slow):
    sorter, framer = Sorter(RATE, 2.0), WaveformFramer(CHANNEL)
    samples, states, last = vibration(60, 0), [], 0.0
    for number, arrived in enumerate(arrivals(slow, 600)):
        begin = number * BLOCK % (len(samples) - BLOCK)
        time = sorter.arrived(arrived, BLOCK)
        for first, values in sorter.push(time, samples[begin : begin + BLOCK]):
            frames = framer.push(np.array([first + sorter.ahead]), values[:, None])
            states += frames.states
            last = frames.times[-1] if len(frames) else last
        if number == 3000:  # a restart between
            state = json.loads(json.dumps(sorter.state()))
            sorter = Sorter(RATE, 2.0)
            sorter.restore(state)
    assert set(states) == {"ok"}
    assert len(states) > 2380
    assert last == pytest.approx(1e9 + 600 * (1 + slow), abs=0.3)  # a hop, a margin, and what is behind


def test_times_that_messages_tell_are_followed_without_a_gap():
    framer, samples, states, ends = WaveformFramer(CHANNEL), vibration(60, 0), [], []
    for number in range(6000):
        begin = number * BLOCK % (len(samples) - BLOCK)
        frames = framer.push(np.array([number * BLOCK / RATE * 1.0005]), samples[begin : begin + BLOCK, None])
        states += frames.states
        ends += frames.times.tolist()
    assert set(states) == {"ok"}
    assert ends[-1] == pytest.approx(600.3, abs=0.3)


def test_an_exact_clock_is_not_touched():
    framer = WaveformFramer(CHANNEL)
    times = []
    for number in range(200):
        times += framer.push(np.array([number * BLOCK / RATE]), np.ones((BLOCK, 1))).times.tolist()
    whole = WaveformFramer(CHANNEL).push(np.zeros(1), np.ones((200 * BLOCK, 1))).times.tolist()
    assert times == whole
