"""Clients: status, format and staged data of each, and the device that they share, with its lock and condition."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from mho.instrument.board import Board
from mho.instrument.data_format import DataFormat
from mho.instrument.status import Status

__all__ = ["Client", "Device"]


@dataclass
class Device:
    """Board that clients share: one command at a time, and for one client alone while that one holds the lock.

    Attributes
    ----------
    board : Board
        Arrays of cells.
    shapes : dict
        Rows and columns of the matrix in each array that holds one.
    owner : Client or None
        Holder of the lock.
    condition : int
        Condition of the operation register: the bits of what goes on now.
    mutex : RLock
        Held while a command is carried out.

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
    owner: Client | None = None
    condition: int = 0
    mutex: threading.RLock = field(default_factory=threading.RLock)

    def request(self, client: Client) -> bool:
        """Give the lock to a client unless another has it; return whether it holds it now."""
        with self.mutex:
            if self.owner is None:
                self.owner = client
            return self.owner is client

    def release(self, client: Client) -> bool:
        """Take the lock from a client; return whether it held it."""
        with self.mutex:
            held = self.owner is client
            if held:
                self.owner = None
            return held

    @contextmanager
    def busy(self, bit: int, client: Client) -> Iterator[None]:
        """Set a bit of the operation register while inside; its event is the client's."""
        self.condition |= bit
        client.status.operation.event |= bit
        try:
            yield
        finally:
            self.condition &= ~bit


class Client:
    """State of one client, which commands read and change.

    Parameters
    ----------
    device : Device
        Shared with other clients.
    name : str
        Name where others are told who holds the lock.

    Attributes
    ----------
    answers : list of bytes
        Answers of the message at hand.
    staged : tuple or None
        Array and right-hand sides (m, n) that wait for INITiate.
    currents : ndarray or None
        Currents (k, n) beside them.
    solution : ndarray or None
        Answers (k, n) that wait for FETCh?.
    """

    def __init__(self, device: Device, name: str) -> None:
        self.device, self.name = device, name
        self.status, self.data = Status(), DataFormat()
        self.answers: list[bytes] = []
        self.clear_staged()

    def clear_staged(self) -> None:
        """Forget the right-hand sides that were sent and the answers to them."""
        self.staged: tuple[int, np.ndarray] | None = None
        self.currents: np.ndarray | None = None
        self.solution: np.ndarray | None = None
