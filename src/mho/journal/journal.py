"""A journal: records that are on the disk before somebody is told so, up to a number of bytes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from mho import checks
from mho.data.errors import DataError
from mho.data.output import sync_folder
from mho.data.sealed_json import read_facts, write_facts
from mho.journal.locked_folder import LockedFolder
from mho.journal.record import Record
from mho.journal.segment import Segment, read_segment, sound_end

__all__ = ["Journal"]

_FACTS = "mho journal losses 1"
_SUFFIX = ".segment"
_LOSSES = ("begin", "records", "samples")
_LARGEST_NUMBER = 1 << 62


class Journal(LockedFolder):
    """An append-only queue of records in a folder of its own, for one process at a time.

    A record is durable once `sync` has returned, which `append` calls after `sync_records` records or `sync_seconds`;
    `durable` tells how far that is, so that a message can be acknowledged after its record is. A process killed at any
    moment loses no durable record. At `max_bytes` the oldest segment is dropped, and what was in it counted.

    Parameters
    ----------
    folder : str or path
        Made if it is not there. A second process is refused.
    max_bytes : int
        Bytes of all segments, about.
    segment_bytes : int, optional
        Bytes of one segment, about: what is dropped or forgotten at once. By default an eighth of `max_bytes`, at most
        16 MiB.
    sync_records, sync_seconds : int, float
        Records and seconds after which `append` and `sync_due` wait for the disk.

    Attributes
    ----------
    lost_records, lost_samples : int
        Dropped at the cap or damaged on the disk, since the journal was made; `lost_samples` adds up their `count`
        where it is known.
    notes : list of str
        One line for each damaged or interrupted place that was found when the journal was opened.

    Raises
    ------
    ValueError
        Another process has the folder.
    DataError
        Something in the folder is not of this version.
    OSError
        The folder cannot be read or written.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Journal(folder.name) as journal:
    ...     first = journal.append(b"21.5 degrees")
    ...     journal.sync()
    >>> with Journal(folder.name) as journal:
    ...     [(record.sequence, record.data) for record in journal.replay()]
    [(0, b'21.5 degrees')]
    >>> folder.cleanup()
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        max_bytes: int = 1 << 30,
        segment_bytes: int | None = None,
        sync_records: int = 64,
        sync_seconds: float = 0.2,
    ) -> None:
        self._max_bytes = checks.positive_int(max_bytes, "max_bytes")
        share = max(1, min(max_bytes // 8, 1 << 24))
        self._segment_bytes = share if segment_bytes is None else checks.positive_int(segment_bytes, "segment_bytes")
        self._sync_records = checks.positive_int(sync_records, "sync_records")
        self._sync_seconds = checks.nonnegative_number(sync_seconds, "sync_seconds")
        self._unsynced, self._since = 0, 0.0
        self.lost_records = self.lost_samples = 0
        self.notes: list[str] = []
        self._lock(folder)

    def append(self, data: bytes, *, count: int = 1) -> int:
        """Write a record; return its number.

        Parameters
        ----------
        data : bytes
            At most 256 MiB.
        count : int
            Samples in it: what `lost_samples` counts if it has to be dropped.

        Raises
        ------
        OSError
            The disk is full or gone; the journal is as before.
        """
        if self._last.size >= self._segment_bytes:
            self._roll()
        self._last.append(Record(self._next, data, count))
        self._next += 1
        if not self._unsynced:
            self._since = time.monotonic()
        self._unsynced += 1
        self._samples[self._last.first] += count
        self._drop_to_cap()
        self.sync_due()
        return self._next - 1

    def sync(self) -> None:
        """Wait until every record is on the disk.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        if self._unsynced:
            self._last.sync()
            self._unsynced, self._durable = 0, self._next - 1

    def sync_due(self) -> None:
        """Wait for the disk if records or time enough have passed; for callers that have nothing to append just now."""
        late = self._unsynced and time.monotonic() - self._since >= self._sync_seconds
        if late or self._unsynced >= self._sync_records:
            self.sync()

    @property
    def durable(self) -> int:
        """Number of the last record that is on the disk; -1 before the first."""
        return self._durable

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(self._sizes.values()) + self._last.size

    def replay(self, after: int = -1) -> Iterator[Record]:
        """Yield records in order.

        Parameters
        ----------
        after : int
            Number of the last one that is not wanted.
        """
        for first in sorted(self._samples):
            beyond = [other for other in self._samples if other > first]
            if beyond and min(beyond) <= after + 1:
                continue
            for record, _ in read_segment(self._path(first), first):
                if record.sequence > after:
                    yield record

    def begin_at(self, number: int) -> None:
        """Number what follows from `number` on, if it is not as far yet.

        For a reader that knows of records which are gone, cut off between two of them: what follows must not be taken
        for them.

        Parameters
        ----------
        number : int
            Of the next record at least.

        Raises
        ------
        OSError
            The disk is full or gone.
        """
        if number <= self._next:
            return
        self.sync()
        self._next, self._durable = number, number - 1
        self._counted.append(number)
        self._write_losses(self._begin)
        self._roll()

    def forget(self, through: int) -> None:
        """Remove segments all of whose records are numbered up to `through`: their effect is kept elsewhere."""
        firsts = sorted(self._samples)
        done = [first for first, after in pairwise(firsts) if after <= through + 1]
        self._remove(done)

    def _close(self) -> None:
        try:
            self.sync()
        finally:
            self._last.close()

    def _open(self) -> None:
        self._samples: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._counted: list[int] = []
        self._begin = self._read_losses()
        firsts = self._firsts()
        self._remove([first for first in firsts if first < self._begin])
        firsts = [first for first in firsts if first >= self._begin]
        self._next, end = max(self._begin, firsts[0] if firsts else 0), 0
        for first in firsts:
            self._miss(first)
            end = self._scan(first)
        self._durable = self._next - 1
        last = firsts[-1] if firsts else self._next
        if not firsts or self._broken:  # a segment with a bad end is not written to: it stays as evidence
            last, end = self._next, 0
        self._sizes.pop(last, None)
        self._samples.setdefault(last, 0)
        self._last = Segment(self._path(last), last, end)

    def _scan(self, first: int) -> int:
        """Read a segment; return the end of its sound part."""
        path, end, self._samples[first] = self._path(first), 0, 0
        self._broken = False
        for record, end in read_segment(path, first):  # noqa: B007
            self._next = record.sequence + 1
            self._samples[first] += record.count
        size = self._sizes[first] = path.stat().st_size
        end = sound_end(end, size)
        if end < size:
            self.notes.append(f"{path}: is damaged or was interrupted at byte {end:,}; {size - end:,} bytes left out")
            self._broken = self._next > first
        return end

    def _miss(self, first: int) -> None:
        """Count the records between those read so far and the segment of record `first`."""
        missing = first - self._next
        if missing > 0:
            if first not in self._counted:
                self._counted.append(first)
                self.lost_records += missing
                self._write_losses(self._begin)
            self.notes.append(f"{self.folder}: records {self._next:,} to {first - 1:,} are damaged or gone")
        self._next = max(self._next, first)

    def _roll(self) -> None:
        self.sync()
        new = Segment(self._path(self._next), self._next)
        self._last.close()
        self._sizes[self._last.first] = self._last.size
        self._samples[self._next] = 0
        self._last = new

    def _drop_to_cap(self) -> None:
        size, dropped = self.size, []
        if size <= self._max_bytes:
            return
        firsts = sorted(self._samples)
        for first, after in pairwise(firsts):
            if size <= self._max_bytes:
                break
            size -= self._sizes[first]
            self.lost_records += after - first
            self.lost_samples += self._samples[first]
            dropped.append(first)
        if dropped:
            self._write_losses(next(first for first in firsts if first > dropped[-1]))
            self._remove(dropped)

    def _remove(self, firsts: list[int]) -> None:
        for first in firsts:
            self._path(first).unlink(missing_ok=True)
            self._samples.pop(first, None)
            self._sizes.pop(first, None)
        if firsts:
            sync_folder(self.folder)

    def _path(self, first: int) -> Path:
        return self.folder / f"{first:020d}{_SUFFIX}"

    def _firsts(self) -> list[int]:
        found = []
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            if not (path.stem.isascii() and path.stem.isdigit() and int(path.stem) < _LARGEST_NUMBER):
                raise DataError(f"{path}: is no segment of a journal: its name must be a number")
            found.append(int(path.stem))
        return found

    def _read_losses(self) -> int:
        """Read what was lost before; return the number of the first record that was not dropped."""
        path = self.folder / "lost.json"
        if not path.exists():
            return 0
        facts, _ = read_facts(path, _FACTS, None)
        numbers = [number for name in _LOSSES if isinstance(number := facts.get(name), int)]
        if len(numbers) < len(_LOSSES) or not all(0 <= number < _LARGEST_NUMBER for number in numbers):
            raise DataError(f"{path}: is damaged: its numbers are none")
        begin, self.lost_records, self.lost_samples = numbers
        counted = facts.get("counted")
        if not (isinstance(counted, list) and all(isinstance(first, int) for first in counted)):
            raise DataError(f"{path}: is damaged: its numbers are none")
        self._counted = counted
        return begin

    def _write_losses(self, begin: int) -> None:
        self._begin = begin
        facts = {"begin": begin, "counted": self._counted, "records": self.lost_records, "samples": self.lost_samples}
        write_facts(self.folder / "lost.json", _FACTS, facts)
