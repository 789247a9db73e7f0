"""A log of alarms: one JSON object a line, each event exactly once, whatever is killed when."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mho.data import DataError

__all__ = ["AlarmLog", "read_alarms"]


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
        self._known = {(str(event["id"]), str(event["event"])) for event in _events(self.path)}

    def add(self, event: dict[str, Any]) -> bool:
        """Write an event that is not there yet, and wait for the disk; return whether it was new.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        key = str(event["id"]), str(event["event"])
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
        self._known.add(key)
        return True

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _cut(self) -> int:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        os.ftruncate(self._descriptor, whole)
        return whole


def _events(path: Path) -> list[dict[str, Any]]:
    events = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            event = json.loads(line)
            _ = event["id"], event["event"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise DataError(f"{path}: line {number:,} is no event of an alarm: {line[:40]!r}") from None
        events.append(event)
    return events


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
