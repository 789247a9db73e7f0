"""Packs wheels anew, each file in as few bytes of deflate as can be found: python scripts/pack_wheel.py dist.

Zopfli tries many ways to write the same bytes: 2 % less than zlib's best level, half a minute a wheel; whatever
unzips reads it.
"""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path
from unittest import mock

import zopfli.zlib  # pyright: ignore[reportMissingImports]

TRIES = 15


class _Deflate:
    """A compressor as zipfile takes one, which gathers a whole file and packs it at the end."""

    def __init__(self, *_: object) -> None:
        self.gathered = bytearray()

    def compress(self, data: bytes) -> bytes:
        """Nothing yet: the best packing needs the whole file."""
        self.gathered += data
        return b""

    def flush(self) -> bytes:
        """The raw deflate stream: zlib's two bytes of header and its checksum are left out."""
        return zopfli.zlib.compress(bytes(self.gathered), numiterations=TRIES)[2:-4]


def _no_compressor(*_: object) -> None:
    """An empty file is stored as it is."""


def pack(wheel: Path) -> None:
    """Replace `wheel` by one that holds the same files, names, dates and rights."""
    written = wheel.with_suffix(".part")
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(written, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            entry.compress_type = zipfile.ZIP_DEFLATED if data else zipfile.ZIP_STORED
            with mock.patch("zipfile._get_compressor", _Deflate if data else _no_compressor):
                new.writestr(entry, data)
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(written) as new:
        if any(old.read(name) != new.read(name) for name in old.namelist()) or old.namelist() != new.namelist():
            raise SystemExit(f"{wheel.name}: packing changed a file")
    os.replace(written, wheel)


if __name__ == "__main__":
    for found in sorted(Path(sys.argv[1]).glob("*.whl")):
        pack(found)
