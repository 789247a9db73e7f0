"""Standard input, given as -, as a file that every reader can open."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

__all__ = ["PIPE", "file_of"]

PIPE = "-"

_MAGIC = {
    b"\x93NUMPY": ".npy",
    b"PK\x03\x04": ".npz",
    b"PAR1": ".parquet",
    b"%%MatrixMarket": ".mtx",
    b"\x89HDF": ".h5ad",
    b"RIFF": ".wav",
    b"fLaC": ".flac",
    b"OggS": ".ogg",
}
_CHUNK = 1 << 20


def file_of(path: Path, *, braces: str = ".jsonl", most: int = 2**33) -> Path:
    """Return a path, or for - that of a temporary file with what standard input holds, named by its format.

    Parameters
    ----------
    path : Path
        What the command was given.
    braces : str
        Suffix of a text that begins with a brace.
    most : int
        Bytes at the most.

    Raises
    ------
    DataError
        Standard input is empty, or has more bytes than that.
    """
    if str(path) != PIPE:
        return path
    folder = Path(tempfile.mkdtemp(prefix="mho-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    spooled = folder / "standard-input"
    first = _spool(spooled, most)
    return spooled.rename(spooled.with_suffix(_suffix(first, braces)))


def _spool(target: Path, most: int) -> bytes:
    from mho.data import DataError

    size, first = 0, b""
    with target.open("wb") as stream:
        while chunk := sys.stdin.buffer.read(_CHUNK):
            size, first = size + len(chunk), first or chunk
            if size > most:
                raise DataError(f"standard input: has more than {most:,} bytes")
            stream.write(chunk)
    if not first:
        raise DataError("standard input: is empty")
    return first


def _suffix(first: bytes, braces: str) -> str:
    """Return the suffix of a format, by the first bytes of a file."""
    if first.startswith(b"\x1f\x8b"):
        inside = zlib.decompressobj(wbits=31).decompress(first, 64)
        return f"{_suffix(inside, braces)}.gz"
    found = next((suffix for magic, suffix in _MAGIC.items() if first.startswith(magic)), ".csv")
    return braces if found == ".csv" and first.lstrip().startswith(b"{") else found
