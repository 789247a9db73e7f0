"""Records of an append-only file: length, count, CRC-32C, then the bytes themselves."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from mho.journal.crc32c import crc32c

__all__ = ["HEADER_BYTES", "MOST_BYTES", "Record", "packed", "records"]

_HEADER = struct.Struct("<IQII")
"""Count, sequence number, length, checksum of all that and of the bytes."""

HEADER_BYTES = _HEADER.size
MOST_BYTES = 1 << 28
"""Bytes of one record at most: MQTT takes no longer message."""


@dataclass(frozen=True)
class Record:
    """A record.

    Attributes
    ----------
    sequence : int
        Its number, from 0 on, never used twice.
    data : bytes
        Its bytes.
    count : int
        Samples in it, for those who count what is lost.
    """

    sequence: int
    data: bytes
    count: int


def packed(record: Record) -> bytes:
    """Return a record as it lies in a file.

    Raises
    ------
    ValueError
        It has too many bytes or samples.
    """
    if len(record.data) > MOST_BYTES:
        raise ValueError(f"data must have at most {MOST_BYTES:,} bytes, got {len(record.data):,}")
    if not 0 <= record.count < 1 << 32:
        raise ValueError(f"count must be at least 0 and less than {1 << 32:,}, got {record.count}")
    facts = struct.pack("<IQI", record.count, record.sequence, len(record.data))
    return facts + struct.pack("<I", crc32c(record.data, crc32c(facts))) + record.data


def records(data: bytes, begin: int, sequence: int) -> Iterator[tuple[Record, int]]:
    """Yield sound records and their ends, from byte `begin` and number `sequence` on, up to the first bad one."""
    while len(data) - begin >= HEADER_BYTES:
        count, number, length, crc = _HEADER.unpack_from(data, begin)
        end = begin + HEADER_BYTES + length
        if number != sequence or end > len(data):
            return
        body = data[begin + HEADER_BYTES : end]
        if crc32c(body, crc32c(data[begin : begin + HEADER_BYTES - 4])) != crc:
            return
        yield Record(sequence, body, count), end
        begin, sequence = end, sequence + 1
