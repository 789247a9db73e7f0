"""CRC-32C (Castagnoli), the checksum of iSCSI, ext4 and SCTP, by table lookup of whole blocks."""

from __future__ import annotations

from functools import cache

import numpy as np

__all__ = ["crc32c"]

_POLYNOMIAL = 0x82F63B78
"""The polynomial 0x1EDC6F41, bits reversed."""

_BLOCK = 1024
_PLACES = np.arange(_BLOCK)
_MASK = 0xFFFFFFFF


def crc32c(data: bytes | bytearray | memoryview, crc: int = 0) -> int:
    """Return the CRC-32C of some bytes, about 100 MB/s.

    Parameters
    ----------
    data : bytes
        Any number of bytes.
    crc : int
        The checksum of what comes before them.

    Examples
    --------
    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    tables, state = _tables(), ~crc & _MASK
    view = np.frombuffer(data, np.uint8)
    for begin in range(0, len(view), _BLOCK):
        block = view[begin : begin + _BLOCK].astype(np.intp)
        first = min(4, len(block))
        for byte in range(first):  # the state so far acts as if it were added to the first bytes
            block[byte] ^= state >> 8 * byte & 255
        found = tables[_BLOCK - len(block) + _PLACES[: len(block)], block]
        state = int(np.bitwise_xor.reduce(found)) ^ (state >> 8 * first)
    return ~state & _MASK


@cache
def _tables() -> np.ndarray:
    """Return the part of each byte value in the checksum at each place of a block, uint32 (`_BLOCK`, 256)."""
    step = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        step = np.where(step & 1, step >> 1 ^ np.uint32(_POLYNOMIAL), step >> 1)
    tables = np.empty((_BLOCK, 256), np.uint32)
    tables[-1] = step
    for place in range(_BLOCK - 2, -1, -1):
        later = tables[place + 1]
        tables[place] = step[later & 255] ^ later >> 8
    return tables
