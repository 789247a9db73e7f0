"""Program messages of IEEE 488.2: found in a stream of bytes, and taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mho.engines.instrument import MOST_BYTES
from mho.instrument.errors import ScpiError

__all__ = ["MOST_BYTES", "MessageReader", "Parameter", "Unit", "units"]

_MARKS = re.compile(rb"[\"'#\n]")
_HEADER = re.compile(rb"(:?[A-Za-z][A-Za-z0-9_]*(?::[A-Za-z][A-Za-z0-9_]*)*|\*[A-Za-z]+)(\??)(?=[\s;]|$)")
# one way alone to match each text: a long one that is none must not be tried over and over
_VALUE = re.compile(
    rb"""(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?)(?![\w.])
    | (?P<string>"[^"]*(?:""[^"]*)*"|'[^']*(?:''[^']*)*')
    | (?P<word>[A-Za-z][A-Za-z0-9_]*)
    | \#(?P<hexadecimal>[Hh][0-9A-Fa-f]+|[Qq][0-7]+|[Bb][01]+)""",
    re.VERBOSE,
)
_SPACE = re.compile(rb"[\x00-\x20]*")
_BASES = {"H": 16, "Q": 8, "B": 2}


@dataclass(frozen=True)
class Parameter:
    """Parameter of a command as it came.

    Attributes
    ----------
    kind : {"number", "string", "word", "block"}
    value : float, str or bytes
        Words in capitals.
    """

    kind: Literal["number", "string", "word", "block"]
    value: float | str | bytes


@dataclass(frozen=True)
class Unit:
    """One command of a message: header in capitals, a query's with its question mark, and parameters."""

    header: str
    parameters: tuple[Parameter, ...]


class MessageReader:
    """Messages out of a stream of bytes: each ends with a line feed outside of blocks, and has a bearable size."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop what has come of a message so far."""
        self._buffer, self._at, self._quote = bytearray(), 0, b""
        self._skip, self._discards = 0, False

    @property
    def pending(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._buffer) or self._discards

    def feed(self, data: bytes) -> None:
        """Take bytes in; those of a block that is too long are dropped."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._buffer += data[skipped:]

    def take(self) -> bytes | None:
        """Return the next message that is complete, without its line feed; None where there is none.

        Raises
        ------
        ScpiError
            A message is longer than `MOST_BYTES`. What remains of it is dropped as it comes.
        """
        while found := (None if self._skip else _MARKS.search(self._buffer, self._at)):
            at, mark = found.start(), found.group()
            if mark == b"\n":
                message = self._cut(at)
                if message is not None:
                    return message
                continue
            if not self._pass(at, mark):
                return None
        self._at = len(self._buffer)
        if self._at > MOST_BYTES and not self._discards:
            self._discard(0)
            raise _too_long()
        if self._discards:
            self._buffer.clear()
            self._at = 0
        return None

    def _cut(self, at: int) -> bytes | None:
        message = None if self._discards else bytes(self._buffer[:at])
        del self._buffer[: at + 1]
        self._at, self._quote, self._discards = 0, b"", False
        return message

    def _pass(self, at: int, mark: bytes) -> bool:
        """Step over a quote or a block; False where more bytes are needed for it."""
        self._at = at + 1
        if self._discards:
            return True
        if mark != b"#":
            self._quote = mark if not self._quote else b"" if self._quote == mark else self._quote
            return True
        span = None if self._quote else _block(self._buffer, at)
        if span is None:
            return True
        begin, end = span
        if end > MOST_BYTES:
            self._discard(end - len(self._buffer))
            raise _too_long()
        complete = begin > 0 and end <= len(self._buffer)
        self._at = end if complete else at
        return complete

    def _discard(self, skip: int) -> None:
        self._buffer = self._buffer[len(self._buffer) + min(0, skip) :] if skip < 0 else bytearray()
        self._at, self._quote = 0, b""
        self._skip, self._discards = max(0, skip), True


def _too_long() -> ScpiError:
    return ScpiError(-223, f"a message must be at most {MOST_BYTES:,} bytes")


def _block(message: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Return begin and end of the data of a definite-length block that begins with a # at `at`.

    None where it is none; (0, 0) where its length has not come whole.
    """
    digits = message[at + 1 : at + 2]
    if not digits:
        return 0, 0
    if not b"1" <= digits <= b"9":
        return None
    begin = at + 2 + int(digits)
    length = message[at + 2 : begin]
    if not length.isdigit() and length:
        return None
    return (0, 0) if begin > len(message) else (begin, begin + int(length))


def units(message: bytes) -> Iterator[Unit]:
    """Yield the commands of a message in turn.

    Parameters
    ----------
    message : bytes
        From `MessageReader.take`.

    Raises
    ------
    ScpiError
        At a command that is not well formed; those before it have been yielded.
    """
    at = _after_space(message, 0)
    while at < len(message):
        if message[at : at + 1] == b";":
            at = _after_space(message, at + 1)
            continue
        found = _HEADER.match(message, at)
        if found is None:
            raise _bad_header(message, at)
        parameters, at = _parameters(message, _after_space(message, found.end()))
        yield Unit((found[1] + found[2]).decode("ascii").upper(), parameters)


def _after_space(message: bytes, at: int) -> int:
    found = _SPACE.match(message, at)
    return found.end() if found else at


def _bad_header(message: bytes, at: int) -> ScpiError:
    shown = _shown(message[at : at + 20])
    if any(byte > 0x7E for byte in message[at : at + 20]):
        return ScpiError(-101, f"a command must be of ASCII characters, got {shown}")
    return ScpiError(-102, f"a command must begin with a header, got {shown}")


def _shown(part: bytes) -> str:
    return repr(part.decode("ascii", "replace"))


def _parameters(message: bytes, at: int) -> tuple[tuple[Parameter, ...], int]:
    """Return the parameters that begin at `at`, and the place after them."""
    found: list[Parameter] = []
    while at < len(message) and message[at : at + 1] != b";":
        if found:
            if message[at : at + 1] != b",":
                raise _bad_separator(message, at, found[-1])
            at = _after_space(message, at + 1)
        parameter, at = _parameter(message, at)
        found.append(parameter)
        at = _after_space(message, at)
    return tuple(found), at


def _bad_separator(message: bytes, at: int, last: Parameter) -> ScpiError:
    shown = _shown(message[at : at + 20])
    if isinstance(last.value, bytes):
        return ScpiError(-161, f"a block of {len(last.value)} bytes must end there, got {shown} after it")
    return ScpiError(-103, f"parameters must be separated by commas, got {shown}")


def _parameter(message: bytes, at: int) -> tuple[Parameter, int]:
    found = _VALUE.match(message, at)
    if found is None:
        return _block_parameter(message, at)
    text = found.group().decode("latin-1")
    kind = found.lastgroup
    if kind == "number":
        value = float(text)
        if abs(value) == float("inf"):
            raise ScpiError(-123, f"a number must be below 1.8E308, got {text[:20]}")
        return Parameter("number", value), found.end()
    if kind == "hexadecimal":
        return Parameter("number", _based(text)), found.end()
    if kind == "string":
        return Parameter("string", text[1:-1].replace(text[0] * 2, text[0])), found.end()
    return Parameter("word", text.upper()), found.end()


def _based(text: str) -> float:
    """Value of #H1F, #Q17 or #B101."""
    if len(text) > 18:
        raise ScpiError(-123, f"a number must have at most 16 digits, got {text[:20]}")
    return float(int(text[2:], _BASES[text[1].upper()]))


def _block_parameter(message: bytes, at: int) -> tuple[Parameter, int]:
    shown, mark = _shown(message[at : at + 20]), message[at : at + 1]
    if mark == b"#":
        span = _block(message, at)
        if span is None or span == (0, 0) or span[1] > len(message):
            raise ScpiError(-161, f"a block must say its length, #15hello for five bytes, got {shown}")
        return Parameter("block", message[span[0] : span[1]]), span[1]
    if mark in (b'"', b"'"):
        raise ScpiError(-151, f"a string must end with the quote that it began with, got {shown}")
    if mark in (b",", b"", b";"):
        raise ScpiError(-102, "a parameter must stand between commas")
    if mark.isdigit() or mark in (b"+", b"-", b"."):
        raise ScpiError(-121, f"a number must be as 12, -1.5 or 2.5E-3, without a unit, got {shown}")
    raise ScpiError(-101, f"a parameter must be a number, a word, a string or a block, got {shown}")
