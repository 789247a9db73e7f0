"""Sessions: one client's messages, status, format and staged data, in front of a device that all clients share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from mho.circuits.errors import ChipError
from mho.instrument.arguments import read_arguments
from mho.instrument.board import Board
from mho.instrument.commands import COMMANDS, Command
from mho.instrument.data_format import DataFormat
from mho.instrument.errors import COMMAND_ERROR, ScpiError
from mho.instrument.headers import spellings
from mho.instrument.message import MessageReader, Unit, units
from mho.instrument.status import Status

__all__ = ["Device", "Session"]

_BY_HEADER = {spelled: command for command in COMMANDS for spelled in spellings(command.header)}


@dataclass
class Device:
    """Board that clients share: one command at a time, and for one client alone while that one holds the lock.

    Attributes
    ----------
    board : Board
        Arrays of cells.
    shapes : dict
        Rows and columns of the matrix in each array that holds one.
    owner : Session or None
        Holder of the lock.
    condition : int
        Condition of the operation register: the bits of what goes on now.

    Examples
    --------
    >>> from mho.instrument import Device, Session, SimulatedBoard
    >>> device = Device(SimulatedBoard("ideal"))
    >>> first, second = Session(device, "first"), Session(device, "second")
    >>> device.request(first), device.request(second)
    (True, False)
    """

    board: Board
    shapes: dict[int, tuple[int, int]] = field(default_factory=dict)
    owner: Session | None = None
    condition: int = 0
    mutex: threading.RLock = field(default_factory=threading.RLock)

    def request(self, session: Session) -> bool:
        """Give the lock to a session unless another has it; return whether it holds it now."""
        with self.mutex:
            if self.owner is None:
                self.owner = session
            return self.owner is session

    def release(self, session: Session) -> bool:
        """Take the lock from a session; return whether it held it."""
        with self.mutex:
            held = self.owner is session
            if held:
                self.owner = None
            return held

    @contextmanager
    def busy(self, bit: int, session: Session) -> Iterator[None]:
        """Set a bit of the operation register while inside; its event is the session's."""
        self.condition |= bit
        session.status.operation.event |= bit
        try:
            yield
        finally:
            self.condition &= ~bit


class Session:
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
        self.device, self.name = device, name
        self.status, self.data, self.reader = Status(), DataFormat(), MessageReader()
        self.answers: list[bytes] = []
        self.clear_staged()

    def clear_staged(self) -> None:
        """Forget the right-hand sides that were sent and the answers to them."""
        self.staged: tuple[int, np.ndarray] | None = None
        self.currents: np.ndarray | None = None
        self.solution: np.ndarray | None = None

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
        self.answers, path = [], ""
        try:
            for unit in units(message):
                command, path = _found(unit.header, path)
                self._guarded(command, unit)
        except ScpiError as error:
            self.status.complain(error)
        answers, self.answers = self.answers, []
        return b";".join(answers) + b"\n" if answers else b""

    def _guarded(self, command: Command, unit: Unit) -> None:
        try:
            answer = self._run(command, unit)
        except ScpiError as error:
            if error.event == COMMAND_ERROR:
                raise
            self.status.complain(error)
        else:
            if answer is not None:
                self.answers.append(answer.encode("ascii", "replace") if isinstance(answer, str) else answer)

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
