"""Live view: the latest frame, masks burnt in, and the status, for browsers on this machine alone."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import numpy as np

from mho.camera.clip_file import thumbnail_jpeg
from mho.camera.grid import Grid

__all__ = ["LiveView"]

_HOST = "127.0.0.1"
_WIDTH = 1280
_ASKED_SECONDS = 10.0
"""Time after the last question for which frames are still taken: a view that nobody looks at costs nothing."""


class LiveView:
    """Server of one page at a port of 127.0.0.1.

    Parameters
    ----------
    port : int
        0: any that is free.
    grid : Grid
        Whose masks are burnt in.

    Attributes
    ----------
    port : int

    Raises
    ------
    OSError
        The port is taken.
    """

    def __init__(self, port: int, grid: Grid) -> None:
        self._grid, self._frame, self._asked = grid, None, 0.0
        self._status: dict[str, Any] = {}
        self._server = ThreadingHTTPServer((_HOST, port), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def show(self, luma: np.ndarray) -> None:
        """Take a frame (h, w), uint8, if somebody looks; it is not changed."""
        if time.monotonic() < self._asked + _ASKED_SECONDS:
            self._frame = self._grid.reduced(luma)

    def tell(self, status: dict[str, Any]) -> None:
        """Take figures of the run."""
        self._status = status

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def _answer(self, path: str) -> tuple[str, bytes] | None:
        """Return the content type and body of a path; None if there is none."""
        if path == "/":
            return "text/html; charset=utf-8", _PAGE.encode()
        if path == "/status.json":
            return "application/json", json.dumps(self._status).encode()
        if path == "/frame.jpg":
            self._asked, frame = time.monotonic(), self._frame
            return None if frame is None else ("image/jpeg", thumbnail_jpeg(frame, width=_WIDTH))
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        view = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = self.headers.get("Host", "").rpartition(":")[0]
                if host not in (_HOST, "localhost"):  # a page elsewhere whose name was made to point here
                    return self.send_error(403)
                answer = view._answer(self.path.partition("?")[0])
                if answer is None:
                    return self.send_error(404)
                kind, body = answer
                self.send_response(200)
                for name, value in (("Content-Type", kind), ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Camera</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }
img { width: 100%; background: #888; }
</style>
<img id="frame" alt="latest frame"><p id="status" role="status"></p>
<script>
const frame = document.getElementById("frame"), status = document.getElementById("status");
async function look() {
  try {
    const answer = await fetch("frame.jpg?" + Date.now());
    if (answer.ok) {
      const old = frame.src;
      frame.src = URL.createObjectURL(await answer.blob());
      URL.revokeObjectURL(old);
    }
    const told = await (await fetch("status.json")).json();
    status.textContent = told.source === undefined ? "no frame yet" :
      `${told.source}: ${told.seconds} s, kept ${told.kept}, dropped ${told.dropped}, ` +
      `score ${told.score_ms} ms a frame, lag ${told.lag} s`;
  } catch { status.textContent = "the camera has stopped"; }
  setTimeout(look, 500);
}
look();
</script>
</html>
"""
