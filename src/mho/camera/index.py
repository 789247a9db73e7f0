"""The index of a folder of clips: one line of JSON for each decision and event, each with its own checksum."""

from __future__ import annotations

import json
import os
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mho.data.errors import DataError
from mho.data.output import replacing

__all__ = ["Index", "read_index"]

_NAME = "index.jsonl"
_CHECK = ', "check": "'
_LONGEST = 1 << 16
_MARKED = 1000
"""Lines from one known place of the file to the next."""


def read_index(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read an index; a last line that was interrupted is left out.

    Raises
    ------
    DataError
        A line is damaged.
    OSError
        It cannot be read.
    """
    return [row for row, _ in _rows(Path(path))]


def _rows(path: Path, begin: int = 0, number: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """Give the rows of whole lines from a place and its line's number on, and the place after each."""
    with path.open("rb") as stream:
        stream.seek(begin)
        while line := stream.readline(_LONGEST):
            row = _row(line)
            if row is None:
                if line.endswith(b"\n"):
                    raise DataError(f"{path}: is damaged at line {number + 1}")
                return
            if row["n"] != number:
                raise DataError(f"{path}: is damaged: line {number + 1} has the number {row['n']}")
            begin, number = begin + len(line), number + 1
            yield row, begin


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
    """An index that lines are appended to; each is on the disk when `append` returns, and none stays in memory.

    Parameters
    ----------
    folder : Path
        Of the clips.

    Attributes
    ----------
    counts : Counter
        Lines of each kind.

    Raises
    ------
    DataError
        A line is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / _NAME
        self.counts: Counter[str] = Counter()
        self._size, self._marks = 0, [0]
        if self.path.exists():
            for row, end in _rows(self.path):
                self._note(row, end)
            if self._size < self.path.stat().st_size:
                os.truncate(self.path, self._size)
        else:
            with replacing(self.path):
                pass
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)

    def __len__(self) -> int:
        return self.counts.total()

    def _note(self, row: dict[str, Any], end: int) -> None:
        """Count a line that ends at a place of the file."""
        self.counts[row.get("kind", "")] += 1
        self._size = end
        if len(self) % _MARKED == 0:
            self._marks.append(end)

    def rows(self, first: int = 0) -> Iterator[dict[str, Any]]:
        """Give the lines from a number on, as the file has them.

        Raises
        ------
        DataError
            A line is damaged.
        """
        mark = min(max(0, first) // _MARKED, len(self._marks) - 1)
        for row, _ in _rows(self.path, self._marks[mark], mark * _MARKED):
            if row["n"] >= first:
                yield row

    def append(self, row: dict[str, Any]) -> dict[str, Any]:
        """Write a line; return it with its number.

        Raises
        ------
        OSError
            The disk is full or gone; the index is as before.
        """
        row = {"n": len(self), **row}
        body = json.dumps(row, ensure_ascii=False)[:-1]
        line = f'{body}{_CHECK}{zlib.crc32(body.encode()):08x}"}}\n'.encode()
        try:
            if os.write(self._descriptor, line) < len(line):
                raise OSError(28, os.strerror(28), str(self.path))
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._note(row, self._size + len(line))
        return row

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
