"""A log of alarms: one JSON object a line, each event exactly once, whatever is killed when."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mho.data import DataError

__all__ = ["AlarmLog", "read_alarms"]

_REMEMBERED = 10_000
"""Events, the latest, of which none is written twice: a restart repeats those since the last snapshot alone."""

_CHUNK = 1 << 16


class AlarmLog:
    """A file of alarm events.

    Parameters
    ----------
    path : str or path
        Made if it is not there. A last line that was interrupted is cut off.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        size = self._cut()
        os.lseek(self._descriptor, size, os.SEEK_SET)
        latest = deque((_key(event) for event in _events(self.path)), _REMEMBERED)
        self._known = dict.fromkeys(latest)

    def add(self, event: dict[str, Any]) -> bool:
        """Write an event that is not there yet, and wait for the disk; return whether it was new.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        key = _key(event)
        if key in self._known:
            return False
        begin = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        try:
            view = memoryview((json.dumps(event) + "\n").encode())
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, begin)
            os.lseek(self._descriptor, begin, os.SEEK_SET)
            raise
        self._known[key] = None
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _cut(self) -> int:
        """Cut off what follows the last whole line; return the size that is left."""
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        while end:
            begin = max(0, end - _CHUNK)
            os.lseek(self._descriptor, begin, os.SEEK_SET)
            whole = os.read(self._descriptor, end - begin).rfind(b"\n") + 1
            if whole:
                end = begin + whole
                break
            end = begin
        os.ftruncate(self._descriptor, end)
        return end


def _key(event: dict[str, Any]) -> tuple[str, str]:
    return str(event["id"]), str(event["event"])


def _events(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                event = json.loads(line)
                _ = event["id"], event["event"]
            except (ValueError, KeyError, TypeError, RecursionError):
                raise DataError(f"{path}: line {number:,} is no event of an alarm: {line[:40]!r}") from None
            yield event


def read_alarms(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Return the latest event of each alarm, by its id.

    Raises
    ------
    DataError
        A line is no event.
    OSError
        The file cannot be read.
    """
    return {str(event["id"]): event for event in _events(Path(path))}
