"""Bytes of a picture: no more of them than a picture can have."""

from __future__ import annotations

import logging
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from mho.cli.errors import note

__all__ = ["PIPE", "read"]

PIPE = "-"

_BYTES = 8
"""A pixel of the widest kind, four samples of 16 bits, as it is."""

_BESIDE = 1 << 26
"""For all that a file may hold beside its pixels."""


def read(source: str, max_pixels: int = 1 << 25) -> bytes:
    """Return the bytes of a file, or of standard input for -.

    Raises
    ------
    DataError
        Empty, a device, or of more bytes than a picture of `max_pixels` takes.
    OSError
        Not there, a folder, or not readable.
    """
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs of a damaged file comes as an error too
    if source == PIPE:
        return _checked(sys.stdin.buffer, "standard input", max_pixels)
    path = Path(source)
    with path.open("rb") if _is_file(path) else _opened_pipe(path) as stream:
        return _checked(stream, source, max_pixels)


def _is_file(path: Path) -> bool:
    kind = path.stat().st_mode
    return stat.S_ISREG(kind) or stat.S_ISDIR(kind)  # to open a folder is an error that names it


def _opened_pipe(path: Path) -> BinaryIO:
    from mho.data import DataError

    if not stat.S_ISFIFO(path.stat().st_mode):
        raise DataError(f"{path}: is a device, and must be a picture; - is standard input")
    if not str(path).startswith(("/dev/", "/proc/")):  # those of a shell have a writer already
        note(f"{path}: is a pipe; waiting for what is written to it")
    return path.open("rb")


def _checked(stream: BinaryIO, name: str, max_pixels: int) -> bytes:
    from mho.data import DataError

    most = _BYTES * max_pixels + _BESIDE
    data = stream.read(most + 1)
    if not data:
        raise DataError(f"{name}: is empty, and must be a picture")
    if len(data) > most:
        raise DataError(f"{name}: has more than {most:,} bytes, too many for a picture of --max-pixels {max_pixels:,}")
    return data
