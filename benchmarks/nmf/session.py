"""A worker process and the conversation with it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from adapter import THREADS

WORKER = Path(__file__).with_name("worker.py")


class Failed(Exception):
    """Why a library has no result."""


class Session:
    """A library on a case, ready to be run.

    Raises
    ------
    Failed
        It is not there, it ended, or it took longer than `limit` seconds.
    """

    def __init__(self, python: str, library: str, case: str, limit: float) -> None:
        self.limit, self.log = limit, tempfile.TemporaryFile("w+")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.log}
        command = [python, str(WORKER), library, case]
        self.process = subprocess.Popen(command, text=True, env=_environment(), **pipes)
        self.facts = self._reply()

    def run(self, iterations: int) -> dict[str, Any]:
        """Fit with that many iterations."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{iterations}\n")
            self.process.stdin.flush()
        except OSError:
            raise Failed(self._last_words()) from None
        return self._reply()

    def close(self) -> None:
        """End the process."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait()
        self.log.close()

    def _reply(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        guard = threading.Timer(self.limit, self.process.kill)
        guard.start()
        line = self.process.stdout.readline()
        late = not guard.is_alive()
        guard.cancel()
        if not line:
            raise Failed(f"took longer than {self.limit:g} s" if late else self._last_words())
        reply = json.loads(line)
        if "missing" in reply:
            raise Failed(f"missing: {reply['missing']}")
        return reply

    def _last_words(self) -> str:
        self.process.wait()
        self.log.seek(0)
        lines = self.log.read().split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "nothing said")
        return f"ended with code {self.process.returncode}: {said[:200]}"


def _environment() -> dict[str, str]:
    names = ("OMP", "OPENBLAS", "MKL", "MHO")
    threads = {f"{name}_NUM_THREADS": str(THREADS) for name in names}
    # A kernel chosen for an old processor would slow the peers.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    return kept | threads | {"SPARK_LOCAL_IP": "127.0.0.1"}
