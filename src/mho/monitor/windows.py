"""Causal windows of level channels: mean and spread of the samples known, row by row."""

from __future__ import annotations

import numpy as np

__all__ = ["level_features"]


def level_features(values: np.ndarray, window: int, quiet: np.ndarray, known_share: float) -> dict[str, np.ndarray]:
    """Return mean and log spread of each channel's last `window` samples.

    Parameters
    ----------
    values : ndarray of shape (n + window - 1, c)
        Samples on a regular grid, NaN where missing.
    window : int
        Samples of a window.
    quiet : ndarray of shape (c,)
        Spread that is added to all: a digit of the converter, about.
    known_share : float
        Share of a window's samples that must be known.

    Returns
    -------
    dict
        "mean" and "spread", each (n, c), for the windows that end at the last n samples; NaN where too few of a
        window's samples are known.
    """
    if not np.isnan(values).any():
        moved = np.lib.stride_tricks.sliding_window_view(values, window, axis=0).copy()  # sums in one order, always
        mean = moved.sum(axis=-1) / window
        moved -= mean[..., None]
        spread = np.sqrt((moved * moved).sum(axis=-1) / window)
        return {"mean": mean, "spread": np.log(spread + quiet)}
    known = np.lib.stride_tricks.sliding_window_view(~np.isnan(values), window, axis=0)
    moved = np.lib.stride_tricks.sliding_window_view(np.nan_to_num(values), window, axis=0).copy()
    count = known.sum(axis=-1)
    enough = count >= max(1, known_share * window)
    count = np.maximum(count, 1)
    mean = moved.sum(axis=-1) / count
    moved = np.where(known, moved - mean[..., None], 0.0)
    spread = np.log(np.sqrt((moved * moved).sum(axis=-1) / count) + quiet)
    return {"mean": np.where(enough, mean, np.nan), "spread": np.where(enough, spread, np.nan)}
