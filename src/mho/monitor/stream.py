"""A learned stream: level channels together, or one waveform; its feature groups, their tails, and how it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.engines import Hybrid, near_limit
from mho.monitor.frames import Frames, LevelFramer, framer_for, packed_array, unpacked_array
from mho.monitor.group import BLOCK, Group
from mho.monitor.recording import Channel
from mho.monitor.tail import Tail, Tails

__all__ = ["GATE", "Adaptation", "Scores", "StreamModel", "StreamRun", "follow"]


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """Re-centring of a stream on what is healthy.

    Attributes
    ----------
    seconds : float
        Time constant; infinite: none.
    max_drift : float
        How far the centre may go, in drifts that were seen in learning, before the machine counts as another. It is
        still followed there: a limit about a centre that stands still would alarm for ever.
    """

    seconds: float = 300.0
    max_drift: float = 3.0


@dataclass(frozen=True, kw_only=True, eq=False)
class StreamModel:
    """A learned stream.

    Attributes
    ----------
    channels : tuple of Channel
    window : int
        Samples of a level channel's window.
    groups : tuple of Group
    tails : tuple of Tail
        Of each group's healthy scores, of windows that the model has not seen.
    centers : tuple of ndarray
        Of each group, at the end of what was learned.
    drift : ndarray of shape (c,)
        Healthy drift of the means, for `Adaptation.max_drift`.
    disjoint : float
        Unseen windows that do not overlap.
    limits : dict
        Longest constant run of each channel, or longest clipped run, and largest reading: beyond it a sensor is not
        scored. Of a waveform, the unit that its samples are divided by.
    seconds : float
        Length of a window.
    examples : ndarray of shape (m, d)
        Features of the first group of some healthy windows, for explanations.
    example_times : ndarray of shape (m,)
        Their times.
    tests : float
        Groups that exceed their thresholds by themselves, at most all: what the least of their probabilities is
        multiplied by.
    growth : float
        Growth of healthy scores with the time since what was learned, as seen in learning; not kept in files.
    """

    channels: tuple[Channel, ...]
    window: int
    groups: tuple[Group, ...]
    tails: tuple[Tail, ...]
    centers: tuple[np.ndarray, ...]
    drift: np.ndarray
    disjoint: float
    limits: dict[str, list[float]]
    seconds: float
    examples: np.ndarray
    example_times: np.ndarray
    tests: float
    growth: float = 1.0

    @property
    def name(self) -> str:
        """Name of the waveform, or "levels"."""
        return self.channels[0].name if self.channels[0].kind == "waveform" else "levels"

    @property
    def rate(self) -> float:
        """Samples a second."""
        return self.channels[0].rate

    @property
    def unit(self) -> float:
        """Deviation that samples of a waveform are divided by; 1 in a model learned before they were."""
        return self.limits.get("unit", [1.0])[0]

    def framer(self) -> Any:
        """Return a new framer that knows the sensors' limits."""
        framer = framer_for(self.channels, self.window)
        framer.largest = np.array(self.limits.get("largest", [np.inf] * len(self.channels)))
        if isinstance(framer, LevelFramer):
            framer.flat_after = np.array(self.limits["run"])
            framer.quiet = np.array(self.limits["quiet"])
        else:
            framer.most_clipped = self.limits["clipped"][0]
            framer.unit = self.unit
        return framer


