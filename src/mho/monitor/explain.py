"""Explanation of an alarm: channel, feature group, the entries that deviate most, the nearest healthy window."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mho import checks
from mho.monitor.waveform import WaveformFeatures

if TYPE_CHECKING:
    from mho.monitor.alarms import Alarm
    from mho.monitor.group import Group
    from mho.monitor.stream import Scores, StreamModel, StreamRun

__all__ = ["Bearing", "Explanation", "explain_window"]

_SHOWN = 3
_HARMONICS = 3
_NEAR_HERTZ = 2.0
_NEAR_SHARE = 0.02


@dataclass(frozen=True, kw_only=True)
class Bearing:
    """Geometry of a rolling bearing, for the names of its defect frequencies.

    Attributes
    ----------
    shaft : float
        Revolutions of the inner ring a second.
    balls : int
    ball, pitch : float
        Diameters of a ball and of the pitch circle, in one unit.
    angle : float
        Contact angle, degrees.

    Examples
    --------
    >>> from mho.monitor import Bearing
    >>> bearing = Bearing(shaft=25.0, balls=8, ball=0.235, pitch=1.245)
    >>> {name: round(hertz, 2) for name, hertz in bearing.frequencies().items()}
    {'BPFO': 81.12, 'BPFI': 118.88, 'FTF': 10.14, 'BSF': 63.86}
    """

    shaft: float
    balls: int
    ball: float
    pitch: float
    angle: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shaft", "ball", "pitch"):
            checks.positive_number(getattr(self, name), name)
        checks.positive_int(self.balls, "balls")
        if not self.ball < self.pitch:
            raise ValueError(f"ball must be less than pitch, {self.pitch}, got {self.ball}")

    def frequencies(self) -> dict[str, float]:
        """Return outer race, inner race, cage and ball spin frequencies, Hz (Randall-2011)."""
        ratio = self.ball / self.pitch * np.cos(np.radians(self.angle))
        half = self.shaft / 2
        return {
            "BPFO": float(half * self.balls * (1 - ratio)),
            "BPFI": float(half * self.balls * (1 + ratio)),
            "FTF": float(half * (1 - ratio)),
            "BSF": float(half * self.pitch / self.ball * (1 - ratio**2)),
        }

    def name(self, hertz: float) -> str:
        """Return the defect, harmonic or shaft order that a frequency, `hertz`, belongs to, or nothing."""
        for name, base in {**self.frequencies(), "shaft": self.shaft}.items():
            for order in range(1, _HARMONICS + 1):
                if abs(hertz - order * base) <= max(_NEAR_HERTZ, _NEAR_SHARE * order * base):
                    return name if order == 1 else f"{order} x {name}"
        return ""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An account of an alarm.

    Attributes
    ----------
    channel, group : str
        Where the deviation is largest, and in which features.
    since : float
        Time of the first window of the alarm.
    at : float
        Time of the worst window, which the rest is about.
    entries : list of dict
        The three largest deviations: "what" it is, "hertz" if it has a frequency, "deviations" in healthy deviations.
    code : dict
        The component whose code is most unusual, and its value over the healthy mean.
    nearest : float or None
        Time of the healthy window with the most similar codes.
    slope : float
        Change of the score in an hour since the alarm opened.
    p : dict of str to float
        Decimal logarithm of the probability of each feature group.

    Examples
    --------
    >>> from mho.monitor import Explanation
    >>> print(Explanation(channel="acc", group="envelope", since=0.0, at=9.0, entries=[
    ...     {"what": "envelope 1000-4000 Hz", "hertz": 81.0, "deviations": 9.5}]))
    acc: envelope; envelope 1000-4000 Hz at 81 Hz 9.5 deviations
    """

    channel: str
    group: str
    since: float
    at: float
    entries: list[dict[str, Any]] = field(default_factory=list)
    code: dict[str, Any] = field(default_factory=dict)
    nearest: float | None = None
    slope: float = 0.0
    p: dict[str, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        return asdict(self)

    @classmethod
    def of_drift(cls, channels: list[str], time: float) -> Explanation:
        """Return the account of the centre of some `channels` that has reached its bound at a `time`."""
        entries = [{"what": f"centre of {name} at its bound"} for name in channels]
        return cls(channel=", ".join(channels), group="mean", since=time, at=time, entries=entries)

    def named(self, bearing: Bearing) -> Explanation:
        """Return it with the names of a bearing's frequencies at the entries that have one."""
        entries = [one | ({"name": bearing.name(one["hertz"])} if "hertz" in one else {}) for one in self.entries]
        facts = self.facts()
        facts["entries"] = entries
        return Explanation(**facts)

    def __str__(self) -> str:
        parts = []
        for one in self.entries:
            hertz = f" at {one['hertz']:.4g} Hz" if "hertz" in one else ""
            name = f" ({one['name']})" if one.get("name") else ""
            size = f" {one['deviations']:.3g} deviations" if "deviations" in one else ""
            parts.append(f"{one['what']}{hertz}{name}{size}")
        return f"{self.channel}: {self.group}; {', '.join(parts)}"


def explain_window(model: StreamModel, run: StreamRun, scores: Scores, row: int, alarm: Alarm) -> Explanation:
    """Return the account of one scored window."""
    log_p = scores.log_p[row] / np.log(10.0)
    number = int(np.nanargmin(log_p))
    group = model.groups[number]
    residual = np.nan_to_num(scores.residuals[number][row])
    if model.channels[0].kind == "level":
        residual = _by_channel(group, scores, number, row)
    signed = group.plan.factored or group.plan.two_sided
    order = np.argsort(
        -(np.abs(residual) if signed and group.plan.largest is None and group.plan.adjacent is None else residual),
        kind="stable",
    )
    entries: list[dict[str, Any]] = []
    for place in order.tolist():
        entry = _entry(model, group, place) | {"deviations": float(residual[place])}
        if all(entry["what"] != other["what"] or entry.get("hertz") != other.get("hertz") for other in entries):
            entries.append(entry)
        if len(entries) == _SHOWN:
            break
    code, nearest = _codes(model, run, scores, row)
    span = float(scores.times[row]) - alarm.opened
    names = {one.plan.name: float(value) for one, value in zip(model.groups, log_p, strict=True) if value == value}
    return Explanation(
        channel=entries[0]["channel"],
        group=group.plan.name,
        since=alarm.opened,
        at=float(scores.times[row]),
        entries=[{name: value for name, value in entry.items() if name != "channel"} for entry in entries],
        code=code,
        nearest=nearest,
        slope=float(alarm.score / span * 3600) if span > 0 else 0.0,
        p=names,
    )


def _by_channel(group: Group, scores: Scores, number: int, row: int) -> np.ndarray:
    """Return each channel's deviation from its centre (c,): what an operator can compare with a gauge."""
    features = scores.features[group.plan.features][row]
    return np.nan_to_num((features - scores.centers[number][row]) / group.scale)


def _entry(model: StreamModel, group: Group, place: int) -> dict[str, Any]:
    """Return channel, words and frequency of an entry of the residual."""
    name = group.plan.features
    if model.channels[0].kind == "level":
        channel = model.channels[place % len(model.channels)].name
        return {"channel": channel, "what": f"{name} of {channel}"}
    extract, channel = WaveformFeatures(model.rate), model.channels[0].name
    if name == "envelope":
        hertz = float(extract.envelope_hertz[place])
        return {"channel": channel, "what": extract.envelope_name(place), "hertz": hertz}
    if name == "spectrum":
        hertz = extract.spectrum_hertz
        return {"channel": channel, "what": "spectrum", "hertz": float(hertz[place % len(hertz)])}
    low, high = extract.bands[place]
    return {"channel": channel, "what": f"{name} {low:.0f}-{high:.0f} Hz"}


def _codes(model: StreamModel, run: StreamRun, scores: Scores, row: int) -> tuple[dict[str, Any], float | None]:
    """Return the most unusual code, and the time of the healthy window with the nearest codes."""
    group = model.groups[0]
    features = scores.features[group.plan.features][row]
    if not group.plan.factored or not len(model.examples) or np.isnan(features).any():
        return {}, None
    coded = group.coded(model.examples, group.center)
    healthy = group.codes(coded)
    code = group.codes(group.coded(features[None], scores.centers[0][row]))[0]
    mean, spread = healthy.mean(axis=0), healthy.std(axis=0) + 1e-12
    unusual = int(np.argmax(np.abs(code - mean) / spread))
    nearest = int(np.argmin((((healthy - code) / spread) ** 2).sum(axis=1)))
    ratio = float(code[unusual] / mean[unusual]) if mean[unusual] else float(code[unusual])
    return {"component": unusual, "over_healthy": ratio}, float(model.example_times[nearest])
