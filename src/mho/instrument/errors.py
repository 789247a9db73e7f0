"""Errors of SCPI-99 by number, and the queue that a client reads them from."""

from __future__ import annotations

from collections import deque

__all__ = ["COMMAND_ERROR", "DEVICE_ERROR", "EXECUTION_ERROR", "NO_ERROR", "QUERY_ERROR", "ErrorQueue", "ScpiError"]

_TEXTS = {
    -101: "Invalid character",
    -102: "Syntax error",
    -103: "Invalid separator",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -121: "Invalid character in number",
    -123: "Exponent too large",
    -151: "Invalid string data",
    -161: "Invalid block data",
    -203: "Command protected",
    -221: "Settings conflict",
    -222: "Data out of range",
    -223: "Too much data",
    -224: "Illegal parameter value",
    -225: "Out of memory",
    -230: "Data corrupt or stale",
    -240: "Hardware error",
    -310: "System error",
    -350: "Queue overflow",
    -365: "Time out error",
    -430: "Query DEADLOCKED",
}

NO_ERROR = '0,"No error"'

_LONGEST = 255
"""Characters of an error's text, as SCPI-99 limits it."""

_ROOM = 32
"""Errors that wait at most."""

COMMAND_ERROR, EXECUTION_ERROR, DEVICE_ERROR, QUERY_ERROR = 1 << 5, 1 << 4, 1 << 3, 1 << 2
"""Bits of the standard event status register (IEEE 488.2)."""

_CLASSES = {1: COMMAND_ERROR, 2: EXECUTION_ERROR, 3: DEVICE_ERROR, 4: QUERY_ERROR}


class ScpiError(Exception):
    """Entry of the error queue: a number of SCPI-99, its text, and a sentence about the case.

    Parameters
    ----------
    number : int
        Of SCPI-99, negative.
    detail : str
        The case at hand.

    Examples
    --------
    >>> from mho.instrument import ScpiError
    >>> print(ScpiError(-222, "array must be 1 to 16, got 17"))
    -222,"Data out of range;array must be 1 to 16, got 17"
    """

    def __init__(self, number: int, detail: str = "") -> None:
        self.number, self.detail = number, detail
        super().__init__(number, detail)

    def __str__(self) -> str:
        detail = "".join(c if c.isascii() and c.isprintable() else "?" for c in " ".join(self.detail.split()))
        text = _TEXTS[self.number] + (f";{detail}" if detail else "")
        return f'{self.number},"{text[:_LONGEST].replace(chr(34), chr(39))}"'

    @property
    def event(self) -> int:
        """Bit of the standard event status register that the error sets."""
        return _CLASSES[-self.number // 100]


class ErrorQueue:
    """Errors in the order they came; the last place says that there were more."""

    def __init__(self) -> None:
        self._errors: deque[ScpiError] = deque()

    def __len__(self) -> int:
        return len(self._errors)

    def add(self, error: ScpiError) -> None:
        """Append an error, or -350 in the last place once the queue is full."""
        if len(self._errors) >= _ROOM:
            self._errors[-1] = ScpiError(-350)
        else:
            self._errors.append(error)

    def take(self) -> str:
        """Return the oldest error as SYSTem:ERRor? answers it, and remove it."""
        return str(self._errors.popleft()) if self._errors else NO_ERROR

    def clear(self) -> None:
        """Remove all errors."""
        self._errors.clear()
