"""The monitor: learns a healthy machine, scores what follows, raises alarms at the rate that was asked for."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mho import checks
from mho.engines import Engine, engine_for
from mho.monitor.alarms import Alarm, AlarmPlan, AlarmTracker
from mho.monitor.explain import Explanation, explain_window
from mho.monitor.files import read_monitor, write_monitor
from mho.monitor.learn import Learner, healthy_frames
from mho.monitor.rate import RateError, WantedRate, parse_rate, parse_seconds, spoken_seconds
from mho.monitor.reading import as_recordings
from mho.monitor.recording import WAVEFORM_RATE, Channel, Recording, check_different, parse_channel, split_at_gaps
from mho.monitor.stream import Adaptation, Scores, StreamModel, StreamRun

__all__ = ["LearnReport", "Monitor", "Result"]

_WINDOW = 30
_LN10 = float(np.log(10.0))
_RATE_TOLERANCE = 0.01
_MOST_ALARMS = 1000
_LONGEST_NAMES = 200
"""Alarms that are remembered: those that are open, and the latest of the others."""

_MOST_GROWTH = 3.0
"""Times that healthy scores may grow from the first unseen part of a recording to the last: no limit would hold."""


@dataclass(frozen=True, eq=False)
class Result:
    """A scored window.

    Attributes
    ----------
    time : float
        Its end, seconds.
    stream : str
        Waveform channel, or "levels".
    score : float
        Negative decimal logarithm of `p`; NaN without a score.
    p : float
        Probability that a healthy window of a session never seen is as unusual, corrected for the number of feature
        groups; NaN without a score.
    limit : float
        The window alarms below it.
    state : str
        "ok" or "alarm"; or the sensors' state that keeps it from a score: "missing", "flat", "clipped",
        "clock jumped", "scale changed".
    channels : dict of str to float
        Size of each channel's deviation, 1 where it is as large as healthy ones are; NaN where it is not known.
    alarm : Alarm or None
        The alarm that the window opened, made worse or closed.

    Examples
    --------
    >>> from mho.monitor import Result
    >>> Result(60.0, "acc", 4.0, 1e-4, 1e-3, "alarm").state
    'alarm'
    """

    time: float
    stream: str
    score: float
    p: float
    limit: float
    state: str
    channels: dict[str, float] = field(default_factory=dict)
    alarm: Alarm | None = None


@dataclass(frozen=True, kw_only=True)
class LearnReport:
    """An account of what was learned.

    Attributes
    ----------
    streams : dict of str to dict
        Of each stream: channels, windows, disjoint unseen windows, limit.
    sessions : int
    rate : str
        The rate that is kept, in words.
    left_out : tuple of str
        Channels that were not learned, and why.
    notes : tuple of str
        What the user should know.

    Examples
    --------
    >>> from mho.monitor import LearnReport
    >>> print(LearnReport(streams={}, sessions=1, rate="3 % of windows"))
    learned from 1 session; false alarms: 3 % of windows
    """

    streams: dict[str, dict[str, Any]]
    sessions: int
    rate: str
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        plural = "" if self.sessions == 1 else "s"
        lines = [f"learned from {self.sessions} session{plural}; false alarms: {self.rate}"]
        for name, facts in self.streams.items():
            lines.append(
                f"{name}: {', '.join(facts['channels'])}; {facts['windows']:,} windows, {facts['disjoint']:.0f} unseen "
                f"ones that do not overlap; groups {', '.join(facts['groups'])}; alarms below p = {facts['limit']:.3g}"
            )
        return "\n".join([*lines, *(f"left out: {one}" for one in self.left_out), *self.notes])


class Monitor:
    """Condition monitor of a machine: healthy recordings in, alarms at a chosen rate out.

    Level channels (temperature, pressure, flow) are scored together by their causal means, waveforms (vibration,
    sound, current) each by envelope spectra, kurtosis and level, all as residuals of non-negative factors that were
    learned from healthy windows. The limit comes from healthy windows that the model had not seen.

    Parameters
    ----------
    channels : sequence of str, optional
        ``NAME:waveform`` or ``NAME:level`` of those to use; by default all, waveforms from 500 samples a second on.
    features : {"auto"} or sequence of str
        Feature groups: "mean", "codes" (their distance from healthy ones) and "spread" of levels; "envelope",
        "kurtosis", "level" and "spectrum" of waveforms. By default
        mean, and the last four, spectrum only from three healthy sessions on, of 75 s in all: fewer would teach it the
        session, or not keep the rate.
    window : int, optional
        Samples of a level channel's window; 30 by default.
    n_components : int or "auto"
        Components k of each group's factors: 4 for fewer than 16 features, else 6.
    false_alarms : str or float
        A share of windows (0.01, "1%") or episodes ("1/month"). A rate that the healthy data cannot support is
        refused. "auto": the lowest share that the healthy data show by themselves, without a fitted tail.
    engine : str or Engine
        Solver of the codes, in learning and running. "hybrid" learns digitally and scores on the chip: windows that the
        chip's own errors could bring across the limit are scored again digitally (`checked_share`).
    adapt : str, float or None
        Time constant by which the centres of level channels follow what is clearly healthy; None: not.
    max_drift : float
        Bound of that, in drifts that were seen in learning: an alarm "drifted" opens beyond it.
    hold, clear : int
        Windows that open and that close an alarm.
    stuck_after : str or float
        Time after which an open alarm is said to be stuck.
    accept_rate : bool
        Take a rate that the healthy data do not support.
    seed : int
        For starting factors and a chip's errors.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> healthy = np.random.default_rng(0).normal(20.0, 0.1, (1500, 2))
    >>> monitor = mho.Monitor(false_alarms=0.01)
    >>> report = monitor.learn(mho.monitor.Recording(healthy, rate=1.0, names=("flow", "pressure")))
    >>> fault = healthy[:200] + np.linspace(-2, 2, 200).clip(0)[:, None] * [1, 0]
    >>> results = list(monitor.run(mho.monitor.Recording(fault, rate=1.0, names=("flow", "pressure"))))
    >>> results[60].state, results[-1].state
    ('ok', 'alarm')
    >>> monitor.explain(results[-1].alarm or monitor.alarms[-1]).channel
    'flow'
    """

    def __init__(
        self,
        channels: Sequence[str] | None = None,
        *,
        features: str | Sequence[str] = "auto",
        window: int | None = None,
        n_components: int | str = "auto",
        false_alarms: str | float = "auto",
        engine: str | Engine = "digital",
        adapt: str | float | None = "300 s",
        max_drift: float = 3.0,
        hold: int = 1,
        clear: int = _WINDOW,
        stuck_after: str | float = "1 h",
        accept_rate: bool = False,
        seed: int = 0,
    ) -> None:
        self.channels = None if channels is None else dict(map(parse_channel, channels))
        self.window = checks.positive_int(_WINDOW if window is None else window, "window")
        self.n_components = (
            n_components if n_components == "auto" else checks.positive_int(n_components, "n_components")
        )
        self.wanted = parse_rate(false_alarms)
        self.seed = checks.nonnegative_int(seed, "seed")
        self.engine = engine_for(engine, seed=checks.generator(seed, "seed"))
        seconds = np.inf if adapt is None else parse_seconds(adapt, "adapt")
        self.adaptation = Adaptation(seconds=seconds, max_drift=checks.positive_number(max_drift, "max_drift"))
        self.alarm_plan = AlarmPlan(
            hold=checks.positive_int(hold, "hold"),
            clear=checks.positive_int(clear, "clear"),
            stuck_seconds=parse_seconds(stuck_after, "stuck_after"),
        )
        self.accept_rate = accept_rate
        self.features = None if features == "auto" else _feature_names(features)
        self.streams: list[StreamModel] = []
        self.limits: list[float] = []
        self.alarms: list[Alarm] = []
        """Alarms of the latest run, open and closed; of more than 1,000 the oldest closed ones are forgotten."""
        self.raised = 0
        """Alarms of the latest run in number, forgotten ones too; not those that a restored state had open."""
        self.worst: dict[str, dict[str, np.ndarray]] = {}
        """Features of the worst window of each of the alarms, by its id and by feature group."""

    def learn(self, source: Any, *, sessions: str = "gaps", rate: float | None = None) -> LearnReport:
        """Learn what healthy is, and the limit.

        Parameters
        ----------
        source : Recording, array, table, file, or a list of these
            Healthy recordings; each is a session.
        sessions : {"gaps", "files"}
            Whether a recording is cut where samples are missing for more than 30 of them.
        rate : float, optional
            Samples a second, where the source does not tell.

        Raises
        ------
        RateError
            The rate that is asked for cannot be supported; what would support it is said.
        ValueError, TypeError
            No channel is left, rates differ, there are too few samples, or the same ones twice.
        """
        checks.one_of(sessions, "sessions", ("gaps", "files"))
        recordings = as_recordings(source, rate)
        check_different(recordings)
        unknown = _unknown_samples(recordings)
        if sessions == "gaps":
            recordings = split_at_gaps(recordings)
        groups, left_out = self._streams_of(recordings)
        learner = Learner(
            k=self.n_components, engine=self.engine, seed=self.seed, adaptation=self.adaptation, features=self.features
        )
        models, windows = [], []
        for channels in groups:
            names = [channel.name for channel in channels]
            own = [recording for recording in recordings if set(names) <= set(recording.names)]
            frames, limits = healthy_frames(channels, self.window, own)
            models.append(learner.learn(channels, self.window, frames, limits))
            windows.append(sum(map(len, frames)))
        limits = [self._limit(model, len(recordings)) for model in models]
        self.streams, self.limits = models, limits
        self.reset()
        return self._report(windows, len(recordings), left_out, unknown)

    def run(self, source: Any, *, rate: float | None = None) -> Iterator[Result]:
        """Score recordings one after the other, as one stream that goes on.

        Parameters
        ----------
        source : Recording, array, table, file, or a list of these
            What follows; of the channels and rates that were learned.
        rate : float, optional
            Samples a second, where the source does not tell.

        Raises
        ------
        ValueError, TypeError
            A channel is missing, or a rate is another than was learned.
        """
        for recording in as_recordings(source, rate):
            self._check_some(recording)
            for number, model in enumerate(self._learned()):
                names = [channel.name for channel in model.channels]
                if not set(names) & set(recording.names):
                    continue
                self._check_channels(recording, names, model.rate)
                yield from self._push(number, recording.times, recording.only(names).values)

    def update(self, channel: str, t: Any, values: Any) -> list[Result]:
        """Score samples of one channel as they come, in chunks of any size.

        Parameters
        ----------
        channel : str
            Its name.
        t : float or array_like of shape (n,)
            Times, seconds; of a waveform the first is enough.
        values : float or array_like of shape (n,)
            Samples.

        Returns
        -------
        list of Result
            Of the windows that are complete now. Rows of level channels wait until each channel has got so far, or
            `flush` is called.

        Raises
        ------
        ValueError
            No such channel was learned.
        """
        number, column = self._place(channel)
        values = np.atleast_1d(np.asarray(values, np.float64))
        times = np.atleast_1d(np.asarray(t, np.float64))
        if self.streams[number].channels[0].kind == "waveform":
            return list(self._push(number, times[:1], values[:, None]))
        if times.shape != values.shape:
            raise ValueError(f"t and values must be equally many, got {times.shape} and {values.shape}")
        rows = self._rows[number]
        rows.add(column, times, values)
        return list(self._push(number, *rows.complete()))

    def flush(self, until: float = np.inf) -> list[Result]:
        """Score rows of level channels that not every channel has reached, `until` a time; the others are missing."""
        found = []
        for number, rows in self._rows.items():
            found += self._push(number, *rows.complete(until))
        return found

    def explain(self, alarm: Alarm) -> Explanation:
        """Return the account of an alarm's worst window."""
        return Explanation(**alarm.explanation)

    @property
    def checked_share(self) -> float:
        """Share of the windows of a hybrid engine's run that were scored again digitally; NaN before there are any."""
        checked = sum(run.checked for run in self._runs)
        return sum(run.critical for run in self._runs) / checked if checked else math.nan

    def reset(self) -> None:
        """Forget what was run, and start again from what was learned."""
        pairs = list(zip(self.streams, self.limits, strict=True))
        self._runs = [StreamRun(model, self.adaptation, float(np.log(limit)), len(pairs)) for model, limit in pairs]
        facts = self.hash, type(self.engine).__name__.lower()
        self._trackers = [AlarmTracker(model.name, self.alarm_plan, *facts) for model in self.streams]
        levels = [n for n, model in enumerate(self.streams) if model.channels[0].kind == "level"]
        self._places = {
            channel.name: (number, column)
            for number, model in enumerate(self.streams)
            for column, channel in enumerate(model.channels)
        }
        self._rows = {n: _Rows(len(self.streams[n].channels), self.streams[n].rate) for n in levels}
        self.alarms, self.raised, self.worst = [], 0, {}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to the file `path`, whole or not at all.

        Raises
        ------
        OSError
            The folder is not there, not writable or full.
        """
        self._learned()
        write_monitor(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, engine: str | Engine | None = None) -> Monitor:
        """Read a model that `save` has written.

        Parameters
        ----------
        path : str or path
            The file.
        engine : str or Engine, optional
            Another solver than the model was learned with; its limit is that of the other.

        Raises
        ------
        DataError
            The file is damaged, foreign or of a newer version.
        OSError
            It cannot be read.
        """
        return read_monitor(cls, path, engine)

    @property
    def hash(self) -> str:
        """Hash of what was learned, 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for model, limit in zip(self.streams, self.limits, strict=True):
            digest.update(repr((model.channels, model.window, limit, self.adaptation)).encode())
            for group in model.groups:
                for array in (group.center, group.scale, group.factors, group.mean, group.spread):
                    digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    def state(self) -> dict[str, Any]:
        """Return all that the next results depend on, as JSON takes it."""
        return {
            "model": self.hash,
            "runs": [run.state() for run in self._runs],
            "trackers": [tracker.state() for tracker in self._trackers],
            "rows": {str(number): rows.state() for number, rows in self._rows.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of the same model.

        Raises
        ------
        ValueError
            It is of another model, or none.
        """
        if state.get("model") != self.hash:
            raise ValueError(f"state must be of model {self.hash}, is of {str(state.get('model'))[:40]}")
        try:
            for run, one in zip(self._runs, state["runs"], strict=True):
                run.restore(one)
            for tracker, one in zip(self._trackers, state["trackers"], strict=True):
                tracker.restore(one)
            for number, rows in self._rows.items():
                rows.restore(state["rows"][str(number)])
            self.alarms = [alarm for tracker in self._trackers for alarm in tracker.still_open()]
            self.raised, self.worst = 0, {}
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(f"state must be what Monitor.state returns: {error!r}") from None

    def _learned(self) -> list[StreamModel]:
        if not self.streams:
            raise ValueError("the monitor has learned nothing yet; call learn first")
        return self.streams

    def _streams_of(self, recordings: list[Recording]) -> tuple[list[tuple[Channel, ...]], list[str]]:
        """Return channels by stream, and what is left out."""
        levels: list[Channel] = []
        waveforms: list[Channel] = []
        left_out: list[str] = []
        found: dict[str, float] = {}
        for recording in recordings:
            for name in recording.names:
                rate = found.setdefault(name, recording.rate)
                if abs(recording.rate / rate - 1) > _RATE_TOLERANCE:
                    raise ValueError(
                        f"{recording.source}: rate of {name} must be {rate:.6g} Hz as before, got {recording.rate:.6g}"
                        " Hz; a filter between rates looks like a fault: record or resample all alike"
                    )
        missing = set(self.channels or ()) - set(found)
        if missing:
            raise ValueError(f"channels must be among {', '.join(found)}, got {', '.join(sorted(missing))}")
        for name, rate in found.items():
            if self.channels is not None and name not in self.channels:
                continue
            own = [recording.only((name,)).values for recording in recordings if name in recording.names]
            reason = _unusable(np.concatenate(own))
            if reason:
                left_out.append(f"{name}: {reason}")
                continue
            kind = self.channels[name] if self.channels else "waveform" if rate >= WAVEFORM_RATE else "level"
            (waveforms if kind == "waveform" else levels).append(Channel(name, kind, rate))
        if not levels and not waveforms:
            raise ValueError(f"no channel is left: {'; '.join(left_out)}")
        by_rate: dict[float, list[Channel]] = {}
        for channel in levels:
            by_rate.setdefault(channel.rate, []).append(channel)
        return [tuple(part) for part in by_rate.values()] + [(channel,) for channel in waveforms], left_out

    def _limit(self, model: StreamModel, sessions: int) -> float:
        """Return the limit of a stream.

        Raises
        ------
        RateError
            The rate cannot be supported.
        """
        hop = 1 / model.rate if model.channels[0].kind == "level" else model.seconds / 4
        needed = self.wanted.needed(model.seconds)
        if model.disjoint < needed and not self.accept_rate:
            raise RateError(_refusal(self.wanted, model, needed, sessions))
        if needed and model.growth > _MOST_GROWTH and not self.accept_rate:
            raise RateError(
                f"{model.name}: false_alarms of {self.wanted.text} cannot be promised: {_growing(model)}. Record it "
                "once it has settled, or let adapt follow it faster (accept_rate=True takes the rate all the same)"
            )
        return self.wanted.limit(hop, model.disjoint)

    def _report(self, windows: list[int], sessions: int, left_out: list[str], unknown: dict[str, str]) -> LearnReport:
        streams = {}
        for model, limit, count in zip(self.streams, self.limits, windows, strict=True):
            streams[model.name] = {
                "channels": [channel.name for channel in model.channels],
                "rate": model.rate,
                "windows": count,
                "disjoint": model.disjoint,
                "groups": [group.plan.name for group in model.groups],
                "limit": limit,
            }
        kept = max(self.limits)
        words = f"{100 * kept:.3g} % of windows" if self.wanted.per_second is None else self.wanted.text
        learned = [channel.name for model in self.streams for channel in model.channels]
        notes = [f"{name}: {unknown[name]}" for name in learned if name in unknown]
        if self.wanted.text == "auto":
            words += " (the lowest that this recording shows by itself)"
        notes += [f"{model.name}: {_growing(model)}" for model in self.streams if model.growth > _MOST_GROWTH]
        if self.accept_rate:
            notes.append("the rate was taken as asked, supported or not")
        return LearnReport(streams=streams, sessions=sessions, rate=words, left_out=tuple(left_out), notes=tuple(notes))

    def _check_some(self, recording: Recording) -> None:
        learned = [channel.name for model in self._learned() for channel in model.channels]
        if not set(learned) & set(recording.names):
            told, got = (", ".join(names)[:_LONGEST_NAMES] for names in (learned, recording.names))
            raise ValueError(f"{recording.source}: channels must include some of {told}, which were learned, got {got}")

    def _check_channels(self, recording: Recording, names: list[str], rate: float) -> None:
        lacking = [name for name in names if name not in recording.names]
        if lacking:
            raise ValueError(f"{recording.source}: channels must include {', '.join(lacking)}, which were learned")
        if abs(recording.rate / rate - 1) > _RATE_TOLERANCE:
            raise ValueError(
                f"{recording.source}: rate must be {rate:.6g} Hz, as was learned, got {recording.rate:.6g} Hz; "
                "a filter between rates looks like a fault: record at the same rate, or learn anew"
            )

    def _place(self, channel: str) -> tuple[int, int]:
        self._learned()
        if channel not in self._places:
            raise ValueError(f"channel must be one of {', '.join(self._places)}, got {channel!r}")
        return self._places[channel]

    def _push(self, number: int, times: Any, values: np.ndarray) -> Iterator[Result]:
        run = self._runs[number]
        for frames in run.framer.parts(np.asarray(times, np.float64), values):
            if not len(frames):
                continue
            scores = run.scored(frames)
            sizes = _channel_sizes(self.streams[number], scores).tolist()
            for row, joint in enumerate(run.joint(scores.log_p).tolist()):
                yield self._result(number, scores, row, joint, sizes[row])

    def _result(self, number: int, scores: Scores, row: int, joint: float, sizes: list[float]) -> Result:
        model, run, tracker, limit = (
            self.streams[number],
            self._runs[number],
            self._trackers[number],
            self.limits[number],
        )
        time, state = float(scores.times[row]), scores.states[row]
        known = state == "ok" and joint == joint
        beyond = known and joint < run.log_limit
        log10 = joint / _LN10 if known else None
        alarm = tracker.window(time, log10, beyond)
        if alarm is not None and alarm.closed is None and beyond:
            alarm.explanation = explain_window(model, run, scores, row, alarm).facts()
            self.worst[alarm.id] = {name: part[row].copy() for name, part in scores.features.items()}
        drifted = scores.drifted[row]
        if alarm is None:  # a result tells one; what has drifted stays so until the next
            alarm = tracker.drift(time, run.adapts and bool(drifted.any()))
            if alarm is not None:
                names = [channel.name for channel, far in zip(model.channels, drifted, strict=True) if far]
                alarm.explanation = alarm.explanation or Explanation.of_drift(names, time).facts()
        if alarm is not None:
            self._remember(alarm)
        shown = "alarm" if beyond else state if known or state != "ok" else "missing"
        p = math.exp(joint) if known else np.nan
        score = np.nan if log10 is None else -log10
        names = [channel.name for channel in model.channels] if known else []
        return Result(time, model.name, score, p, limit, shown, dict(zip(names, sizes, strict=False)), alarm)

    def _remember(self, alarm: Alarm) -> None:
        """Keep an alarm, and forget the oldest closed one of too many."""
        if any(alarm is known for known in reversed(self.alarms)):
            return
        self.alarms.append(alarm)
        self.raised += 1
        if len(self.alarms) > _MOST_ALARMS:
            oldest = next(place for place, one in enumerate(self.alarms) if one.closed is not None or one is alarm)
            self.worst.pop(self.alarms.pop(oldest).id, None)


class _Rows:
    """Samples of level channels that come one by one, put together to rows."""

    def __init__(self, channels: int, rate: float) -> None:
        self._waiting: dict[int, tuple[float, list[float]]] = {}
        self._reached = [-(2**62)] * channels
        self._rate, self._done = rate, -(2**62)

    def add(self, column: int, times: np.ndarray, values: np.ndarray) -> None:
        for time, value in zip(times.tolist(), values.tolist(), strict=True):
            slot = round(time * self._rate)
            if slot <= self._done:
                continue
            row = self._waiting.setdefault(slot, (time, [np.nan] * len(self._reached)))
            row[1][column] = value
            self._reached[column] = max(self._reached[column], slot)

    def complete(self, until: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        last = min(self._reached) if until is None else np.inf if np.isinf(until) else round(until * self._rate)
        slots = sorted(slot for slot in self._waiting if slot <= last)
        rows = [self._waiting.pop(slot) for slot in slots]
        self._done = slots[-1] if slots else self._done
        values = np.array([row[1] for row in rows]).reshape(len(rows), len(self._reached))
        return np.array([row[0] for row in rows]), values

    def state(self) -> dict[str, Any]:
        waiting = [[slot, time, values] for slot, (time, values) in sorted(self._waiting.items())]
        return {"waiting": waiting, "reached": self._reached, "done": self._done}

    def restore(self, state: dict[str, Any]) -> None:
        self._waiting = {int(slot): (float(time), list(values)) for slot, time, values in state["waiting"]}
        self._reached, self._done = [int(slot) for slot in state["reached"]], int(state["done"])


def _feature_names(features: Any) -> tuple[str, ...]:
    from mho.monitor.group import PLANS

    names = (features,) if isinstance(features, str) else tuple(features)
    for name in names:
        checks.one_of(name, "features", tuple(PLANS))
    return names


def _unknown_samples(recordings: Sequence[Recording]) -> dict[str, str]:
    """Return the samples that a channel lacks, in words, by the name of each that lacks any."""
    counts: dict[str, np.ndarray] = {}
    for recording in recordings:
        for name, missing in zip(recording.names, np.isnan(recording.values).sum(axis=0), strict=True):
            counts[name] = counts.get(name, np.zeros(2, int)) + np.array([missing, len(recording)])
    return {
        name: f"{missing:,} of {whole:,} samples are missing (empty, text or NaN)"
        for name, (missing, whole) in counts.items()
        if missing
    }


def _unusable(values: np.ndarray) -> str:
    """Return why a channel cannot be learned, if it cannot."""
    known = values[~np.isnan(values)]
    if not known.size:
        return "no sample is known"
    return "constant" if known.min() == known.max() else ""


def _refusal(wanted: WantedRate, model: StreamModel, needed: float, sessions: int) -> str:
    share = 1.0 if sessions > 1 else 0.75
    seconds = needed * model.seconds / share
    rows = f"{int(np.ceil(round(seconds * model.rate, 6))):,} rows, " if model.channels[0].kind == "level" else ""
    return (
        f"{model.name}: false_alarms of {wanted.text} cannot be promised: that needs {np.ceil(round(needed, 6)):.0f} "
        f"windows of {spoken_seconds(model.seconds)} that do not overlap and that the model has not seen, here are "
        f"{model.disjoint:.1f}. Record {rows}{spoken_seconds(seconds)} in all, or ask for "
        f"{wanted.keepable(model.disjoint, model.seconds)} (accept_rate=True takes the rate all the same)"
    )


def _growing(model: StreamModel) -> str:
    times = f"{model.growth:.1f} times in this recording"
    return f"scores of healthy windows grow with the time since what was learned, {times}"


def _channel_sizes(model: StreamModel, scores: Scores) -> np.ndarray:
    """Return the size (n, c) of each channel's deviation."""
    residual, group = scores.residuals[0], model.groups[0]
    if group.plan.codes:
        residual = (scores.features[group.plan.features] - scores.centers[0]) / group.scale
    parts = (residual * residual).reshape(len(residual), -1, len(model.channels))
    return np.sqrt(np.add.reduce(parts, axis=1) / parts.shape[1])
