"""Reads of cells with all that a table may contain."""

import numpy as np
import pandas as pd

MICRO = 1e-6


def unlike_any():
    """12 levels up to 240 uS, unevenly filled, with heavy tails, gaps, outliers, and a lowest one lost in noise."""
    rng = np.random.default_rng(0)
    rows = []
    for level, target in enumerate(np.linspace(0.1, 240, 12) ** 1.05 * 0.75):
        cells = rng.integers(40, 400)
        cell = target + rng.standard_t(5, cells)
        for i, seconds in enumerate([0.0, 1e-3, 0.1, 30.0, 1e6]):
            read = cell - 0.01 * i * target + rng.standard_t(5, cells) * (0.2 + i) * (0.3 + target / 100)
            rows += [(f"L{level}", seconds, g * MICRO) for g in read[rng.random(cells) < rng.choice([1, 0.8, 0.4])]]
    table = pd.DataFrame(rows, columns=["level", "time", "conductance"])
    table.loc[rng.choice(len(table), 100), "conductance"] = np.nan
    table.loc[rng.choice(len(table), 20), "conductance"] *= 3
    return table.sample(frac=1, random_state=0)
