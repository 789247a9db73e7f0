"""Messages of sensors: JSON, plain numbers, Influx line protocol, raw little-endian blocks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.monitor.timestamps import TimeReader

__all__ = ["BESIDE", "RAW", "Samples", "read_payload"]

RAW = ("<i2", "<f4")
_TIMES = ("t", "time", "ts", "timestamp")
BESIDE = (*_TIMES, "rate", "ch")
"""Names of what may stand beside a message, in the user properties of MQTT 5."""

_MOST_SAMPLES = 1 << 22


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of one channel in one message.

    Attributes
    ----------
    channel : str
        Its name.
    time : float
        Of the first sample, seconds.
    values : ndarray of shape (n,)
        NaN where missing.
    rate : float or None
        Samples a second, if the message tells.
    timed : bool
        Whether the message tells its time; else `time` is that of its arrival.
    """

    channel: str
    time: float
    values: np.ndarray
    rate: float | None = None
    timed: bool = True


def read_payload(
    topic: str, payload: bytes, arrived: float, *, raw: str = "", told: Mapping[str, str] | None = None
) -> list[Samples]:
    """Return the samples of a message.

    Parameters
    ----------
    topic : str
        Its last part names the channel, where the message does not.
    payload : bytes
        ``{"t": 12.5, "v": [1, 2], "rate": 100}``, ``{"t": 12.5, "flow": 3.2}``, ``21.5``, or
        ``pump flow=3.2 1700000000``.
    arrived : float
        Time of a message that tells none.
    raw : {"", "<i2", "<f4"}
        Kind of numbers, if messages are nothing else.
    told : mapping of str to str, optional
        Time ("t"), "rate" and channel ("ch") that stand beside the message, where it does not tell them itself.

    Raises
    ------
    ValueError
        It is none of these.
    """
    told = told or {}
    name, rate = told.get("ch", topic.rsplit("/", 1)[-1]), _rate(topic, told.get("rate"))
    time, timed = _time(told, (arrived, False))
    if raw:
        size = np.dtype(raw).itemsize
        if not payload or len(payload) % size:
            raise ValueError(f"{topic}: a raw block must have a multiple of {size} bytes, got {len(payload)}")
        return [Samples(name, time, np.frombuffer(payload, raw).astype(np.float64), rate, timed)]
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise ValueError(f"{topic}: a message must be text, or raw blocks that an option tells") from None
    if text.startswith("{"):
        return _json(topic, text, Samples(name, time, np.zeros(0), rate, timed))
    number = _number(text)
    if number is not None:
        return [Samples(name, time, np.array([number]), rate, timed)]
    return _line_protocol(topic, text, (time, timed))


def _time(facts: Mapping[str, Any], otherwise: tuple[float, bool]) -> tuple[float, bool]:
    """Return the time that some facts tell and that they do, or `otherwise`."""
    text = next((facts[key] for key in _TIMES if key in facts), None)
    return otherwise if text is None else (TimeReader().seconds(str(text)), True)


def _rate(topic: str, value: Any) -> float | None:
    if value is None:
        return None
    rate = _number(str(value))
    if rate is None or not 0 < rate < math.inf:
        raise ValueError(f"{topic}: rate must be above 0, got {str(value)[:40]}")
    return rate


def _json(topic: str, text: str, beside: Samples) -> list[Samples]:
    """Read an object; what it does not tell itself stands `beside` it."""
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{topic}: must be JSON, got {text[:40]!r}") from None
    time, timed = _time(facts, (beside.time, beside.timed))
    if "v" in facts or "value" in facts:
        values = _values(topic, facts.get("v", facts.get("value")))
        rate = _rate(topic, facts.get("rate", beside.rate))
        return [Samples(str(facts.get("ch", beside.channel)), time, values, rate, timed)]
    whole = facts.get("ch")
    named = whole if isinstance(whole, dict) else {key: value for key, value in facts.items() if key not in _TIMES}
    return [Samples(str(key), time, _values(topic, value), timed=timed) for key, value in named.items()]


def _values(topic: str, value: Any) -> np.ndarray:
    many = value if isinstance(value, list) else [value]
    if set(map(type, many)) <= {float, int} and len(many) <= _MOST_SAMPLES:  # the usual case: all at once
        with suppress(OverflowError):
            numbers = np.array(many, np.float64)
            return np.where(np.isfinite(numbers), numbers, np.nan)
    if len(many) > _MOST_SAMPLES or any(isinstance(one, list | dict) for one in many):
        raise ValueError(f"{topic}: values must be a number or a list of at most {_MOST_SAMPLES:,}")
    numbers = [_number(str(one)) if not isinstance(one, bool) else float(one) for one in many]
    return np.array([np.nan if number is None else number for number in numbers], np.float64)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else math.nan


def _line_protocol(topic: str, text: str, beside: tuple[float, bool]) -> list[Samples]:
    found = []
    for line in text.splitlines():
        parts = line.strip().split(" ")
        if len(parts) not in (2, 3) or "=" not in parts[1]:
            raise ValueError(f"{topic}: must be JSON, a number or Influx line protocol, got {line[:40]!r}")
        time, timed = (TimeReader().seconds(parts[2]), True) if len(parts) == 3 else beside
        for pair in parts[1].split(","):
            key, _, value = pair.partition("=")
            number = _number(value.rstrip("iu"))
            found.append(Samples(key, time, np.array([np.nan if number is None else number]), timed=timed))
    return found
