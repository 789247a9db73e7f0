"""Streams of random numbers that a seed gives: one for each purpose, whatever the others take from theirs."""

from __future__ import annotations

import numpy as np

__all__ = ["CHIP", "POINTS", "PROBLEM", "stream"]

PROBLEM, CHIP, POINTS = range(3)


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the numbers of one purpose, and of the point or chip that further keys name."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