@dataclass(eq=False)
class Scores:
    """Scored windows.

    Attributes
    ----------
    times : ndarray of shape (n,)
    log_p : ndarray of shape (n, g)
        Natural logarithm of each group's probability; NaN without a score.
    residuals : list of ndarray
        Whitened residual of each group, (n, e).
    centers : list of ndarray
        Centre of each group at each window, (n, d).
    states : list of str
        Of the sensors.
    features : dict
        As they came.
    drifted : ndarray of shape (n, c)
        Whether a channel's centre was beyond the bound.
    """

    times: np.ndarray
    log_p: np.ndarray
    residuals: list[np.ndarray]
    centers: list[np.ndarray]
    states: list[str]
    features: dict[str, np.ndarray]
    drifted: np.ndarray

    @classmethod
    def about(
        cls,
        frames: Frames,
        log_p: np.ndarray,
        residuals: list[np.ndarray],
        centers: list[np.ndarray],
        drifted: np.ndarray,
    ) -> Scores:
        """Return the scores of windows that have the same centres."""
        n = len(frames)
        same = [center[None].repeat(n, axis=0) for center in centers]
        far = drifted[None].repeat(n, axis=0)
        return cls(frames.times, log_p, residuals, same, frames.states, frames.features, far)

    @classmethod
    def joined(cls, parts: Sequence[Scores]) -> Scores:
        """Return several one after the other."""
        whole = Frames.joined([Frames(part.times, part.features, part.states) for part in parts])
        log_p, drifted = (np.concatenate([getattr(part, name) for part in parts]) for name in ("log_p", "drifted"))
        residuals, centers = (
            [np.concatenate(column) for column in zip(*(getattr(part, name) for part in parts), strict=True)]
            for name in ("residuals", "centers")
        )
        return cls(whole.times, log_p, residuals, centers, whole.states, whole.features, drifted)


def follow(center: np.ndarray, total: np.ndarray, count: np.ndarray, keep: float) -> np.ndarray:
    """Return a centre moved towards the mean of some windows.

    Parameters
    ----------
    center : ndarray of shape (d,)
        So far.
    total : ndarray of shape (d,)
        Sum of the windows' features that are known.
    count : ndarray of shape (d,)
        Windows in it.
    keep : float
        What a window leaves of the centre: exp(-its seconds / time constant).
    """
    step = 1 - keep**count
    return np.where(count > 0, center + step * (total / np.where(count > 0, count, 1.0) - center), center)


