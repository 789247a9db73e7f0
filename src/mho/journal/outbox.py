"""An outbox: messages kept on the disk until their receiver has acknowledged them, each name once."""

from __future__ import annotations

import os
from pathlib import Path

from mho import checks
from mho.data.errors import DataError
from mho.data.output import remove_abandoned, replacing
from mho.journal.locked_folder import LockedFolder
from mho.journal.record import Record, packed
from mho.journal.segment import FORMAT, Segment, read_segment, sound_end

__all__ = ["Outbox"]

_FILE = "outbox.segment"
_PUT, _ACKNOWLEDGED = 1, 0
_COMPACT_BYTES = 1 << 20


class Outbox(LockedFolder):
    """Messages that are sent until they are acknowledged, in a folder of its own, for one process at a time.

    Both `put` and `acknowledge` are on the disk when they return. A name that has been put before is not put again,
    be it acknowledged or not: what a restart computes anew is sent once. Nothing is ever dropped to save room.

    Parameters
    ----------
    folder : str or path
        Made if it is not there. A second process is refused.
    remembered : int
        Acknowledged names that are kept, the latest.

    Attributes
    ----------
    notes : list of str
        One line for a damaged or interrupted place that was found when the outbox was opened.

    Raises
    ------
    ValueError
        Another process has the folder.
    DataError
        The file in it is not of this version.
    OSError
        The folder cannot be read or written.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with Outbox(folder.name) as outbox:
    ...     outbox.put("alarm 7", b"bearing"), outbox.put("alarm 7", b"bearing")
    (True, False)
    >>> with Outbox(folder.name) as outbox:
    ...     waiting = outbox.waiting()
    ...     outbox.acknowledge("alarm 7")
    ...     waiting, outbox.waiting(), outbox.put("alarm 7", b"bearing")
    ({'alarm 7': b'bearing'}, {}, False)
    >>> folder.cleanup()
    """

    def __init__(self, folder: str | os.PathLike[str], *, remembered: int = 10_000) -> None:
        self._remembered = checks.positive_int(remembered, "remembered")
        self._waiting: dict[str, bytes] = {}
        self._sent: dict[str, None] = {}
        self.notes: list[str] = []
        self._lock(folder)

    def put(self, name: str, data: bytes) -> bool:
        """Keep a message until it is acknowledged; return whether it is new.

        Parameters
        ----------
        name : str
            Its name, which is never used for another.
        data : bytes
            What is to be sent.

        Raises
        ------
        OSError
            The disk is full or gone; the outbox is as before.
        """
        if name in self:
            return False
        self._write(_PUT, name, data)
        self._waiting[name] = data
        return True

    def acknowledge(self, name: str) -> None:
        """Let go of the message `name`, which its receiver has.

        Raises
        ------
        KeyError
            No such message is waiting.
        OSError
            The disk is full or gone; the message goes on waiting.
        """
        self._waiting[name]
        self._write(_ACKNOWLEDGED, name, b"")
        self._let_go(name)
        if self._file.size > _COMPACT_BYTES and not self._waiting:
            self._compact()

    def waiting(self) -> dict[str, bytes]:
        """Return the messages that are not acknowledged, by name, in the order they were put."""
        return dict(self._waiting)

    def __contains__(self, name: object) -> bool:
        return name in self._waiting or name in self._sent

    def _close(self) -> None:
        self._file.close()

    def _open(self) -> None:
        remove_abandoned(self.folder)
        path = self.folder / _FILE
        end, self._next = 0, 0
        if path.exists():
            for record, end in read_segment(path, 0):  # noqa: B007
                self._next += 1
                self._take(path, record)
            size = path.stat().st_size
            end = sound_end(end, size)
            if left_out := size - end:
                note = f"{path}: is damaged or was interrupted at byte {end:,}; {left_out:,} bytes left out"
                self.notes.append(note)
        self._file = Segment(path, 0, end)

    def _take(self, path: Path, record: Record) -> None:
        """Do again what a record says was done."""
        length = int.from_bytes(record.data[:4], "little")
        try:
            name = record.data[4 : 4 + length].decode()
        except UnicodeDecodeError:
            raise DataError(f"{path}: is damaged: the name of record {record.sequence} is no text") from None
        if record.count == _PUT:
            self._waiting[name] = record.data[4 + length :]
        else:
            self._let_go(name)

    def _let_go(self, name: str) -> None:
        self._waiting.pop(name, None)
        self._sent[name] = None
        while len(self._sent) > self._remembered:
            del self._sent[next(iter(self._sent))]

    def _write(self, what: int, name: str, data: bytes) -> None:
        self._file.append(_record(self._next, what, name, data))
        self._next += 1
        self._file.sync()

    def _compact(self) -> None:
        """Write the file anew with nothing in it but the names that are remembered."""
        path = self.folder / _FILE
        records = [_record(number, _ACKNOWLEDGED, name, b"") for number, name in enumerate(self._sent)]
        with replacing(path) as temporary:
            temporary.write_bytes(FORMAT + b"".join(map(packed, records)))
        self._file.close()
        self._next = len(records)
        self._file = Segment(path, 0, path.stat().st_size)


def _record(number: int, what: int, name: str, data: bytes) -> Record:
    encoded = name.encode()
    return Record(number, len(encoded).to_bytes(4, "little") + encoded + data, what)
