"""Alarms: opened after windows beyond the limit, closed after windows within it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Alarm", "AlarmPlan", "AlarmTracker"]


@dataclass(eq=False)
class Alarm:
    """An episode.

    Attributes
    ----------
    id : str
        Hash of model, stream and opening window: the same after a restart.
    stream : str
        Waveform channel, or "levels".
    kind : str
        "score"; "drifted", the machine has moved further than it is followed; or "stuck", beyond the limit so long
        that what was learned may no longer hold.
    opened : float
        End of the first window, seconds.
    closed : float or None
        None while it is open.
    p, score : float
        Lowest probability, and its negative decimal logarithm.
    windows : int
        Windows beyond the limit.
    explanation : dict
        Of the worst window so far.
    model, engine : str
        Hash of the model, name of the engine.

    Examples
    --------
    >>> from mho.monitor import Alarm
    >>> Alarm("0123", "acc", "score", opened=60.0, p=1e-4, score=4.0).closed is None
    True
    """

    id: str
    stream: str
    kind: str
    opened: float
    closed: float | None = None
    p: float = 1.0
    score: float = 0.0
    windows: int = 0
    explanation: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    engine: str = ""

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class AlarmPlan:
    """Opening and closing.

    Attributes
    ----------
    hold : int
        Windows beyond the limit, one after the other, that open an alarm.
    clear : int
        Windows within it that close one.
    stuck_seconds : float
        Open for so long, the model is said to be stuck.
    """

    hold: int = 1
    clear: int = 30
    stuck_seconds: float = 3600.0


class AlarmTracker:
    """Alarms of one stream, one open at a time.

    Parameters
    ----------
    stream : str
        Waveform channel, or "levels".
    plan : AlarmPlan
        When an alarm opens and closes.
    model, engine : str
        What alarms carry.
    """

    def __init__(self, stream: str, plan: AlarmPlan, model: str, engine: str) -> None:
        self.stream, self.plan, self.model, self.engine = stream, plan, model, engine
        self.open: Alarm | None = None
        self._beyond, self._within = 0, 0
        self._first = 0.0
        self._drifted: Alarm | None = None

    def window(self, time: float, log10_p: float | None, beyond: bool) -> Alarm | None:
        """Take in one window; return the alarm that it opened or closed, or that it made worse, if any."""
        if log10_p is None:
            return None
        if not beyond:
            self._beyond = 0
            self._within += 1
            if self.open is not None and self._within >= self.plan.clear:
                alarm, self.open = self.open, None
                alarm.closed = time
                return alarm
            return None
        self._first = time if not self._beyond else self._first
        self._beyond, self._within = self._beyond + 1, 0
        if self.open is None and self._beyond >= self.plan.hold:
            self.open = self._new("score", self._first)
            self.open.windows = self._beyond - 1
        if self.open is None:
            return None
        self.open.windows += 1
        if -log10_p > self.open.score:
            self.open.score, self.open.p = -log10_p, 10.0 ** max(log10_p, -300.0)
            return self.open
        return self._stuck(time)

    def drift(self, time: float, drifted: bool) -> Alarm | None:
        """Take in whether the centre has reached its bound; return the alarm that this opened or closed, if any."""
        if drifted and self._drifted is None:
            self._drifted = self._new("drifted", time)
            return self._drifted
        if not drifted and self._drifted is not None:
            alarm, self._drifted = self._drifted, None
            alarm.closed = time
            return alarm
        return None

    def _stuck(self, time: float) -> Alarm | None:
        assert self.open is not None
        if self.open.kind == "score" and time - self.open.opened > self.plan.stuck_seconds:
            self.open.kind = "stuck"
            return self.open
        return None

    def _new(self, kind: str, time: float) -> Alarm:
        identity = f"{self.model} {self.stream} {kind} {time!r}"
        name = hashlib.sha256(identity.encode()).hexdigest()[:16]
        return Alarm(name, self.stream, kind, time, model=self.model, engine=self.engine)

    def still_open(self) -> list[Alarm]:
        """Return the alarms that are open."""
        return [alarm for alarm in (self.open, self._drifted) if alarm is not None]

    def state(self) -> dict[str, Any]:
        """Return all that the next alarms depend on, as JSON takes it."""
        alarms = [alarm.facts() if alarm else None for alarm in (self.open, self._drifted)]
        return {"alarms": alarms, "beyond": self._beyond, "within": self._within, "first": self._first}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.open, self._drifted = (Alarm(**facts) if facts else None for facts in state["alarms"])
        self._beyond, self._within, self._first = int(state["beyond"]), int(state["within"]), float(state["first"])
