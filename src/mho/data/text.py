"""Text by blocks of whole lines, gzipped or not, so that memory does not depend on the length of the file."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mho.data.errors import DataError, damaged

__all__ = ["blocks", "is_utf8", "open_bytes", "shown"]

_BLOCK_BYTES = 2**24
_LINE_BYTES = 2**28
_BOM = b"\xef\xbb\xbf"
_SHOWN = 40


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a file, through gzip if its name ends in .gz."""
    with damaged(path, gzip.BadGzipFile, zlib.error, EOFError):
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
            yield stream


def blocks(path: Path, *, skip: int = 0, empty_lines: bool = False) -> Iterator[tuple[int, bytes]]:
    r"""Yield text made of whole lines parted by ``\n``, not all empty, with the number of its first line, from 1.

    Parameters
    ----------
    path : Path
        The file.
    skip : int
        Lines to leave out at the beginning.
    empty_lines : bool
        Let lines be empty; those at the end always may.

    Raises
    ------
    DataError
        A line is empty though others follow, or longer than 256 MiB; the gzip stream is damaged.
    """
    number, rest = skip + 1, b""
    with open_bytes(path) as stream:
        for _ in range(skip):
            stream.readline(_LINE_BYTES)
        while block := stream.read(_BLOCK_BYTES):
            rest = (rest + block).removeprefix(_BOM)
            # Empty lines at the end stay in the rest: only what follows shows whether they end the file.
            end = rest.rfind(b"\n", 0, len(rest.rstrip(b"\r\n")))
            if end >= 0:
                yield number, _lines(path, number, rest[:end], empty_lines)
                number += rest.count(b"\n", 0, end) + 1
                rest = rest[end + 1 :]
            elif len(rest) > _LINE_BYTES:
                raise DataError(f"{path}: line {number} is longer than {_LINE_BYTES:,} bytes")
    if last := rest.rstrip(b"\r\n"):
        yield number, _lines(path, number, last, empty_lines)


def _lines(path: Path, number: int, text: bytes, empty_lines: bool) -> bytes:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").removesuffix(b"\r")
    if not empty_lines:
        before, gap, _ = (b"\n" + text + b"\n").partition(b"\n\n")
        if gap:
            line = number + before.count(b"\n")
            raise DataError(f"{path}: line {line} is empty")
    return text


def is_utf8(text: bytes) -> bool:
    """Return whether `text` is UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def shown(field: str | bytes) -> str:
    """Return a field as an error shows it: quoted, harmless to a terminal, short."""
    text = field.decode(errors="replace") if isinstance(field, bytes) else field
    quoted = repr(text)
    return quoted if len(quoted) <= _SHOWN + 2 else quoted[: _SHOWN + 1] + "..." + quoted[0]
