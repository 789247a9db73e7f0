"""Grey pictures inside a page."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

import numpy as np

__all__ = ["data_uri", "encode"]


def encode(grey: np.ndarray) -> bytes:
    """Return an 8-bit PNG file of grey levels (m, n) from 0 (black) to 1 (white)."""
    levels = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    height, width = levels.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), levels])  # each row begins with its filter, 0: none
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def data_uri(grey: np.ndarray) -> str:
    """Return the picture as an address that needs no other file."""
    return "data:image/png;base64," + b64encode(encode(grey)).decode()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
