"""A small synthetic machine for the tests: level channels that wander together, and a bearing's waveform."""

import numpy as np
from scipy.signal import lfilter

from mho.monitor import Recording

RATE = 4000.0
GROUPS = ("envelope", "kurtosis", "level", "spectrum")
"""All of a waveform, also where little was recorded."""


def levels(count, seed, shift=0.0):
    """Rows (count, 3) of flow, pressure and temperature; `shift` deviations on the second from row 100 on."""
    rng = np.random.default_rng(seed)
    common = lfilter([0.05], [1, -0.95], rng.standard_normal(count + 200))[200:]
    mix = np.array([[1.0, 0.5, 0.2]])
    values = common[:, None] * mix + 0.3 * rng.standard_normal((count, 3)) + [50.0, -2.0, 80.0]
    values[100:, 1] += 0.3 * shift
    return values


def recording(values, begin=0.0):
    times = begin + np.arange(len(values), dtype=float)
    return Recording(values, times=times, names=("flow", "pressure", "temperature"))


def vibration(seconds, seed, defect=0.0, hertz=87.0):
    """Samples of noise with bursts `hertz` times a second, of a peak over the noise's deviation."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(int(seconds * RATE))
    hits = np.zeros(len(noise))
    hits[(np.arange(1, int(seconds * hertz)) / hertz * RATE).astype(int)] = 1.0
    time = np.arange(30) / RATE
    ring = np.exp(-time / 1.5e-3) * np.sin(2 * np.pi * 900 * time)
    return noise + defect * lfilter(ring / np.abs(ring).max(), [1.0], hits)
