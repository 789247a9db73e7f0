"""Server of the instrument: raw SCPI over TCP on the loopback, a thread for each client."""

from __future__ import annotations

import re
import socket
import threading
import time
from types import TracebackType
from typing import Self

from mho.instrument.board import Board
from mho.instrument.client import Device
from mho.instrument.session import Session
from mho.loopback import listen

__all__ = ["MOST_CLIENTS", "InstrumentServer"]

MOST_CLIENTS = 16

_CHUNK = 1 << 16
_POLL_SECONDS = 0.5
"""Time in which the server sees an interrupt where a signal does not wake it."""

_SEND_SECONDS = 60.0
"""Time that a client has to take an answer in, before it is taken to be gone."""

_BROWSER = re.compile(rb"[A-Z]{3,8} (?:/|[a-z]+:)")
"""Begin of what a page of a browser may send to any port of this machine, however long its address is."""


class InstrumentServer:
    r"""SCPI at a port of the loopback in front of one board.

    Parameters
    ----------
    board : Board
        A real one, or `SimulatedBoard`.
    port : int
        0: any that is free. 5025 is the registered one of raw SCPI.
    patience : float
        Time after which a message that has begun and does not go on is dropped, seconds.
    idle : float
        Silence after which a client loses its place to a new one where all `MOST_CLIENTS` are taken, seconds.

    Attributes
    ----------
    resource : str
        VISA's name of the instrument.

    Examples
    --------
    >>> import socket
    >>> from mho.instrument import InstrumentServer, SimulatedBoard
    >>> with InstrumentServer(SimulatedBoard("ideal")) as server, socket.create_connection(server.address) as client:
    ...     client.sendall(b"SYST:ERR?\n")
    ...     client.recv(100)
    b'0,"No error"\n'
    """

    def __init__(self, board: Board, port: int = 0, *, patience: float = 10.0, idle: float = 300.0) -> None:
        self.device, self.patience, self.idle = Device(board), patience, idle
        self._socket = listen(port)
        self._socket.settimeout(_POLL_SECONDS)
        self.address: tuple[str, int] = self._socket.getsockname()
        self.resource = f"TCPIP::{self.address[0]}::{self.address[1]}::SOCKET"
        self._closing = threading.Event()
        self._heard: dict[socket.socket, float] = {}  # each client, and when it was heard last
        self._mutex = threading.Lock()

    def __enter__(self) -> Self:
        """Serve in a thread until the block ends."""
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
        self._thread.join()

    def serve(self) -> None:
        """Serve in this thread until `close`, or an interrupt."""
        try:
            while not self._closing.is_set():
                try:
                    client, address = self._socket.accept()
                except TimeoutError:
                    continue
                if self._closing.is_set():
                    client.close()
                    return
                self._admit(client, f"{address[0]}:{address[1]}")
        finally:
            self._socket.close()
            with self._mutex:
                for client in self._heard:
                    _hang_up(client)

    def close(self) -> None:
        """End `serve` and all connections."""
        self._closing.set()
        try:
            socket.create_connection(self.address, timeout=_POLL_SECONDS).close()  # wakes `serve`
        except OSError:  # it has ended already, or sees it when it looks next
            pass

    def _admit(self, client: socket.socket, name: str) -> None:
        with self._mutex:
            if not self._has_room():
                client.close()
                return
            self._heard[client] = time.monotonic()
        threading.Thread(target=self._converse, args=(client, name), daemon=True).start()

    def _has_room(self) -> bool:
        if len(self._heard) < MOST_CLIENTS:
            return True
        quietest = min(self._heard, key=self._heard.__getitem__)
        if time.monotonic() - self._heard[quietest] < self.idle:
            return False
        del self._heard[quietest]
        _hang_up(quietest)
        return True

    def _converse(self, client: socket.socket, name: str) -> None:
        session = Session(self.device, name)
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._serve_client(client, session)
        except OSError:  # it is gone
            pass
        finally:
            session.close()
            with self._mutex:
                self._heard.pop(client, None)
            client.close()

    def _hear(self, client: socket.socket) -> None:
        with self._mutex:
            if client in self._heard:
                self._heard[client] = time.monotonic()

    def _serve_client(self, client: socket.socket, session: Session) -> None:
        first = True
        while not self._closing.is_set():
            client.settimeout(self.patience)
            try:
                data = client.recv(_CHUNK)
                _acknowledge(client)
            except TimeoutError:
                session.time_out()
                continue
            if not data or (first and _BROWSER.match(data)):
                return
            first = False
            self._hear(client)
            client.settimeout(_SEND_SECONDS)
            for answer in session.receive(data):
                client.sendall(answer)


def _acknowledge(client: socket.socket) -> None:
    """Acknowledge what has come at once: pyvisa-py sends 4096 bytes at a time, and would wait 40 ms before the last."""
    if hasattr(socket, "TCP_QUICKACK"):  # Linux, for the next acknowledgement alone
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _hang_up(client: socket.socket) -> None:
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:  # it has hung up itself
        pass
