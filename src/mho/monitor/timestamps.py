"""Times as tables and messages write them, in seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["TimeReader", "spoken_moment"]

_YEARLESS = re.compile(r"\d{1,2}[-/.]\d{1,2}([ T]|$)|\d{1,2}:\d{2}")
_LOCAL = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(.*)")
_MILLISECONDS, _MICROSECONDS, _NANOSECONDS = 1e11, 1e14, 1e17
"""Numbers from which on a time since 1970 is not in seconds but in these."""


_CALENDAR = 1e8
"""Seconds since 1970 from which on a time is shown as a date."""


def spoken_moment(seconds: float) -> str:
    """Return a time as a date, or in seconds where it is none."""
    if seconds < _CALENDAR:
        return f"{seconds:.6g} s"
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00") + " UTC"


class TimeReader:
    """Reader of one column of times, all written alike.

    The first time decides: with a zone or without, a number or a date. Without a zone times count as UTC.
    """

    def __init__(self) -> None:
        self._zoned: bool | None = None
        self._unit = 0.0

    def seconds(self, text: str) -> float:
        """Return a time in seconds since 1970, or since whatever zero is.

        Raises
        ------
        ValueError
            It is no time, lacks a year, or is written in another way than the first one.
        """
        text = text.strip().strip('"')
        try:
            number = float(text)
        except ValueError:
            return self._date(text)
        if self._zoned is not None:
            raise ValueError(f"times must be written alike, got the number {text[:40]!r} after a date")
        if not self._unit:
            size = abs(number)
            limits = (_NANOSECONDS, 1e-9), (_MICROSECONDS, 1e-6), (_MILLISECONDS, 1e-3)
            self._unit = next((unit for limit, unit in limits if size >= limit), 1.0)
        if number != number or abs(number) == float("inf"):
            raise ValueError(f"times must be finite, got {text[:40]!r}")
        return number * self._unit

    def _date(self, text: str) -> float:
        if self._unit:
            raise ValueError(f"times must be written alike, got {text[:40]!r} after a number")
        if _YEARLESS.match(text):
            raise ValueError(f"times must have a year, got {text[:40]!r}")
        local = _LOCAL.fullmatch(text)
        iso = f"{local[3]}-{int(local[2]):02}-{int(local[1]):02}{local[4]}" if local else text
        try:
            moment = datetime.fromisoformat(iso)
        except ValueError:
            raise ValueError(f"times must be seconds or dates such as 2026-01-31 12:00:00, got {text[:40]!r}") from None
        if local and int(local[1]) <= 12 and int(local[2]) <= 12 and local[1] != local[2] and "/" in text:
            raise ValueError(f"times must tell day from month, got {text[:40]!r}; write 2026-01-31")
        zoned = moment.tzinfo is not None
        if self._zoned not in (None, zoned):
            raise ValueError(f"times must all have a zone or none, got {text[:40]!r}")
        self._zoned = zoned
        return (moment if zoned else moment.replace(tzinfo=UTC)).timestamp()
