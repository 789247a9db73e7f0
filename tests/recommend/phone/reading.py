"""Reads a packed catalogue in plain Python, as its description says."""

import gzip
import io
import json

import numpy as np


def opened(packed):
    """Head with titles, details and neighbours {(row, column): weight}, and levels (n, c), of a packed catalogue."""
    parts = io.BytesIO(gzip.decompress(packed))
    head = json.loads(parts.read(number(parts)))
    n = head["size"]
    head["titles"] = lines(parts, n)
    kinds = lines(parts, head["details"])
    low, middle, high = np.frombuffer(parts.read(3 * n), np.uint8).reshape(3, n).astype(int)
    head["details"] = [kinds[i] for i in low + 256 * middle + 65536 * high]
    columns = len(head["steps"])
    levels = np.frombuffer(parts.read(columns * n), np.uint8).reshape(columns, n).T
    if head["neighbours"] is not None:
        head["neighbours"] = neighbours(parts, head["neighbours"])
    assert parts.read() == b""
    return head, levels


def neighbours(parts, largest):
    lengths = [number(parts) for _ in range(3)]
    counts, gaps = (seven_bits(parts.read(length)) for length in lengths[:2])
    levels, found = iter(parts.read(lengths[2])), {}
    gaps = iter(gaps)
    for row, count in enumerate(counts):
        column = -1
        for _ in range(count):
            column += next(gaps) + 1
            found[row, column] = largest * (next(levels) / 255) ** 2
    return found


def seven_bits(given):
    numbers, value, shift = [], 0, 0
    for byte in given:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value = shift = 0
    return numbers


def number(parts):
    return int.from_bytes(parts.read(4), "little")


def lines(parts, count):
    length, begin = number(parts), number(parts)
    shared = parts.read(count)
    rests = unsorted(back(parts.read(length)), begin).split(b"\n")
    found = [b""]
    for common, rest in zip(shared, rests, strict=False):
        found.append(found[-1][:common] + rest)
    assert len(rests) == count + 1
    return [line.decode() for line in found[1:]]


def back(places):
    recent = list(range(256))
    for place in places:
        recent.insert(0, recent.pop(place))
        yield recent[0]


def unsorted(last, begin):
    """The text whose sorted suffixes are preceded by `last`: sorting the last column gives the first."""
    last = [*last]
    last.insert(begin, -1)
    following = sorted(range(len(last)), key=last.__getitem__)
    text, row = [], begin
    for _ in range(len(last) - 1):
        row = following[row]
        text.append(last[row])
    return bytes(text)
