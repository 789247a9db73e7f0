"""Quality of a monitor on labelled recordings: alarms, hits, AUC, beside what chance would get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mho.monitor.reading import as_recordings

if TYPE_CHECKING:
    from mho.monitor.monitor import Monitor
    from mho.monitor.recording import Recording

__all__ = ["Table", "evaluate", "row_labels", "rows_of"]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Quality on labelled recordings.

    Attributes
    ----------
    windows : int
        Windows with a score.
    unscored : int
        Windows that the sensors kept from one.
    faulty : float
        Share of the windows that are labelled.
    auc : float
        Probability that a faulty window scores higher than a healthy one; NaN without both.
    false_alarms, hits : float
        Share of the healthy and of the faulty windows that alarm.
    f1, f1_always : float
        F1 of the alarms, and of an alarm at every window.
    episodes : int
        Alarms.
    asked : str
        The rate that was asked for.

    Examples
    --------
    >>> from mho.monitor.evaluate import Table
    >>> Table(windows=10, unscored=0, faulty=0.5, auc=1.0, false_alarms=0.0, hits=1.0, f1=1.0, f1_always=0.667,
    ...       episodes=1, asked="1 % of windows").facts()["hits"]
    1.0
    """

    windows: int
    unscored: int
    faulty: float
    auc: float
    false_alarms: float
    hits: float
    f1: float
    f1_always: float
    episodes: int
    asked: str

    def facts(self) -> dict[str, Any]:
        """Return all of it, by name; what is not a number as None."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def evaluate(monitor: Monitor, source: Any, labels: Sequence[Any], *, rate: float | None = None) -> Table:
    """Score recordings, each from the state after learning, and compare with labels.

    Parameters
    ----------
    monitor : Monitor
        After `learn`.
    source : Recording, array, table, file, or a list of these
        What is scored.
    labels : sequence of array_like
        For each recording one label a row, 0 healthy; or one for all of it.
    rate : float, optional
        Samples a second, where the source does not tell.

    Raises
    ------
    ValueError
        Labels are not as many as recordings or rows.
    """
    recordings = as_recordings(source, rate)
    if len(labels) != len(recordings):
        raise ValueError(f"labels must be one for each of {len(recordings)} recordings, got {len(labels)}")
    scores, alarms, truth, unscored, episodes = [], [], [], 0, 0
    for recording, given in zip(recordings, labels, strict=True):
        label = row_labels(given, recording)
        monitor.reset()
        results = list(monitor.run(recording))
        known = [result for result in results if result.p == result.p]
        unscored += len(results) - len(known)
        truth.append(label[rows_of(np.array([result.time for result in known]), recording)])
        scores.append(np.array([result.score for result in known]))
        alarms.append(np.array([result.state == "alarm" for result in known], bool))
        episodes += monitor.raised
    monitor.reset()
    return _table(np.concatenate(scores), np.concatenate(alarms), np.concatenate(truth), unscored, episodes, monitor)


def row_labels(given: Any, recording: Recording) -> np.ndarray:
    """Return whether each row is faulty, of labels one a row or one for all.

    Raises
    ------
    ValueError
        They are not as many as the rows.
    """
    label = np.nan_to_num(np.asarray(given, float)) > 0
    if label.ndim == 0:
        return np.broadcast_to(label, len(recording))
    if label.shape != (len(recording),):
        raise ValueError(f"{recording.source}: labels must be {len(recording)}, one a row, got shape {label.shape}")
    return label


def rows_of(times: np.ndarray, recording: Recording) -> np.ndarray:
    """Return the row in which each window, by the time of its end, ends."""
    assert recording.times is not None
    return np.clip(np.searchsorted(recording.times, times - 0.5 / recording.rate), 0, len(recording) - 1)


def _table(
    scores: np.ndarray, alarms: np.ndarray, truth: np.ndarray, unscored: int, episodes: int, monitor: Monitor
) -> Table:
    from sklearn.metrics import roc_auc_score

    healthy, faulty = ~truth, truth
    hit, false, missed = int((alarms & faulty).sum()), int((alarms & healthy).sum()), int((~alarms & faulty).sum())
    both = healthy.any() and faulty.any()
    share = float(faulty.mean()) if len(truth) else 0.0
    return Table(
        windows=len(scores),
        unscored=unscored,
        faulty=share,
        auc=float(roc_auc_score(truth, scores)) if both else float("nan"),
        false_alarms=float(alarms[healthy].mean()) if healthy.any() else float("nan"),
        hits=float(alarms[faulty].mean()) if faulty.any() else float("nan"),
        f1=2 * hit / (2 * hit + false + missed) if hit + false + missed else 0.0,
        f1_always=2 * share / (1 + share),
        episodes=episodes,
        asked=monitor.wanted.text,
    )
