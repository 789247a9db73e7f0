"""Servers on the loopback: a socket, and a guard that answers requests with the token, to its own address alone."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["Guard", "listen"]

_MOST_BYTES = 64 * 2**20

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class _TooLargeError(Exception):
    """A request has grown beyond what is read."""


class Guard:
    """An ASGI application that answers its own page alone, with the token, in messages of bearable size.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    token : str
        What each request below /api/ carries; without one, "", none is asked for.
    port : int
        At which it is reached.
    advice : str
        Where the token is to be found.

    Examples
    --------
    >>> from mho.loopback import Guard
    >>> Guard(None, "secret", 8000).hosts == {"127.0.0.1:8000", "localhost:8000"}
    True
    """

    def __init__(self, app: Any, token: str, port: int, advice: str = "") -> None:
        self.app, self.token, self.advice = app, token, advice
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        try:
            await self.app(scope, _capped(receive), send)
        except _TooLargeError:
            await _refuse(send, *_too_large())

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        origin = headers.get("origin")
        if headers.get("host") not in self.hosts:
            return 403, "this server answers on its own address alone"
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return 403, "this server answers its own page alone"
        if self.token and scope["path"].startswith("/api/"):
            given = headers.get("authorization", "").encode("latin-1", "replace")
            if not secrets.compare_digest(given, f"Bearer {self.token}".encode()):
                return 401, f"the token is missing or wrong{self.advice}"
        length = headers.get("content-length", "0")
        return _too_large() if not length.isdigit() or int(length) > _MOST_BYTES else None


def _too_large() -> tuple[int, str]:
    return 413, f"a request must be at most {_MOST_BYTES:,} bytes"


async def _refuse(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _capped(receive: Receive) -> Receive:
    """Stop reading where a request without a stated length grows too long."""
    read = 0

    async def capped() -> Any:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > _MOST_BYTES:
            raise _TooLargeError
        return message

    return capped


def listen(port: int) -> socket.socket:
    """Return a socket on the loopback.

    Parameters
    ----------
    port : int
        0: any that is free.

    Raises
    ------
    OSError
        The port is in use.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer waits 40 ms for the last one's receipt
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
        bound.listen()  # a browser that comes before the server waits
    except OSError:
        bound.close()
        raise
    return bound
