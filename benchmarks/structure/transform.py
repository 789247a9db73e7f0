"""Spectra explained by a dictionary that is held: Itakura-Saito beside Kullback-Leibler, each to the optimum."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from units import Row, Unit, seeded, timed

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

BINS, FRAMES, COMPONENTS = sized((257, 600, 16), (33, 40, 3))
NOISE = {"of a power spectrum": 1.0, "of ten averaged": 10.0}
"""Shape of the gamma distribution of mean 1 that each power is multiplied by; a spectrum of noise has shape 1."""


def transform(_: str) -> Iterator[Unit]:
    """Yield the units of both losses on simulated powers."""
    for noise, shape in NOISE.items():
        for loss in ("kullback-leibler", "itakura-saito"):
            key = {"noise": noise, "method": loss}
            yield from seeded(key, 5, lambda seed, loss=loss, shape=shape: _measured(loss, shape, seed))


def _measured(loss: Any, shape: float, seed: int) -> Row:
    rng = np.random.default_rng(seed)
    H = rng.gamma(0.5, size=(COMPONENTS, BINS))
    powers = rng.gamma(0.5, size=(FRAMES, COMPONENTS)) @ H
    X = powers * rng.gamma(shape, 1 / shape, powers.shape) + 1e-6 * powers.mean()
    model = mho.NMF(COMPONENTS, loss=loss, max_iter=1).fit(X, W=np.ones((FRAMES, COMPONENTS)), H=H)
    model.components_ = H
    return timed(lambda: model.transform(X))[1]
