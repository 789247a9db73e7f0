"""The index of a folder of clips: one line of JSON for each decision and event, each with its own checksum."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

from mho.data.errors import DataError
from mho.data.output import replacing

__all__ = ["Index", "read_index"]

_NAME = "index.jsonl"
_CHECK = ', "check": "'
_LONGEST = 1 << 16


def read_index(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read an index; a last line that was interrupted is left out.

    Raises
    ------
    DataError
        A line is damaged.
    OSError
        It cannot be read.
    """
    return _read(Path(path))[0]


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the rows, and the bytes of the lines that are whole."""
    rows, sound = [], 0
    with path.open("rb") as stream:
        while line := stream.readline(_LONGEST):
            row = _row(line)
            if row is None:
                if line.endswith(b"\n"):
                    raise DataError(f"{path}: is damaged at line {len(rows) + 1}")
                break
            if row["n"] != len(rows):
                raise DataError(f"{path}: is damaged: line {len(rows) + 1} has the number {row['n']}")
            rows.append(row)
            sound += len(line)
    return rows, sound


def _row(line: bytes) -> dict[str, Any] | None:
    """Return the row of a line that is whole."""
    try:
        text = line.decode()
        body, _, check = text.rpartition(_CHECK)
        if check != f'{zlib.crc32(body.encode()):08x}"}}\n':
            return None
        row = json.loads(body + "}")
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("n"), int) else None


class Index:
    """An index that lines are appended to; each is on the disk when `append` returns.

    Parameters
    ----------
    folder : Path
        Of the clips.

    Attributes
    ----------
    rows : list of dict
        All lines.

    Raises
    ------
    DataError
        A line is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / _NAME
        self.rows: list[dict[str, Any]] = []
        if self.path.exists():
            self.rows, sound = _read(self.path)
            if sound < self.path.stat().st_size:
                os.truncate(self.path, sound)
        else:
            with replacing(self.path):
                pass
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)

    def append(self, row: dict[str, Any]) -> dict[str, Any]:
        """Write a line; return it with its number.

        Raises
        ------
        OSError
            The disk is full or gone; the index is as before.
        """
        row = {"n": len(self.rows), **row}
        body = json.dumps(row, ensure_ascii=False)[:-1]
        line = f'{body}{_CHECK}{zlib.crc32(body.encode()):08x}"}}\n'.encode()
        size = os.fstat(self._descriptor).st_size
        try:
            if os.write(self._descriptor, line) < len(line):
                raise OSError(28, os.strerror(28), str(self.path))
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise
        self.rows.append(row)
        return row

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
