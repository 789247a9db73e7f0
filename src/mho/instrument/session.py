"""Sessions: one client's messages, executed in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mho.circuits.errors import ChipError
from mho.instrument.arguments import read_arguments
from mho.instrument.client import Client, Device
from mho.instrument.commands import COMMANDS, Command
from mho.instrument.errors import COMMAND_ERROR, ScpiError
from mho.instrument.headers import spellings
from mho.instrument.message import MessageReader, Unit, units

__all__ = ["Session"]

_MOST_ANSWERS = 1 << 28
"""Bytes of the answers to one message beside its largest, beyond which no more of its commands are executed."""

_BY_HEADER = {spelled: command for command in COMMANDS for spelled in spellings(command.header)}


class Session(Client):
    r"""One client: bytes in, answers out.

    Parameters
    ----------
    device : Device
        Shared with other sessions.
    name : str
        Name of the client where others are told who holds the lock.

    Examples
    --------
    >>> from mho.instrument import Device, Session, SimulatedBoard
    >>> session = Session(Device(SimulatedBoard("ideal")), "me")
    >>> list(session.receive(b"ARR:PROG 1,2,1,1,1;SIZE? 1\nMEAS? 1,1,2,4\n"))
    [b'2,1\n', b'3.0\n']
    >>> list(session.receive(b"ARR:PRGO 1\nSYST:ERR?\n"))
    [b'-113,"Undefined header;there is no command ARR:PRGO; SYSTem:HELP:HEADers? lists them"\n']
    """

    def __init__(self, device: Device, name: str) -> None:
        super().__init__(device, name)
        self.reader = MessageReader()

    def receive(self, data: bytes) -> Iterator[bytes]:
        """Take bytes in and yield the answer to each message that asks for one, its line feed included.

        Parameters
        ----------
        data : bytes
            As they come from the network: parts of messages, or many.
        """
        self.reader.feed(data)
        while True:
            try:
                message = self.reader.take()
            except ScpiError as error:
                self.status.complain(error)
                continue
            if message is None:
                return
            answer = self.execute(message)
            if answer:
                yield answer

    def time_out(self) -> None:
        """Drop a message that has begun and does not go on."""
        if self.reader.pending:
            self.reader.forget()
            self.status.complain(ScpiError(-365, "a message did not end; what had come of it is dropped"))

    def close(self) -> None:
        """Release the lock."""
        self.device.release(self)

    def execute(self, message: bytes) -> bytes:
        """Return the answers to the queries of one message, separated by semicolons and ended by a line feed.

        After a command that is not well formed the rest of the message is dropped; after one that failed it goes on.
        """
        self.answers, path, size, largest = [], "", 0, 0
        try:
            for unit in units(message):
                command, path = _found(unit.header, path)
                added = self._guarded(command, unit)
                size, largest = size + added, max(largest, added)
                if size - largest > _MOST_ANSWERS:
                    self.answers.clear()
                    raise ScpiError(-430, f"answers to one message must be at most {_MOST_ANSWERS:,} bytes; dropped")
        except ScpiError as error:
            self.status.complain(error)
        answers, self.answers = self.answers, []
        return b";".join(answers) + b"\n" if answers else b""

    def _guarded(self, command: Command, unit: Unit) -> int:
        """Execute a command, and return the bytes of its answer."""
        try:
            answer = self._run(command, unit)
        except ScpiError as error:
            if error.event == COMMAND_ERROR:
                raise
            self.status.complain(error)
            return 0
        if answer is None:
            return 0
        self.answers.append(answer.encode("ascii", "replace") if isinstance(answer, str) else answer)
        return len(self.answers[-1])

    def _run(self, command: Command, unit: Unit) -> str | bytes | None:
        arguments = read_arguments(command.arguments, unit.parameters, self.data)
        if not command.uses_board:
            return command.run(self, *arguments)
        with self.device.mutex:
            owner = self.device.owner
            if owner is not None and owner is not self:
                raise ScpiError(-203, f"the instrument is locked by {owner.name}")
            return _translated(lambda: command.run(self, *arguments))


def _found(header: str, path: str) -> tuple[Command, str]:
    """Return the command of a header, and the path that the next one in the message begins at."""
    if header.startswith("*"):
        command, reached = _BY_HEADER.get(header), path
    else:
        whole = header[1:] if header.startswith(":") else path + header
        command, reached = _BY_HEADER.get(whole), whole[: whole.rfind(":") + 1]
    if command is None:
        raise ScpiError(-113, f"there is no command {(path + header)[:60]}; SYSTem:HELP:HEADers? lists them")
    return command, reached


def _translated(work: Callable[[], str | bytes | None]) -> str | bytes | None:
    """Return the answer of the board; its complaints as entries of the error queue."""
    try:
        return work()
    except ScpiError:
        raise
    except ChipError as error:
        raise ScpiError(-240, str(error)) from error
    except MemoryError as error:
        raise ScpiError(-225, "there is not enough memory for it") from error
    except (ValueError, TypeError) as error:
        raise ScpiError(-222, str(error)) from error
    except Exception as error:  # a board's own fault must not end the instrument
        raise ScpiError(-310, f"{type(error).__name__}: {error}") from error
