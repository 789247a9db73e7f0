"""Detectors without a factorization on a monitor's own features, beside it on labelled recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mho.monitor.evaluate import row_labels, rows_of

if TYPE_CHECKING:
    from mho.monitor.monitor import Monitor
    from mho.monitor.recording import Recording
    from mho.monitor.stream import StreamModel

__all__ = ["evaluate_baselines"]

_NEIGHBOURS = 5
_EXPLAINED = 0.9
"""Share of the variance that PCA keeps; its residual is scored."""

Score = Callable[[np.ndarray], np.ndarray]


def evaluate_baselines(monitor: Monitor, recordings: Sequence[Recording], labels: Sequence[Any]) -> dict[str, float]:
    """Return the AUC of usual detectors on the windows that the monitor scores.

    They take the features of each stream's first group, and learn from the healthy windows that the model keeps. An AUC
    needs no limit, which so few windows could not give.

    Parameters
    ----------
    monitor : Monitor
        After `learn`.
    recordings, labels
        As in `evaluate`; one label a row, or one for all of a recording.
    """
    scores: dict[str, list[np.ndarray]] = {name: [] for name in _DETECTORS}
    truth = []
    for model in monitor.streams:
        detectors = {name: _standardised(make, model.examples) for name, make in _DETECTORS.items()}
        for recording, given in zip(recordings, labels, strict=True):
            times, features = _windows(model, recording)
            truth.append(row_labels(given, recording)[rows_of(times, recording)])
            for name, score in detectors.items():
                scores[name].append(score(features))
    y = np.concatenate(truth)
    return {name: _auc(y, np.concatenate(found)) for name, found in scores.items()}


def _auc(truth: np.ndarray, scores: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, scores)) if 0 < truth.sum() < len(truth) else float("nan")


def _windows(model: StreamModel, recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Return times and features of the windows of a stream that are known."""
    own = recording.only(channel.name for channel in model.channels)
    assert own.times is not None
    name = model.groups[0].plan.features
    frames = list(model.framer().parts(own.times, own.values))
    times = np.concatenate([part.times for part in frames])
    features = np.concatenate([part.features[name] for part in frames])
    known = ~np.isnan(features).any(axis=1)
    return times[known], features[known]


def _standardised(make: Callable[[np.ndarray], Score], healthy: np.ndarray) -> Score:
    """Return a detector of features (n, d), in deviations of its scores from those of healthy windows."""
    center, scale = healthy.mean(axis=0), healthy.std(axis=0) + 1e-12
    score = make((healthy - center) / scale)
    own = score((healthy - center) / scale)
    return lambda features: (score((features - center) / scale) - own.mean()) / (own.std() + 1e-12)


def _z_score(healthy: np.ndarray) -> Score:
    return lambda Z: (Z * Z).mean(axis=1)


def _pca(healthy: np.ndarray) -> Score:
    from sklearn.decomposition import PCA

    model = PCA(_EXPLAINED).fit(healthy)
    return lambda Z: ((Z - model.inverse_transform(model.transform(Z))) ** 2).mean(axis=1)


def _neighbours(healthy: np.ndarray) -> Score:
    from sklearn.neighbors import NearestNeighbors

    model = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(healthy))).fit(healthy)
    return lambda Z: model.kneighbors(Z)[0].mean(axis=1)


_DETECTORS = {"z-score": _z_score, "PCA residual": _pca, "nearest neighbours": _neighbours}
