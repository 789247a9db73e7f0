"""Status registers of IEEE 488.2 and SCPI-99: events, what is enabled, the status byte."""

from __future__ import annotations

from dataclasses import dataclass, field

from mho.instrument.errors import ErrorQueue, ScpiError

__all__ = ["CURRENT", "MEASURING", "PROGRAMMING", "VOLTAGE", "EventRegister", "Status"]

OPERATION_COMPLETE, POWER_ON = 1 << 0, 1 << 7
"""Bits of the standard event status register."""

MEASURING, PROGRAMMING = 1 << 4, 1 << 8
"""Bits of the operation register: loops settle; an array is written (a bit that SCPI leaves to the designer)."""

VOLTAGE, CURRENT = 1 << 0, 1 << 1
"""Bits of the questionable register: outputs left their range, or their current limit; solved at smaller inputs."""

_ERROR_AVAILABLE, _QUESTIONABLE, _MESSAGE_AVAILABLE = 1 << 2, 1 << 3, 1 << 4
_STANDARD_EVENT, _SUMMARY, _OPERATION = 1 << 5, 1 << 6, 1 << 7


@dataclass
class EventRegister:
    """Events until they are read, and a mask of those that the status byte sums up."""

    event: int = 0
    enable: int = 0

    def take(self) -> int:
        """Return the events, and clear them."""
        event, self.event = self.event, 0
        return event

    @property
    def summary(self) -> bool:
        """Whether an enabled event has come."""
        return bool(self.event & self.enable)


@dataclass
class Status:
    """Status of one client: registers, error queue and status byte."""

    standard: EventRegister = field(default_factory=lambda: EventRegister(POWER_ON))
    operation: EventRegister = field(default_factory=EventRegister)
    questionable: EventRegister = field(default_factory=EventRegister)
    errors: ErrorQueue = field(default_factory=ErrorQueue)
    service: int = 0

    def complain(self, error: ScpiError) -> None:
        """Put an error into the queue and its class into the standard events."""
        self.errors.add(error)
        self.standard.event |= error.event

    def clear(self) -> None:
        """Clear events and errors, as ``*CLS`` does; masks stay."""
        for register in (self.standard, self.operation, self.questionable):
            register.event = 0
        self.errors.clear()

    def byte(self, message_available: bool) -> int:
        """Return the status byte, with the master summary in bit 6.

        Parameters
        ----------
        message_available : bool
            Whether answers of the same message wait to be sent.
        """
        bits = _ERROR_AVAILABLE * bool(self.errors)
        bits |= _QUESTIONABLE * self.questionable.summary
        bits |= _MESSAGE_AVAILABLE * message_available
        bits |= _STANDARD_EVENT * self.standard.summary
        bits |= _OPERATION * self.operation.summary
        return bits | _SUMMARY * bool(bits & self.service)
