"""Learning one stream: its groups, and their scores on healthy windows that the model has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mho.engines import Engine
from mho.monitor.frames import SMOOTHED, Frames, LevelFramer, framer_for
from mho.monitor.group import BLOCK, PLANS, Group, GroupPlan, fit_group
from mho.monitor.recording import Channel, Recording
from mho.monitor.stream import Adaptation, StreamModel, follow
from mho.monitor.tail import Tail, fit_tail
from mho.monitor.waveform import HOPS

__all__ = ["Learner", "healthy_frames"]

_BLOCKS, _FIRST = 8, 2
"""Parts of a single session, and the first of them that is not only learned from."""

_FEWEST_SESSIONS = 3
"""Sessions from which on band spectra tell faults, not sessions."""

_IN_SPECTRUM = HOPS + SMOOTHED - 1
"""Windows that start within the stretch of one band spectrum."""

_UNSEEN_SHARE = 1 / 3
"""Exponent of the spread on unseen windows in the geometric mean with that on seen ones, by which residuals are
whitened: all of it would mute channels that drift while healthy, none would let them decide."""

_TAIL, _NORMAL_TAIL = 0.99, 2.5758
"""Quantile of the magnitude of unseen residuals, and how many deviations it is of a normal one. A tone that moves
through a band leaves rare, large residuals there: bands are whitened by it where it is wider than the spread."""

_QUIET = 1e-3
_RUNS = 2.0
_EXAMPLES = 64
_FEWEST_DISJOINT = 20
"""Unseen windows that do not overlap from which on it is told whether scores grow: of fewer, chance makes them grow.
And band spectra from which on they are scored: of fewer, their tail does not keep the rate."""

_RESCALED = 300.0
"""Times the largest healthy reading beyond which a sensor's unit has changed: a unit is a thousand, no fault is."""

_FEWEST_WINDOWS = 2 * _BLOCKS


