"""Lines of text for the page: few bytes once deflate has been over them, and little work to undo in JavaScript.

Browsers undo deflate and nothing stronger, and deflate finds little in lines as short as titles. So what a line has in
common with the line before is left out, and the rest goes through the block-sorting transform of Burrows and Wheeler
(1994, "A block-sorting lossless data compression algorithm"), which brings together what stands in the same context.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["block_sorted", "moved_to_front", "packed_lines"]

_MOST_SHARED = 255


def packed_lines(lines: Sequence[str]) -> bytes:
    """Return `lines`, sorted so that neighbours begin alike and without line breaks in them, as bytes to be deflated.

    Two numbers (uint32: length of the block, row of its beginning), then how many bytes each line shares with the line
    before (uint8), then the block: the rest of every line with its line break, block-sorted and moved to front.
    """
    shared, rest = bytearray(), bytearray()
    before = b""
    for line in lines:
        text = line.encode()
        common = _common(before, text)
        shared.append(common)
        rest += text[common:] + b"\n"
        before = text
    block, begin = block_sorted(bytes(rest))
    return np.array([len(block), begin], "<u4").tobytes() + bytes(shared) + moved_to_front(block)


def _common(before: bytes, text: bytes) -> int:
    """Return the length of the common prefix, at most what a byte can say."""
    pairs = zip(before[:_MOST_SHARED], text, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(before), len(text), _MOST_SHARED))


def block_sorted(text: bytes) -> tuple[bytes, int]:
    """Return the byte before each suffix of `text`, in the order of the suffixes, and the row of the whole text.

    The empty suffix is the first. The whole text has no byte before it, and none is written for it.
    """
    n = len(text)
    symbols = np.frombuffer(text, np.uint8)
    rank = np.append(symbols.astype(np.int64) + 1, 0)  # of the suffix at each place, by its first `known` bytes
    known = 1
    while True:
        later = np.append(rank[known:], np.zeros(min(known, n + 1), np.int64))
        key = rank * (n + 257) + later
        order = np.argsort(key, kind="stable")
        rank[order] = np.append(0, np.cumsum(np.diff(key[order]) > 0))
        if rank[order[-1]] == n:
            break
        known *= 2
    begin = int(rank[0])
    return symbols[np.delete(order, begin) - 1].tobytes(), begin


def moved_to_front(block: bytes) -> bytes:
    """Return for each byte how many others have come since it came last."""
    recent = list(range(256))
    places = bytearray()
    for byte in block:
        place = recent.index(byte)
        places.append(place)
        if place:
            recent.insert(0, recent.pop(place))
    return bytes(places)
