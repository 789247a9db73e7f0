"""Messages of sensors: JSON, plain numbers, Influx line protocol, raw little-endian blocks."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.monitor.timestamps import TimeReader

__all__ = ["RAW", "Samples", "read_payload"]

RAW = ("<i2", "<f4")
_TIMES = ("t", "time", "ts", "timestamp")
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
    """

    channel: str
    time: float
    values: np.ndarray
    rate: float | None = None


def read_payload(topic: str, payload: bytes, arrived: float, *, raw: str = "") -> list[Samples]:
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

    Raises
    ------
    ValueError
        It is none of these.
    """
    name = topic.rsplit("/", 1)[-1]
    if raw:
        size = np.dtype(raw).itemsize
        if not payload or len(payload) % size:
            raise ValueError(f"{topic}: a raw block must have a multiple of {size} bytes, got {len(payload)}")
        return [Samples(name, arrived, np.frombuffer(payload, raw).astype(np.float64))]
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise ValueError(f"{topic}: a message must be text, or raw blocks that an option tells") from None
    if text.startswith("{"):
        return _json(topic, name, text, arrived)
    number = _number(text)
    if number is not None:
        return [Samples(name, arrived, np.array([number]))]
    return _line_protocol(topic, text, arrived)


def _json(topic: str, name: str, text: str, arrived: float) -> list[Samples]:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"{topic}: must be JSON, got {text[:40]!r}") from None
    time = next((facts.pop(key) for key in _TIMES if key in facts), None)
    seconds = arrived if time is None else TimeReader().seconds(str(time))
    if "v" in facts or "value" in facts:
        values = _values(topic, facts.get("v", facts.get("value")))
        rate = facts.get("rate")
        if rate is not None and not (isinstance(rate, int | float) and 0 < rate < math.inf):
            raise ValueError(f"{topic}: rate must be above 0, got {str(rate)[:40]}")
        return [Samples(str(facts.get("ch", name)), seconds, values, rate)]
    whole = facts.get("ch")
    named = whole if isinstance(whole, dict) else facts
    return [Samples(str(key), seconds, _values(topic, value)) for key, value in named.items()]


def _values(topic: str, value: Any) -> np.ndarray:
    many = value if isinstance(value, list) else [value]
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


def _line_protocol(topic: str, text: str, arrived: float) -> list[Samples]:
    found = []
    for line in text.splitlines():
        parts = line.strip().split(" ")
        if len(parts) not in (2, 3) or "=" not in parts[1]:
            raise ValueError(f"{topic}: must be JSON, a number or Influx line protocol, got {line[:40]!r}")
        seconds = TimeReader().seconds(parts[2]) if len(parts) == 3 else arrived
        for pair in parts[1].split(","):
            key, _, value = pair.partition("=")
            found.append(Samples(key, seconds, np.array([_number(value.rstrip("iu")) or np.nan], np.float64)))
            if _number(value.rstrip("iu")) == 0:
                found[-1].values[0] = 0.0
    return found