class StreamRun:
    """A stream that runs: what it remembers between two chunks.

    Parameters
    ----------
    model : StreamModel
        What was learned.
    adaptation : Adaptation
        Of its centres.
    log_limit : float
        Logarithm of the joint probability below which a window alarms.
    streams : int
        Streams of the monitor, for Bonferroni's correction.

    Attributes
    ----------
    checked, critical : int
        Windows that a hybrid engine's chip has scored, and those of them that hung by less than its own errors and were
        scored again digitally.
    """

    def __init__(self, model: StreamModel, adaptation: Adaptation, log_limit: float, streams: int) -> None:
        self.model, self.adaptation, self.log_limit = model, adaptation, log_limit
        self.correction = np.log(streams * model.tests)
        self.checks = all(isinstance(group.engine, Hybrid) for group in model.groups)
        self.checked = self.critical = 0
        self.framer, self._tails = model.framer(), Tails(model.tails)
        self.adapts = np.isfinite(adaptation.seconds) and any(group.plan.adapts for group in model.groups)
        self.centers = [center.copy() for center in model.centers]
        self.drifted = np.zeros(len(model.channels), bool)
        self._at = 0
        self._totals = [np.zeros_like(center) for center in self.centers]
        self._counts = [np.zeros_like(center) for center in self.centers]
        self._keep = float(np.exp(-1 / (model.rate * adaptation.seconds)))

    def push(self, times: np.ndarray, values: np.ndarray) -> Scores:
        """Return the scores of the windows that end in new samples, (n,) and (n, c)."""
        return self.scored(self.framer.push(times, values))

    def scored(self, frames: Frames) -> Scores:
        """Return the scores of windows, which follow those before."""
        parts, begin = [], 0
        while begin < len(frames):
            end = min(len(frames), begin + BLOCK - self._at)
            parts.append(self._block(frames if end - begin == len(frames) else frames.part(slice(begin, end))))
            self._at = (self._at + end - begin) % BLOCK
            begin = end
        return parts[0] if len(parts) == 1 else Scores.joined(parts)

    def joint(self, log_p: np.ndarray) -> np.ndarray:
        """Return the logarithm of the joint probability (n,) of groups' (n, g): Bonferroni's, never above zero."""
        return np.minimum(0.0, np.fmin.reduce(log_p, axis=1) + self.correction)

    def _block(self, frames: Frames) -> Scores:
        """Return the scores of windows that are in one block."""
        features = [frames.features[group.plan.features] for group in self.model.groups]
        residuals = self._checked(features) if self.checks else self._residuals(features)
        found = Scores.about(frames, self._log_p(residuals), residuals, self.centers, self.drifted)
        if self.adapts:
            self._adapt(frames, self.joint(found.log_p))
        return found

    def _residuals(self, features: list[np.ndarray]) -> list[np.ndarray]:
        groups = zip(self.model.groups, features, self.centers, strict=True)
        return [group.residual(one, center, self._at) for group, one, center in groups]

    def _log_p(self, residuals: list[np.ndarray]) -> np.ndarray:
        """Logarithm of each group's probability (n, g)."""
        scores = np.empty((len(residuals[0]), len(residuals)))
        groups = list(zip(self.model.groups, residuals, strict=True))
        for number, (group, residual) in enumerate(groups):
            scores[:, number] = group.reduce_known(residual)
        if np.isnan(scores).any():
            for number, (group, residual) in enumerate(groups):
                scores[:, number] = group.reduce(residual)
        return self._tails.log_p(scores)

    def _checked(self, features: list[np.ndarray]) -> list[np.ndarray]:
        """Residuals by a chip; digital ones of windows that its own errors could bring across the limit."""
        groups = list(zip(self.model.groups, features, self.centers, strict=True))
        plain, corrected = zip(*(group.estimates(one, center) for group, one, center in groups), strict=True)
        before, after = (self.joint(self._log_p(list(residuals))) for residuals in (plain, corrected))
        critical = near_limit(self.log_limit)(after[None], np.abs(after - before)[None])
        self.checked += len(after)
        self.critical += int(critical.sum())
        if critical.any():
            for residual, (group, one, center) in zip(corrected, groups, strict=True):
                residual[critical] = group.digital(one[critical], center)
        return list(corrected)

    def _adapt(self, frames: Frames, joint: np.ndarray) -> None:
        """Gather windows, the more the healthier they are; at the end of a block the centres follow them."""
        gate = np.log(GATE)
        span = max(gate - self.log_limit, 1e-9)
        weights = np.clip((np.nan_to_num(joint, nan=-np.inf) - self.log_limit) / span, 0.0, 1.0)
        for number, group in enumerate(self.model.groups):
            if not group.plan.adapts:
                continue
            for features, weight in zip(frames.features[group.plan.features], weights.tolist(), strict=True):
                if weight:
                    self._totals[number] += weight * np.nan_to_num(features)
                    self._counts[number] += weight * ~np.isnan(features)
            if self._at + len(frames) == BLOCK:
                moved = follow(self.centers[number], self._totals[number], self._counts[number], self._keep)
                self._move(number, moved)
                self._totals[number][:] = 0
                self._counts[number][:] = 0

    def _move(self, number: int, center: np.ndarray) -> None:
        self.centers[number] = center
        reach = self.adaptation.max_drift * self.model.drift
        self.drifted = np.abs(center - self.model.groups[number].center) > reach

    def state(self) -> dict[str, Any]:
        """Return all that the next scores depend on, as JSON takes it."""
        arrays = {"centers": self.centers, "totals": self._totals, "counts": self._counts}
        facts = {"framer": self.framer.state(), "at": self._at, "drifted": self.drifted.tolist()}
        return facts | {name: [packed_array(one) for one in part] for name, part in arrays.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.framer.restore(state["framer"])
        shapes = [center.shape for center in self.centers]
        parts = (state["centers"], state["totals"], state["counts"])
        unpacked = [[unpacked_array(text, shape) for text, shape in zip(p, shapes, strict=True)] for p in parts]
        self.centers, self._totals, self._counts = unpacked
        self._at, self.drifted = int(state["at"]) % BLOCK, np.array(state["drifted"], bool)


GATE = 0.9
"""Joint probability from which on a window counts fully in the centre; at the limit it does not at all."""
