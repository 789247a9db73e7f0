"""A synthetic bearing at variable speed: noise, shaft and gear tones, and the bursts of an outer race defect."""

import numpy as np
from scipy.signal import butter, hilbert, lfilter, sosfiltfilt

RATE = 12_800.0
RESONANCE, DECAY = 3200.0, 1.2e-3
"""Hz of the housing, seconds in which its ringing falls to 1/e."""

ORDER = 3.25
"""Bursts in a revolution."""

SLIP = 0.01


def speed(seconds, rng):
    """Shaft speed, Hz, at each sample: a slow walk between 20 and 35."""
    knots = rng.uniform(20, 35, int(seconds / 4) + 3)
    return np.interp(np.arange(int(seconds * RATE)) / RATE / 4, np.arange(len(knots)), knots)


def recording(seconds, amplitude, seed):
    """Samples of one session; `amplitude` is the peak of a burst over the deviation of the noise, 0 if healthy."""
    rng = np.random.default_rng(seed)
    hertz = speed(seconds, rng)
    turns = np.cumsum(hertz) / RATE
    noise = np.asarray(lfilter([1.0], [1.0, -0.55, 0.2], rng.standard_normal(len(turns))))
    noise /= noise.std()
    tones = 0.3 * np.sin(2 * np.pi * turns + 1) + 0.2 * np.sin(2 * np.pi * 23 * turns)
    return (noise + tones + amplitude * _bursts(turns, rng)) * rng.uniform(0.9, 1.1)


def told(seconds, amplitude, seed):
    """Samples of `recording`, and what no monitor knows: its speed, Hz."""
    return recording(seconds, amplitude, seed), speed(seconds, np.random.default_rng(seed))


def told_scores(samples, hertz, seconds, hop):
    """Power of the squared envelope at the defect's order and four harmonics, told speed, order and resonance."""
    band = butter(4, (RESONANCE - 1000, RESONANCE + 1000), "band", fs=RATE, output="sos")
    squared = np.abs(hilbert(sosfiltfilt(band, samples))) ** 2
    turns, size, step = np.cumsum(hertz) / RATE, int(seconds * RATE), int(hop * RATE)
    total = 0.0
    for harmonic in range(1, 6):
        turned = (squared / squared.mean() - 1) * np.exp(-2j * np.pi * harmonic * ORDER * turns)
        sums = np.concatenate([[0], np.cumsum(turned)])
        total = total + np.abs(sums[size::step] - sums[:-size:step]) ** 2
    return total / size


def _bursts(turns, rng):
    count = int(turns[-1] * ORDER)
    at = np.arange(1, count) + SLIP * np.cumsum(rng.standard_normal(count - 1)) * 0.2
    samples = np.searchsorted(turns, at / ORDER)
    hits = np.zeros(len(turns))
    hits[samples[samples < len(turns)]] = 1.0
    time = np.arange(int(6 * DECAY * RATE)) / RATE
    ring = np.exp(-time / DECAY) * np.sin(2 * np.pi * RESONANCE * time)
    return lfilter(ring / np.abs(ring).max(), [1.0], hits)
