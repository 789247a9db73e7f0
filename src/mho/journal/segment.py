"""One file of a journal: a first line, then records; written at its end alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mho.data.errors import DataError
from mho.data.output import sync_folder
from mho.journal.record import Record, packed, records

__all__ = ["FORMAT", "Segment", "read_segment", "sound_end"]

FORMAT = b"mho journal 1\n"


class Segment:
    """The segment that is written to.

    Attributes
    ----------
    path : Path
    first : int
        Number of its first record.
    size : int
        Bytes.
    """

    def __init__(self, path: Path, first: int, size: int = 0) -> None:
        self.path, self.first = path, first
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        os.ftruncate(self._descriptor, size)
        os.lseek(self._descriptor, size, os.SEEK_SET)
        self.size = size
        try:
            if not size:
                self._write(FORMAT)
                self.sync()
                sync_folder(path.parent)
        except BaseException:
            self.close()
            raise

    def append(self, record: Record) -> None:
        """Write a record behind the last one; on failure the file is as before.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        self._write(packed(record))

    def sync(self) -> None:
        """Wait until all records are on the disk."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            os.ftruncate(self._descriptor, self.size)
            os.lseek(self._descriptor, self.size, os.SEEK_SET)
            raise OSError(error.errno, error.strerror, os.fspath(self.path)) from error
        self.size += len(data)


def read_segment(path: Path, first: int) -> Iterator[tuple[Record, int]]:
    """Yield the sound records of a segment with their ends, up to the first bad one.

    Raises
    ------
    DataError
        It is of another format.
    OSError
        It cannot be read.
    """
    data = path.read_bytes()
    if not data.startswith(FORMAT):
        if FORMAT.startswith(data):  # interrupted before its first line was whole
            return
        raise DataError(f"{path}: is damaged at byte 0, or of another version of mho: it must open with {FORMAT!r}")
    yield from records(data, len(FORMAT), first)


def sound_end(end: int, size: int) -> int:
    """Return the end of the sound part of a file of `size` bytes whose last sound record, if any, ends at `end`."""
    return end or (len(FORMAT) if size >= len(FORMAT) else 0)
