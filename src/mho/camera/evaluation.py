"""Evaluation of a camera on a stream whose events are known."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.camera.camera import Camera
from mho.camera.quantities import Share
from mho.camera.ranking import Ranking, rank
from mho.data.errors import DataError, check_size, damaged

__all__ = ["Evaluation", "evaluate", "read_events", "shares_of"]

_FAR, _MOST_BYTES = 1e9, 1 << 24
_LEAST_SECONDS = 0.5
"""Seconds of an event that a clip must hold to count as one with somebody in it."""


@dataclass(frozen=True)
class Evaluation:
    """Quality of a camera's decisions.

    Attributes
    ----------
    ranking : Ranking
        Of the scores of the clips.
    kept : float
        Share of the clips that were kept.
    found : float
        Share of the clips with somebody in them that were kept; NaN if there are none.
    events : int
        Events in the stream.
    found_events : int
        Events of which at least one clip was kept.

    Examples
    --------
    >>> from mho.camera import Evaluation
    >>> from mho.camera.ranking import rank
    >>> ranking = rank([1.0, 5.0, 1.2, 1.1], [False, True, False, False])
    >>> Evaluation(ranking, kept=0.25, found=1.0, events=1, found_events=1).ranking.auc
    1.0
    """

    ranking: Ranking
    kept: float
    found: float
    events: int
    found_events: int


def evaluate(camera: Camera, source: Any, events: Iterable[tuple[float, float]], *, after: float = 0.0) -> Evaluation:
    """Run a camera over a stream and compare its clips with the events.

    Parameters
    ----------
    camera : Camera
        That has learned a scene.
    source : object
        As `Camera.learn` takes it.
    events : iterable of (start, end)
        Seconds of the stream in which somebody is to be seen.
    after : float
        Seconds from which clips count.

    Raises
    ------
    ValueError
        An event ends before it starts.
    """
    clips = sorted((clip for clip in camera.run(source) if clip.start >= after), key=lambda clip: clip.number)
    if not clips:
        raise ValueError(f"source must have clips after {after:g} s, got none")
    starts, ends = (np.array([getattr(clip, name) for clip in clips]) for name in ("start", "end"))
    shares, present = shares_of(starts, ends, events, camera.clip)
    kept = np.array([clip.kept for clip in clips])
    share = camera.keep.share if isinstance(camera.keep, Share) else float(kept.mean())
    hit = np.asarray((shares[kept] > 0).any(axis=0))
    found = float(kept[present].mean()) if present.any() else float("nan")
    scores = np.array([clip.score for clip in clips])
    return Evaluation(rank(scores, present, share), float(kept.mean()), found, len(hit), int(hit.sum()))


def shares_of(
    starts: np.ndarray, ends: np.ndarray, events: Iterable[tuple[float, float]], clip: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds (n, e) of each event in each clip, below 0 if apart, and whether (n,) somebody is in a clip.

    Parameters
    ----------
    starts, ends : ndarray of shape (n,)
        Seconds of the clips.
    events : iterable of (start, end)
        Seconds of the events.
    clip : float
        Seconds of a clip.

    Raises
    ------
    ValueError
        An event ends before it starts.
    """
    spans = [(checks.finite_number(a, "events"), checks.finite_number(b, "events")) for a, b in events]
    if any(end <= start for start, end in spans):
        raise ValueError("events must end after they start")
    first, last = np.array(spans, float).reshape(-1, 2).T
    shares = np.minimum(ends[:, None], last) - np.maximum(starts[:, None], first)
    return shares, shares.max(1, initial=0.0) >= min(_LEAST_SECONDS, clip / 4)


def read_events(path: str | os.PathLike[str]) -> list[tuple[float, float]]:
    """Read events from JSON: {"events": [[START, END], ...]} in seconds.

    Raises
    ------
    DataError
        The file does not hold that.
    """
    path = Path(path)
    check_size(path, path.stat().st_size, _MOST_BYTES)
    with damaged(path, ValueError, RecursionError):
        facts = json.loads(path.read_bytes())
    spans = facts.get("events") if isinstance(facts, dict) else None
    if not isinstance(spans, list) or not all(map(_is_span, spans)):
        raise DataError(f'{path}: must be {{"events": [[START, END], ...]}} in seconds, each end after its start')
    return [(float(start), float(end)) for start, end in spans]


def _is_span(span: Any) -> bool:
    numbers = isinstance(span, list) and len(span) == 2 and all(type(x) in (int, float) for x in span)
    return numbers and -_FAR < span[0] < span[1] < _FAR
