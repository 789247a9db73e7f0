"""Rows of delimited text that are more than one line, because a quoted field has line feeds in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from mho.data.dictionary_column import is_number

__all__ = ["row_starts", "whole_quotes"]

_LONGEST_ROW = 2**20
_QUOTE, _LINE_FEED = b'"\n'


def row_starts(text: bytes, delimiter: str, fields: int, number: int | None) -> np.ndarray | None:
    """Return the lines of `text`, counted from 0, that begin a row; None if every line is one, or may be.

    A quote that was never closed looks like a field that goes on up to the next quote. Lines are taken together only if
    every quote stands at an end of a field, and none of the lines in between is a row by itself.

    Parameters
    ----------
    text : bytes
        Whole lines.
    delimiter : str
        Separator of the fields.
    fields : int
        Of a row.
    number : int or None
        The field of a row, from 0, that is a number.
    """
    if b'"' not in text:
        return None
    raw = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(raw == _QUOTE)
    ends = np.append(np.flatnonzero(raw == _LINE_FEED), len(raw))
    open_at_end = np.searchsorted(quotes, ends) % 2 == 1
    if not open_at_end.any() or open_at_end[-1] or not _at_ends_of_fields(raw, quotes, ord(delimiter)):
        return None
    goes_on = np.append(False, open_at_end[:-1])
    for line in np.flatnonzero(goes_on & open_at_end):
        found = text[ends[line - 1] + 1 : ends[line]].decode(errors="replace").split(delimiter)
        if len(found) == fields and (number is None or is_number(found[number])):
            return None
    return np.flatnonzero(~goes_on)


def _at_ends_of_fields(raw: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether every second quote, from the first, begins a field and the others end one; doubled ones do both."""
    around = np.concatenate([[_LINE_FEED], raw, [_LINE_FEED]])
    before, after = around[quotes[::2]], around[quotes[1::2] + 2]
    allowed = [_QUOTE, _LINE_FEED, delimiter]
    return bool(np.isin(before, allowed).all() and np.isin(after, allowed).all())


def whole_quotes(blocks: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Move the last lines of a block to the next one if a quote is open at its end, unless they are many.

    Blocks are whole lines, each with the number of its first line.
    """
    number, rest = 0, b""
    for first, lines in blocks:
        number, lines = (number, rest + b"\n" + lines) if rest else (first, lines)
        whole, rest = _cut(lines)
        if whole is not None:
            yield number, whole
            number += whole.count(b"\n") + 1
    if rest:
        yield number, rest


def _cut(lines: bytes) -> tuple[bytes | None, bytes]:
    """Return the lines before the row in which a quote stays open, if there are any, and those from there on."""
    if lines.count(b'"') % 2 == 0:
        return lines, b""
    begin, within = len(lines) + 1, True
    while within and begin > 0 and len(lines) - begin < _LONGEST_ROW:
        end, begin = begin - 1, 1 + lines.rfind(b"\n", 0, begin - 1)
        within ^= lines.count(b'"', begin, end) % 2 == 1
    if within:
        return lines, b""
    return lines[: begin - 1] if begin else None, lines[begin:]