@dataclass(frozen=True, kw_only=True, eq=False)
class Learner:
    """Settings of learning.

    Attributes
    ----------
    k : int or "auto"
        Components.
    engine : Engine
        Solver that will run: the limit is learned on it.
    seed : int
    adaptation : Adaptation
    features : tuple of str, optional
        Feature groups; by default those of the kind of channel.
    """

    k: int | str
    engine: Engine
    seed: int
    adaptation: Adaptation
    features: tuple[str, ...] | None = None

    def learn(self, channels: tuple[Channel, ...], window: int, sessions: list[Frames], limits: dict) -> StreamModel:
        """Learn a stream from the healthy windows of each session.

        Raises
        ------
        ValueError
            There are too few windows.
        """
        windows = sum(len(session) for session in sessions)
        names = self._names(channels[0].kind, len(sessions), windows)
        if windows < _FEWEST_WINDOWS:
            what = ", ".join(channel.name for channel in channels)
            raise ValueError(f"{what}: needs at least {_FEWEST_WINDOWS} healthy windows, got {windows}")
        found = [self._group(PLANS[name], sessions, channels[0].rate) for name in names]
        seconds = window / channels[0].rate if channels[0].kind == "level" else 1.0
        share = 1.0 if len(sessions) > 1 else 1 - _FIRST / _BLOCKS
        disjoint = share * windows / self._per_window(channels[0], window)
        first = found[0]
        whole = len(sessions) == 1 and disjoint > _FEWEST_DISJOINT
        growth = max(one.growth for one in found) if whole else 1.0
        examples, times = _examples(sessions, first.group.plan.features)
        tails = tuple(fit_tail(one.scores, disjoint) for one in found)
        return StreamModel(
            channels=channels,
            window=window,
            groups=tuple(one.group for one in found),
            tails=tails,
            centers=tuple(one.center for one in found),
            drift=first.drift,
            disjoint=disjoint,
            limits=limits,
            seconds=seconds,
            examples=examples,
            example_times=times,
            tests=_tests(found, tails, windows),
            growth=growth,
        )

    def _names(self, kind: str, sessions: int, windows: int) -> tuple[str, ...]:
        if kind == "level":
            own = ("mean",)
        else:
            spectra = sessions >= _FEWEST_SESSIONS and windows >= _FEWEST_DISJOINT * _IN_SPECTRUM
            own = ("envelope", "kurtosis", "level") + ("spectrum",) * spectra
        if self.features is None:
            return own
        allowed = ("mean", "codes", "spread") if kind == "level" else ("envelope", "kurtosis", "level", "spectrum")
        return tuple(name for name in self.features if name in allowed) or own

    def _per_window(self, channel: Channel, window: int) -> float:
        """Return the number of windows that start within one."""
        return float(window) if channel.kind == "level" else 4.0

    def _group(self, plan: GroupPlan, sessions: list[Frames], rate: float) -> _Learned:
        parts, places = _known([session.features[plan.features] for session in sessions])
        group = self._fit(plan, np.concatenate(parts))
        folds, unseen = (_chained(p[0]) if len(p) == 1 else _left_out(p) for p in (parts, places))
        keep = float(np.exp(-1 / (rate * self.adaptation.seconds)))
        raw, drift = [], []
        for train, test in folds:
            fold = self._fit(plan, train)
            start = self._start(train, rate) if plan.adapts and len(parts) == 1 else fold.center
            raw.append(_residuals(fold, test, start, keep if plan.adapts else 1.0))
            drift.append(test - fold.center)
        whole = np.concatenate(raw)
        if plan.factored:
            group = group.whitened_by(group.mean, _spread(group, whole))
            scores = [group.reduce(part / group.spread) for part in raw]
        else:
            scores = [group.reduce(part) for part in raw]
        moved = np.sqrt((np.concatenate(drift) ** 2).mean(axis=0))
        center = self._start(parts[0], rate) if plan.adapts and len(parts) == 1 else group.center
        growth = self._growth(plan, folds, rate, keep) if len(parts) == 1 else 1.0
        places = np.concatenate([numbers for _, numbers in unseen])
        return _Learned(group, center, np.concatenate(scores), places, moved, growth)

    def _growth(self, plan: GroupPlan, folds: list[tuple[np.ndarray, np.ndarray]], rate: float, keep: float) -> float:
        """Return the growth of scores by a model of the beginning: last three parts over the first that is unseen."""
        train, unseen = folds[0][0], [test for _, test in folds]
        early = self._fit(plan, train)
        start = self._start(train, rate) if plan.adapts else early.center
        left = _residuals(early, np.concatenate(unseen), start, keep if plan.adapts else 1.0)
        scores = early.reduce(left / early.spread if plan.factored else left)
        parts = np.split(scores, np.cumsum([len(part) for part in unseen])[:-1])
        first, *_, before, last, end = map(np.median, parts)
        return float(np.median([before, last, end]) / max(first, 1.0))

    def _start(self, features: np.ndarray, rate: float) -> np.ndarray:
        if not np.isfinite(self.adaptation.seconds):
            return features.mean(axis=0)
        return features[-max(1, round(self.adaptation.seconds * rate)) :].mean(axis=0)

    def _fit(self, plan: GroupPlan, features: np.ndarray) -> Group:
        return fit_group(plan, features, k=self.k, engine=self.engine, seed=self.seed)


