"""
A bearing that begins to fail
=============================

One minute of a healthy machine is learned, then other recordings of it are watched: healthy ones, and ones in which
an outer race has a flaw that rings the housing 3.25 times in each turn. The signal is made up: noise, tones of shaft
and gear at a speed that wanders between 20 and 35 turns a second, and bursts as high as the noise's deviation. A rate
of 1 % of windows is asked for. Beside: the level of vibration, and scikit-learn's isolation forest on the spectrum,
both told the limit that healthy recordings would need. The guide is :doc:`/do/monitor`; smaller flaws, of which the
level tells more than mho does, and recordings of real bearings are in :doc:`/measured/monitor`.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

import mho
from mho.chip import preset
from mho.monitor import Recording

RATE = 12_800


def machine(seconds, flaw, seed):
    """Vibration of one session; `flaw` is the height of a burst over the deviation of the noise."""
    rng = np.random.default_rng(seed)
    hertz = np.interp(
        np.arange(seconds * RATE) / RATE / 4, np.arange(seconds // 4 + 3), rng.uniform(20, 35, seconds // 4 + 3)
    )
    turns = np.cumsum(hertz) / RATE
    noise = np.asarray(lfilter([1.0], [1.0, -0.55, 0.2], rng.standard_normal(len(turns))))
    hits = np.diff(np.floor(3.25 * turns), prepend=0.0) > 0
    time = np.arange(100) / RATE
    ring = np.exp(-time / 1.2e-3) * np.sin(2 * np.pi * 3200 * time)
    tones = 0.3 * np.sin(2 * np.pi * turns) + 0.2 * np.sin(2 * np.pi * 23 * turns)
    return noise / noise.std() + tones + flaw * np.convolve(hits, ring)[: len(turns)]


healthy = [machine(20, 0.0, seed) for seed in range(3)]
unseen = [machine(20, 0.0, seed) for seed in (10, 11)]
failing = [machine(20, 1.0, seed) for seed in (20, 21)]

# %%
# Each window of a second, four a second, gets a score; the first seconds of a recording, in which there is no mean
# spectrum yet, are left out.


def watched(monitor, sessions):
    """Scores and alarms of the windows."""
    rows = []
    for samples in sessions:
        monitor.reset()
        rows += list(monitor.run(Recording(samples, rate=RATE)))[11:]
    return np.array([row.score for row in rows]), np.array([row.state == "alarm" for row in rows])


def spectra(sessions):
    """Logarithms of 64 bands' levels, window by window, as many as the monitor's."""
    windows = [np.lib.stride_tricks.sliding_window_view(one, RATE)[:: RATE // 4][11:] for one in sessions]
    bands = np.abs(np.fft.rfft(np.concatenate(windows)))[:, 1:].reshape(-1, 64, 100)
    return np.log(bands.mean(axis=2))


def told(name, well, ill, alarms):
    auc = roc_auc_score(np.r_[np.zeros(len(well)), np.ones(len(ill))], np.r_[well, ill])
    print(f"{name:25}  AUC {auc:.3f}  alarms: healthy {alarms[0]:.1%}, failing {alarms[1]:.1%}")


curves = {}
for name, engine in {"mho, CPU": "digital", "mho, chip": mho.Analog(preset("pku-2025-4bit"), seed=0)}.items():
    monitor = mho.Monitor(false_alarms=0.01, engine=engine)
    monitor.learn([Recording(samples, rate=RATE) for samples in healthy])
    (well, calm), (ill, loud) = watched(monitor, unseen), watched(monitor, failing)
    told(name, well, ill, (calm.mean(), loud.mean()))
    curves[name] = np.r_[well, ill]

# %%
# The references' limits are what 1 % of the windows of the very healthy recordings exceed that they are tried on.

forest = IsolationForest(random_state=0).fit(spectra(healthy))
for name, score in {
    "level of vibration": lambda part: spectra(part).mean(axis=1),
    "scikit-learn's forest": lambda part: -forest.score_samples(spectra(part)),
}.items():
    well, ill = score(unseen), score(failing)
    limit = np.quantile(well, 0.99)
    told(name, well, ill, ((well > limit).mean(), (ill > limit).mean()))

# %%
# Scores of the four recordings one after the other: the flaw begins in the middle.

figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
for name, scores in curves.items():
    axes.plot(np.arange(len(scores)) / 4, scores, label=name)
axes.set(xlabel="s", ylabel="score", yscale="log")
axes.legend()
plt.show()