def _examples(sessions: list[Frames], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return features and times of healthy windows, spread evenly over all."""
    features = np.concatenate([session.features[name] for session in sessions])
    times = np.concatenate([session.times for session in sessions])
    known = ~np.isnan(features).any(axis=1)
    chosen = np.unique(np.linspace(0, known.sum() - 1, _EXAMPLES).astype(int))
    return features[known][chosen], times[known][chosen]


@dataclass(eq=False)
class _Learned:
    """A group with the scores of the windows that were unseen, and the numbers of these among all."""

    group: Group
    center: np.ndarray
    scores: np.ndarray
    places: np.ndarray
    drift: np.ndarray
    growth: float


def _spread(group: Group, unseen: np.ndarray) -> np.ndarray:
    """Return the spread (e,) by which residuals are whitened, from those (n, e) of unseen windows and of seen ones."""
    found = np.sqrt((unseen * unseen).mean(axis=0)) + 1e-12
    if group.plan.adjacent is not None:
        return np.maximum(found, np.quantile(np.abs(unseen), _TAIL, axis=0) / _NORMAL_TAIL)
    return group.spread ** (1 - _UNSEEN_SHARE) * found**_UNSEEN_SHARE


def _tests(found: Sequence[_Learned], tails: Sequence[Tail], windows: int) -> float:
    """Return the groups that exceed their thresholds by themselves: windows in which any does, over those of a group.

    Bonferroni's bound takes groups for apart; those that deviate together would pay for each other (Smith-1990).
    """
    beyond = np.full((windows, len(found)), np.nan)
    for number, (one, tail) in enumerate(zip(found, tails, strict=True)):
        beyond[one.places, number] = one.scores > tail.threshold
    beyond = beyond[~np.isnan(beyond).any(axis=1)]
    if not beyond.any():
        return float(len(found))
    return float(np.clip(beyond.max(axis=1).sum() / beyond.mean(axis=1).sum(), 1.0, len(found)))


def _known(sessions: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the windows of each session that are known, and their numbers among all; sessions without any left out."""
    begins = np.cumsum([0, *map(len, sessions)])
    rows = [np.flatnonzero(~np.isnan(session).any(axis=1)) for session in sessions]
    found = [number for number, own in enumerate(rows) if len(own)]
    return [sessions[number][rows[number]] for number in found], [begins[number] + rows[number] for number in found]


def _chained(features: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (learned, unseen) pairs of a session: each part is unseen by a model of all those before it."""
    edges = np.linspace(0, len(features), _BLOCKS + 1).astype(int)
    return [(features[:a], features[a:b]) for a, b in zip(edges[_FIRST:-1], edges[_FIRST + 1 :], strict=True)]


def _left_out(parts: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (learned, unseen) pairs of sessions: each is unseen by a model of all the others."""
    return [(np.concatenate(parts[:i] + parts[i + 1 :]), part) for i, part in enumerate(parts)]


def _residuals(group: Group, features: np.ndarray, center: np.ndarray, keep: float) -> np.ndarray:
    """Return residuals about a centre that follows: times their spread if factored."""
    out = []
    for begin in range(0, len(features), BLOCK):
        block = features[begin : begin + BLOCK]
        out.append(group.residual(block, center))
        if keep < 1:
            count = np.full(features.shape[1], float(len(block)))
            center = follow(center, block.sum(axis=0), count, keep)
    scale = group.spread if group.plan.factored else 1.0
    return np.concatenate(out) * scale


def healthy_frames(
    channels: tuple[Channel, ...], window: int, sessions: list[Recording]
) -> tuple[list[Frames], dict[str, list[float]]]:
    """Return the windows of each session, and the sensors' limits that they show."""
    names = [channel.name for channel in channels]
    values = np.concatenate([session.only(names).values for session in sessions])
    deviation = np.nan_to_num(np.nanstd(values, axis=0))
    quiet = _QUIET * deviation + 1e-12
    unit = float(deviation[0]) or 1.0
    frames, runs, clipped = [], np.ones(len(channels)), 0.0
    for session in sessions:
        framer = framer_for(channels, window)
        if isinstance(framer, LevelFramer):
            framer.quiet = quiet
            framer.known_share = 0.0  # the short windows at the beginning tell how noisy a sensor is
        else:
            framer.unit = unit
        assert session.times is not None
        frames.append(Frames.joined(list(framer.parts(session.times, session.only(names).values))))
        if isinstance(framer, LevelFramer):
            runs = np.maximum(runs, framer.longest_run)
        else:
            clipped = max(clipped, framer.seen_clipped)
    largest = np.nanmax(np.abs(values), axis=0)
    limits = {"run": (_RUNS * runs + window).tolist(), "quiet": quiet.tolist(), "clipped": [_RUNS * clipped + 3]}
    limits["largest"] = (_RESCALED * largest).tolist()
    return frames, limits if channels[0].kind == "level" else limits | {"unit": [unit]}
